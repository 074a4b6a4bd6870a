// What a search may produce: which ids, and how many. Knows nothing of what the ids mean beyond "end" and "never".
import { ShowtellError } from "../base/errors.ts";

/** Most hypotheses or sentences an image, and most tokens of one: far beyond any use, and a slip of the keyboard still fits in memory. */
export const widest = 1000;
const longest = 1000;

/** The rules that hold for every search over one vocabulary. */
export interface SearchTask {
  /** The id that ends a hypothesis. */
  readonly end: number;
  /** Ids that are never produced (padding, start, unknown). */
  readonly never: readonly number[];
  /** Size of the real vocabulary: columns from here on are padding of the matrix and never produced. */
  readonly words: number;
  /** Most tokens of a hypothesis, the end token counted, 1 to 1000; a search takes at most this many steps. */
  readonly maximumLength: number;
}

/**
 * Checks a task against the width of a stepper and gives its mask: `[words]`, 1 where an id is never produced.
 * @throws ShowtellError `ARGUMENT` if a number is out of its range or the end token is among those never produced.
 */
export function maskOf(task: SearchTask, width: number): Uint8Array {
  requireWhole("words", task.words, 1, width);
  requireWhole("end", task.end, 0, task.words - 1);
  requireWhole("maximumLength", task.maximumLength, 1, longest);
  const mask = new Uint8Array(task.words);
  for (const id of task.never) {
    requireWhole("never", id, 0, task.words - 1);
    if (id === task.end) throw new ShowtellError("ARGUMENT", `the end token ${id} is among the ids never produced`);
    mask[id] = 1;
  }
  return mask;
}

/** Refuses what is not a whole number from `least` to `most`. @throws ShowtellError `ARGUMENT`, naming the option. */
export function requireWhole(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new ShowtellError("ARGUMENT", `${name} is ${value}; it must be a whole number from ${least} to ${most}`);
}

/** Number of rows in a step's log-probabilities. @throws ShowtellError `INTERNAL` if they are not `[rows, width]` or not as many as expected. */
export function rowsOf(logProbabilities: Float32Array, width: number, expected?: number): number {
  const rows = logProbabilities.length / width;
  if (Number.isInteger(rows) && (expected === undefined || rows === expected)) return rows;
  throw new ShowtellError(
    "INTERNAL",
    `a stepper of width ${width} gave ${logProbabilities.length} log-probabilities where ${expected ?? "whole"} rows were due`,
  );
}

/** The error for a model that leaves no way on: every word that may be produced has probability zero or none at all (NaN). */
export function noWordLeft(image: number, step: number): ShowtellError {
  return new ShowtellError(
    "ENGINE",
    `the model gives no word a probability at word ${step + 1} of image ${image}: its weights or its input are not finite`,
  );
}
