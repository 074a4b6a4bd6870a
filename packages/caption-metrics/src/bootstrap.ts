// Bootstrap over images (Efron 1979; paired: Koehn 2004): how sure a corpus score, or the difference of two, is. Knows sums of rows
// only: BLEU and METEOR are computed anew from each sample's statistics, CIDEr and ROUGE-L are means of scores that stay as they are.
import {
  addRow,
  corpusScores,
  type CorpusStatistics,
  type NamedScores,
  ROW_SIZE,
  scoresOfSums,
} from "./corpus-statistics.ts";
import { MetricsError } from "./errors.ts";

/** Options of the bootstrap. */
export interface BootstrapOptions {
  /** Samples drawn, each as large as the corpus; default 1000. */
  readonly resamples?: number;
  /** A whole number; the same seed draws the same samples. Default 1. */
  readonly seed?: number;
  /** Called after each sample with the number drawn so far, and awaited: the place to show progress, or to throw and so to stop. */
  readonly onResample?: (done: number) => void | Promise<void>;
}

/** The middle 95 % of what samples gave: from the 2.5th to the 97.5th percentile. */
export type Interval = readonly [low: number, high: number];

/** How two systems differ in one metric. */
export interface Difference {
  /** The second's score less the first's; 0 where they are apart by no more than rounding. */
  readonly difference: number;
  readonly interval: Interval;
  /**
   * How often the difference would be as large as it is, or larger, in either direction, if there were none: the share of samples
   * whose difference lies as far from the samples' mean. Between 1 / (samples + 1) and 1.
   */
  readonly pValue: number;
}

/**
 * The 95 % interval of each metric's corpus score.
 *
 * @throws MetricsError `ARGUMENT` if `resamples` or `seed` is not allowed.
 */
export async function bootstrapIntervals(
  statistics: CorpusStatistics,
  options: BootstrapOptions = {},
): Promise<Readonly<Record<string, Interval>>> {
  const samples = columnsOf(corpusScores(statistics));
  await resample([statistics], options, ([scores]) => append(samples, (name) => scores?.[name] ?? NaN));
  return mapValues(samples, (values) => percentiles(values));
}

/** What is compared: a system's captions, or those of several of its runs (seeds, say), whose scores are averaged. */
export type System = CorpusStatistics | readonly CorpusStatistics[];

/**
 * Compares two systems' captions of the same images, in the same order, by samples that both are scored on. Of a system with several
 * runs the mean of their scores counts, in each sample anew; that there are few runs is not in the interval.
 *
 * @throws MetricsError `IDS` if the numbers of images differ, `EMPTY` for a system without runs, `ARGUMENT` as {@link bootstrapIntervals}
 *   or if one lacks METEOR's variant.
 */
export async function compareSystems(
  first: System,
  second: System,
  options: BootstrapOptions = {},
): Promise<Readonly<Record<string, Difference>>> {
  const [before, after] = [runsOf(first), runsOf(second)];
  const all = [...before, ...after];
  checkAlike(all);
  const differenceOf = (scores: readonly NamedScores[], name: string): number =>
    withoutNoise(meanOf(scores.slice(before.length), name) - meanOf(scores.slice(0, before.length), name));
  const whole = all.map(corpusScores);
  const samples = columnsOf(whole[0] as NamedScores);
  await resample(all, options, (scores) => append(samples, (name) => differenceOf(scores, name)));
  return mapValues(samples, (values, name) => {
    const difference = differenceOf(whole, name);
    return { difference, interval: percentiles(values), pValue: pValueOf(difference, values) };
  });
}

/** Rounding gives differences below this, of scores up to 10, where there are none: the same runs in another order have another sum. */
const smallestDifference = 1e-12;

function withoutNoise(difference: number): number {
  return Math.abs(difference) < smallestDifference ? 0 : difference;
}

function runsOf(system: System): readonly CorpusStatistics[] {
  const runs = "rows" in system ? [system] : system;
  if (runs.length === 0) throw new MetricsError("EMPTY", "a system has no run: give at least one");
  return runs;
}

function checkAlike([first, ...others]: readonly CorpusStatistics[]): void {
  for (const other of others) {
    if (other.images !== first!.images) {
      throw new MetricsError(
        "IDS",
        `the systems captioned ${first!.images} and ${other.images} images: give both the same images, in the same order`,
      );
    }
    if (other.meteorName !== first!.meteorName) {
      throw new MetricsError("ARGUMENT", "the systems were scored with different variants of METEOR: score both alike");
    }
  }
}

function meanOf(runs: readonly NamedScores[], name: string): number {
  return runs.reduce((sum, scores) => sum + (scores[name] ?? NaN), 0) / runs.length;
}

/** Draws samples, and hands the scores of each system on the same images to `take`. */
async function resample(
  systems: readonly CorpusStatistics[],
  { resamples = 1000, seed = 1, onResample }: BootstrapOptions,
  take: (scores: readonly NamedScores[]) => void,
): Promise<void> {
  if (!Number.isInteger(resamples) || resamples < 1) {
    throw new MetricsError("ARGUMENT", `resamples is ${resamples}: give a whole number from 1`);
  }
  if (!Number.isInteger(seed)) throw new MetricsError("ARGUMENT", `seed is ${seed}: give a whole number`);
  const images = systems[0]?.images ?? 0;
  const random = seededRandom(seed);
  const sums = systems.map(() => new Float64Array(ROW_SIZE));
  for (let done = 1; done <= resamples; done++) {
    sums.forEach((sum) => sum.fill(0));
    for (let drawn = 0; drawn < images; drawn++) {
      const image = Math.floor(random() * images);
      systems.forEach(({ rows }, at) => addRow(sums[at] as Float64Array, rows, image));
    }
    take(systems.map(({ meteorName }, at) => scoresOfSums(sums[at] as Float64Array, images, meteorName)));
    await onResample?.(done);
  }
}

/** Numbers in [0, 1) from a seed: splitmix32, 32 bits each. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let word = state;
    word = Math.imul(word ^ (word >>> 16), 0x21f0aaad);
    word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
    return ((word ^ (word >>> 15)) >>> 0) / 0x1_0000_0000;
  };
}

/** Shifting the samples to a mean of 0 gives what they would be if there were no difference (Efron & Tibshirani 1993). */
function pValueOf(difference: number, samples: readonly number[]): number {
  const mean = samples.reduce((sum, value) => sum + value, 0) / samples.length;
  const asFar = samples.filter((value) => Math.abs(value - mean) >= Math.abs(difference)).length;
  return (asFar + 1) / (samples.length + 1);
}

/** The 2.5th and the 97.5th percentile, interpolated between samples. */
function percentiles(samples: readonly number[]): Interval {
  const sorted = Float64Array.from(samples).sort();
  const at = (share: number): number => {
    const place = share * (sorted.length - 1);
    const low = sorted[Math.floor(place)] as number;
    const high = sorted[Math.ceil(place)] as number;
    return low + (high - low) * (place - Math.floor(place));
  };
  return [at(0.025), at(0.975)];
}

function columnsOf(scores: NamedScores): Record<string, number[]> {
  return mapValues(scores, () => []);
}

function append(columns: Record<string, number[]>, valueOf: (name: string) => number): void {
  for (const [name, values] of Object.entries(columns)) values.push(valueOf(name));
}

function mapValues<From, To>(
  values: Readonly<Record<string, From>>,
  change: (value: From, name: string) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value, name)]));
}
