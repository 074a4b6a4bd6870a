// Captions to batches of fixed shapes: few lengths, little padding. Knows ids and row numbers, no words, features or graphs.
import { ShowtellError } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import { endId, paddingId, startId } from "../text/vocabulary.ts";

/** A caption to learn. */
export interface Example {
  /** Row of the picture's features. */
  readonly picture: number;
  /** Ids of the words, without start and end. */
  readonly words: readonly number[];
}

/** Rows that are trained on together; all token arrays are time-major, [steps, rows]. */
export interface Batch {
  readonly rows: number;
  readonly steps: number;
  /** Row of each caption's picture features; rows that only pad the batch repeat the first. */
  readonly pictures: Int32Array;
  /** What the decoder reads: start, then the words. */
  readonly words: BigInt64Array;
  /** What it should say: the words, then the end. */
  readonly targets: BigInt64Array;
  /** 1 for a token, 0 for padding. */
  readonly weights: Float32Array;
  /** Tokens and captions that count. */
  readonly tokens: number;
  readonly captions: number;
}

/**
 * The tokens that are predicted: the words and the end. A longer caption is cut after `maximumWords` words, and then has no
 * end, so that the model does not learn to stop there.
 */
export function targetsOf(words: readonly number[], maximumWords: number): readonly number[] {
  return words.length > maximumWords ? words.slice(0, maximumWords) : [...words, endId];
}

/**
 * Lengths to round up to: at most `limit`, chosen so that the padded total is smallest (dynamic programming over the lengths).
 * @param counts counts[n] captions have n tokens.
 */
export function bucketLengths(counts: readonly number[], limit: number): readonly number[] {
  const lengths = counts.flatMap((count, length) => (count > 0 ? [length] : []));
  // totals[i]: least padded total of the i shortest lengths in as many buckets as were allowed so far.
  let totals: readonly number[] = [0, ...lengths.map(() => Infinity)];
  const starts: (readonly number[])[] = [];
  for (let bucket = 0; bucket < Math.min(limit, lengths.length); bucket++) {
    const last = lengths.map((_, end) => bestLastBucket(counts, lengths, totals, end + 1));
    totals = [Infinity, ...last.map(({ total }) => total)];
    starts.push([0, ...last.map(({ start }) => start)]);
  }
  const result: number[] = [];
  let end = lengths.length;
  for (const start of starts.toReversed()) {
    result.unshift(lengths[end - 1]!);
    end = start[end]!;
  }
  return result;
}

/** Where the last bucket of the first `end` lengths best begins, given the totals of what lies before it. */
function bestLastBucket(
  counts: readonly number[],
  lengths: readonly number[],
  totals: readonly number[],
  end: number,
): { readonly start: number; readonly total: number } {
  let best = { start: 0, total: Infinity };
  let captions = 0;
  for (let start = end - 1; start >= 0; start--) {
    captions += counts[lengths[start]!]!;
    const total = totals[start]! + captions * lengths[end - 1]!;
    if (total < best.total) best = { start, total };
  }
  return best;
}

function fill(examples: readonly Example[], rows: number, steps: number, maximumWords: number): Batch {
  const pictures = new Int32Array(rows).fill(examples[0]!.picture);
  const words = new BigInt64Array(steps * rows).fill(BigInt(paddingId));
  const targets = new BigInt64Array(steps * rows).fill(BigInt(paddingId));
  const weights = new Float32Array(steps * rows);
  let tokens = 0;
  examples.forEach((example, row) => {
    pictures[row] = example.picture;
    let before = startId;
    targetsOf(example.words, maximumWords).forEach((target, step) => {
      const at = step * rows + row;
      words[at] = BigInt(before);
      targets[at] = BigInt(target);
      weights[at] = 1;
      before = target;
      tokens++;
    });
  });
  return { rows, steps, pictures, words, targets, weights, tokens, captions: examples.length };
}

/** How captions are grouped into batches. */
export interface BatchPlan {
  readonly rows: number;
  readonly maximumWords: number;
  /** Lengths that batches may have, rising. */
  readonly lengths: readonly number[];
}

/**
 * A plan for a set of captions.
 * @param limit Most lengths, each of which is compiled once.
 * @throws ShowtellError `DATA_EMPTY` if there are no captions.
 */
export function planBatches(
  examples: readonly Example[],
  rows: number,
  maximumWords: number,
  limit: number,
): BatchPlan {
  if (examples.length === 0)
    throw new ShowtellError("DATA_EMPTY", "there is no caption to train on: check the split and the vocabulary");
  const counts: number[] = Array.from({ length: maximumWords + 2 }, () => 0);
  for (const { words } of examples) counts[targetsOf(words, maximumWords).length]!++;
  return { rows, maximumWords, lengths: bucketLengths(counts, limit) };
}

/**
 * Batches of all examples. Those that do not fill a batch of their length go to the next longer one, so only the last batch
 * is padded; the number of batches does not depend on the order. With `random`, examples and batches are shuffled.
 */
export function makeBatches(examples: readonly Example[], plan: BatchPlan, random?: Random): readonly (() => Batch)[] {
  const { rows, maximumWords, lengths } = plan;
  const shuffled = random === undefined ? [...examples] : random.shuffle([...examples]);
  const buckets = new Map<number, Example[]>(lengths.map((length) => [length, []]));
  for (const example of shuffled) {
    const { length } = targetsOf(example.words, maximumWords);
    buckets.get(lengths.find((limit) => limit >= length)!)!.push(example);
  }
  const batches: (() => Batch)[] = [];
  let left: Example[] = [];
  for (const [steps, bucket] of buckets) {
    const waiting = [...left, ...bucket];
    while (waiting.length >= rows) {
      const taken = waiting.splice(0, rows);
      batches.push(() => fill(taken, rows, steps, maximumWords));
    }
    left = waiting;
  }
  if (left.length > 0) batches.push(() => fill(left, rows, lengths.at(-1)!, maximumWords));
  return random === undefined ? batches : random.shuffle(batches);
}
