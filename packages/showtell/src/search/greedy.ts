// Greedy search: the likeliest word at every step. Knows nothing of ONNX, images or words.
import type { CancelSignal } from "../base/cancel.ts";
import { defaultAlpha, type Hypothesis } from "./hypothesis.ts";
import { type Choice, followPaths } from "./paths.ts";
import type { Stepper } from "./stepper.ts";
import type { SearchTask } from "./task.ts";

/** Settings of {@link greedySearch}. */
export interface GreedyOptions {
  /** Exponent of the length in the score, 0 or more; default 0.7. It changes the score only. */
  readonly alpha?: number;
  readonly signal?: CancelSignal | undefined;
}

/**
 * One sentence an image, built of the likeliest word at every step (of equal ones the lower id); the same as a beam of 1.
 * @throws ShowtellError `ARGUMENT` for an option out of range, `CANCELLED` between two steps, `ENGINE` if no word has a probability.
 */
export async function greedySearch<Images, State>(
  stepper: Stepper<Images, State>,
  task: SearchTask,
  images: Images,
  options: GreedyOptions = {},
): Promise<readonly (readonly Hypothesis[])[]> {
  const { alpha = defaultAlpha, signal } = options;
  return followPaths(stepper, task, images, { group: 1, alpha, signal, choose: likeliest });
}

function likeliest({ logProbabilities, offset, mask }: Choice): number {
  let best = -1;
  let highest = -Infinity;
  for (let word = 0; word < mask.length; word++) {
    const value = logProbabilities[offset + word]!;
    if (!(value > highest) || mask[word] === 1) continue;
    highest = value;
    best = word;
  }
  return best;
}
