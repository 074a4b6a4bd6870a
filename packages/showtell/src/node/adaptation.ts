// A model that learned on, held against the one it went on from: both caption the same dev pictures by the same search. Judges nothing.
import { throwIfCancelled } from "../base/cancel.ts";
import { captionJudge } from "../evaluate/caption-quality.ts";
import type { FeatureReader } from "../train/learner.ts";
import type { ScoredBoth } from "../train/adaptation.ts";
import type { DevCaptionOptions, DevDecoder } from "./dev-captions.ts";
import { captionRows, captionedRows } from "./dev-captions.ts";
import type { DevSet } from "./training-data.ts";

/** A model that reads the features of some pictures. */
export type ModelOf = (features: FeatureReader) => DevDecoder;

/**
 * Scores two models on all pictures of each set that have a caption with words.
 * @throws ShowtellError `CANCELLED`, `ENGINE`.
 */
export async function scoreBoth(
  sets: readonly DevSet[],
  models: { readonly before: ModelOf; readonly after: ModelOf },
  { signal, onProgress }: Omit<DevCaptionOptions, "beam">,
): Promise<readonly ScoredBoth[]> {
  const rows = sets.map((set) => captionedRows(set));
  const total = 2 * rows.reduce((sum, { length }) => sum + length, 0);
  const scored: ScoredBoth[] = [];
  let done = 0;
  for (const [i, { name, dev, devPictures }] of sets.entries()) {
    const own = rows[i]!;
    const judge = captionJudge(Array.from(own, (row) => devPictures[row]!.captions));
    const captionsOf = async (model: ModelOf): Promise<readonly string[]> => {
      throwIfCancelled(signal);
      const captions = await captionRows(model(dev.features), own, {
        signal,
        onProgress: (captioned) => onProgress?.(done + captioned, total),
      });
      done += own.length;
      return captions;
    };
    const before = judge(await captionsOf(models.before));
    const after = judge(await captionsOf(models.after));
    scored.push({ data: name, pictures: own.length, before, after });
  }
  return scored;
}
