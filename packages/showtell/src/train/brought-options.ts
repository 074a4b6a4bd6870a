// What of a run's options decides nothing where it goes on from a model, which brings its own along. Knows no model and no file.
import type { DecoderOptions } from "../models/decoder-options.ts";

/** All choices of a decoder but its dropout, which a run may choose anew. */
const broughtByDecoder: Readonly<Record<Exclude<keyof DecoderOptions, "dropout">, true>> = {
  hiddenSize: true,
  attentionSize: true,
  cell: true,
  conditioning: true,
  score: true,
  layers: true,
  heads: true,
  forwardSize: true,
  positions: true,
};

/** What decides whether words matter to a run that goes on from a model. */
export interface GoingOn {
  /** Whether it learns drawn captions by their rewards: in the words that the model has, so that no vocabulary is made. */
  readonly isRewarded: boolean;
  /** Whether its model gets words besides those that it had, or may get some. */
  readonly addsWords: boolean;
}

/** Paths below a run's options, `decoderOptions.hiddenSize` say, of those that a model to go on from makes idle. */
export function broughtOptions({ isRewarded, addsWords }: GoingOn): readonly string[] {
  return [
    "freezeEmbeddings",
    "embeddingSize",
    ...Object.keys(broughtByDecoder).map((name) => `decoderOptions.${name}`),
    ...(addsWords ? [] : ["embeddings"]),
    ...(isRewarded ? ["minimumCount"] : []),
  ];
}
