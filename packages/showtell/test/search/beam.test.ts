import { describe, expect, it } from "vitest";
import { ShowtellError } from "../../src/base/errors.ts";
import { type BeamOptions, beamSearch, type PartialHypothesis } from "../../src/search/beam.ts";
import { allSentences, logSoftmax, randomTable, rescore, type Table, toyStepper, toyTask } from "./toy-stepper.ts";

const seeds = Array.from({ length: 25 }, (_, i) => i + 1);

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** All sentences of a toy task with their scores, best first. */
function exhaustive(table: Table, task: ReturnType<typeof toyTask>, alpha: number) {
  return [...allSentences(task)]
    .map((words) => {
      const logProbability = sum(rescore(table, "a", [...words, task.end]));
      return { words, logProbability, score: logProbability / (words.length + 1) ** alpha };
    })
    .sort((x, y) => y.score - x.score);
}

/** The definition of beam search, written once more without any early stop, back-pointers or typed arrays. */
function plainBeam(table: Table, task: ReturnType<typeof toyTask>, beam: number, candidates: number, alpha: number) {
  const finished: { words: readonly number[]; score: number }[] = [];
  let live: { words: readonly number[]; total: number }[] = [{ words: [], total: 0 }];
  for (let length = 1; length <= task.maximumLength; length++) {
    const continuations = live.flatMap(({ words, total }, parent) =>
      table("a", words)
        .map((logProbability, word) => ({ word, words: [...words, word], parent, total: total + logProbability }))
        .filter(({ word }) => !task.never.includes(word)),
    );
    const best = continuations
      .sort((x, y) => y.total - x.total || x.word - y.word || x.parent - y.parent)
      .slice(0, beam);
    for (const { words, total, word } of best) {
      if (word === task.end) finished.push({ words: words.slice(0, -1), score: total / length ** alpha });
    }
    live = best.filter(({ word }) => word !== task.end);
  }
  return finished.sort((x, y) => y.score - x.score).slice(0, candidates);
}

describe("beam search", () => {
  it.each([0, 0.7, 1, 2])("finds what exhaustive search finds when nothing is pruned (alpha %s)", async (alpha) => {
    const task = toyTask(3, 4);
    for (const seed of seeds) {
      const table = randomTable(task.words, seed);
      const [found] = await beamSearch(toyStepper(task.words, table), task, ["a"], { beam: 200, candidates: 5, alpha });
      const expected = exhaustive(table, task, alpha).slice(0, 5);
      expect(found!.map(({ words }) => words)).toEqual(expected.map(({ words }) => words));
      for (const [i, { score, logProbability, truncated }] of found!.entries()) {
        expect(score).toBeCloseTo(expected[i]!.score, 10);
        expect(logProbability).toBeCloseTo(expected[i]!.logProbability, 10);
        expect(truncated).toBe(false);
      }
    }
  });

  it("gives the log-probabilities that the model gives the sentence again, word by word", async () => {
    const task = toyTask(8, 7);
    for (const seed of seeds) {
      const table = randomTable(task.words, seed);
      const [found] = await beamSearch(toyStepper(task.words, table), task, ["a"], { beam: 4, candidates: 4 });
      for (const { words, logProbability, wordLogProbabilities, score, truncated } of found!) {
        const tokens = truncated ? words : [...words, task.end];
        expect(wordLogProbabilities).toEqual(rescore(table, "a", tokens));
        expect(logProbability).toBe(sum(wordLogProbabilities));
        expect(score).toBeCloseTo(logProbability / tokens.length ** 0.7, 12);
      }
    }
  });

  it.each([
    { beam: 1, candidates: 1, alpha: 0.7, saves: true },
    { beam: 3, candidates: 1, alpha: 0, saves: true },
    { beam: 3, candidates: 1, alpha: 0.7, saves: true },
    { beam: 3, candidates: 1, alpha: 2, saves: false },
    { beam: 3, candidates: 3, alpha: 0.7, saves: true },
    { beam: 5, candidates: 2, alpha: 1, saves: true },
  ])("stops early without changing the result ($beam, $candidates, $alpha)", async ({ saves, ...options }) => {
    const { beam, candidates, alpha } = options;
    const task = toyTask(6, 9);
    let saved = 0;
    for (const seed of seeds) {
      const table = randomTable(task.words, seed);
      const stepper = toyStepper(task.words, table);
      const [found] = await beamSearch(stepper, task, ["a"], options);
      saved += task.maximumLength - stepper.steps;
      const expected = plainBeam(table, task, beam, candidates, alpha);
      if (expected.length === 0) expect(found!.every(({ truncated }) => truncated)).toBe(true);
      else expect(found!.map(({ words }) => words)).toEqual(expected.map(({ words }) => words));
    }
    expect(saved > 0).toBe(saves);
  });

  it("breaks ties by the lower word, then by the lower parent", async () => {
    const task = toyTask(3, 3);
    // All words and the end are equally likely everywhere: the order of the ids alone decides.
    const uniform = toyStepper(task.words, () => logSoftmax([-50, -50, 0, -50, 0, 0, 0]));
    const [found] = await beamSearch(uniform, task, ["a"], {
      beam: 3,
      candidates: 3,
      alpha: 0,
    });
    // Step 1 keeps end, 4, 5. Step 2 has six more equal ones: the ends (word 2) of parents 4 and 5 go first, then 4 4.
    expect(found!.map(({ words }) => words)).toEqual([[], [4], [5]]);

    // Parents "4" and "5" are equally likely; so are their continuations by 6: the lower parent, "4", keeps the one place left.
    const twins = toyStepper(task.words, (_, prefix) => {
      if (prefix.length === 0) return logSoftmax([-50, -50, -50, -50, 1, 1, -9]);
      return logSoftmax(prefix.length === 1 ? [-50, -50, -50, -50, -9, 3, 3] : [-50, -50, 5, -50, 0, 0, 0]);
    });
    const [kept] = await beamSearch(twins, task, ["a"], { beam: 3, candidates: 3, alpha: 0 });
    expect(kept!.map(({ words }) => words)).toEqual([
      [4, 5],
      [5, 5],
      [4, 6],
    ]);
  });

  it("returns unfinished sentences only if none ended, and marks them", async () => {
    const task = toyTask(4, 5);
    const endless: Table = (image, prefix) => {
      const logits = randomTable(task.words, 3)(image, prefix).slice();
      logits[task.end] = -40;
      return logSoftmax(logits);
    };
    const [found] = await beamSearch(toyStepper(task.words, endless), task, ["a"], { beam: 3, candidates: 2 });
    expect(found).toHaveLength(2);
    for (const { words, truncated, wordLogProbabilities, logProbability, score } of found!) {
      expect(truncated).toBe(true);
      expect(words).toHaveLength(5);
      expect(wordLogProbabilities).toEqual(rescore(endless, "a", words));
      expect(score).toBeCloseTo(logProbability / 5 ** 0.7, 12);
    }
    expect(found![0]!.score).toBeGreaterThanOrEqual(found![1]!.score);

    // One sentence ends, all others run on: it alone comes back, although three were asked for.
    const once: Table = (image, prefix) => {
      const logits = endless(image, prefix).slice();
      if (prefix.length === 1) logits[task.end] = 9;
      return logSoftmax(prefix.length === 0 ? [-50, -50, -50, -50, 9, -20, -20, -20] : logits);
    };
    const [ended] = await beamSearch(toyStepper(task.words, once), task, ["a"], { beam: 2, candidates: 2 });
    expect(ended!.every(({ truncated }) => !truncated)).toBe(true);
    expect(ended![0]!.words).toEqual([4]);
  });

  it("never produces padding, start, unknown or a column beyond the vocabulary", async () => {
    const task = toyTask(3, 6);
    const tempting: Table = (image, prefix) => {
      const logits = randomTable(task.words, 5)(image, prefix).slice();
      for (const id of task.never) logits[id] = 20;
      return logSoftmax(logits);
    };
    const [found] = await beamSearch(toyStepper(task.words, tempting), task, ["a"], { beam: 6, candidates: 6 });
    expect(found!.length).toBeGreaterThan(1);
    for (const { words } of found!) {
      expect(words.every((word) => word >= 4 && word < task.words)).toBe(true);
    }
  });

  it("gives an image the same sentences alone and in a batch", async () => {
    const task = toyTask(6, 8);
    const table = randomTable(task.words, 11, 3);
    const images = ["a", "b", "c", "d", "e", "f"];
    const options = { beam: 3, candidates: 2 };
    const batch = await beamSearch(toyStepper(task.words, table), task, images, options);
    const lengths = new Set<number>();
    for (const [i, image] of images.entries()) {
      const [alone] = await beamSearch(toyStepper(task.words, table), task, [image], options);
      expect(batch[i]).toEqual(alone);
      lengths.add(alone![0]!.words.length);
    }
    expect(lengths.size).toBeGreaterThan(1);
  });

  it("may end at once: the empty sentence is a sentence", async () => {
    const task = toyTask(2, 4);
    const stepper = toyStepper(task.words, () => logSoftmax([-50, -50, 9, -50, 0, 0]));
    const [found] = await beamSearch(stepper, task, ["a"]);
    expect(found![0]).toMatchObject({ words: [], truncated: false });
    expect(found![0]!.wordLogProbabilities).toHaveLength(1);
    expect(await beamSearch(stepper, task, [])).toEqual([]);
  });

  it("can be cancelled between two steps", async () => {
    const task = toyTask(6, 8);
    const signal = { aborted: false };
    const toy = toyStepper(task.words, randomTable(task.words, 1, 0.1));
    const stepper = {
      ...toy,
      next: (...step: Parameters<typeof toy.next>) => {
        signal.aborted = true;
        return toy.next(...step);
      },
    };
    await expect(beamSearch(stepper, task, ["a"], { signal })).rejects.toMatchObject({ code: "CANCELLED" });
    expect(toy.steps).toBe(2);
    await expect(beamSearch(toy, task, ["a"], { signal })).rejects.toMatchObject({ code: "CANCELLED" });
    expect(toy.steps).toBe(2);
  });

  it("refuses options out of range, and says which", async () => {
    const task = toyTask(3, 4);
    const stepper = toyStepper(task.words, randomTable(task.words, 1));
    const refused = async (changes: object, options: object, text: RegExp) => {
      const failure = await beamSearch(stepper, { ...task, ...changes }, ["a"], options).catch(
        (error: unknown) => error,
      );
      expect(failure).toBeInstanceOf(ShowtellError);
      expect(failure).toMatchObject({ code: "ARGUMENT" });
      expect((failure as ShowtellError).message).toMatch(text);
    };
    await refused({}, { beam: 0 }, /^beam is 0/);
    await refused({}, { beam: 2.5 }, /^beam is 2.5/);
    await refused({}, { beam: 1e9 }, /^beam is 1000000000/);
    await refused({}, { beam: 2, candidates: 3 }, /^candidates is 3.*from 1 to 2/);
    await refused({}, { alpha: -1 }, /^alpha is -1/);
    await refused({}, { alpha: Number.NaN }, /^alpha is NaN/);
    await refused({ end: 7 }, {}, /^end is 7/);
    await refused({ never: [2] }, {}, /end token 2/);
    await refused({ words: 99 }, {}, /^words is 99/);
    await refused({ maximumLength: 0 }, {}, /^maximumLength is 0/);
  });

  it("says so when the model gives nothing to choose from", async () => {
    const task = toyTask(3, 4);
    const broken: Table = (_, prefix) =>
      Array.from({ length: task.words }, () => (prefix.length === 0 ? -2 : Number.NaN));
    await expect(beamSearch(toyStepper(task.words, broken), task, ["a"])).rejects.toMatchObject({ code: "ENGINE" });
  });
});

/** Searches and keeps what was told of each image meanwhile. */
async function watched(table: Table, task: ReturnType<typeof toyTask>, options: BeamOptions) {
  const partials: PartialHypothesis[][] = [[], []];
  const onPartial = (partial: PartialHypothesis): unknown => partials[partial.image]!.push(partial);
  const found = await beamSearch(toyStepper(task.words, table), task, ["a", "b"], { ...options, onPartial });
  return { found, partials };
}

/** A model whose sentence for "a" ends at once, that for "b" never. */
const shortAndLong: Table = (image) => logSoftmax([0, 0, image === "a" ? 50 : -50, 0, 1, 0]);

describe("while a beam search goes on", () => {
  const task = toyTask(6, 8);

  it("it tells of each image, once a step until its search has ended, and finds the same", async () => {
    const { partials } = await watched(shortAndLong, toyTask(2, 5), { beam: 1 });
    expect(partials.map((each) => each.map(({ words }) => words.length))).toEqual([[0], [1, 2, 3, 4, 5]]);
    const table = randomTable(task.words, 1);
    const { found } = await watched(table, task, { candidates: 2 });
    expect(found).toEqual(await beamSearch(toyStepper(task.words, table), task, ["a", "b"], { candidates: 2 }));
  });

  it("the beginning that is called settled is that of every sentence returned, and at the end all of the best", async () => {
    let early = 0;
    for (const seed of seeds) {
      const { found, partials } = await watched(randomTable(task.words, seed), task, { candidates: 2 });
      for (const [image, sentences] of found.entries()) {
        const before = partials[image]!.slice(0, -1);
        const begins = before.map(({ words, settled }) => words.slice(0, settled));
        for (const begin of begins) {
          expect(sentences.map(({ words }) => words.slice(0, begin.length))).toEqual(sentences.map(() => begin));
        }
        early += begins.filter((begin) => begin.length > 0).length;
        const [best] = sentences;
        expect(partials[image]!.at(-1)).toEqual({ image, words: best!.words, settled: best!.words.length });
      }
    }
    expect(early).toBeGreaterThan(20);
  });
});
