// Consensus decoding: of several captions the one that agrees most, by CIDEr-D, with the others, or with what people said of training pictures
// that look alike (Devlin et al. 2015, "Exploring nearest neighbor approaches for image captioning"; for a model's own captions Mao et al. 2015,
// "Deep captioning with multimodal recurrent neural networks"). Makes no captions and finds no pictures.
import { bleuScorer, ciderScorer } from "caption-metrics";
import type { DocumentFrequencies, References, Tokens } from "caption-metrics";

/** The choices there are for a consensus, by the options that choose. */
export const consensusChoices = {
  /** How much each of the others counts: all alike, or by its probability among them. */
  consensusWeights: ["uniform", "probability"],
  /** Whose captions they are: those of the ensemble as one model, or those of each of its members, all together. */
  consensusFrom: ["ensemble", "members"],
  /**
   * Whom captions are to agree with: the others that were found, or the captions of the training pictures that look most like this one, alone or
   * with what a matcher learnt from all of them.
   */
  consensusVoters: ["captions", "neighbours", "neighbours-and-matcher"],
} as const;
export type ConsensusWeights = (typeof consensusChoices.consensusWeights)[number];
export type ConsensusSource = (typeof consensusChoices.consensusFrom)[number];
export type ConsensusVoters = (typeof consensusChoices.consensusVoters)[number];

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
  const all = captions.map((_, place) => place);
  return captions.map(({ tokens }, own) => {
    let [sum, total] = [0, 0];
    for (const [other, score] of scorer.scores(all, tokens).entries()) {
      if (other === own) continue;
      sum += votes[other]! * score;
      total += votes[other]!;
    }
    // Where all others are too improbable to count, none disagrees.
    return total === 0 ? 0 : sum / total;
  });
}

/** A training picture whose captions have a vote. */
export interface VotingPicture {
  /** Cosine of the angle between its features and those of the picture that is captioned. */
  readonly similarity: number;
  /** Tokens of what people said of it. */
  readonly captions: readonly (readonly string[])[];
}

/** Who has a vote on a picture's captions. */
export interface Electorate {
  readonly pictures: readonly VotingPicture[];
  /** How well a sentence fits the picture, if that is to count. */
  readonly fitOf?: ((tokens: Tokens) => number) | undefined;
}

/** So many training pictures vote. This and the numbers below were chosen as docs/decisions/neighbour-votes.md says. */
export const votingPictures = 30;

const similarityScale = 0.04;

/** What each picture's captions count: the nearest one's 1, those of one that is less similar by `scale` 1/e of it. */
export function votesOf(neighbours: readonly VotingPicture[], scale: number = similarityScale): readonly number[] {
  const nearest = Math.max(...neighbours.map(({ similarity }) => similarity));
  return neighbours.map(({ similarity }) => Math.exp((similarity - nearest) / scale));
}

/** The mean of a score for each picture, by its place, each counting what {@link votesOf} gives. */
function votedMean(neighbours: readonly VotingPicture[], scale: number): (scores: readonly number[]) => number {
  const votes = votesOf(neighbours, scale);
  const total = votes.reduce((sum, vote) => sum + vote, 0);
  return (scores) => votes.reduce((sum, vote, i) => sum + vote * scores[i]!, 0) / total;
}

const captionsOf = (neighbours: readonly VotingPicture[]): References => neighbours.map(({ captions }) => captions);

/**
 * What each caption's CIDEr-D (0 … 10) is expected to be from training pictures: the mean of its scores against their captions, in which a
 * picture that is less similar than the nearest by `scale` counts 1/e of it.
 */
export function neighbourScores(
  captions: readonly Tokens[],
  neighbours: readonly VotingPicture[],
  frequencies: DocumentFrequencies,
  scale: number = similarityScale,
): number[] {
  const scorer = ciderScorer(captionsOf(neighbours), { frequencies });
  const mean = votedMean(neighbours, scale);
  const all = neighbours.map((_, place) => place);
  return captions.map((tokens) => mean(scorer.scores(all, tokens)));
}

/** The same of each caption's BLEU-4 (0 … 1), unsmoothed. */
export function neighbourBleu(captions: readonly Tokens[], neighbours: readonly VotingPicture[]): number[] {
  const scorer = bleuScorer(captionsOf(neighbours));
  const mean = votedMean(neighbours, similarityScale);
  return captions.map((tokens) => mean(neighbours.map((_, place) => scorer.score(place, tokens)[3]!)));
}

/** What speaks for a caption where training pictures vote. */
export interface Votes {
  /** What {@link neighbourScores} gives. */
  readonly votes: number;
  /** The model's log-probability, as lengths have it. */
  readonly score: number;
  /** Where several models found captions each alone, and no matcher says how they fit: how much it agrees with all that they found, see {@link expectedScores}. */
  readonly agreement?: number | undefined;
  /** There, too, and where a matcher says how they fit: what {@link neighbourBleu} gives. One of many captions always has rare words in common with somebody. */
  readonly bleu?: number | undefined;
  /** Where a matcher says so: how well it fits the picture, the logarithm of how much likelier it makes it. */
  readonly fit?: number | undefined;
  /** Whether several models found captions each alone. */
  readonly areMembers?: boolean;
  /** Whether the same pictures foretold their words, so that the score has what they said in it. */
  readonly areForetold?: boolean;
}

/**
 * What each of the others counts beside a CIDEr-D of votes: without a matcher, with one, and with one where several models found captions each alone.
 * Of so many captions some always seem to fit, but fewer of those whose words were foretold, and their score says more.
 */
const voteShares = {
  unmatched: { score: 0.2, agreement: 0.1, bleu: 1, fit: 0 },
  matched: { score: 0.4, agreement: 0, bleu: 1, fit: 0.3 },
  matchedMembers: { score: 0.6, agreement: 0, bleu: 1, fit: 0.1 },
  foretoldMembers: { score: 0.8, agreement: 0, bleu: 1, fit: 0.2 },
} as const;

/** What ranks a caption that training pictures voted on; `tried` is for trying other shares. */
export function votedRank(
  { votes, score, agreement = 0, bleu = 0, fit, areMembers = false, areForetold = false }: Votes,
  tried: { readonly [Name in keyof typeof voteShares.matched]?: number } = {},
): number {
  const members = areForetold ? "foretoldMembers" : "matchedMembers";
  const kind = fit === undefined ? "unmatched" : areMembers ? members : "matched";
  const shares = { ...voteShares[kind], ...tried };
  return votes + shares.score * score + shares.agreement * agreement + shares.bleu * bleu + shares.fit * (fit ?? 0);
}
