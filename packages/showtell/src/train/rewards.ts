// What a drawn caption is worth: metrics against the picture's true captions, weighted and added. Draws nothing.
import { bleuScorer, ciderScorer } from "caption-metrics";
import type { Tokens } from "caption-metrics";
import type { Hypothesis } from "../search/hypothesis.ts";

/**
 * The metrics that can reward, both with the end token counted: CIDEr-D between 0 and 10, by the document frequencies of the training
 * captions; and BLEU-4 of the single caption between 0 and 1, without smoothing, so 0 where no four words in a row are shared.
 */
export const rewardKinds = ["cider-d", "bleu-4"] as const;
/** The name of such a metric. */
type RewardKind = (typeof rewardKinds)[number];

/** What each metric counts; one that is not named does not. */
export type RewardWeights = { readonly [Kind in RewardKind]?: number };

/** What the rewards are reckoned from. */
export interface RewardData {
  /** Tokens of the true captions of each picture, by the row of its features. */
  readonly references: readonly (readonly Tokens[])[];
  /** The word of each id. */
  readonly words: readonly string[];
}

/** The reward of a caption for a picture, given by its row. */
export type CaptionReward = (picture: number, caption: Pick<Hypothesis, "words" | "truncated">) => number;

type Score = (picture: number, tokens: Tokens, ended: boolean) => number;

/** A token that no caption has, to count the end with. */
const endToken = "</s>";

const scorers: { readonly [Kind in RewardKind]: (references: RewardData["references"]) => Score } = {
  "cider-d": (references) => {
    const scorer = ciderScorer(references, { endToken });
    return (picture, tokens, ended) => scorer.score(picture, tokens, ended);
  },
  "bleu-4": (references) => {
    const scorer = bleuScorer(references, { endToken });
    return (picture, tokens, ended) => scorer.score(picture, tokens, ended)[3]!;
  },
};

/** Prepares rewards; default: CIDEr-D alone. Pictures without a true caption have none, and count for no document frequency. */
export function captionReward(
  { references, words }: RewardData,
  weights: RewardWeights = { "cider-d": 1 },
): CaptionReward {
  const captioned = [...references.keys()].filter((picture) => references[picture]!.length > 0);
  const places = new Map(captioned.map((picture, place) => [picture, place]));
  const known = captioned.map((picture) => references[picture]!);
  const parts = rewardKinds.flatMap((kind) => {
    const weight = weights[kind] ?? 0;
    return weight === 0 ? [] : [{ weight, score: scorers[kind](known) }];
  });
  return (picture, caption) => {
    const place = places.get(picture)!;
    const tokens = caption.words.map((id) => words[id]!);
    return parts.reduce((sum, { weight, score }) => sum + weight * score(place, tokens, !caption.truncated), 0);
  };
}
