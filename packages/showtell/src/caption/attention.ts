// Where a model looked for each word of a caption: its attention, read by saying the caption again. Knows no engine and no pictures.
import { throwIfCancelled } from "../base/cancel.ts";
import type { CancelSignal } from "../base/cancel.ts";
import type { Hypothesis } from "../search/hypothesis.ts";
import type { Stepper } from "../search/stepper.ts";
import { endId } from "../text/vocabulary.ts";

/**
 * For each word of a caption, and last for its end, how much was looked at each place, row by row of the grid. Each sums to 1, or to less
 * where a sentinel takes the rest.
 */
export type AttentionMaps = readonly (readonly number[])[];

/**
 * The maps of one caption a picture, all said at once; undefined for a model that does not attend.
 * @throws ShowtellError `CANCELLED`, `ENGINE`.
 */
export async function attentionMaps<Images, State>(
  stepper: Stepper<Images, State>,
  images: Images,
  captions: readonly Pick<Hypothesis, "words" | "wordLogProbabilities">[],
  signal?: CancelSignal,
): Promise<readonly AttentionMaps[] | undefined> {
  const maps: (readonly number[])[][] = captions.map(() => []);
  const rows = Int32Array.from(captions.keys());
  const longest = Math.max(...captions.map(({ wordLogProbabilities }) => wordLogProbabilities.length));
  let step = await stepper.start(images);
  for (let said = 0; said < longest; said++) {
    throwIfCancelled(signal);
    const { attention } = step;
    if (attention === undefined) return undefined;
    const places = attention.length / captions.length;
    for (const [row, { wordLogProbabilities }] of captions.entries()) {
      if (said < wordLogProbabilities.length)
        maps[row]!.push(Array.from(attention.subarray(row * places, (row + 1) * places)));
    }
    if (said + 1 === longest) break;
    const words = Int32Array.from(captions, (caption) => caption.words[said] ?? endId);
    step = await stepper.next(step.state, rows, words);
  }
  return maps;
}
