// Calibration on synthetic captions whose probability of being good is known: it is found again, and its quality says how well.
import { describe, expect, test } from "vitest";
import { seededRandom } from "../../src/base/random.ts";
import type { Judged } from "../../src/caption/confidence.ts";
import { confidenceOf, featureOf } from "../../src/caption/confidence.ts";
import type { ScoredOutcome } from "../../src/evaluate/calibration.ts";
import { fitCalibration, reliability } from "../../src/evaluate/calibration.ts";

const threshold = 0.5;

/** Captions of 4 to 12 tokens; those with a likelier least likely token are better, as `truth` says, by chance. */
function drawnOutcomes(count: number, seed: number, slope = 1.5): (ScoredOutcome & { readonly truth: number })[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => {
    const tokenLogProbabilities = Array.from({ length: 4 + random.below(9) }, () => -2 * random.uniform() ** 3);
    tokenLogProbabilities[random.below(4)] = -1 - 4 * random.uniform();
    const sum = tokenLogProbabilities.reduce((total, value) => total + value, 0);
    const caption: Judged = { score: sum / tokenLogProbabilities.length ** 0.7, tokenLogProbabilities };
    const truth = 1 / (1 + Math.exp(-slope * (featureOf(caption, "lowestLogProbability") + 3)));
    return { caption, truth, score: random.uniform() < truth ? 0.5 + random.uniform() : 0.5 * random.uniform() };
  });
}

function refused(some: readonly ScoredOutcome[], at: number, message: RegExp): void {
  expect(() => fitCalibration(some, at)).toThrow(
    expect.objectContaining({ code: "ARGUMENT", message: expect.stringMatching(message) as string }),
  );
}

describe("a fitted calibration", () => {
  const outcomes = drawnOutcomes(4000, 1);
  const fitted = fitCalibration(outcomes, threshold);

  test("finds the probabilities that captions were drawn with, for new captions", () => {
    const errors = drawnOutcomes(500, 2).map(({ caption, truth }) => Math.abs(confidenceOf(fitted, caption) - truth));
    expect(errors.reduce((sum, error) => sum + error, 0) / errors.length).toBeLessThan(0.03);
  });

  test("is at the minimum of its loss: no coefficient moved a little makes it smaller", () => {
    const loss = (changed: Pick<typeof fitted, "intercept" | "terms">): number => {
      const penalty = changed.terms.reduce((sum, { weight }) => sum + weight ** 2 / 2, 0);
      return outcomes.reduce((sum, { caption, score }) => {
        const confidence = confidenceOf(changed, caption);
        return sum - Math.log(score > threshold ? confidence : 1 - confidence);
      }, penalty);
    };
    const least = loss(fitted);
    for (const step of [-0.01, 0.01]) {
      expect(loss({ ...fitted, intercept: fitted.intercept + step })).toBeGreaterThan(least);
      for (const [i, term] of fitted.terms.entries()) {
        const terms = fitted.terms.with(i, { ...term, weight: term.weight + step });
        expect(loss({ ...fitted, terms })).toBeGreaterThan(least);
      }
    }
  });

  test("says how far it can be trusted, by captions that it did not see", () => {
    const { share, expectedCalibrationError, brier, bins } = fitted.quality;
    expect(share).toBeCloseTo(outcomes.filter(({ score }) => score > threshold).length / outcomes.length, 12);
    expect(expectedCalibrationError).toBeLessThan(0.03);
    expect(brier).toBeLessThan(0.9 * share * (1 - share));
    expect(bins.reduce((sum, { captions }) => sum + captions, 0)).toBe(outcomes.length);
    for (const { from, captions, confidence, share: met } of bins) {
      if (captions < 100) continue;
      expect(confidence).toBeGreaterThanOrEqual(from);
      expect(Math.abs(confidence - met)).toBeLessThan(0.1);
    }
  });

  test("promises nothing where nothing is to be known", () => {
    const { quality, terms } = fitCalibration(drawnOutcomes(600, 3, 0), threshold);
    expect(Math.abs(quality.brier - 0.25)).toBeLessThan(0.02);
    expect(Math.max(...terms.map(({ weight }) => Math.abs(weight)))).toBeLessThan(0.5);
  });

  test("stays finite where the threshold parts captions cleanly", () => {
    const parted = drawnOutcomes(100, 4).map((outcome) => ({
      ...outcome,
      score: outcome.caption.score > -1.5 ? 1 : 0,
    }));
    const { intercept, terms } = fitCalibration(parted, threshold);
    for (const value of [intercept, ...terms.map(({ weight }) => weight)]) expect(Number.isFinite(value)).toBe(true);
  });

  test("needs captions on both sides of the threshold, and enough of them", () => {
    refused(outcomes, 9, /better than the threshold 9/);
    refused(
      outcomes.filter(({ score }) => score > 0.5),
      0.5,
      /worse than the threshold 0.5/,
    );
    refused(outcomes.slice(0, 19), 0.5, /^19 captions are too few/);
  });
});

test("reliability is counted by its definitions", () => {
  const judged = [
    { confidence: 0.05, good: false },
    { confidence: 0.75, good: true },
    { confidence: 0.71, good: false },
    { confidence: 1, good: true },
  ];
  const { bins, expectedCalibrationError, brier } = reliability(judged);
  expect(bins).toHaveLength(10);
  expect(bins[0]).toEqual({ from: 0, captions: 1, confidence: 0.05, share: 0 });
  expect(bins[7]).toEqual({ from: 0.7, captions: 2, confidence: expect.closeTo(0.73) as number, share: 0.5 });
  expect(bins[9]).toEqual({ from: 0.9, captions: 1, confidence: 1, share: 1 });
  expect(bins[3]).toEqual({ from: 0.3, captions: 0, confidence: 0, share: 0 });
  expect(expectedCalibrationError).toBeCloseTo((0.05 + 2 * 0.23 + 0) / 4, 12);
  expect(brier).toBeCloseTo((0.05 ** 2 + 0.25 ** 2 + 0.71 ** 2) / 4, 12);
});
