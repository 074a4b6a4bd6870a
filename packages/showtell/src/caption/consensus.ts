// Consensus decoding: of several captions the one that agrees most with the others, by CIDEr-D (Devlin et al. 2015). Makes no captions.
import { ciderScorer, type DocumentFrequencies } from "caption-metrics";

/** How much each of the others counts: all alike, or by its probability among them. */
export type ConsensusWeights = "uniform" | "probability";

/** Whose captions they are: those of the ensemble as one model, or those of each of its members, all together. */
export type ConsensusSource = "ensemble" | "members";

/** A caption that may be chosen. */
export interface Voter {
  readonly tokens: readonly string[];
  /** Natural log-probability. */
  readonly logProbability: number;
}

/**
 * What each caption's CIDEr-D (0 … 10) is expected to be, were one of the others the truth: the mean of its scores against them, weighted. A
 * lone caption has 0.
 */
export function expectedScores(
  captions: readonly Voter[],
  frequencies: DocumentFrequencies,
  weights: ConsensusWeights = "uniform",
): number[] {
  if (captions.length < 2) return captions.map(() => 0);
  const scorer = ciderScorer(
    captions.map(({ tokens }) => [tokens]),
    { frequencies },
  );
  const highest = Math.max(...captions.map(({ logProbability }) => logProbability));
  const votes = captions.map(({ logProbability }) => (weights === "uniform" ? 1 : Math.exp(logProbability - highest)));
  return captions.map(({ tokens }, own) => {
    let [sum, total] = [0, 0];
    for (const [other, vote] of votes.entries()) {
      if (other === own) continue;
      sum += vote * scorer.score(other, tokens);
      total += vote;
    }
    // Where all others are too improbable to count, none disagrees.
    return total === 0 ? 0 : sum / total;
  });
}
