// Fits how sure a captioner may be: a logistic regression from what a search tells to whether a caption is good, and how far it can be
// trusted. Makes no captions and scores none.
import { ShowtellError } from "../base/errors.ts";
import { seededRandom } from "../base/random.ts";
import type { Calibration, CalibrationQuality, ReliabilityBin } from "../bundle/calibration.ts";
import { confidenceFeatures } from "../bundle/calibration.ts";
import type { Judged } from "../caption/confidence.ts";
import { confidenceOf, featureOf } from "../caption/confidence.ts";

/** A caption with its own CIDEr-D. */
export interface ScoredOutcome {
  readonly caption: Judged;
  readonly score: number;
}

/** What a fit gives of a calibration. */
export type FittedCalibration = Pick<Calibration, "intercept" | "terms" | "quality">;

type Regression = Pick<Calibration, "intercept" | "terms">;

/** Fewer captions than these say nothing. */
const fewestCaptions = 20;
const folds = 10;
const binCount = 10;

/** Weight of the squared coefficients of standardised features beside the log-loss: it keeps them finite where classes fall apart. */
const ridge = 1;

/**
 * Fits the probability that a caption's score exceeds a threshold; its quality is measured on captions that a regression did not see (10
 * folds, drawn from a seed).
 * @throws ShowtellError `ARGUMENT` if there are fewer than 20 captions, or all are on one side of the threshold.
 */
export function fitCalibration(outcomes: readonly ScoredOutcome[], threshold: number): FittedCalibration {
  const good = outcomes.filter(({ score }) => score > threshold).length;
  if (outcomes.length < fewestCaptions) {
    throw new ShowtellError(
      "ARGUMENT",
      `${outcomes.length} captions are too few to calibrate on: give ${fewestCaptions} or more`,
    );
  }
  if (good === 0 || good === outcomes.length) {
    const side = good === 0 ? "better than" : "worse than";
    throw new ShowtellError("ARGUMENT", `no caption is ${side} the threshold ${threshold}: choose another one`);
  }
  const order = seededRandom(1, "calibration").shuffle(Array.from(outcomes.keys()));
  const foldOf = new Map(order.map((outcome, place) => [outcome, place % folds]));
  const judged = Array.from({ length: folds }, (_, fold) => {
    const regression = fitLogistic(
      outcomes.filter((__, i) => foldOf.get(i) !== fold),
      threshold,
    );
    const unseen = outcomes.filter((__, i) => foldOf.get(i) === fold);
    return unseen.map(({ caption, score }) => ({
      confidence: confidenceOf(regression, caption),
      good: score > threshold,
    }));
  }).flat();
  return { ...fitLogistic(outcomes, threshold), quality: reliability(judged) };
}

/** How well confidences are met: bins of equal width, expected calibration error (Guo et al. 2017), Brier score. */
export function reliability(
  judged: readonly { readonly confidence: number; readonly good: boolean }[],
): CalibrationQuality {
  const bins = Array.from({ length: binCount }, (_, place): ReliabilityBin => {
    const inside = judged.filter(
      ({ confidence }) => Math.min(binCount - 1, Math.floor(confidence * binCount)) === place,
    );
    const meanOf = (value: (one: (typeof judged)[number]) => number): number =>
      inside.length === 0 ? 0 : inside.reduce((sum, one) => sum + value(one), 0) / inside.length;
    return {
      from: place / binCount,
      captions: inside.length,
      confidence: meanOf(({ confidence }) => confidence),
      share: meanOf((one) => Number(one.good)),
    };
  });
  const error = bins.reduce((sum, bin) => sum + bin.captions * Math.abs(bin.confidence - bin.share), 0);
  const squares = judged.reduce((sum, one) => sum + (one.confidence - Number(one.good)) ** 2, 0);
  return {
    share: judged.filter(({ good }) => good).length / judged.length,
    expectedCalibrationError: error / judged.length,
    brier: squares / judged.length,
    bins,
  };
}

/** Ridge logistic regression on standardised features, by Newton's method. */
function fitLogistic(outcomes: readonly ScoredOutcome[], threshold: number): Regression {
  const scales = confidenceFeatures.map((feature) => {
    const values = outcomes.map(({ caption }) => featureOf(caption, feature));
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    return { feature, mean, deviation: Math.sqrt(variance) || 1 };
  });
  const rows = outcomes.map(({ caption }) => [
    1,
    ...scales.map(({ feature, mean, deviation }) => (featureOf(caption, feature) - mean) / deviation),
  ]);
  const targets = outcomes.map(({ score }) => Number(score > threshold));
  const size = scales.length + 1;
  let coefficients = Array.from<number>({ length: size }).fill(0);
  for (let step = 0; step < 25; step++) {
    const change = newtonStep(rows, targets, coefficients);
    coefficients = coefficients.map((value, i) => value + change[i]!);
    if (Math.max(...change.map(Math.abs)) < 1e-9) break;
  }
  const [intercept, ...weights] = coefficients;
  return { intercept: intercept!, terms: scales.map((scale, i) => ({ ...scale, weight: weights[i]! })) };
}

/** The step that Newton's method takes: (XᵀWX + ridge) Δ = Xᵀ(y − p) − ridge β; the intercept is not held back. */
function newtonStep(
  rows: readonly (readonly number[])[],
  targets: readonly number[],
  coefficients: readonly number[],
): number[] {
  const gradient = coefficients.map((value, i) => (i === 0 ? 0 : -ridge * value));
  const hessian = coefficients.map((_, i) => coefficients.map((__, j) => (i === j && i > 0 ? ridge : 0)));
  for (const [i, row] of rows.entries()) {
    const logit = row.reduce((sum, value, j) => sum + value * coefficients[j]!, 0);
    const probability = 1 / (1 + Math.exp(-logit));
    const spread = probability * (1 - probability);
    for (const [j, value] of row.entries()) {
      gradient[j]! += value * (targets[i]! - probability);
      for (const [k, other] of row.entries()) hessian[j]![k]! += spread * value * other;
    }
  }
  return solve(hessian, gradient);
}

/** Solves a symmetric positive definite system by elimination. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]!]);
  for (const [i, pivot] of rows.entries()) {
    for (const other of rows.slice(i + 1)) {
      const factor = other[i]! / pivot[i]!;
      for (let k = i; k < other.length; k++) other[k]! -= factor * pivot[k]!;
    }
  }
  const solution = Array.from<number>({ length: right.length }).fill(0);
  for (let i = rows.length - 1; i >= 0; i--) {
    const known = solution.reduce((sum, value, j) => sum + (j > i ? rows[i]![j]! * value : 0), 0);
    solution[i] = (rows[i]![rows.length]! - known) / rows[i]![i]!;
  }
  return solution;
}
