import { describe, expect, it } from "vitest";
import { beamSearch } from "../../src/search/beam.ts";
import { greedySearch } from "../../src/search/greedy.ts";
import { logSoftmax, randomTable, rescore, type Table, toyStepper, toyTask } from "./toy-stepper.ts";

/** By position; ids 0, 1 and 3 are never produced, 2 is the end. */
const logits = [
  [9, 9, 0, 9, 1, 3, 2],
  [0, 0, 0, 0, 1, 4, 4],
  [0, 0, 5, 0, 1, 1, 1],
].map(logSoftmax);
const handmade: Table = (_, prefix) => logits[prefix.length]!;

describe("greedy search", () => {
  it("equals a beam of one", async () => {
    const task = toyTask(6, 8);
    const images = ["a", "b", "c", "d"];
    const outcomes = new Set<boolean>();
    for (let seed = 1; seed <= 30; seed++) {
      const table = randomTable(task.words, seed);
      const greedy = await greedySearch(toyStepper(task.words, table), task, images, { alpha: 0.9 });
      expect(greedy).toEqual(await beamSearch(toyStepper(task.words, table), task, images, { beam: 1, alpha: 0.9 }));
      for (const [hypothesis] of greedy) outcomes.add(hypothesis!.truncated);
    }
    expect(outcomes).toEqual(new Set([true, false]));
  });

  it("takes the likeliest word at every step, of equal ones the lower id", async () => {
    const task = toyTask(3, 4);
    const stepper = toyStepper(task.words, handmade);
    const [found] = await greedySearch(stepper, task, ["a"]);
    expect(found).toHaveLength(1);
    expect(found![0]).toMatchObject({ words: [5, 5], truncated: false });
    expect(found![0]!.wordLogProbabilities).toEqual(rescore(handmade, "a", [5, 5, task.end]));
    expect(stepper.steps).toBe(3);
  });

  it("stops at the greatest length and marks what it cut", async () => {
    const task = toyTask(3, 3);
    const stepper = toyStepper(task.words, () => logSoftmax([0, 0, -30, 0, 1, 2, 1]));
    const [found] = await greedySearch(stepper, task, ["a"]);
    expect(found).toHaveLength(1);
    expect(found![0]).toMatchObject({ words: [5, 5, 5], truncated: true });
    expect(stepper.steps).toBe(3);
  });
});
