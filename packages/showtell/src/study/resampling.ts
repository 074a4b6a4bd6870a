// Percentile intervals by a bootstrap over pictures: judgments of one picture are not independent, so they are drawn together. Knows
// no statistic.
import { pause } from "../base/cancel.ts";
import type { CancelSignal } from "../base/cancel.ts";
import { seededRandom } from "../base/random.ts";
import type { Times } from "../statistics/ranks.ts";

/** A value with its 95 % interval. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** How samples are drawn. */
export interface ResamplingOptions {
  readonly resamples: number;
  readonly seed: number;
  readonly signal?: CancelSignal | undefined;
}

/** Samples between two looks at the signal. */
const samplesBetweenPauses = 20;

/**
 * Statistics of groups, each with its interval. A statistic that a sample does not have (undefined) is left out of the interval; one that the
 * groups themselves do not have is undefined.
 * @param groups How many there are.
 * @param statistic Several values of a sample, always as many, by how often each group is in it.
 * @throws ShowtellError `CANCELLED`.
 */
export async function bootstrapEstimates(
  groups: number,
  statistic: (times: Times) => readonly (number | undefined)[],
  { resamples, seed, signal }: ResamplingOptions,
): Promise<readonly (Estimate | undefined)[]> {
  const values = statistic(new Uint32Array(groups).fill(1));
  const random = seededRandom(seed, "bootstrap");
  const samples: (readonly (number | undefined)[])[] = [];
  while (samples.length < resamples) {
    const times = new Uint32Array(groups);
    for (let drawn = 0; drawn < groups; drawn++) times[random.below(groups)]!++;
    samples.push(statistic(times));
    if (samples.length % samplesBetweenPauses === 0) await pause(signal);
  }
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

/** Those of estimates that there are, by name. */
export function named<Name extends string>(
  names: readonly Name[],
  estimates: readonly (Estimate | undefined)[],
): Partial<Record<Name, Estimate>> & Readonly<Record<string, Estimate>> {
  const there = names.flatMap((name, i) => (estimates[i] === undefined ? [] : [[name, estimates[i]] as const]));
  return Object.fromEntries(there) as Partial<Record<Name, Estimate>> & Record<string, Estimate>;
}
