// How probable given sentences are, word by word, to a stepper. Searches nothing.
import type { CancelSignal } from "../base/cancel.ts";
import { throwIfCancelled } from "../base/cancel.ts";
import { defaultAlpha, type Hypothesis } from "./hypothesis.ts";
import { followPaths } from "./paths.ts";
import type { Stepper } from "./stepper.ts";
import type { SearchTask } from "./task.ts";

/**
 * Natural log-probabilities of a sentence's words, and last of its end, for each image.
 * @param words The sentence's ids, without the end.
 */
export async function weighSentence<Images, State>(
  stepper: Stepper<Images, State>,
  images: Images,
  count: number,
  { words, end, signal }: { readonly words: readonly number[]; readonly end: number; readonly signal?: CancelSignal },
): Promise<readonly (readonly number[])[]> {
  const weights = Array.from({ length: count }, (): number[] => []);
  const rows = Int32Array.from({ length: count }, (_, row) => row);
  let step = await stepper.start(images);
  for (const [i, word] of [...words, end].entries()) {
    weights.forEach((own, row) => own.push(step.logProbabilities[row * stepper.width + word]!));
    throwIfCancelled(signal);
    if (i < words.length) step = await stepper.next(step.state, rows, new Int32Array(count).fill(word));
  }
  return weights;
}

/**
 * Sentences of each image, any number of them, as hypotheses of a stepper that need not have found them. One as long as the task allows
 * has no end and is truncated, as if it had been searched.
 * @param sentences Ids without the end, by image.
 * @throws ShowtellError `ARGUMENT` for an option out of range, `CANCELLED` between two steps.
 */
export async function weighSentences<Images, State>(
  stepper: Stepper<Images, State>,
  task: SearchTask,
  images: Images,
  sentences: readonly (readonly (readonly number[])[])[],
  { alpha = defaultAlpha, signal }: { readonly alpha?: number; readonly signal?: CancelSignal | undefined } = {},
): Promise<readonly (readonly Hypothesis[])[]> {
  // Images with fewer sentences than others end their further paths at once.
  const group = Math.max(1, ...sentences.map((own) => own.length));
  const weighed = await followPaths(stepper, task, images, {
    group,
    alpha,
    signal,
    choose: ({ image, path, step }) => sentences[image]![path]?.[step] ?? task.end,
  });
  return weighed.map((paths, image) => paths.slice(0, sentences[image]!.length));
}
