// The statistics of studies against values that were published, can be worked out on paper, or come of plainer and slower computations.
import { expect, test } from "vitest";
import { seededRandom } from "../../src/base/random.ts";
import { countUnits, krippendorffAlpha } from "../../src/study/agreement.ts";
import { bradleyTerry } from "../../src/study/bradley-terry.ts";
import { kendall, rankPairs, ranks, sampleOf, spearman } from "../../src/statistics/ranks.ts";
import type { Times } from "../../src/statistics/ranks.ts";
import { mean } from "../../src/statistics/spread.ts";
import { bootstrapEstimates } from "../../src/study/resampling.ts";

// Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", example C: four observers, twelve units, values missing.
const observers = [
  "1 2 3 3 2 1 4 1 2 . . .",
  "1 2 3 3 2 2 4 1 2 5 . 3",
  ". 3 3 3 2 3 4 2 2 5 1 .",
  "1 2 3 3 2 4 4 1 2 5 1 .",
].map((row) => row.split(" "));
const units = observers[0]!.map((_, unit) =>
  observers.flatMap((row) => (row[unit] === "." ? [] : [Number(row[unit])])),
);

// He prints three digits; the rest is what the Python package krippendorff (0.9.0) gives.
test.each([
  ["nominal", 0.743, 0.743421052631579],
  ["ordinal", 0.815, 0.8153875037548814],
  ["interval", 0.849, 0.8491071428571428],
] as const)("Krippendorff's alpha of his own example is his own value: %s", (measurement, printed, alpha) => {
  const found = krippendorffAlpha(countUnits(units), measurement)!;
  expect(found.toFixed(3)).toBe(printed.toFixed(3));
  expect(found).toBeCloseTo(alpha, 14);
});

test("alpha of his example A, two observers and two values, is 0.095", () => {
  const first = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0];
  const second = [1, 1, 1, 0, 0, 1, 0, 0, 0, 0];
  const pairs = countUnits(first.map((value, i) => [value, second[i]!]));
  // By his formula for two observers and two values: 1 − 19 · 4 / (14 · 6).
  expect(krippendorffAlpha(pairs, "nominal")).toBeCloseTo(1 - (19 * 4) / (14 * 6), 14);
  expect(krippendorffAlpha(pairs, "nominal")!.toFixed(3)).toBe("0.095");
});

test("alpha is 1 where all agree, and there is none without pairs or with one value only", () => {
  expect(krippendorffAlpha(countUnits([[1, 1], [2, 2, 2], [3]]), "interval")).toBe(1);
  expect(krippendorffAlpha(countUnits([[1], [2]]), "nominal")).toBeUndefined();
  expect(krippendorffAlpha(countUnits([[0.1, 0.1, 0.1]]), "interval")).toBeUndefined();
});

/** A sample drawn from some things, and how often it holds each. */
function drawn<Thing>(things: readonly Thing[], seed: number): { readonly sample: Thing[]; readonly times: Times } {
  const random = seededRandom(seed, "test");
  const times = things.map(() => 0);
  for (const _ of things) times[random.below(things.length)]!++;
  return { sample: things.flatMap((thing, i) => Array<Thing>(times[i]!).fill(thing)), times };
}

test.each(["nominal", "ordinal", "interval"] as const)(
  "alpha of a sample is that of its units one by one: %s",
  (measurement) => {
    const { sample, times } = drawn(units, 5);
    expect(krippendorffAlpha(countUnits(units), measurement, times)).toBeCloseTo(
      krippendorffAlpha(countUnits(sample), measurement)!,
      13,
    );
  },
);

// What SciPy's documentation prints for kendalltau and spearmanr, and what SciPy 1.17.1 gives for the variant "c".
test("Kendall's tau-b and tau-c are those of SciPy's example", () => {
  const { tauB, tauC } = kendall(sampleOf(rankPairs([12, 2, 1, 12, 2], [1, 4, 7, 1, 0])));
  expect(tauB).toBeCloseTo(-0.47140452079103173, 14);
  // On paper: concordant 2, discordant 6 of ten pairs; the fewer different values are three: 2 · (2 − 6) / (25 · 2/3).
  expect(tauC).toBeCloseTo(-0.48, 14);
  expect(kendall(sampleOf(rankPairs([1, 2, 3], [4, 5, 6])))).toEqual({ tauB: 1, tauC: 1 });
  expect(kendall(sampleOf(rankPairs([1, 1, 1], [4, 5, 6])))).toEqual({ tauB: undefined, tauC: undefined });
});

test("Spearman's rho is that of SciPy's example; tied values share their ranks", () => {
  expect(spearman(sampleOf(rankPairs([1, 2, 3, 4, 5], [5, 6, 7, 8, 7])))).toBeCloseTo(0.8207826816681233, 14);
  // Two of the lowest value, none of the next, one, and one.
  expect([...ranks(Float64Array.of(2, 0, 1, 1))].filter((_, i) => i !== 1)).toEqual([1.5, 3, 4]);
  expect(spearman(sampleOf(rankPairs([1, 1], [1, 2])))).toBeUndefined();
});

/** Kendall's coefficients as they are defined: by looking at each pair of pairs. */
function slowKendall(pairs: readonly (readonly [number, number])[]): ReturnType<typeof kendall> {
  let [excess, apartFirst, apartSecond] = [0, 0, 0];
  for (const [i, [a, b]] of pairs.entries()) {
    for (const [c, d] of pairs.slice(0, i)) {
      excess += Math.sign(a - c) * Math.sign(b - d);
      apartFirst += Math.abs(Math.sign(a - c));
      apartSecond += Math.abs(Math.sign(b - d));
    }
  }
  const values = Math.min(...[0, 1].map((side) => new Set(pairs.map((pair) => pair[side])).size));
  return {
    tauB: apartFirst * apartSecond === 0 ? undefined : excess / Math.sqrt(apartFirst * apartSecond),
    tauC: values < 2 ? undefined : (2 * excess) / (pairs.length ** 2 * ((values - 1) / values)),
  };
}

function product(one: readonly number[], other: readonly number[]): number {
  return mean(one.map((x, i) => x * other[i]!));
}

/** Spearman's rho as it is defined: a rank is one more than the values below, and half of the others that are tied. */
function slowSpearman(pairs: readonly (readonly [number, number])[]): number | undefined {
  const [a, b] = [0, 1].map((side) => {
    const values = pairs.map((pair) => pair[side]!);
    const all = values.map((value) => mean(values.map((other) => Math.sign(value - other))));
    return all.map((one) => one - mean(all));
  });
  const spread = Math.sqrt(product(a!, a!) * product(b!, b!));
  return spread === 0 ? undefined : product(a!, b!) / spread;
}

test("rank correlations of random values with many ties, and of samples of them, are those of their definitions", () => {
  const random = seededRandom(3, "test");
  for (let round = 0; round < 60; round++) {
    // From all tied to hardly any.
    const [few, many] = [1 + random.below(5), 1 + random.below(60)];
    const pairs = Array.from({ length: 2 + random.below(80) }, () => {
      const first = random.below(few);
      return [first / 3, random.below(many) - first] as const;
    });
    const ranked = rankPairs(
      pairs.map(([one]) => one),
      pairs.map(([, other]) => other),
    );
    const { sample, times } = drawn(pairs, round);
    for (const [own, count] of [
      [pairs, undefined],
      [sample, times],
    ] as const) {
      const counted = sampleOf(ranked, count);
      expect(kendall(counted)).toEqual(slowKendall(own));
      const [fast, slow] = [spearman(counted), slowSpearman(own)];
      if (slow === undefined) expect(fast).toBeUndefined();
      else expect(fast).toBeCloseTo(slow, 12);
    }
  }
});

// Baseball, American League East 1987: games won by the row against the column. Agresti, Categorical Data Analysis (2nd edition, 2002),
// section 10.6.1, prints the table and the estimates; more digits of these are what the Python package choix (0.4.1) gives.
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
  const above = strengths.map((strength) => strength - strengths[6]!);
  const named = (digits: number): object =>
    Object.fromEntries(teams.map((team, i) => [team, above[i]!.toFixed(digits)]));
  expect(named(2)).toEqual({
    Milwaukee: "1.58",
    Detroit: "1.44",
    Toronto: "1.29",
    "New York": "1.25",
    Boston: "1.11",
    Cleveland: "0.68",
    Baltimore: "0.00",
  });
  expect(Object.values(named(6))).toEqual([
    "1.581356",
    "1.436408",
    "1.294485",
    "1.247618",
    "1.107698",
    "0.683853",
    "0.000000",
  ]);
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

/** How likely one beats another of log-strengths that differ so. */
function chance(difference: number): number {
  return 1 / (1 + Math.exp(-difference));
}

/** How the penalised log-likelihood changes with each log-strength: that of the games, and of a tie of each against their mean. */
function gradientAt(strengths: readonly number[], wins: readonly (readonly number[])[]): number[] {
  const centre = mean(strengths);
  const ties = strengths.map((strength) => 0.5 - chance(strength - centre));
  return strengths.map((own, i) => {
    const games = strengths.map((other, j) => wins[i]![j]! - (wins[i]![j]! + wins[j]![i]!) * chance(own - other));
    // The mean has an equal part of each.
    return ties[i]! - mean(ties) + games.reduce((sum, game, j) => sum + (j === i ? 0 : game), 0);
  });
}

test.each([
  {
    wins: [
      [0, 30, 30],
      [0, 0, 5],
      [0, 5, 0],
    ],
  },
  {
    wins: [
      [0, 30, 30, 30],
      [0, 0, 5, 1],
      [0, 5, 0, 9],
      [0, 2, 4, 0],
    ],
  },
])("strengths are the likeliest with a tie of each against the mean, however unlike their games: $wins", ({ wins }) => {
  const strengths = bradleyTerry(wins, 1);
  expect(mean(strengths)).toBeCloseTo(0, 12);
  // The function is concave: where nothing changes it, there it is highest.
  for (const change of gradientAt(strengths, wins)) expect(change).toBeCloseTo(0, 7);
});

/** The mean of a sample of zeros and ones, which take turns. */
function halfOnes(times: Times): number[] {
  return [mean(Array.from(times, (often, i) => often * (i % 2)))];
}

/** Width of the interval of a mean of so many zeros and ones, half of each. */
async function width(count: number): Promise<number> {
  const [estimate] = await bootstrapEstimates(count, halfOnes, { resamples: 2000, seed: 1 });
  expect(estimate!.value).toBe(0.5);
  return estimate!.high - estimate!.low;
}

test("an interval over groups has the width of the mean's own, and shrinks with their root", async () => {
  // 2 · 1.96 · 0.5 / √n.
  expect((await width(100)) / 0.196).toBeCloseTo(1, 1);
  expect((await width(400)) / 0.098).toBeCloseTo(1, 1);
});

test("a bootstrap that is cancelled ends", async () => {
  const abort = new AbortController();
  const statistic = (): number[] => {
    abort.abort();
    return [1];
  };
  await expect(
    bootstrapEstimates(3, statistic, { resamples: 1e9, seed: 1, signal: abort.signal }),
  ).rejects.toMatchObject({ code: "CANCELLED" });
});
