// Captions to batches of fixed shapes: few lengths, little padding. Knows ids and row numbers, no words, features or graphs.
import { ShowtellError } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import { tokenOrder } from "../nn/token-order.ts";
import type { BatchShape, GroupLengths } from "../nn/token-order.ts";
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

/** Captions that are trained on together; all token arrays stand in time, as {@link TokenOrder} says. */
export interface Batch extends BatchShape {
  /** Row of each picture's features, [images]; those that only pad the batch repeat the first. */
  readonly pictures: Int32Array;
  /** What the decoder reads: start, then the words. */
  readonly words: BigInt64Array;
  /** What it should say: the words, then the end. */
  readonly targets: BigInt64Array;
  /** What each token counts: 1 unless its caption says otherwise, 0 for padding. */
  readonly weights: Float32Array;
  /** Where a teacher is followed: its words and their probabilities, [tokens, width]. */
  readonly soft?: { readonly ids: BigInt64Array; readonly probabilities: Float32Array };
  /** Tokens that are not padding, and those of them that weigh something. */
  readonly tokens: number;
  readonly counted: number;
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
 * @param counts counts[n] captions, or groups of them, have length n.
 * @param costOf What one of a length costs, never falling; default: the length.
 */
export function bucketLengths(
  counts: readonly number[],
  limit: number,
  costOf: (length: number) => number = (length) => length,
): readonly number[] {
  const lengths = counts.flatMap((count, length) => (count > 0 ? [length] : []));
  // totals[i]: least padded total of the i shortest lengths in as many buckets as were allowed so far.
  let totals: readonly number[] = [0, ...lengths.map(() => Infinity)];
  const starts: (readonly number[])[] = [];
  for (let bucket = 0; bucket < Math.min(limit, lengths.length); bucket++) {
    const last = lengths.map((_, end) => bestLastBucket(counts, lengths, totals, end + 1, costOf));
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
  costOf: (length: number) => number,
): { readonly start: number; readonly total: number } {
  let best = { start: 0, total: Infinity };
  let captions = 0;
  for (let start = end - 1; start >= 0; start--) {
    captions += counts[lengths[start]!]!;
    const total = totals[start]! + captions * costOf(lengths[end - 1]!);
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

/** A group's captions, the longest first, and their tokens. */
function ranked(
  group: Group,
  maximumWords: number,
): readonly { readonly example: Example; readonly targets: readonly number[] }[] {
  return group
    .map((example) => ({ example, targets: targetsOf(example, maximumWords) }))
    .sort((a, b) => b.targets.length - a.targets.length);
}

/** The tokens of a group's captions, the longest first. */
export function lengthsOf(group: Group, maximumWords: number): GroupLengths {
  return ranked(group, maximumWords).map(({ targets }) => targets.length);
}

/**
 * A batch of some groups, at most as many as it has images, whose captions are no longer than `lengths` say.
 * @param softWidth Words of a teacher's distributions, where the batch is to have some; a token without one has its target alone.
 */
export function batchOf(
  groups: readonly Group[],
  { images, maximumWords }: Pick<BatchPlan, "images" | "maximumWords">,
  lengths: GroupLengths,
  softWidth?: number,
): Batch {
  const { size, at } = tokenOrder({ images, lengths });
  const soft = softWidth === undefined ? undefined : emptySoft(size * softWidth);
  const pictures = new Int32Array(images).fill(groups[0]![0]!.picture);
  const words = new BigInt64Array(size).fill(BigInt(paddingId));
  const targets = new BigInt64Array(size).fill(BigInt(paddingId));
  const weights = new Float32Array(size);
  let [tokens, counted] = [0, 0];
  for (const [image, group] of groups.entries()) {
    pictures[image] = group[0]!.picture;
    for (const [place, { example, targets: own }] of ranked(group, maximumWords).entries()) {
      const { inputs = example.words, weight = 1 } = example;
      own.forEach((target, step) => {
        const token = at(step, image, place);
        words[token] = BigInt(step === 0 ? startId : inputs[step - 1]!);
        targets[token] = BigInt(target);
        weights[token] = weight;
        if (soft) placeSoft(soft, example, { step, target, token, width: softWidth! });
      });
      tokens += own.length;
      if (weight !== 0) counted += own.length;
    }
  }
  const captions = groups.reduce((sum, group) => sum + group.length, 0);
  return { images, lengths, pictures, words, targets, weights, ...(soft && { soft }), tokens, counted, captions };
}

function emptySoft(size: number): NonNullable<Batch["soft"]> {
  return { ids: new BigInt64Array(size), probabilities: new Float32Array(size) };
}

function placeSoft(
  { ids, probabilities }: NonNullable<Batch["soft"]>,
  { soft }: Example,
  at: { readonly step: number; readonly target: number; readonly token: number; readonly width: number },
): void {
  const { step, target, token, width } = at;
  const start = token * width;
  if (soft === undefined) {
    ids[start] = BigInt(target);
    probabilities[start] = 1;
    return;
  }
  for (let i = 0; i < width; i++) ids[start + i] = BigInt(soft.ids[step * width + i]!);
  probabilities.set(soft.probabilities.subarray(step * width, (step + 1) * width), start);
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
  /** Lengths that the groups of a batch may have; none of the next ones is shorter. */
  readonly lengths: readonly GroupLengths[];
}

function medianOf(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

/**
 * Lengths of groups in one family: the caption in each place is shorter than the longest by what it is at the median, and none has more tokens than
 * `most`. A group is as long as the shortest of these that it fits into.
 */
function lengthFamily(
  groups: readonly GroupLengths[],
  group: number,
  most: number,
): { readonly longest: number; lengthsOf(length: number): GroupLengths; lengthOf(lengths: GroupLengths): number } {
  const whole = groups.filter(({ length }) => length === group);
  const shorter = Array.from({ length: group }, (_, place) => medianOf(whole.map((own) => own[0]! - own[place]!)));
  return {
    longest: most + shorter.at(-1)!,
    lengthsOf: (length) => shorter.map((by) => Math.min(most, Math.max(1, length - by))),
    lengthOf: (own) => Math.max(...own.map((tokens, place) => tokens + shorter[place]!)),
  };
}

/**
 * A plan for a set of captions.
 * @param limit Most lengths, each of which is compiled once.
 * @throws ShowtellError `DATA_EMPTY` if there are no captions.
 */
export function planBatches(
  examples: readonly Example[],
  size: BatchSize,
  maximumWords: number,
  limit: number,
): BatchPlan {
  if (examples.length === 0)
    throw new ShowtellError("DATA_EMPTY", "there is no caption to train on: check the split and the vocabulary");
  const groups = groupsOf(examples, size.group).map((group) => lengthsOf(group, maximumWords));
  const most = groups.reduce((longest, [first]) => Math.max(longest, first!), 0);
  const family = lengthFamily(groups, size.group, most);
  const counts: number[] = Array.from({ length: family.longest + 1 }, () => 0);
  for (const group of groups) counts[family.lengthOf(group)]!++;
  // Where other captions come together than did here, some group may fit into nothing shorter than the longest.
  if (size.group > 1) counts[family.longest]! += 1;
  const costOf = (length: number): number => family.lengthsOf(length).reduce((sum, tokens) => sum + tokens, 0);
  const images = Math.max(1, Math.floor(size.rows / size.group));
  const lengths = bucketLengths(counts, limit, costOf).map((length) => family.lengthsOf(length));
  return { images, group: size.group, maximumWords, lengths };
}

/** A batch before its arrays are made. */
export interface GatheredBatch {
  readonly groups: readonly Group[];
  readonly lengths: GroupLengths;
}

/** The first of some lengths, of which the last has room for all, that a group of others fits into. */
export function fittingLengths(own: GroupLengths, all: readonly GroupLengths[]): GroupLengths {
  return all.find((lengths) => own.every((tokens, place) => tokens <= lengths[place]!))!;
}

/** The batches of all examples, each made when its turn comes; see {@link gatherBatches}. */
export function makeBatches(examples: readonly Example[], plan: BatchPlan, random?: Random): readonly (() => Batch)[] {
  return gatherBatches(examples, plan, random).map(
    ({ groups, lengths }) =>
      () =>
        batchOf(groups, plan, lengths),
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
  const { images, group, maximumWords, lengths: all } = plan;
  const shuffled = random === undefined ? [...examples] : random.shuffle([...examples]);
  const buckets = new Map<GroupLengths, Group[]>(all.map((lengths) => [lengths, []]));
  for (const one of groupsOf(shuffled, group))
    buckets.get(fittingLengths(lengthsOf(one, maximumWords), all))!.push(one);
  const batches: GatheredBatch[] = [];
  let left: Group[] = [];
  for (const [lengths, bucket] of buckets) {
    const waiting = [...left, ...bucket];
    const full = waiting.length - (waiting.length % images);
    for (let at = 0; at < full; at += images) batches.push({ groups: waiting.slice(at, at + images), lengths });
    left = waiting.slice(full);
  }
  if (left.length > 0) batches.push({ groups: left, lengths: all.at(-1)! });
  return random === undefined ? batches : random.shuffle(batches);
}
