// Krippendorff's alpha: how far raters agree beyond chance, with values missing. Follows Krippendorff 2011, "Computing Krippendorff's
// Alpha-Reliability", but sums up differences without his matrix of coincidences. Knows nothing of captions.
import { ranks } from "../statistics/ranks.ts";
import type { Times } from "../statistics/ranks.ts";

/** What values mean: names, an order, or numbers whose differences count. */
export type Measurement = "nominal" | "ordinal" | "interval";

/** The values of units, counted once, so that no sample drawn from them has to be. Only units with two values or more are in it. */
export interface CountedUnits {
  /** The different values, in order. */
  readonly values: readonly number[];
  readonly units: readonly CountedUnit[];
}

interface CountedUnit {
  /** The unit's number among all that were given. */
  readonly unit: number;
  /** How many values it has. */
  readonly size: number;
  /** Places of its values among the different ones, and how often it has each. */
  readonly counts: readonly (readonly [place: number, count: number])[];
}

/**
 * Counts values. Units with fewer than two say nothing and are left out.
 * @param units The values that raters gave each unit, in any order.
 */
export function countUnits(units: readonly (readonly number[])[]): CountedUnits {
  const values = [...new Set(units.filter(({ length }) => length > 1).flat())].sort((a, b) => a - b);
  const placeOf = new Map(values.map((value, place) => [value, place]));
  const counted = [...units.entries()].flatMap(([unit, own]) => {
    if (own.length < 2) return [];
    const counts = new Map<number, number>();
    for (const value of own) counts.set(placeOf.get(value)!, (counts.get(placeOf.get(value)!) ?? 0) + 1);
    return [{ unit, size: own.length, counts: [...counts] }];
  });
  return { values, units: counted };
}

/**
 * Krippendorff's alpha: 1 is full agreement, 0 what chance gives.
 * @param times How often each unit is in the sample, by its number; default: once.
 * @returns undefined where there is nothing to agree on: no unit with two values, or one value everywhere.
 */
export function krippendorffAlpha(
  { values, units }: CountedUnits,
  measurement: Measurement,
  times?: Times,
): number | undefined {
  const totals = new Float64Array(values.length);
  for (const { unit, counts } of units) {
    for (const [place, count] of counts) totals[place]! += count * (times?.[unit] ?? 1);
  }
  const { between, amongAll } = differences[measurement](values, totals);
  let observed = 0;
  for (const { unit, size, counts } of units) {
    const within = pairSum(counts, between) / (size - 1);
    observed += within * (times?.[unit] ?? 1);
  }
  const total = sum(totals);
  if (totals.filter((count) => count > 0).length < 2) return undefined;
  return 1 - ((total - 1) * observed) / amongAll;
}

/** Squared differences of values, by their places. */
interface Differences {
  readonly between: (c: number, k: number) => number;
  /** Their sum over all ordered pairs of values. */
  readonly amongAll: number;
}

const differences: Readonly<Record<Measurement, (values: readonly number[], totals: Float64Array) => Differences>> = {
  nominal: (_, totals) => ({
    between: (c, k) => (c === k ? 0 : 1),
    amongAll: sum(totals) ** 2 - sum(totals.map((count) => count * count)),
  }),
  interval: (values, totals) => ofNumbers(Float64Array.from(values), totals),
  // His sum of the counts from one value to the other, less half of both ends, is the difference of their mean ranks.
  ordinal: (_, totals) => ofNumbers(ranks(totals), totals),
};

function ofNumbers(numbers: Float64Array, totals: Float64Array): Differences {
  const total = sum(totals);
  const mean = sum(numbers.map((number, place) => number * totals[place]!)) / total;
  return {
    between: (c, k) => (numbers[c]! - numbers[k]!) ** 2,
    amongAll: 2 * total * sum(numbers.map((number, place) => totals[place]! * (number - mean) ** 2)),
  };
}

/** The sum of differences over all ordered pairs of a unit's values. */
function pairSum(counts: CountedUnit["counts"], between: Differences["between"]): number {
  let found = 0;
  for (const [i, [place, count]] of counts.entries()) {
    for (let j = 0; j < i; j++) found += 2 * count * counts[j]![1] * between(place, counts[j]![0]);
  }
  return found;
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
