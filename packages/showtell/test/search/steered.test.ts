// Steered search on toy models, held against all sentences there are, and against its definition written once more.
import { describe, expect, it } from "vitest";
import { beamSearch } from "../../src/search/beam.ts";
import type { Constraints } from "../../src/search/constraints.ts";
import { ensembleOf } from "../../src/search/ensemble.ts";
import { steeredSearch, type SteeredOptions } from "../../src/search/steered.ts";
import { allSentences, logSoftmax, randomTable, rescore, type Table, toyStepper, toyTask } from "./toy-stepper.ts";

const seeds = Array.from({ length: 12 }, (_, i) => i + 1);
/** Words 4 to 7; sentences of up to four of them. */
const task = toyTask(4, 5);

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function holds(words: readonly number[], phrase: readonly number[]): boolean {
  return ` ${words.join(" ")} `.includes(` ${phrase.join(" ")} `);
}

/** Whether a sentence meets constraints, as people would check it. */
function meets(words: readonly number[], constraints: Constraints): boolean {
  const { must = [], avoid = [], prefix = [], minimumLength = 0, maximumLength = Infinity } = constraints;
  return (
    must.every((phrase) => holds(words, phrase)) &&
    !avoid.some((phrase) => holds(words, phrase)) &&
    prefix.every((word, i) => words[i] === word) &&
    words.length >= minimumLength &&
    words.length <= maximumLength
  );
}

/** All sentences that meet constraints with their scores, best first. */
function exhaustive(table: Table, constraints: Constraints, alpha = 0.7) {
  return [...allSentences(task)]
    .filter((words) => meets(words, constraints))
    .map((words) => {
      const logProbability = sum(rescore(table, "a", [...words, task.end]));
      return { words, logProbability, score: logProbability / (words.length + 1) ** alpha };
    })
    .sort((x, y) => y.score - x.score);
}

const cases: readonly Constraints[] = [
  {},
  { must: [[5]] },
  { must: [[5], [7]] },
  { must: [[5], [7], [4]] },
  { must: [[6, 4]] },
  { must: [[6, 4], [5]] },
  { must: [[4, 4, 5]] },
  {
    must: [
      [4, 5, 4],
      [5, 4, 4],
    ],
  },
  {
    must: [
      [6, 5],
      [5, 7],
    ],
  },
  { must: [[6], [5, 6], [6]] },
  { avoid: [[5], [6]] },
  {
    avoid: [
      [5, 5],
      [4, 6],
    ],
  },
  { avoid: [[4, 4, 5]] },
  { prefix: [6, 5] },
  { prefix: [6, 5], must: [[5, 4]] },
  { prefix: [7], avoid: [[7, 7]], must: [[5]] },
  { minimumLength: 3 },
  { maximumLength: 2 },
  { minimumLength: 2, maximumLength: 2, must: [[7]] },
  { must: [[5]], avoid: [[5, 5]], minimumLength: 2, maximumLength: 3 },
];

describe("steered search", () => {
  it.each(cases)("finds what exhaustive search finds when nothing is pruned: %o", async (constraints) => {
    for (const seed of seeds) {
      const table = randomTable(task.words, seed);
      const expected = exhaustive(table, constraints).slice(0, 6);
      const options = { beam: 400, candidates: 6, ...constraints };
      const [found] = await steeredSearch(toyStepper(task.words, table), task, ["a"], options);
      expect(found!.map(({ words }) => words)).toEqual(expected.map(({ words }) => words));
      for (const [i, { score, logProbability, wordLogProbabilities, words, truncated }] of found!.entries()) {
        expect(score).toBeCloseTo(expected[i]!.score, 10);
        expect(logProbability).toBeCloseTo(expected[i]!.logProbability, 10);
        expect(wordLogProbabilities).toEqual(rescore(table, "a", [...words, task.end]));
        expect(truncated).toBe(false);
      }
    }
  });

  // A beam may be too narrow only where phrases must overlap to fit: then search says so.
  const roomy = cases.filter(({ must = [] }) => must.flat().length < task.maximumLength);

  it.each(roomy)("meets what is asked with a narrow beam, and often finds the best: %o", async (constraints) => {
    let best = 0;
    for (const seed of seeds) {
      const table = randomTable(task.words, seed);
      const stepper = toyStepper(task.words, table);
      for (const beam of [1, 3]) {
        const [found] = await steeredSearch(stepper, task, ["a"], { beam, candidates: beam, ...constraints });
        expect(found!.length).toBeGreaterThan(0);
        for (const { words } of found!) expect(meets(words, constraints)).toBe(true);
        if (beam === 3 && found![0]!.words.join() === exhaustive(table, constraints)[0]!.words.join()) best++;
      }
    }
    expect(best).toBeGreaterThan(seeds.length / 3);
  });

  it("is beam search where nothing is asked", async () => {
    const longer = toyTask(8, 12);
    const images = ["a", "b", "c"];
    let compared = 0;
    for (const seed of seeds) {
      const table = randomTable(longer.words, seed);
      const options = { beam: 4, candidates: 3, alpha: 0.9 };
      const steered = await steeredSearch(toyStepper(longer.words, table), longer, images, options);
      const plain = await beamSearch(toyStepper(longer.words, table), longer, images, options);
      for (const [image, hypotheses] of plain.entries()) {
        // It may differ only where a sentence of the greatest length is among the best, because that one must end.
        if (steered[image]!.some(({ words }) => words.length + 1 === longer.maximumLength)) continue;
        expect(steered[image]).toEqual(hypotheses);
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(10);
  });

  it("gives an image the same sentences alone and in a batch", async () => {
    const images = ["a", "b", "c", "d"];
    const table = randomTable(task.words, 8);
    for (const options of [{ must: [[5], [6, 7]], beam: 2 }, { beam: 4, groups: 2, candidates: 4 }, { prefix: [4] }]) {
      const batch = await steeredSearch(toyStepper(task.words, table), task, images, options);
      for (const [i, image] of images.entries()) {
        expect(await steeredSearch(toyStepper(task.words, table), task, [image], options)).toEqual([batch[i]]);
      }
    }
  });

  it("steers an ensemble by the mean of its members", async () => {
    const tables = [1, 2].map((seed) => randomTable(task.words, seed));
    const mean: Table = (image, prefix) => {
      const [one, other] = tables.map((table) => table(image, prefix));
      return one!.map((value, word) => Math.log((Math.exp(value) + Math.exp(other![word]!)) / 2));
    };
    const members = tables.map((table) => toyStepper(task.words, table));
    const options = { beam: 400, candidates: 3, must: [[5], [7]] };
    const [found] = await steeredSearch(ensembleOf(members), task, [["a"], ["a"]], options);
    const expected = exhaustive(mean, { must: [[5], [7]] }).slice(0, 3);
    expect(found!.map(({ words }) => words)).toEqual(expected.map(({ words }) => words));
  });
});

/** Diverse beam search by its definition: whole sentences, no shared state, no typed arrays; of each group its finished sentences. */
function plainGroups(table: Table, { groups, size, diversity }: { groups: number; size: number; diversity: number }) {
  const finished = Array.from({ length: groups }, (): { words: readonly number[]; score: number }[] => []);
  let live = Array.from({ length: groups }, () => [{ words: [] as readonly number[], total: 0 }]);
  for (let length = 1; length <= task.maximumLength; length++) {
    const chosen: number[] = [];
    live = live.map((own, group) => {
      const continuations = own.flatMap(({ words, total }, parent) =>
        table("a", words).map((logProbability, word) => ({
          word,
          words: [...words, word],
          parent,
          total: total + logProbability,
          rank: total + logProbability - diversity * chosen.filter((other) => other === word).length,
        })),
      );
      const best = continuations
        .filter(({ word }) => !task.never.includes(word) && (length < task.maximumLength || word === task.end))
        .sort((x, y) => y.rank - x.rank || x.word - y.word || x.parent - y.parent)
        .slice(0, size);
      for (const { words, total, word } of best) {
        if (word === task.end) finished[group]!.push({ words: words.slice(0, -1), score: total / length ** 0.7 });
      }
      chosen.push(...best.map(({ word }) => word));
      return best.filter(({ word }) => word !== task.end);
    });
  }
  return finished.map((own) => own.sort((x, y) => y.score - x.score));
}

describe("groups", () => {
  it.each([0.2, 1, 3])("choose what their definition says (diversity %s)", async (diversity) => {
    let different = 0;
    for (const seed of seeds) {
      const table = randomTable(task.words, seed);
      const options = { beam: 6, groups: 3, candidates: 3, diversity };
      const [found] = await steeredSearch(toyStepper(task.words, table), task, ["a"], options);
      const own = plainGroups(table, { groups: 3, size: 2, diversity });
      // The best of each group, then the second best of each, and so on; the same sentence once.
      const ranked = [0, 1, 2].flatMap((rank) =>
        own.flatMap((finished) => finished.slice(rank, rank + 1)).sort((x, y) => y.score - x.score),
      );
      const expected = [...new Map(ranked.map((one) => [one.words.join(" "), one])).values()].slice(0, 3);
      expect(found!.map(({ words }) => words)).toEqual(
        expected.sort((x, y) => y.score - x.score).map(({ words }) => words),
      );
      different += expected.length;
    }
    expect(different).toBeGreaterThan(2 * seeds.length);
  });

  it("say different things, and the more so the more diversity is asked", async () => {
    const longer = toyTask(12, 8);
    const firstWords = async (diversity: number): Promise<number> => {
      let different = 0;
      for (const seed of seeds) {
        const stepper = toyStepper(longer.words, randomTable(longer.words, seed));
        const options = { beam: 4, groups: 4, candidates: 4, diversity };
        const [found] = await steeredSearch(stepper, longer, ["a"], options);
        different += new Set(found!.map(({ words }) => words[0])).size;
      }
      return different;
    };
    const [none, some, much] = [await firstWords(0), await firstWords(1), await firstWords(100)];
    expect(none).toBe(seeds.length);
    expect(some).toBeGreaterThan(none);
    expect(much).toBe(4 * seeds.length);
  });

  it("each meet what is asked", async () => {
    const constraints = { must: [[5]], avoid: [[6]], minimumLength: 2 };
    for (const seed of seeds) {
      const stepper = toyStepper(task.words, randomTable(task.words, seed));
      const options = { beam: 4, groups: 2, candidates: 4, diversity: 2, ...constraints };
      const [found] = await steeredSearch(stepper, task, ["a"], options);
      expect(found!.length).toBeGreaterThan(1);
      for (const { words } of found!) expect(meets(words, constraints)).toBe(true);
    }
  });
});

async function refused(options: SteeredOptions, text: RegExp): Promise<void> {
  const stepper = toyStepper(task.words, randomTable(task.words, 1));
  const search = steeredSearch(stepper, task, ["a"], options);
  await expect(search).rejects.toMatchObject({ code: "ARGUMENT", message: expect.stringMatching(text) as string });
}

describe("what can't be met", () => {
  it("is refused: contradictions, and too many words for the greatest length", async () => {
    await refused({ must: [[5, 6, 7]], avoid: [[6, 7]] }, /\[6,7\] must not appear, but is part of \[5,6,7\]/);
    await refused({ prefix: [5, 6], avoid: [[6]] }, /\[6\] must not appear/);
    await refused({ must: [[5], [6], [7]], maximumLength: 2 }, /no sentence of at most 2 words.*image 0/);
    await refused({ prefix: [4, 4, 4], maximumLength: 2 }, /^maximumLength is 2; .* from 3 to 4/);
    await refused({ minimumLength: 3, maximumLength: 2 }, /^minimumLength is 3; .* from 0 to 2/);
    await refused({ maximumLength: 9 }, /^maximumLength is 9/);
  });

  it("is refused: ids that no sentence holds, empty phrases, options out of range", async () => {
    for (const id of [0, 1, 2, 3]) await refused({ must: [[id]] }, new RegExp(`has the id ${id}`));
    await refused({ avoid: [[99]] }, /^an id of a constraint is 99/);
    await refused({ must: [[]] }, /is empty/);
    await refused({ must: [Array.from({ length: 21 }, () => 4)] }, /that must appear is 21/);
    await refused({ beam: 2, groups: 3 }, /^groups is 3/);
    await refused({ beam: 2, candidates: 3 }, /^candidates is 3/);
    await refused({ groups: 2, diversity: -1 }, /^diversity is -1/);
    await refused({ beam: 1000, must: [[4], [5], [6], [7]] }, /5000 hypotheses/);
  });

  it("is told from a model that gives no number", async () => {
    const broken = toyStepper(task.words, () => Array.from({ length: task.words }, () => Number.NaN));
    await expect(steeredSearch(broken, task, ["a"], { must: [[5]] })).rejects.toMatchObject({ code: "ENGINE" });
  });

  it("can be cancelled between two steps", async () => {
    const toy = toyStepper(task.words, () => logSoftmax([0, 0, -30, 0, 0, 0, 0, 0]));
    const signal = {
      get aborted() {
        return toy.steps === 2;
      },
    };
    await expect(steeredSearch(toy, task, ["a"], { signal })).rejects.toMatchObject({ code: "CANCELLED" });
    expect(toy.steps).toBe(2);
  });
});
