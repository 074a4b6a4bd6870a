// METEOR's alignment: what a search through every pair finds, without going through every pair.
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { align } from "../../src/meteor/align.ts";
import type { Resources } from "../../src/meteor/matches.ts";
import { matchFinder } from "../../src/meteor/matches.ts";
import { meteorStatistics } from "../../src/meteor/meteor.ts";
import { createParaphrases } from "../../src/meteor/paraphrases.ts";
import { CHUNKS, HYPOTHESIS_MATCHES, REFERENCE_MATCHES, STAGE_WEIGHTS } from "../../src/meteor/statistics.ts";
import { wordnet } from "../../src/wordnet.ts";
import { words } from "../words.ts";
import { alignEveryPair } from "./every-pair.ts";

/** Phrases of several lengths that stand for each other in one direction or both. */
const paraphrases = createParaphrases([
  ["a", "the"],
  ["the", "a"],
  ["a dog", "the dogs"],
  ["dog", "a dog"],
  ["dog dog", "dog"],
  ["dog", "dog dog"],
  ["the the", "a"],
  ["the dogs", "running"],
]);

const sentence = (most: number): fc.Arbitrary<string[]> =>
  fc.array(fc.constantFrom("a", "the", "dog", "dogs", "hound", "running", "ran", "zebra"), { maxLength: most });

const repeated = (text: string, times: number): readonly string[] => words(`${text} `.repeat(times));

describe("the alignment", () => {
  it.each<readonly [string, Resources]>([
    ["words", { synonyms: wordnet }],
    ["words and phrases", { synonyms: wordnet, paraphrases }],
    ["phrases without stems", { stem: false, paraphrases }],
  ])("by %s is the one that going through every pair finds", (_, resources) => {
    const finder = matchFinder(resources);
    fc.assert(
      fc.property(sentence(40), sentence(14), (hypothesis, reference) => {
        const sections = finder.find(finder.prepare(hypothesis), finder.prepare(reference));
        const expected = alignEveryPair(sections, STAGE_WEIGHTS, hypothesis.length);
        expect(align(sections, STAGE_WEIGHTS, hypothesis.length)).toEqual(expected);
      }),
      { numRuns: 150, seed: 1 },
    );
  });

  it.each([
    ["one word", "dog", 5000, "a dog", 2500, 2500, 2500],
    ["words in another order", "dog a", 2500, "a dog", 2500, 5000, 2],
    ["words of the same stem", "dogs", 5000, "dog", 5000, 5000, 1],
  ] as const)(
    "of sentences of 5,000 words that repeat %s takes a moment",
    (_, guess, guesses, truth, truths, matched, chunks) => {
      const hypotheses = [repeated(guess, guesses)];
      const [counts = []] = meteorStatistics(hypotheses, [[repeated(truth, truths)]], { synonyms: wordnet });
      expect(counts.slice(0, 2)).toEqual([5000, 5000]);
      expect([counts[CHUNKS], counts[HYPOTHESIS_MATCHES], counts[REFERENCE_MATCHES]]).toEqual([
        chunks,
        matched,
        matched,
      ]);
    },
    60_000,
  );
});
