// Batches: lengths chosen best, every caption once, tokens where they belong, and padding that counts nothing.
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../src/base/random.ts";
import { endId, paddingId, startId } from "../../src/text/vocabulary.ts";
import type { Batch, Example } from "../../src/train/batches.ts";
import { tokenOrder } from "../../src/nn/token-order.ts";
import { bucketLengths, gatherBatches, makeBatches, planBatches, targetsOf } from "../../src/train/batches.ts";

const maximumWords = 6;

/** Captions of 1 to 9 words, each with a picture of its own. */
const someExamples: fc.Arbitrary<readonly Example[]> = fc
  .array(fc.array(fc.integer({ min: 4, max: 50 }), { minLength: 1, maxLength: 9 }), { minLength: 1, maxLength: 60 })
  .map((captions) => captions.map((words, picture) => ({ picture, words })));
const someRows = fc.integer({ min: 1, max: 12 });
const someLimit = fc.integer({ min: 1, max: 8 });

function batchesOf(examples: readonly Example[], rows: number, limit: number, seed?: number): readonly Batch[] {
  const plan = planBatches(examples, { rows, group: 1 }, maximumWords, limit);
  const batches = makeBatches(examples, plan, seed === undefined ? undefined : seededRandom(seed));
  return batches.map((make) => make());
}

describe("what is predicted", () => {
  it("is the words and the end", () => {
    expect(targetsOf({ words: [7, 8] }, 2)).toEqual([7, 8, endId]);
  });

  it("has no end where a caption is cut, so that nobody learns to stop there", () => {
    expect(targetsOf({ words: [7, 8, 9] }, 2)).toEqual([7, 8]);
  });
});

/** Tokens with padding if every length is rounded up to the next of `lengths`. */
function paddedTotal(counts: readonly number[], lengths: readonly number[]): number {
  return counts.reduce(
    (total, count, length) =>
      count === 0 ? total : total + count * (lengths.find((limit) => limit >= length) ?? Infinity),
    0,
  );
}

/** The least total of any choice of at most `limit` lengths. */
function leastTotal(counts: readonly number[], limit: number): number {
  let least = Infinity;
  for (let choice = 0; choice < 2 ** counts.length; choice++) {
    const lengths = counts.flatMap((_, length) => (choice & (1 << length) ? [length] : []));
    if (lengths.length <= limit) least = Math.min(least, paddedTotal(counts, lengths));
  }
  return least;
}

describe("bucket lengths", () => {
  it("pad least of all choices, tried one by one", () => {
    const someCounts = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 2, maxLength: 9 });
    fc.assert(
      fc.property(someCounts, someLimit, (counts, limit) => {
        fc.pre(counts.some((count, length) => length > 0 && count > 0));
        const tokens = [0, ...counts.slice(1)];
        const lengths = bucketLengths(tokens, limit);
        expect(lengths.length).toBeLessThanOrEqual(limit);
        expect(lengths).toEqual(lengths.toSorted((a, b) => a - b));
        expect(paddedTotal(tokens, lengths)).toBe(leastTotal(tokens, limit));
      }),
    );
  });

  it("are all lengths that there are, if so many are allowed", () => {
    expect(bucketLengths([0, 0, 3, 0, 1, 2], 8)).toEqual([2, 4, 5]);
    expect(bucketLengths([0, 0, 3, 0, 1, 2], 1)).toEqual([5]);
  });
});

/** The caption in a row, read back: its picture, what is read and what is predicted. */
function captionIn(batch: Batch, row: number): { picture: number; read: number[]; targets: number[] } {
  const { group, at } = tokenOrder(batch);
  const [image, place] = [Math.floor(row / group), row % group];
  const tokens = Array.from({ length: batch.lengths[place]! }, (_, step) => at(step, image, place)).filter(
    (token) => batch.weights[token] === 1,
  );
  const ids = (from: BigInt64Array): number[] => tokens.map((token) => Number(from[token]));
  return { picture: batch.pictures[image]!, read: ids(batch.words), targets: ids(batch.targets) };
}

/** The lengths of batches of single captions, rising. */
function stepsOf(batches: readonly Batch[]): number[] {
  return batches.map(({ lengths }) => lengths[0]!).toSorted((a, b) => a - b);
}

function groupedBatches(
  examples: readonly Example[],
  size: { rows: number; group: number },
  seed?: number,
): readonly Batch[] {
  const plan = planBatches(examples, size, maximumWords, 3);
  return makeBatches(examples, plan, seed === undefined ? undefined : seededRandom(seed)).map((make) => make());
}

describe("batches", () => {
  it("hold every caption once, each word read where the one before it was to be predicted", () => {
    fc.assert(
      fc.property(someExamples, someRows, someLimit, fc.integer(), (examples, rows, limit, seed) => {
        const found = batchesOf(examples, rows, limit, seed).flatMap((batch) =>
          Array.from({ length: batch.captions }, (_, row) => captionIn(batch, row)),
        );
        const wanted = examples.map(({ picture, words }) => {
          const targets = targetsOf({ words }, maximumWords);
          return { picture, read: [startId, ...targets.slice(0, -1)], targets };
        });
        expect(found.toSorted((a, b) => a.picture - b.picture)).toEqual(wanted);
      }),
    );
  });

  it("are planned and gathered of half a million captions, as COCO's training set has them", () => {
    const examples: Example[] = Array.from({ length: 500_000 }, (_, i) => ({
      picture: i,
      words: [4, 5, 6].slice(i % 3),
    }));
    const plan = planBatches(examples, { rows: 100, group: 1 }, maximumWords, 3);
    const batches = gatherBatches(examples, plan);
    expect(batches).toHaveLength(5000);
    expect(new Set(batches.flatMap(({ groups }) => groups.flat().map(({ picture }) => picture))).size).toBe(500_000);
  });

  it("have planned shapes only, and say how many tokens and captions count", () => {
    fc.assert(
      fc.property(someExamples, someRows, someLimit, (examples, rows, limit) => {
        const { lengths } = planBatches(examples, { rows, group: 1 }, maximumWords, limit);
        for (const batch of batchesOf(examples, rows, limit)) {
          expect(batch.images).toBe(rows);
          expect(lengths).toContainEqual(batch.lengths);
          for (const { length } of [batch.words, batch.targets, batch.weights])
            expect(length).toBe(rows * batch.lengths[0]!);
          expect(batch.weights.reduce((sum, weight) => sum + weight, 0)).toBe(batch.tokens);
        }
      }),
    );
  });

  it("fill what is left over with padding that weighs nothing", () => {
    fc.assert(
      fc.property(someExamples, someRows, someLimit, (examples, rows, limit) => {
        for (const batch of batchesOf(examples, rows, limit)) {
          batch.weights.forEach((weight, i) => {
            if (weight === 1) return;
            expect([weight, Number(batch.words[i]), Number(batch.targets[i])]).toEqual([0, paddingId, paddingId]);
          });
          // Rows beyond the captions repeat a picture that is there, so that its features can be read.
          for (const picture of batch.pictures.subarray(batch.captions)) expect(picture).toBe(batch.pictures[0]);
        }
      }),
    );
  });

  it("count the tokens that weigh something apart", () => {
    const examples = [
      { picture: 0, words: [4, 5, 6], weight: -0.5 },
      { picture: 0, words: [4], weight: 0 },
    ];
    expect(batchesOf(examples, 2, 2)).toMatchObject([{ tokens: 4 + 2, counted: 4, captions: 2 }]);
  });

  it("are full but for one, and as many in every order", () => {
    fc.assert(
      fc.property(someExamples, someRows, someLimit, fc.integer(), (examples, rows, limit, seed) => {
        const batches = batchesOf(examples, rows, limit, seed);
        expect(batches.filter(({ captions }) => captions < rows).length).toBeLessThanOrEqual(1);
        expect(batches).toHaveLength(Math.ceil(examples.length / rows));
        expect(stepsOf(batches)).toEqual(stepsOf(batchesOf(examples, rows, limit)));
      }),
    );
  });

  it("are shuffled by the seed, captions among batches and batches among each other", () => {
    const examples = Array.from({ length: 40 }, (_, picture) => ({
      picture,
      words: Array<number>(1 + (picture % 5)).fill(4),
    }));
    const pictures = (seed?: number): string[] =>
      batchesOf(examples, 4, 3, seed).map((batch) => Array.from(batch.pictures).join());
    expect(pictures(1)).toEqual(pictures(1));
    expect(pictures()).toEqual(pictures());
    // Which captions come together differs too, not only the order of batches.
    const together = (seed: number): Set<string> =>
      new Set(batchesOf(examples, 4, 3, seed).map((batch) => batch.pictures.toSorted().join()));
    expect(together(1)).not.toEqual(together(2));
    const lengths = batchesOf(examples, 4, 3, 1).map(({ lengths: [steps] }) => steps!);
    expect(lengths).not.toEqual(lengths.toSorted((a, b) => a - b));
  });

  it("leave the examples as they are", () => {
    const examples = [5, 4, 3, 2, 1].map((picture) => ({ picture, words: [4] }));
    batchesOf(examples, 2, 2, 1);
    expect(examples.map(({ picture }) => picture)).toEqual([5, 4, 3, 2, 1]);
  });

  describe("of grouped captions", () => {
    const someGroup = fc.integer({ min: 1, max: 4 });
    /** Captions of few pictures: most have several, some more than a group. */
    const fewPictures = someExamples.map((examples) =>
      examples.map(({ words }, i) => ({ picture: (7 * i) % Math.ceil(examples.length / 3), words })),
    );
    it("hold every caption once, in a row of its own picture", () => {
      fc.assert(
        fc.property(fewPictures, someRows, someGroup, fc.integer(), (examples, rows, group, seed) => {
          const found = groupedBatches(examples, { rows, group }, seed).flatMap((batch) => {
            expect(batch.images).toBe(Math.max(1, Math.floor(rows / group)));
            expect(batch.lengths).toHaveLength(group);
            expect(batch.pictures).toHaveLength(batch.images);
            return Array.from({ length: batch.images * group }, (_, row) => {
              const { picture, targets } = captionIn(batch, row);
              return targets.length === 0 ? [] : [[picture, ...targets].join()];
            }).flat();
          });
          const wanted = examples.map(({ picture, words }) => [picture, ...targetsOf({ words }, maximumWords)].join());
          expect(found.toSorted()).toEqual(wanted.toSorted());
        }),
      );
    });

    it("have the captions of a picture together, and few pictures twice", () => {
      const examples = Array.from({ length: 20 }, (_, i) => ({ picture: i % 4, words: [4] }));
      const [batch, ...others] = groupedBatches(examples, { rows: 20, group: 5 }, 1);
      expect(others).toEqual([]);
      expect(Array.from(batch!.pictures).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3]);
    });

    it("have a place for each rank of length, so that hardly more is computed than there is", () => {
      const random = seededRandom(5);
      const examples = Array.from({ length: 3000 }, (_, i) => ({
        picture: Math.floor(i / 5),
        words: Array<number>(4 + random.below(10)).fill(7),
      }));
      const batches = makeBatches(examples, planBatches(examples, { rows: 50, group: 5 }, 20, 6)).map((make) => make());
      const sum = (countOf: (batch: Batch) => number): number =>
        batches.reduce((all, batch) => all + countOf(batch), 0);
      const tokens = sum((batch) => batch.tokens);
      expect(tokens / sum(({ words }) => words.length)).toBeGreaterThan(0.85);
      // As long as the longest of a picture, a quarter would be padding.
      expect(tokens / sum(({ images, lengths }) => images * lengths.length * lengths[0]!)).toBeLessThan(0.76);
      const { lengths } = planBatches(examples, { rows: 50, group: 5 }, 20, 6);
      for (const own of lengths) expect(own).toEqual(own.toSorted((a, b) => b - a));
    });

    it("take other captions of a picture together than the plan knew of", () => {
      const long = { picture: 0, words: [4, 4, 4, 4, 4] };
      const planned = [long, { picture: 0, words: [4] }, { picture: 1, words: [4, 4] }, { picture: 1, words: [4] }];
      const plan = planBatches(planned, { rows: 2, group: 2 }, maximumWords, 3);
      const [batch] = makeBatches([long, long], plan).map((make) => make());
      expect(batch).toMatchObject({ lengths: [6, 6], captions: 2, tokens: 12 });
    });

    it("are as many in every order", () => {
      fc.assert(
        fc.property(fewPictures, someRows, someGroup, fc.integer(), (examples, rows, group, seed) => {
          const size = { rows, group };
          expect(groupedBatches(examples, size, seed)).toHaveLength(groupedBatches(examples, size).length);
        }),
      );
    });
  });

  it("can't be planned without captions", () => {
    expect(() => planBatches([], { rows: 4, group: 1 }, 20, 8)).toThrow(
      expect.objectContaining({ code: "DATA_EMPTY" }),
    );
  });
});
