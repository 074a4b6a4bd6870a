// Captions to batches of fixed shapes: few lengths, little padding. Knows ids and row numbers, no words, features or graphs.
import { ShowtellError } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import { endId, paddingId, startId } from "../text/vocabulary.ts";
import type { SoftTargets } from "./soft-targets.ts";

/** A caption to learn. */
export interface Example {
  /** Row of the picture's features. */
  readonly picture: number;
  /** Ids of the words, without start and end. */
  readonly words: readonly number[];
  /** Whether an end stands behind the words; default true. A sentence that was cut has none. */
  readonly ended?: boolean;
  /** What each of its tokens counts; default 1. */
  readonly weight?: number;
  /** Words that are read in place of `words`, one for one; what is learnt stays. Default: the words themselves. */
  readonly inputs?: readonly number[];
  /** What a teacher holds likely at each token. */
  readonly soft?: SoftTargets;
}

/** Captions that are trained on together; all token arrays are time-major, [steps, rows]. */
export interface Batch {
  readonly images: number;
  /** Captions a picture: rows are images × group, image-major. */
  readonly group: number;
  readonly rows: number;
  readonly steps: number;
  /** Row of each picture's features, [images]; those that only pad the batch repeat the first. */
  readonly pictures: Int32Array;
  /** What the decoder reads: start, then the words. */
  readonly words: BigInt64Array;
  /** What it should say: the words, then the end. */
  readonly targets: BigInt64Array;
  /** What each token counts: 1 unless its caption says otherwise, 0 for padding. */
  readonly weights: Float32Array;
  /** Where a teacher is followed: its words and their probabilities, row by row, [rows, steps, width]. */
  readonly soft?: { readonly ids: BigInt64Array; readonly probabilities: Float32Array };
  /** Tokens and captions that count. */
  readonly tokens: number;
  readonly captions: number;
}

/**
 * The tokens that are predicted: the words and the end. A longer caption is cut after `maximumWords` words, and then has no
 * end, so that the model does not learn to stop there.
 */
export function targetsOf(
  { words, ended = true }: Pick<Example, "words" | "ended">,
  maximumWords: number,
): readonly number[] {
  return words.length > maximumWords || !ended ? words.slice(0, maximumWords) : [...words, endId];
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

/** Captions of one picture, at most a group of them. */
export type Group = readonly Example[];

/** Captions in groups of their pictures, in the order in which a group's first caption comes. */
function groupsOf(examples: readonly Example[], size: number): readonly Group[] {
  const groups: Example[][] = [];
  const open = new Map<number, Example[]>();
  for (const example of examples) {
    const group = open.get(example.picture);
    if (group !== undefined && group.length < size) {
      group.push(example);
      continue;
    }
    const started = [example];
    groups.push(started);
    open.set(example.picture, started);
  }
  return groups;
}

function lengthOf(group: Group, maximumWords: number): number {
  return Math.max(...group.map((example) => targetsOf(example, maximumWords).length));
}

/**
 * A batch of some groups, at most as many as it has images, each no longer than `steps`.
 * @param softWidth Words of a teacher's distributions, where the batch is to have some; a token without one has its target alone.
 */
export function batchOf(
  groups: readonly Group[],
  { images, group, maximumWords }: Omit<BatchPlan, "lengths">,
  steps: number,
  softWidth?: number,
): Batch {
  const rows = images * group;
  const soft = softWidth === undefined ? undefined : emptySoft(rows * steps * softWidth);
  const pictures = new Int32Array(images).fill(groups[0]![0]!.picture);
  const words = new BigInt64Array(steps * rows).fill(BigInt(paddingId));
  const targets = new BigInt64Array(steps * rows).fill(BigInt(paddingId));
  const weights = new Float32Array(steps * rows);
  let tokens = 0;
  for (const [image, examples] of groups.entries()) {
    pictures[image] = examples[0]!.picture;
    for (const [member, example] of examples.entries()) {
      const { inputs = example.words, weight = 1 } = example;
      targetsOf(example, maximumWords).forEach((target, step) => {
        const at = step * rows + image * group + member;
        words[at] = BigInt(step === 0 ? startId : inputs[step - 1]!);
        targets[at] = BigInt(target);
        weights[at] = weight;
        tokens++;
      });
      if (soft) placeSoft(soft, example, { row: image * group + member, steps, maximumWords, width: softWidth! });
    }
  }
  const captions = groups.reduce((sum, examples) => sum + examples.length, 0);
  return { images, group, rows, steps, pictures, words, targets, weights, ...(soft && { soft }), tokens, captions };
}

function emptySoft(size: number): NonNullable<Batch["soft"]> {
  return { ids: new BigInt64Array(size), probabilities: new Float32Array(size) };
}

function placeSoft(
  { ids, probabilities }: NonNullable<Batch["soft"]>,
  example: Example,
  at: { readonly row: number; readonly steps: number; readonly maximumWords: number; readonly width: number },
): void {
  const { row, steps, maximumWords, width } = at;
  const { soft } = example;
  targetsOf(example, maximumWords).forEach((target, step) => {
    const start = (row * steps + step) * width;
    if (soft === undefined) {
      ids[start] = BigInt(target);
      probabilities[start] = 1;
      return;
    }
    for (let i = 0; i < width; i++) ids[start + i] = BigInt(soft.ids[step * width + i]!);
    probabilities.set(soft.probabilities.subarray(step * width, (step + 1) * width), start);
  });
}

/** The size of batches. */
export interface BatchSize {
  /** Captions a batch; rounded down to whole groups, but to no less than one. */
  readonly rows: number;
  /** Captions a picture that stand together, so that what is computed once a picture serves them all. */
  readonly group: number;
}

/** How captions are put into batches. */
export interface BatchPlan {
  readonly images: number;
  readonly group: number;
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
  { rows, group }: BatchSize,
  maximumWords: number,
  limit: number,
): BatchPlan {
  if (examples.length === 0)
    throw new ShowtellError("DATA_EMPTY", "there is no caption to train on: check the split and the vocabulary");
  const counts: number[] = Array.from({ length: maximumWords + 2 }, () => 0);
  for (const one of groupsOf(examples, group)) counts[lengthOf(one, maximumWords)]!++;
  const images = Math.max(1, Math.floor(rows / group));
  return { images, group, maximumWords, lengths: bucketLengths(counts, limit) };
}

/** A batch before its arrays are made. */
export interface GatheredBatch {
  readonly groups: readonly Group[];
  readonly steps: number;
}

/** The batches of all examples, each made when its turn comes; see {@link gatherBatches}. */
export function makeBatches(examples: readonly Example[], plan: BatchPlan, random?: Random): readonly (() => Batch)[] {
  return gatherBatches(examples, plan, random).map(
    ({ groups, steps }) =>
      () =>
        batchOf(groups, plan, steps),
  );
}

/**
 * Batches of all examples. Groups that do not fill a batch of their length go to the next longer one, so only the last batch
 * is padded; the number of batches does not depend on the order. With `random`, examples and batches are shuffled.
 */
export function gatherBatches(
  examples: readonly Example[],
  plan: BatchPlan,
  random?: Random,
): readonly GatheredBatch[] {
  const { images, group, maximumWords, lengths } = plan;
  const shuffled = random === undefined ? [...examples] : random.shuffle([...examples]);
  const buckets = new Map<number, Group[]>(lengths.map((length) => [length, []]));
  for (const one of groupsOf(shuffled, group)) {
    const length = lengthOf(one, maximumWords);
    buckets.get(lengths.find((limit) => limit >= length)!)!.push(one);
  }
  const batches: GatheredBatch[] = [];
  let left: Group[] = [];
  for (const [steps, bucket] of buckets) {
    const waiting = [...left, ...bucket];
    while (waiting.length >= images) {
      batches.push({ groups: waiting.splice(0, images), steps });
    }
    left = waiting;
  }
  if (left.length > 0) batches.push({ groups: left, steps: lengths.at(-1)! });
  return random === undefined ? batches : random.shuffle(batches);
}
