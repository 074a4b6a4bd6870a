// Document frequencies as a table of hashes: CIDEr-D with them is CIDEr-D with the frequencies themselves.
import { ciderD, ciderScorer, documentFrequencies } from "caption-metrics";
import { describe, expect, test } from "vitest";
import { seededRandom } from "../../src/base/random.ts";
import { endWord, frequenciesOf, frequencyTable } from "../../src/text/frequency-table.ts";

/** Captions of words that are rarer the later they come in the alphabet. */
function drawnCaptions(images: number, captions: number, seed: number): string[][][] {
  const random = seededRandom(seed);
  const word = (): string => String.fromCharCode(97 + Math.floor(26 * random.uniform() ** 2));
  const caption = (): string[] => Array.from({ length: 3 + random.below(8) }, word);
  return Array.from({ length: images }, () => Array.from({ length: captions }, caption));
}

const references = drawnCaptions(60, 5, 1);
const table = frequencyTable(references);

describe("a table of document frequencies", () => {
  test("scores as the frequencies themselves do, with and without the end counted", () => {
    const hypotheses = drawnCaptions(20, 1, 2).map(([caption]) => caption!);
    const truths = drawnCaptions(20, 5, 3);
    for (const options of [{}, { endToken: endWord }]) {
      const exact = { ...options, frequencies: documentFrequencies(references, { endToken: endWord }) };
      const packed = { ...options, frequencies: frequenciesOf(table) };
      const [expected, found] = [ciderD(hypotheses, truths, exact), ciderD(hypotheses, truths, packed)];
      expect(found.perImage).toEqual(expected.perImage.map((score) => expect.closeTo(score, 10) as number));
      expect(found.score).toBeGreaterThan(0.01);
      // Without the table's weights the scores are others.
      expect(found.score).not.toBeCloseTo(ciderD(hypotheses, truths, options).score, 3);
    }
    const scorer = ciderScorer(truths, { frequencies: frequenciesOf(table) });
    expect(scorer.score(3, truths[3]![0]!)).toBeGreaterThan(1);
  });

  test("keeps the n-grams of two pictures and more, sorted", () => {
    const { images, ngrams, counts } = frequencyTable([
      [
        ["a", "dog"],
        ["a", "dog"],
      ],
      [["a", "cat"]],
      [["dog"]],
    ]);
    expect(images).toBe(3);
    // "a", "dog", the end; "dog" before the end.
    expect([...counts].sort((a, b) => a - b)).toEqual([2, 2, 2, 3]);
    expect([...ngrams]).toEqual([...ngrams].sort((a, b) => a - b));
    expect(new Set(ngrams).size).toBe(4);
  });

  test("counts a token with a space in it as the words that metrics take it for", () => {
    const { ngrams } = frequencyTable([[["1\u00A01/2", "cups"]], [["1\u00A01/2", "cups"]]]);
    const apart = frequencyTable([[["1", "1/2", "cups"]], [["1", "1/2", "cups"]]]);
    expect(ngrams).toEqual(apart.ngrams);
  });

  test("needs a word", () => {
    expect(() => frequencyTable([])).toThrow(expect.objectContaining({ code: "EMPTY" }));
  });
});
