// Steered beam search: a grid of beams, one for each number of words covered of those that must appear (Hokamp and Liu 2017), in groups
// that are pushed apart (Vijayakumar et al. 2018). Knows nothing of ONNX, images or words.
//
// Within a beam hypotheses compete as in beam search; across beams they do not, so that a likelier sentence without the words
// can't drive out one that has begun with them. A sentence may end where it holds all that must appear.
import { type CancelSignal, throwIfCancelled } from "../base/cancel.ts";
import { ShowtellError } from "../base/errors.ts";
import { type ConstraintReader, type Constraints, type Progress, readerOf } from "./constraints.ts";
import { defaultAlpha, type Hypothesis, lengthPenalties } from "./hypothesis.ts";
import { emptySelection, offerContinuation, offerContinuations, type Selection } from "./selection.ts";
import type { Stepper } from "./stepper.ts";
import { maskOf, noWordLeft, requireWhole, rowsOf, type SearchTask, widest } from "./task.ts";

/** Settings of {@link steeredSearch}. */
export interface SteeredOptions extends Constraints {
  /** Hypotheses kept at every step for each number of covered words, shared out among the groups (rounded up), 1 to 1000; default 3. */
  readonly beam?: number;
  /** Hypotheses returned for an image, at most `beam`; default 1. */
  readonly candidates?: number;
  /** Exponent of the length in the score, 0 or more; default 0.7. */
  readonly alpha?: number;
  /** Groups of hypotheses, each kept off the words that those before it chose at the same step; at most `beam`; default 1. */
  readonly groups?: number;
  /** What a word's log-probability loses, in the ranking of a step only, for each hypothesis of an earlier group that chose it; default 0.5. */
  readonly diversity?: number;
  readonly signal?: CancelSignal | undefined;
}

/** Most rows of an image: one word of a vocabulary of ten thousand takes 160 MB then. */
const mostRows = 4000;

/** The words of a hypothesis, last one first. */
interface Spoken {
  readonly word: number;
  readonly logProbability: number;
  readonly before: Spoken | undefined;
}

/** A hypothesis that has not ended: its row in the latest step, its words so far, and how far it has come with what is asked. */
interface Live {
  readonly row: number;
  readonly spoken: Spoken | undefined;
  readonly total: number;
  readonly progress: Progress;
}

interface Group {
  live: readonly Live[];
  /** Those that ended, best first, no more than could be returned. */
  readonly finished: Hypothesis[];
}

/** What is the same for all images and steps. */
interface Search {
  readonly task: SearchTask;
  readonly width: number;
  readonly reader: ConstraintReader;
  readonly prefix: readonly number[];
  readonly minimumLength: number;
  readonly maximumLength: number;
  readonly candidates: number;
  readonly diversity: number;
  readonly penalties: Float64Array;
  /** [words], 1 for what no sentence holds and for the special words, which are offered one by one. */
  readonly mask: Uint8Array;
  /** A beam for each number of covered words. */
  readonly beams: readonly Selection[];
  /** [width]: log-probabilities less what diversity takes. */
  readonly pushed: Float32Array;
}

/**
 * The best sentences of each image that hold what must appear, best score first. They always end: at the greatest length nothing but the
 * end is allowed. Of several groups' sentences the best of each come first to be chosen, then the second best, and so on; the same
 * sentence of two groups counts once. With nothing asked it is beam search, but for that last step.
 * @throws ShowtellError `ARGUMENT` for an option out of range, constraints that contradict each other, or none found that meets them;
 * `CANCELLED` between two steps, `ENGINE` if no word has a probability.
 */
export async function steeredSearch<Images, State>(
  stepper: Stepper<Images, State>,
  task: SearchTask,
  images: Images,
  options: SteeredOptions,
): Promise<readonly (readonly Hypothesis[])[]> {
  const search = newSearch(stepper.width, task, options);
  const { groups = 1, signal } = options;
  throwIfCancelled(signal);
  let { state, logProbabilities } = await stepper.start(images);
  const count = rowsOf(logProbabilities, stepper.width);
  const first = (row: number): Live => ({ row, spoken: undefined, total: 0, progress: search.reader.start });
  const all = Array.from({ length: count }, (_, image) =>
    Array.from({ length: groups }, (): Group => ({ live: [first(image)], finished: [] })),
  );
  for (let step = 0; ; step++) {
    for (const [image, own] of all.entries()) advance(search, own, { image, step, logProbabilities });
    if (all.every((own) => own.every(({ live }) => live.length === 0))) break;
    throwIfCancelled(signal);
    const rows = logProbabilities.length / stepper.width;
    const { parents, words } = placeRows(all, rows / count, task.end);
    ({ state, logProbabilities } = await stepper.next(state, parents, words));
    rowsOf(logProbabilities, stepper.width, parents.length);
  }
  return all.map((own, image) => bestOf(search, own, image));
}

function newSearch(width: number, task: SearchTask, options: SteeredOptions): Search {
  const { beam = 3, candidates = 1, alpha = defaultAlpha, groups = 1, diversity = 0.5, prefix = [] } = options;
  const mask = maskOf(task, width);
  requireWhole("beam", beam, 1, widest);
  requireWhole("candidates", candidates, 1, beam);
  requireWhole("groups", groups, 1, beam);
  if (!Number.isFinite(diversity) || diversity < 0) {
    throw new ShowtellError("ARGUMENT", `diversity is ${diversity}; it must be a number from 0 upwards`);
  }
  const { maximumLength = task.maximumLength - 1, minimumLength = 0 } = options;
  requireWhole("maximumLength", maximumLength, Math.max(1, prefix.length), task.maximumLength - 1);
  requireWhole("minimumLength", minimumLength, 0, maximumLength);
  const reader = readerOf(options, task);
  const rows = (reader.most + 1) * beam;
  if (rows > mostRows) {
    throw new ShowtellError(
      "ARGUMENT",
      `a beam of ${beam} for each of 0 to ${reader.most} words that must appear are ${rows} hypotheses; ${mostRows} are the most`,
    );
  }
  for (const word of reader.special) mask[word] = 1;
  mask[task.end] = 1;
  const size = Math.ceil(beam / groups);
  return {
    task,
    width,
    reader,
    prefix,
    minimumLength,
    maximumLength,
    candidates,
    diversity,
    penalties: lengthPenalties(alpha, task.maximumLength),
    mask,
    beams: Array.from({ length: reader.most + 1 }, () => emptySelection(size)),
    pushed: new Float32Array(width),
  };
}

/** Where a step finds an image's hypotheses. */
interface Place {
  readonly image: number;
  readonly step: number;
  /** [rows, width] */
  readonly logProbabilities: Float32Array;
}

/** One step of one image: each group chooses in turn, seeing what those before it chose. */
function advance(search: Search, groups: readonly Group[], place: Place): void {
  const chosen = new Map<number, number>();
  for (const group of groups) {
    if (group.live.length === 0) continue;
    for (const beam of search.beams) beam.size = 0;
    for (const [i, live] of group.live.entries()) offer(search, live, i, chosen, place);
    if (search.beams.every(({ size }) => size === 0)) requireNumbers(search, group, place);
    group.live = take(search, group, chosen, place);
    // Groups that go on push those behind them, so all of them do.
    if (groups.length === 1 && isSettled(search, group)) group.live = [];
  }
}

/** Where nothing could be chosen: it is the constraints' doing, unless the model gives no number at all. */
function requireNumbers({ width, task }: Search, { live }: Group, { image, step, logProbabilities }: Place): void {
  const rows = live.map(({ row }) => logProbabilities.subarray(row * width, row * width + task.words));
  if (!rows.some((row) => row.some((value) => value > -Infinity))) throw noWordLeft(image, step);
}

/** Offers what a hypothesis may become to the beams of what it then covers. */
function offer(search: Search, live: Live, parent: number, chosen: ReadonlyMap<number, number>, place: Place): void {
  const { reader, beams, mask, prefix, task } = search;
  const { step } = place;
  const { values, offset } = ranked(search, live, chosen, place);
  const covers = (progress: Progress): Selection => beams[reader.covered(progress)]!;
  const one = (word: number): void => {
    const progress = reader.read(live.progress, word);
    if (progress !== undefined) offerContinuation(covers(progress), parent, live.total + values[offset + word]!, word);
  };
  if (step < prefix.length) {
    one(prefix[step]!);
    return;
  }
  if (step >= search.minimumLength && reader.covered(live.progress) === reader.most) {
    offerContinuation(covers(live.progress), parent, live.total + values[offset + task.end]!, task.end);
  }
  if (step === search.maximumLength) return;
  for (const word of reader.special) one(word);
  // All other words lead to one progress; the end stands for them, as it is in no phrase.
  const away = reader.read(live.progress, task.end);
  if (away !== undefined) offerContinuations(covers(away), parent, live.total, values, offset, mask);
}

/** A hypothesis' log-probabilities as they rank: less, for each word, what the groups before have taken of it. */
function ranked(
  { pushed, width, diversity }: Search,
  { row }: Live,
  chosen: ReadonlyMap<number, number>,
  { logProbabilities }: Place,
): { readonly values: Float32Array; readonly offset: number } {
  if (chosen.size === 0 || diversity === 0) return { values: logProbabilities, offset: row * width };
  pushed.set(logProbabilities.subarray(row * width, (row + 1) * width));
  for (const [word, times] of chosen) pushed[word]! -= diversity * times;
  return { values: pushed, offset: 0 };
}

/** Makes hypotheses of a group's selected continuations, finished and live, and counts their words. */
function take(search: Search, group: Group, chosen: Map<number, number>, { step, logProbabilities }: Place): Live[] {
  const live: Live[] = [];
  const words: number[] = [];
  for (const beam of search.beams) {
    for (let i = 0; i < beam.size; i++) {
      const parent = group.live[beam.parents[i]!]!;
      const word = beam.words[i]!;
      words.push(word);
      const logProbability = logProbabilities[parent.row * search.width + word]!;
      const spoken: Spoken = { word, logProbability, before: parent.spoken };
      const total = parent.total + logProbability;
      if (word === search.task.end) finish(search, group, spoken, total, step + 1);
      else live.push({ row: parent.row, spoken, total, progress: search.reader.read(parent.progress, word)! });
    }
  }
  for (const word of words) chosen.set(word, (chosen.get(word) ?? 0) + 1);
  return live;
}

/** Keeps a hypothesis that ended if it is among the best; of equal scores the earlier one is better. */
function finish(
  { penalties, candidates }: Search,
  { finished }: Group,
  spoken: Spoken,
  logProbability: number,
  length: number,
): void {
  const score = logProbability / penalties[length]!;
  let place = finished.length;
  while (place > 0 && score > finished[place - 1]!.score) place--;
  if (place === candidates) return;
  const words: number[] = [];
  const wordLogProbabilities: number[] = [];
  for (let at: Spoken | undefined = spoken; at !== undefined; at = at.before) {
    words.unshift(at.word);
    wordLogProbabilities.unshift(at.logProbability);
  }
  words.pop();
  finished.splice(place, 0, { words, logProbability, score, wordLogProbabilities, truncated: false });
  if (finished.length > candidates) finished.pop();
}

/** Whether no live hypothesis can still beat the worst of those that would be returned (see beam.ts). */
function isSettled({ maximumLength, penalties, candidates }: Search, { live, finished }: Group): boolean {
  if (finished.length < candidates) return false;
  const best = Math.max(...live.map(({ total }) => total));
  return best / penalties[maximumLength + 1]! <= finished[candidates - 1]!.score;
}

/**
 * Gives live hypotheses their rows of the next step: as many for each image as the image with most of them needs, the rest padded.
 * @param rowsBefore Rows of an image in the latest step.
 */
function placeRows(
  images: readonly (readonly Group[])[],
  rowsBefore: number,
  end: number,
): { readonly parents: Int32Array; readonly words: Int32Array } {
  const most = Math.max(...images.map((groups) => groups.reduce((sum, { live }) => sum + live.length, 0)));
  const words = new Int32Array(images.length * most).fill(end);
  const parents = Int32Array.from(words, (_, row) => Math.floor(row / most) * rowsBefore);
  for (const [image, groups] of images.entries()) {
    let row = image * most;
    for (const group of groups) {
      for (const { row: parent, spoken } of group.live) {
        parents[row] = parent;
        words[row++] = spoken!.word;
      }
      const first = row - group.live.length;
      group.live = group.live.map((live, i) => ({ ...live, row: first + i }));
    }
  }
  return { parents, words };
}

/** What is returned of an image's groups. */
function bestOf({ candidates, maximumLength }: Search, groups: readonly Group[], image: number): readonly Hypothesis[] {
  const found = new Map<string, Hypothesis>();
  for (let rank = 0; rank < candidates; rank++) {
    const next = groups.flatMap(({ finished }) => finished.slice(rank, rank + 1)).sort((a, b) => b.score - a.score);
    for (const hypothesis of next) {
      const key = hypothesis.words.join();
      if (found.size < candidates && !found.has(key)) found.set(key, hypothesis);
    }
  }
  if (found.size === 0) {
    throw new ShowtellError(
      "ARGUMENT",
      `no sentence of at most ${maximumLength} words was found for image ${image} that meets what is asked: allow more words, ask for less, ` +
        "or widen the beam",
    );
  }
  return [...found.values()].sort((a, b) => b.score - a.score);
}
