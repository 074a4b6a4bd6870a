// Rank correlations: Kendall's tau-b and tau-c, Spearman's rho. Knows nothing of captions.

/** How many pairs of values are in the same order, in the other one, or tied. */
interface PairCounts {
  readonly concordant: number;
  readonly discordant: number;
  /** Pairs that are tied in the first values (also those tied in both), and in the second. */
  readonly tiedFirst: number;
  readonly tiedSecond: number;
  readonly pairs: number;
}

function pairCounts(first: readonly number[], second: readonly number[]): PairCounts {
  let [concordant, discordant, tiedFirst, tiedSecond] = [0, 0, 0, 0];
  for (let i = 0; i < first.length; i++) {
    for (let j = 0; j < i; j++) {
      const product = Math.sign(first[i]! - first[j]!) * Math.sign(second[i]! - second[j]!);
      if (product > 0) concordant++;
      if (product < 0) discordant++;
      if (first[i] === first[j]) tiedFirst++;
      if (second[i] === second[j]) tiedSecond++;
    }
  }
  return { concordant, discordant, tiedFirst, tiedSecond, pairs: (first.length * (first.length - 1)) / 2 };
}

/** Kendall's two coefficients for ties; undefined where one of the variables has a single value. */
export interface Kendall {
  /** Kendall 1945: corrected for ties in either variable. */
  readonly tauB: number | undefined;
  /** Stuart 1953: for a variable with few values against one with many. */
  readonly tauC: number | undefined;
}

/** Kendall's tau-b and tau-c of paired values; compares all pairs (n² / 2). */
export function kendall(first: readonly number[], second: readonly number[]): Kendall {
  const { concordant, discordant, tiedFirst, tiedSecond, pairs } = pairCounts(first, second);
  const spread = Math.sqrt((pairs - tiedFirst) * (pairs - tiedSecond));
  const values = Math.min(new Set(first).size, new Set(second).size);
  const excess = concordant - discordant;
  return {
    tauB: spread === 0 ? undefined : excess / spread,
    tauC: values < 2 ? undefined : (2 * excess) / (first.length ** 2 * ((values - 1) / values)),
  };
}

/** Spearman's rank correlation of paired values: Pearson's of their ranks; undefined where one has a single value. */
export function spearman(first: readonly number[], second: readonly number[]): number | undefined {
  return pearson(ranks(first), ranks(second));
}

/** Ranks from 1; tied values have the mean of theirs. */
export function ranks(values: readonly number[]): readonly number[] {
  const order = Array.from(values.keys()).sort((a, b) => values[a]! - values[b]!);
  const result = values.map(() => 0);
  for (let start = 0; start < order.length;) {
    let end = start;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    for (let i = start; i < end; i++) result[order[i]!] = (start + 1 + end) / 2;
    start = end;
  }
  return result;
}

function pearson(first: readonly number[], second: readonly number[]): number | undefined {
  const [meanFirst, meanSecond] = [mean(first), mean(second)];
  let [both, squaresFirst, squaresSecond] = [0, 0, 0];
  for (const [i, value] of first.entries()) {
    const [a, b] = [value - meanFirst, second[i]! - meanSecond];
    both += a * b;
    squaresFirst += a * a;
    squaresSecond += b * b;
  }
  const spread = Math.sqrt(squaresFirst * squaresSecond);
  return spread === 0 ? undefined : both / spread;
}

/** The mean; NaN of nothing. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
