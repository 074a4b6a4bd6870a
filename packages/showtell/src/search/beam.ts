// Beam search over a stepper, batched over images. Knows nothing of ONNX, images or words.
//
// At every step the continuations of an image's live hypotheses are ranked by log-probability and the best `beam` of them kept; those that
// end are finished and leave, the others live on. Finished ones rank by log P / length^alpha.
import { type CancelSignal, throwIfCancelled } from "../base/cancel.ts";
import { defaultAlpha, type Hypothesis, lengthPenalties } from "./hypothesis.ts";
import { emptySelection, offerContinuations, type Selection } from "./selection.ts";
import type { Stepper } from "./stepper.ts";
import { maskOf, noWordLeft, requireWhole, rowsOf, type SearchTask, widest } from "./task.ts";

/** Settings of {@link beamSearch}. */
export interface BeamOptions {
  /** Hypotheses kept at every step, 1 to 1000; default 3. */
  readonly beam?: number;
  /** Hypotheses returned for an image, at most `beam`; default 1. */
  readonly candidates?: number;
  /** Exponent of the length in the score, 0 or more; default 0.7. */
  readonly alpha?: number;
  readonly signal?: CancelSignal | undefined;
  /** Told after each step, for each image whose search goes on or has just ended, where it stands. */
  readonly onPartial?: ((partial: PartialHypothesis) => void) | undefined;
}

/** Where an image's search stands. */
export interface PartialHypothesis {
  readonly image: number;
  /** The best hypothesis by its score so far, finished or not; when the search has ended, the one that is returned. */
  readonly words: readonly number[];
  /** How many of its first words can't change any more, since all hypotheses share them. */
  readonly settled: number;
}

/** A hypothesis that has ended: the row it ended from, `length` − 1 words long. */
interface Finished {
  readonly row: number;
  readonly length: number;
  readonly logProbability: number;
  readonly endLogProbability: number;
  readonly score: number;
}

/** One image's beam. Its live hypotheses hold the image's first `live` rows, best first. */
interface ImageBeam {
  live: number;
  /** The best `candidates` of those that ended, best first. */
  readonly finished: Finished[];
  done: boolean;
}

/** A whole search: how every row of every step came about, so that sentences can be read backwards at the end. */
interface Search {
  readonly task: SearchTask;
  readonly width: number;
  readonly beam: number;
  readonly candidates: number;
  readonly mask: Uint8Array;
  readonly penalties: Float64Array;
  readonly rows: number;
  readonly images: readonly ImageBeam[];
  /** [maximumLength, rows]: the row of the step before. */
  readonly parents: Int32Array;
  /** [maximumLength, rows] */
  readonly words: Int32Array;
  /** [maximumLength, rows] */
  readonly wordLogProbabilities: Float32Array;
  /** [rows], after the latest step. */
  readonly totals: Float64Array;
  readonly selection: Selection;
}

/**
 * The best sentences of each image, best first: `candidates` of them, fewer where fewer ended. Only where none ended before the greatest
 * length are unfinished ones returned, marked `truncated`. Ties go to the lower word, then to the lower parent; of equal scores, the
 * sentence that ended first is better. An image's result does not depend on what else is in the batch.
 * @throws ShowtellError `ARGUMENT` for an option out of range, `CANCELLED` between two steps, `ENGINE` if no word has a probability.
 */
export async function beamSearch<Images, State>(
  stepper: Stepper<Images, State>,
  task: SearchTask,
  images: Images,
  options: BeamOptions = {},
): Promise<readonly (readonly Hypothesis[])[]> {
  const { beam = 3, candidates = 1, alpha = defaultAlpha, signal, onPartial } = options;
  requireWhole("beam", beam, 1, widest);
  requireWhole("candidates", candidates, 1, beam);
  const mask = maskOf(task, stepper.width);
  const penalties = lengthPenalties(alpha, task.maximumLength);
  throwIfCancelled(signal);

  let { state, logProbabilities } = await stepper.start(images);
  const count = rowsOf(logProbabilities, stepper.width);
  const search = newSearch({ task, width: stepper.width, beam, candidates, mask, penalties }, count);
  const { rows, parents, words } = search;
  for (let step = 0; ; step++) {
    for (let image = 0; image < count; image++) {
      const wasDone = search.images[image]!.done;
      advance(search, image, step, logProbabilities);
      if (!wasDone) onPartial?.(partialOf(search, image, step + 1));
    }
    if (search.images.every(({ done }) => done)) break;
    throwIfCancelled(signal);
    const [from, to] = [step * rows, (step + 1) * rows];
    ({ state, logProbabilities } = await stepper.next(state, parents.subarray(from, to), words.subarray(from, to)));
    rowsOf(logProbabilities, stepper.width, rows);
  }
  return search.images.map((_, image) => hypothesesOf(search, image));
}

function newSearch(
  settings: Pick<Search, "task" | "width" | "beam" | "candidates" | "mask" | "penalties">,
  images: number,
): Search {
  const rows = images * settings.beam;
  const places = rows * settings.task.maximumLength;
  return {
    ...settings,
    rows,
    images: Array.from({ length: images }, () => ({ live: 1, finished: [], done: false })),
    parents: new Int32Array(places),
    words: new Int32Array(places),
    wordLogProbabilities: new Float32Array(places),
    totals: new Float64Array(rows),
    selection: emptySelection(settings.beam),
  };
}

/** One step of one image: ranks what its live hypotheses may become, and fills its rows. */
function advance(search: Search, image: number, step: number, logProbabilities: Float32Array): void {
  const { task, width, beam, mask, rows, totals, selection } = search;
  const own = search.images[image]!;
  const firstRow = image * beam;
  const firstParent = step === 0 ? image : firstRow;
  const live = own.done ? 0 : own.live;

  selection.size = 0;
  for (let i = 0; i < live; i++) {
    offerContinuations(selection, i, totals[firstRow + i]!, logProbabilities, (firstParent + i) * width, mask);
  }
  if (live > 0 && selection.size === 0) throw noWordLeft(image, step);

  own.live = 0;
  for (let i = 0; i < selection.size; i++) {
    const parent = firstParent + selection.parents[i]!;
    const word = selection.words[i]!;
    const wordLogProbability = logProbabilities[parent * width + word]!;
    if (word === task.end) {
      finish(search, own, parent, step + 1, selection.totals[i]!, wordLogProbability);
      continue;
    }
    const row = firstRow + own.live++;
    const place = step * rows + row;
    search.parents[place] = parent;
    search.words[place] = word;
    search.wordLogProbabilities[place] = wordLogProbability;
    totals[row] = selection.totals[i]!;
  }
  search.parents.fill(firstParent, step * rows + firstRow + own.live, step * rows + firstRow + beam);
  search.words.fill(task.end, step * rows + firstRow + own.live, step * rows + firstRow + beam);
  own.done ||= own.live === 0 || step + 1 === task.maximumLength || isSettled(search, own, totals[firstRow]!);
}

/** Keeps a hypothesis that ended if it is among the best; of equal scores the earlier one is better. */
function finish(
  { penalties, candidates }: Search,
  { finished }: ImageBeam,
  row: number,
  length: number,
  logProbability: number,
  endLogProbability: number,
): void {
  const score = logProbability / penalties[length]!;
  let place = finished.length;
  while (place > 0 && score > finished[place - 1]!.score) place--;
  if (place === candidates) return;
  finished.splice(place, 0, { row, length, logProbability, endLogProbability, score });
  if (finished.length > candidates) finished.pop();
}

/**
 * Whether no live hypothesis can still beat the worst of those that would be returned. A log-probability only falls as words are added,
 * while the divisor grows at most to that of the greatest length: so the best live total over that divisor bounds all that can come.
 */
function isSettled({ task, penalties, candidates }: Search, { finished }: ImageBeam, bestLiveTotal: number): boolean {
  if (finished.length < candidates) return false;
  return bestLiveTotal / penalties[task.maximumLength]! <= finished[candidates - 1]!.score;
}

/** Where an image's search stands after so many steps. */
function partialOf(search: Search, image: number, steps: number): PartialHypothesis {
  const { finished, live, done } = search.images[image]!;
  if (done) {
    const { words } = hypothesesOf(search, image)[0]!;
    return { image, words, settled: words.length };
  }
  const firstRow = image * search.beam;
  const ended = finished.map(({ row, length }) => readBack(search, length - 1, row).words);
  const going = Array.from({ length: live }, (_, i) => readBack(search, steps, firstRow + i).words);
  const goingScore = search.totals[firstRow]! / search.penalties[steps]!;
  const words = (finished.length > 0 && finished[0]!.score >= goingScore ? ended : going)[0]!;
  const all = [...ended, ...going];
  const differs = words.findIndex((word, i) => all.some((other) => other[i] !== word));
  return { image, words, settled: differs === -1 ? words.length : differs };
}

function hypothesesOf(search: Search, image: number): Hypothesis[] {
  const { beam, candidates, penalties, totals, task } = search;
  const { finished, live } = search.images[image]!;
  if (finished.length > 0) {
    return finished.map(({ row, length, logProbability, endLogProbability, score }) => {
      const { words, wordLogProbabilities } = readBack(search, length - 1, row);
      wordLogProbabilities.push(endLogProbability);
      return { words, logProbability, score, wordLogProbabilities, truncated: false };
    });
  }
  return Array.from({ length: Math.min(candidates, live) }, (_, i) => {
    const row = image * beam + i;
    const logProbability = totals[row]!;
    const score = logProbability / penalties[task.maximumLength]!;
    return { ...readBack(search, task.maximumLength, row), logProbability, score, truncated: true };
  });
}

/** The `length` words that lead to a row, and the log-probability of each. */
function readBack(
  search: Search,
  length: number,
  lastRow: number,
): { words: number[]; wordLogProbabilities: number[] } {
  const words = Array.from<number>({ length });
  const wordLogProbabilities = Array.from<number>({ length });
  let row = lastRow;
  for (let step = length - 1; step >= 0; step--) {
    const place = step * search.rows + row;
    words[step] = search.words[place]!;
    wordLogProbabilities[step] = search.wordLogProbabilities[place]!;
    row = search.parents[place]!;
  }
  return { words, wordLogProbabilities };
}
