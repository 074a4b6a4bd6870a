// The statistics of studies against values that were published, or can be worked out on paper.
import { expect, test } from "vitest";
import { krippendorffAlpha } from "../../src/study/agreement.ts";
import { bradleyTerry } from "../../src/study/bradley-terry.ts";
import { kendall, ranks, spearman } from "../../src/study/ranks.ts";
import { bootstrapEstimates } from "../../src/study/resampling.ts";

// Krippendorff 2011, example C: four observers, twelve units, values missing.
const observers = [
  "1 2 3 3 2 1 4 1 2 . . .",
  "1 2 3 3 2 2 4 1 2 5 . 3",
  ". 3 3 3 2 3 4 2 2 5 1 .",
  "1 2 3 3 2 4 4 1 2 5 1 .",
].map((row) => row.split(" "));
const units = observers[0]!.map((_, unit) =>
  observers.flatMap((row) => (row[unit] === "." ? [] : [Number(row[unit])])),
);

test.each([
  ["nominal", 0.743],
  ["ordinal", 0.815],
  ["interval", 0.849],
] as const)("Krippendorff's alpha of his own example is his own value: %s", (measurement, alpha) => {
  expect(krippendorffAlpha(units, measurement)).toBeCloseTo(alpha, 3);
});

test("alpha of his example A, two observers and two values, is 0.095", () => {
  const first = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0];
  const second = [1, 1, 1, 0, 0, 1, 0, 0, 0, 0];
  expect(
    krippendorffAlpha(
      first.map((value, i) => [value, second[i]!]),
      "nominal",
    ),
  ).toBeCloseTo(0.095, 3);
});

test("alpha is 1 where all agree, and there is none without pairs or with one value only", () => {
  expect(krippendorffAlpha([[1, 1], [2, 2, 2], [3]], "interval")).toBe(1);
  expect(krippendorffAlpha([[1], [2]], "nominal")).toBeUndefined();
  expect(krippendorffAlpha([[1, 1]], "nominal")).toBeUndefined();
});

test("Kendall's tau-b is that of SciPy's documentation, tau-c that of Stuart's formula on paper", () => {
  const { tauB, tauC } = kendall([12, 2, 1, 12, 2], [1, 4, 7, 1, 0]);
  expect(tauB).toBeCloseTo(-0.471404520791032, 14);
  // Concordant 2, discordant 6 of ten pairs; three different values in the first, four in the second: 2 · (2 − 6) / (25 · 2/3).
  expect(tauC).toBeCloseTo(-0.48, 14);
  expect(kendall([1, 2, 3], [4, 5, 6])).toEqual({ tauB: 1, tauC: 1 });
  expect(kendall([1, 1, 1], [4, 5, 6])).toEqual({ tauB: undefined, tauC: undefined });
});

test("Spearman's rho is that of SciPy's documentation; tied values share their ranks", () => {
  expect(spearman([1, 2, 3, 4, 5], [5, 6, 7, 8, 7])).toBeCloseTo(0.8207826816681233, 14);
  expect(ranks([10, 30, 10, 20])).toEqual([1.5, 4, 1.5, 3]);
  expect(spearman([1, 1], [1, 2])).toBeUndefined();
});

// Baseball, American League East 1987 (Agresti, Categorical Data Analysis): games won by the row against the column.
const teams = ["Milwaukee", "Detroit", "Toronto", "New York", "Boston", "Cleveland", "Baltimore"];
const season = [
  [0, 7, 9, 7, 7, 9, 11],
  [6, 0, 7, 5, 11, 9, 9],
  [4, 6, 0, 7, 7, 8, 12],
  [6, 8, 6, 0, 6, 7, 10],
  [6, 2, 6, 7, 0, 7, 12],
  [4, 4, 5, 6, 6, 0, 6],
  [2, 4, 1, 3, 1, 7, 0],
];

test("Bradley–Terry strengths of a baseball season are those that Agresti prints, above Baltimore's", () => {
  const strengths = bradleyTerry(season, 0);
  const above = strengths.map((strength) => Number((strength - strengths[6]!).toFixed(2)));
  expect(Object.fromEntries(teams.map((team, i) => [team, above[i]]))).toEqual({
    Milwaukee: 1.58,
    Detroit: 1.44,
    Toronto: 1.29,
    "New York": 1.25,
    Boston: 1.11,
    Cleveland: 0.68,
    Baltimore: 0,
  });
  expect(strengths.reduce((sum, one) => sum + one, 0)).toBeCloseTo(0, 12);
});

test("two systems differ by the logarithm of their odds; one that always wins has an end only with a prior", () => {
  const [a, b] = bradleyTerry(
    [
      [0, 30],
      [10, 0],
    ],
    0,
  );
  expect(a! - b!).toBeCloseTo(Math.log(3), 9);
  const [winner] = bradleyTerry(
    [
      [0, 10],
      [0, 0],
    ],
    1,
  );
  expect(winner).toBeGreaterThan(1);
  expect(winner).toBeLessThan(3);
});

function average(some: readonly number[]): number[] {
  return [some.reduce((sum, one) => sum + one, 0) / some.length];
}

/** Width of the interval of a mean of so many zeros and ones, half of each. */
function width(count: number): number {
  const groups = Array.from({ length: count }, (_, i) => i % 2);
  const [estimate] = bootstrapEstimates(groups, average, { resamples: 2000, seed: 1 });
  expect(estimate!.value).toBe(0.5);
  return estimate!.high - estimate!.low;
}

test("an interval over groups has the width of the mean's own, and shrinks with their root", () => {
  // 2 · 1.96 · 0.5 / √n.
  expect(width(100) / 0.196).toBeCloseTo(1, 1);
  expect(width(400) / 0.098).toBeCloseTo(1, 1);
});
