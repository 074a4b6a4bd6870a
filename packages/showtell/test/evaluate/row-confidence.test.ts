// What a row says of confidence: measured on the pictures of the evaluation, but never on those that the calibration was fitted to.
import { expect, test } from "vitest";
import type { Calibration } from "../../src/bundle/calibration.ts";
import { rowConfidence } from "../../src/evaluate/row-confidence.ts";

const calibration: Calibration = {
  decoder: "d".repeat(64),
  metric: "CIDEr-D",
  threshold: 0.5,
  beam: 3,
  data: { name: "birds", split: "dev", pictures: 20 },
  intercept: 0,
  terms: [],
  quality: { share: 0.4, expectedCalibrationError: 0.1, brier: 0.2, bins: [] },
};
const captions = [
  { confidence: 0.95, score: 0.9, hash: "a".repeat(64) },
  { confidence: 0.95, score: 0.5, hash: "b".repeat(64) },
  { confidence: 0.05, score: 0, hash: "c".repeat(64) },
  { confidence: undefined, score: 2, hash: "d".repeat(64) },
];

test("on other pictures confidences are held against scores above the threshold", () => {
  const found = rowConfidence(calibration, { name: "birds", split: "test" }, captions)!;
  expect(found).toMatchObject({ threshold: 0.5, data: calibration.data, calibrated: calibration.quality });
  const { share, bins, brier, expectedCalibrationError } = found.measured!;
  // A caption without confidence does not count, and one that just meets the threshold is not above it.
  expect(share).toBeCloseTo(1 / 3, 12);
  expect(bins.at(-1)).toMatchObject({ captions: 2, share: 0.5 });
  expect(bins.at(-1)!.confidence).toBeCloseTo(0.95, 12);
  expect(bins[0]).toMatchObject({ captions: 1, share: 0 });
  expect(brier).toBeCloseTo((0.05 ** 2 + 0.95 ** 2 + 0.05 ** 2) / 3, 12);
  expect(expectedCalibrationError).toBeCloseTo((2 * 0.45 + 0.05) / 3, 12);
});

test("on the pictures calibrated on, only what cross-validation found is told", () => {
  const found = rowConfidence(calibration, { name: "birds", split: "dev" }, captions);
  expect(found).toMatchObject({ calibrated: calibration.quality });
  expect(found).not.toHaveProperty("measured");
});

function fittedTo(hashes: string): Calibration {
  return { ...calibration, data: { ...calibration.data, hashes } };
}

test("pictures calibrated on are known by their hashes, whatever the data set and its split are called", () => {
  const [a, b, c, other] = ["a", "b", "c", "e"].map((digit) => digit.repeat(16)) as [string, string, string, string];
  const some = rowConfidence(fittedTo(other + a), { name: "birds", split: "all" }, captions)!;
  expect(some.measured).toMatchObject({ share: 0 });
  expect(some.measured!.bins.at(-1)).toMatchObject({ captions: 1 });
  expect(some.data).toEqual({ name: "birds", split: "dev", pictures: 20 });
  const same = rowConfidence(fittedTo(a + b + c), { name: "captions.jsonl", split: "all" }, captions)!;
  expect(same).not.toHaveProperty("measured");
  const fresh = rowConfidence(fittedTo(other), { name: "birds", split: "dev" }, captions)!;
  expect(fresh.measured!.share).toBeCloseTo(1 / 3, 12);
});

test("captions found in another way than was calibrated say nothing", () => {
  expect(rowConfidence(calibration, { name: "x", split: "y" }, captions.slice(3))).toBeUndefined();
});
