// Average precision against cases computed by hand, with rows of equal score, and its mean over labels.
import { describe, expect, test } from "vitest";
import { averagePrecision, meanAveragePrecision } from "../../src/evaluate/average-precision.ts";
import type { ScoredLabels } from "../../src/evaluate/average-precision.ts";

function oneLabel(scores: readonly number[], truth: readonly number[]): ScoredLabels {
  return { labels: 1, scores: Float32Array.from(scores), truth: Uint8Array.from(truth) };
}

describe("average precision", () => {
  test("is the mean of the precisions at the rows that have the label", () => {
    // In order of score: yes, no, yes, no, yes. Precisions there: 1, 2 / 3, 3 / 5.
    const found = averagePrecision(oneLabel([0.2, 0.9, 0.5, 0.7, 0.1], [0, 1, 1, 0, 1]), 0);
    expect(found).toBeCloseTo((1 + 2 / 3 + 3 / 5) / 3, 12);
  });

  test("lets rows of equal score pass together, in whichever order they stand", () => {
    // First two rows of which one has the label: precision 1 / 2, recall 1 / 2; then one that has it: precision 2 / 3.
    const expected = (1 / 2 + 2 / 3) / 2;
    expect(averagePrecision(oneLabel([0.5, 0.5, 0.4, 0.1], [1, 0, 1, 0]), 0)).toBeCloseTo(expected, 12);
    expect(averagePrecision(oneLabel([0.5, 0.5, 0.4, 0.1], [0, 1, 1, 0]), 0)).toBeCloseTo(expected, 12);
  });

  test("is 1 where all that have it come first, and not defined where none has it", () => {
    expect(averagePrecision(oneLabel([3, 2, 1], [1, 1, 0]), 0)).toBe(1);
    expect(averagePrecision(oneLabel([3, 2, 1], [0, 0, 0]), 0)).toBeUndefined();
  });
});

test("its mean is over the labels that any row has", () => {
  // Label 0: 1; label 1: nobody; label 2: its only row comes last of two.
  const scores = Float32Array.of(0.9, 0.5, 0.8, 0.1, 0.6, 0.3);
  const truth = Uint8Array.of(1, 0, 0, 0, 0, 1);
  expect(meanAveragePrecision({ labels: 3, scores, truth })).toBe((1 + 1 / 2) / 2);
  expect(meanAveragePrecision({ labels: 3, scores, truth: new Uint8Array(6) })).toBe(0);
});
