// How sure a model said it was of captions that have been scored, and how often it was right. Scores nothing.
import type { Calibration } from "../bundle/calibration.ts";
import { reliability } from "./calibration.ts";
import type { RowConfidence } from "./evaluation.ts";

/** What was said of a picture's caption, and what it was worth. */
export interface JudgedCaption {
  /** Undefined where the calibration does not hold for how captions were found. */
  readonly confidence: number | undefined;
  /** CIDEr-D, as the calibration has it. */
  readonly score: number;
}

/**
 * What a row says of confidence; undefined where captions were found in a way that the calibration does not hold for.
 * @param data What was evaluated; on the pictures that the calibration was fitted to nothing is measured, for it would flatter.
 */
export function rowConfidence(
  { metric, threshold, data: { name, split, pictures }, quality }: Calibration,
  data: { readonly name: string; readonly split: string },
  captions: readonly JudgedCaption[],
): RowConfidence | undefined {
  const judged = captions.flatMap(({ confidence, score }) =>
    confidence === undefined ? [] : [{ confidence, good: score > threshold }],
  );
  if (judged.length === 0) return undefined;
  const isSame = name === data.name && split === data.split;
  const said = { metric, threshold, data: { name, split, pictures }, calibrated: quality };
  return isSame ? said : { ...said, measured: reliability(judged) };
}
