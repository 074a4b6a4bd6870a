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

/** What of a caption is said again. */
type Said = Pick<Hypothesis, "words" | "wordLogProbabilities">;

/**
 * The maps of each picture's captions, all said at once; undefined for a model that does not attend.
 * @throws ShowtellError `CANCELLED`, `ENGINE`.
 */
export async function attentionMaps<Images, State>(
  stepper: Stepper<Images, State>,
  images: Images,
  captions: readonly (readonly Said[])[],
  signal?: CancelSignal,
): Promise<readonly (readonly AttentionMaps[])[] | undefined> {
  // A stepper's rows are as many for every picture: where one has fewer captions, its last is said again.
  const group = Math.max(...captions.map((own) => own.length));
  const rows = captions.flatMap((own, image) =>
    Array.from({ length: group }, (_, i) => ({ image, caption: own[i] ?? own.at(-1)! })),
  );
  const maps = rows.map((): (readonly number[])[] => []);
  const longest = Math.max(...rows.map(({ caption }) => caption.wordLogProbabilities.length));
  const places = Int32Array.from(rows.keys());
  const firstPlaces = Int32Array.from(rows, ({ image }) => image);
  let step = await stepper.start(images);
  for (let said = 0; said < longest; said++) {
    throwIfCancelled(signal);
    const { attention } = step;
    if (attention === undefined) return undefined;
    const parents = said === 0 ? firstPlaces : places;
    const width = attention.length / (said === 0 ? captions.length : rows.length);
    for (const [row, { caption }] of rows.entries()) {
      if (said >= caption.wordLogProbabilities.length) continue;
      const start = parents[row]! * width;
      maps[row]!.push(Array.from(attention.subarray(start, start + width)));
    }
    if (said + 1 === longest) break;
    const words = Int32Array.from(rows, ({ caption }) => caption.words[said] ?? endId);
    step = await stepper.next(step.state, parents, words);
  }
  return captions.map((own, image) => maps.slice(image * group, image * group + own.length));
}
