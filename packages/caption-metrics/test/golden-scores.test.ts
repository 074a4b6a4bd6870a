// BLEU, ROUGE-L and CIDEr-D equal the reference toolkit on all eight sets, for the corpus and for each image.
import { describe, expect, it } from "vitest";
import { bleu, bleuStatistics, sumBleuStatistics } from "../src/bleu.ts";
import { ciderD } from "../src/cider-d.ts";
import type { MetricResult } from "../src/inputs.ts";
import { rougeL } from "../src/rouge-l.ts";
import { type GoldenSet, goldenSet, largestDifference, type ScoreName, SET_NAMES } from "./golden.ts";

const TOLERANCE = 1e-9;

function expectEqual(result: MetricResult, { scores }: GoldenSet, name: ScoreName): void {
  expect(Math.abs(result.score - scores.corpus[name])).toBeLessThan(TOLERANCE);
  expect(largestDifference(result.perImage, scores.perImage[name])).toBeLessThan(TOLERANCE);
}

describe.each(SET_NAMES)("%s", (name) => {
  const set = goldenSet(name);

  it("has the reference's BLEU statistics", () => {
    const { corpus } = set.scores;
    expect(sumBleuStatistics(bleuStatistics(set.hypotheses, set.references))).toEqual({
      hypothesisLength: corpus.bleuTestlen,
      referenceLength: corpus.bleuReflen,
      guessed: corpus.bleuGuess,
      correct: corpus.bleuCorrect,
    });
  });

  it("has the reference's BLEU-1 to BLEU-4", () => {
    const results = bleu(set.hypotheses, set.references);
    expectEqual(results[0], set, "Bleu_1");
    expectEqual(results[1], set, "Bleu_2");
    expectEqual(results[2], set, "Bleu_3");
    expectEqual(results[3], set, "Bleu_4");
  });

  it("has the reference's ROUGE-L", () => {
    expectEqual(rougeL(set.hypotheses, set.references), set, "ROUGE_L");
  });

  it("has the reference's CIDEr", () => {
    expectEqual(ciderD(set.hypotheses, set.references), set, "CIDEr");
  });
});
