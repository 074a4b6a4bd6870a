// Percentile intervals by a bootstrap over pictures: judgments of one picture are not independent, so they are drawn together. Knows
// no statistic.
import { seededRandom } from "../base/random.ts";

/** A value with its 95 % interval. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Statistics of groups, each with its interval. A statistic that a sample does not have (undefined) is left out of the interval; one that the
 * groups themselves do not have is undefined.
 * @param statistic Several values of any choice of groups, always as many.
 */
export function bootstrapEstimates<Group>(
  groups: readonly Group[],
  statistic: (groups: readonly Group[]) => readonly (number | undefined)[],
  { resamples, seed }: { readonly resamples: number; readonly seed: number },
): readonly (Estimate | undefined)[] {
  const values = statistic(groups);
  const random = seededRandom(seed, "bootstrap");
  const samples = Array.from({ length: resamples }, () =>
    statistic(groups.map(() => groups[random.below(groups.length)]!)),
  );
  return values.map((value, i) => {
    if (value === undefined) return undefined;
    const drawn = samples
      .map((sample) => sample[i])
      .filter((one) => one !== undefined)
      .sort((a, b) => a - b);
    return { value, low: quantile(drawn, 0.025) ?? value, high: quantile(drawn, 0.975) ?? value };
  });
}

/** A quantile of sorted values, between two of them in proportion (R's type 7). */
function quantile(sorted: readonly number[], share: number): number | undefined {
  const place = (sorted.length - 1) * share;
  const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  return below === undefined || above === undefined ? undefined : below + (above - below) * (place - Math.floor(place));
}
