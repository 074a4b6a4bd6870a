// Rank correlations: Kendall's tau-b and tau-c, Spearman's rho, of pairs and of samples drawn from them. Knows nothing of captions.

/** Paired values, put in order once, so that no sample drawn from them has to be sorted. */
export interface RankedPairs {
  /** The pairs' numbers, by their first values and then by their second. */
  readonly order: Uint32Array;
  /** In that order: the place of the first value among the different ones, from 0. */
  readonly first: Uint32Array;
  readonly second: Uint32Array;
  /** How many different values there are. */
  readonly firstValues: number;
  readonly secondValues: number;
}

/** How often each of several things is in a sample; things by number. */
export type Times = ArrayLike<number>;

/** Puts paired values in order, in n log n steps. */
export function rankPairs(first: readonly number[], second: readonly number[]): RankedPairs {
  const [a, b] = [placesOf(first), placesOf(second)];
  const order = Uint32Array.from(first.keys()).sort(
    (i, j) => a.places[i]! - a.places[j]! || b.places[i]! - b.places[j]!,
  );
  return {
    order,
    first: order.map((pair) => a.places[pair]!),
    second: order.map((pair) => b.places[pair]!),
    firstValues: a.count,
    secondValues: b.count,
  };
}

/** Of each value its place among the different ones. */
function placesOf(values: readonly number[]): { readonly places: Uint32Array; readonly count: number } {
  const different = Float64Array.from(new Set(values)).sort();
  const placeOf = new Map(Array.from(different, (value, place) => [value, place]));
  return { places: Uint32Array.from(values, (value) => placeOf.get(value)!), count: different.length };
}

/** Kendall's two coefficients for ties; undefined where one of the variables has a single value. */
export interface Kendall {
  /** Kendall 1945: corrected for ties in either variable. */
  readonly tauB: number | undefined;
  /** Stuart 1953: for a variable with few values against one with many. */
  readonly tauC: number | undefined;
}

/** A sample drawn from pairs: how often each of them is in it, and each value of either variable, by the values' places. */
export interface Sample {
  readonly pairs: RankedPairs;
  readonly times: Times;
  readonly first: Float64Array;
  readonly second: Float64Array;
  /** How many pairs it holds. */
  readonly total: number;
}

/** Counts a sample. @param times How often each pair is in it; default: once. */
export function sampleOf(pairs: RankedPairs, times: Times = new Uint8Array(pairs.order.length).fill(1)): Sample {
  const [first, second] = [new Float64Array(pairs.firstValues), new Float64Array(pairs.secondValues)];
  let total = 0;
  // Indices, here and below: iterators cost more than the sums, and a bootstrap comes by thousands of times.
  for (let i = 0; i < pairs.order.length; i++) {
    const count = times[pairs.order[i]!]!;
    first[pairs.first[i]!]! += count;
    second[pairs.second[i]!]! += count;
    total += count;
  }
  return { pairs, times, first, second, total };
}

/**
 * Kendall's tau-b and tau-c in n log n steps, as Knight 1966 has them, but by a tree of counts (Fenwick 1994) where he merges: counts
 * take a pair that a sample holds several times in one step.
 */
export function kendall({ pairs, times, first, second, total }: Sample): Kendall {
  const all = pairsOf(total);
  const spread = Math.sqrt((all - tied(first)) * (all - tied(second)));
  const values = Math.min(present(first), present(second));
  const excess = concordantLessDiscordant(pairs, times);
  return {
    tauB: spread === 0 ? undefined : excess / spread,
    tauC: values < 2 ? undefined : (2 * excess) / (total ** 2 * ((values - 1) / values)),
  };
}

/** Spearman's rho: Pearson's correlation of ranks, tied values sharing theirs; undefined where one of the variables has a single value. */
export function spearman({ pairs, times, first, second, total }: Sample): number | undefined {
  const centre = (total + 1) / 2;
  const [a, b] = [ranks(first), ranks(second)].map((all) => all.map((rank) => rank - centre));
  let both = 0;
  for (let i = 0; i < pairs.order.length; i++) {
    both += times[pairs.order[i]!]! * a![pairs.first[i]!]! * b![pairs.second[i]!]!;
  }
  const spread = Math.sqrt(squares(a!, first) * squares(b!, second));
  return spread === 0 ? undefined : both / spread;
}

/** How many pairs can be made of so many things. */
function pairsOf(count: number): number {
  return (count * (count - 1)) / 2;
}

function tied(counts: Float64Array): number {
  return counts.reduce((sum, count) => sum + pairsOf(count), 0);
}

function present(counts: Float64Array): number {
  return counts.reduce((sum, count) => (count > 0 ? sum + 1 : sum), 0);
}

function concordantLessDiscordant({ order, first, second, secondValues }: RankedPairs, times: Times): number {
  // By second value: those whose first value is lower than the one at hand.
  const lower = new Float64Array(secondValues + 1);
  let [excess, added, start] = [0, 0, 0];
  while (start < order.length) {
    let end = start;
    for (; end < order.length && first[end] === first[start]; end++) {
      const count = times[order[end]!]!;
      if (count === 0) continue;
      const below = sumBelow(lower, second[end]!);
      const above = added - sumBelow(lower, second[end]! + 1);
      excess += count * (below - above);
    }
    for (; start < end; start++) {
      add(lower, second[start]!, times[order[start]!]!);
      added += times[order[start]!]!;
    }
  }
  return excess;
}

/** The counts of all places below one, in a tree of counts. */
function sumBelow(tree: Float64Array, place: number): number {
  let sum = 0;
  for (let i = place; i > 0; i -= i & -i) sum += tree[i]!;
  return sum;
}

function add(tree: Float64Array, place: number, count: number): void {
  for (let i = place + 1; i < tree.length; i += i & -i) tree[i]! += count;
}

/** The rank, from 1, of each of several values of which there are so many; those that are tied have the mean of theirs. */
export function ranks(counts: Float64Array): Float64Array {
  let before = 0;
  return counts.map((count) => {
    const rank = before + (count + 1) / 2;
    before += count;
    return rank;
  });
}

function squares(values: Float64Array, counts: Float64Array): number {
  return values.reduce((sum, value, i) => sum + counts[i]! * value * value, 0);
}
