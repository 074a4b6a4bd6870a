// Sentences that grow one word at a time and never branch: what greedy search, sampling and the weighing of given sentences share. Knows
// only ids and how to choose one.
import { type CancelSignal, throwIfCancelled } from "../base/cancel.ts";
import { type Hypothesis, lengthPenalties } from "./hypothesis.ts";
import type { Stepper } from "./stepper.ts";
import { maskOf, noWordLeft, rowsOf, type SearchTask } from "./task.ts";

/** What a word is chosen from: the row of `logProbabilities` that begins at `offset`. */
export interface Choice {
  readonly image: number;
  /** Which of the image's paths, and which of its words. */
  readonly path: number;
  readonly step: number;
  readonly logProbabilities: Float32Array;
  readonly offset: number;
  /** `[words]`: 1 where a word is never produced. */
  readonly mask: Uint8Array;
}

/** Chooses a word for a path, or −1 if none has a probability. */
export type ChooseWord = (choice: Choice) => number;

interface PathOptions {
  /** Paths an image. */
  readonly group: number;
  readonly alpha: number;
  readonly choose: ChooseWord;
  readonly signal?: CancelSignal | undefined;
}

interface Path {
  readonly words: number[];
  readonly wordLogProbabilities: number[];
  ended: boolean;
}

/** Follows `group` paths for each image until all have ended or are as long as allowed, and gives them in their order. */
export async function followPaths<Images, State>(
  stepper: Stepper<Images, State>,
  task: SearchTask,
  images: Images,
  { group, alpha, choose, signal }: PathOptions,
): Promise<readonly (readonly Hypothesis[])[]> {
  const { width } = stepper;
  const mask = maskOf(task, width);
  const penalties = lengthPenalties(alpha, task.maximumLength);
  throwIfCancelled(signal);

  let { state, logProbabilities } = await stepper.start(images);
  const count = rowsOf(logProbabilities, width);
  const paths = Array.from({ length: count * group }, (): Path => ({
    words: [],
    wordLogProbabilities: [],
    ended: false,
  }));
  const words = new Int32Array(paths.length);
  // After the start there is one row an image; from then on every path continues its own row.
  let parents = Int32Array.from(paths, (_, row) => Math.floor(row / group));
  for (let step = 0; ; step++) {
    for (const [row, path] of paths.entries()) {
      words[row] = task.end;
      if (path.ended) continue;
      const image = Math.floor(row / group);
      const offset = parents[row]! * width;
      const word = choose({ image, path: row % group, step, logProbabilities, offset, mask });
      if (word < 0) throw noWordLeft(image, step);
      words[row] = word;
      extend(path, word, logProbabilities[offset + word]!, task.end);
    }
    if (step + 1 === task.maximumLength || paths.every(({ ended }) => ended)) break;
    throwIfCancelled(signal);
    ({ state, logProbabilities } = await stepper.next(state, parents, words));
    rowsOf(logProbabilities, width, paths.length);
    if (step === 0) parents = Int32Array.from(paths.keys());
  }
  return Array.from({ length: count }, (_, image) =>
    paths.slice(image * group, (image + 1) * group).map((path) => hypothesisOf(path, penalties)),
  );
}

function extend(path: Path, word: number, logProbability: number, end: number): void {
  path.wordLogProbabilities.push(logProbability);
  if (word === end) path.ended = true;
  else path.words.push(word);
}

function hypothesisOf({ words, wordLogProbabilities, ended }: Path, penalties: Float64Array): Hypothesis {
  let logProbability = 0;
  for (const each of wordLogProbabilities) logProbability += each;
  const score = logProbability / penalties[wordLogProbabilities.length]!;
  return { words, logProbability, score, wordLogProbabilities, truncated: !ended };
}
