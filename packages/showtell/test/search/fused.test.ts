// Toy steppers with memories, held against a single stepper whose table is what the definition of shallow fusion says.
import { expect, it } from "vitest";
import { beamSearch } from "../../src/search/beam.ts";
import type { Hypothesis } from "../../src/search/hypothesis.ts";
import type { WordMemory } from "../../src/search/fused.ts";
import { fused, remembered } from "../../src/search/fused.ts";
import { steeredSearch } from "../../src/search/steered.ts";
import { randomTable, type Table, toyStepper, toyTask } from "./toy-stepper.ts";

const task = toyTask(6, 7);
const images = ["a", "b", "c"];
const options = { beam: 4, candidates: 3 };

/** Remembers of an image, after any three words, the end and a word as a seed says; the rest of the probability is nobody's. */
function memoryOf(image: string, seed: number): WordMemory {
  const table = randomTable(task.words, seed);
  return {
    foretell(beginning) {
      expect(beginning.length).toBeLessThanOrEqual(remembered);
      const values = table(image, beginning).map(Math.exp);
      return new Map([task.end, 5].map((word) => [word, values[word]!]));
    },
  };
}

const added =
  (table: Table, seed: number, weight: number): Table =>
  (image, prefix) => {
    const foretold = memoryOf(image, seed).foretell(prefix.slice(-3));
    return table(image, prefix).map((value, word) => value + weight * Math.log(0.001 + (foretold.get(word) ?? 0)));
  };

const wordsOf = (found: readonly (readonly Hypothesis[])[]) => found.map((own) => own.map(({ words }) => words));

it("finds what one model that adds the logarithms finds, by beam and by steered search", async () => {
  let differing = 0;
  for (let seed = 1; seed <= 20; seed++) {
    const table = randomTable(task.words, seed);
    const memories = images.map((image) => memoryOf(image, seed + 100));
    const stepper = fused(toyStepper(task.words, table), memories, 0.4);
    const whole = toyStepper(task.words, added(table, seed + 100, 0.4));
    const together = await beamSearch(stepper, task, images, options);
    const expected = await beamSearch(whole, task, images, options);
    const alone = await beamSearch(toyStepper(task.words, table), task, images, options);
    for (const [image, hypotheses] of together.entries()) {
      expect(hypotheses.map(({ words }) => words)).toEqual(expected[image]!.map(({ words }) => words));
      for (const [i, { logProbability }] of hypotheses.entries())
        expect(logProbability).toBeCloseTo(expected[image]![i]!.logProbability, 5);
      if (hypotheses[0]!.words.join() !== alone[image]![0]!.words.join()) differing++;
    }
    const steered = { ...options, groups: 2, must: [[4, 5]], avoid: [] };
    expect(wordsOf(await steeredSearch(stepper, task, images, steered))).toEqual(
      wordsOf(await steeredSearch(whole, task, images, steered)),
    );
  }
  // The memory has a say.
  expect(differing).toBeGreaterThan(10);
});

it("never makes a caption likelier by a word, not even by one that is sure to follow", async () => {
  const table = randomTable(task.words, 1);
  const stepper = fused(toyStepper(task.words, table), [{ foretell: () => new Map([[5, 1]]) }], 10);
  const { logProbabilities } = await stepper.start(["a"]);
  expect(logProbabilities[5]).toBeCloseTo(table("a", [])[5]!, 6);
});

it("leaves impossible what the model holds for impossible", async () => {
  const stepper = toyStepper(3, () => [-Infinity, 0, -Infinity]);
  const memories = [{ foretell: () => new Map([[0, 0.249]]) }];
  const { logProbabilities } = await fused(stepper, memories, 2).start(["a"]);
  expect([...logProbabilities].slice(0, 3)).toEqual([-Infinity, expect.closeTo(2 * Math.log(0.001), 5), -Infinity]);
});

it("is the model itself where the memory counts nothing", async () => {
  const stepper = toyStepper(task.words, randomTable(task.words, 5));
  const memories = images.map((image) => memoryOf(image, 6));
  const found = await beamSearch(fused(stepper, memories, 0), task, images, options);
  const alone = await beamSearch(stepper, task, images, options);
  expect(wordsOf(found)).toEqual(wordsOf(alone));
});
