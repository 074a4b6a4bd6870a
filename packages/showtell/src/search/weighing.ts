// How probable a given sentence is, word by word, to a stepper. Searches nothing.
import type { CancelSignal } from "../base/cancel.ts";
import { throwIfCancelled } from "../base/cancel.ts";
import type { Stepper } from "./stepper.ts";

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
