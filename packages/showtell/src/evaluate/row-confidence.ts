// How sure a model said it was of captions that have been scored, and how often it was right. Scores nothing.
import type { Calibration } from "../bundle/calibration.ts";
import { hashesIn, shortHash } from "../bundle/hash-list.ts";
import { reliability } from "./calibration.ts";
import type { RowConfidence } from "./evaluation.ts";

/** What was said of a picture's caption, and what it was worth. */
export interface JudgedCaption {
  /** Undefined where the calibration does not hold for how captions were found. */
  readonly confidence: number | undefined;
  /** CIDEr-D, as the calibration has it. */
  readonly score: number;
  /** Hash of the picture's file. */
  readonly hash: string;
}

/**
 * What a row says of confidence; undefined where captions were found in a way that the calibration does not hold for.
 * @param data What was evaluated. On the pictures that the calibration was fitted to nothing is measured, for it would flatter: they are known by
 *   their hashes, and where an older calibration has none, all pictures of a split of that name are taken for them.
 */
export function rowConfidence(
  { metric, threshold, data: { name, split, pictures, hashes }, quality }: Calibration,
  data: { readonly name: string; readonly split: string },
  captions: readonly JudgedCaption[],
): RowConfidence | undefined {
  const judged = captions.flatMap(({ confidence, score, hash }) =>
    confidence === undefined ? [] : [{ confidence, good: score > threshold, hash }],
  );
  if (judged.length === 0) return undefined;
  const isSame = name === data.name && split === data.split;
  const fitted = hashes === undefined ? undefined : hashesIn(hashes);
  const fresh = judged.filter(({ hash }) => (fitted === undefined ? !isSame : !fitted.has(shortHash(hash))));
  const said = { metric, threshold, data: { name, split, pictures }, calibrated: quality };
  return fresh.length === 0 ? said : { ...said, measured: reliability(fresh) };
}
