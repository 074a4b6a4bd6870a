// How captions are asked for: searched, steered or drawn, and which options go together. Knows no search and no words.
import type { CancelSignal } from "../base/cancel.ts";
import { ShowtellError, quoted } from "../base/errors.ts";
import { chosen } from "../models/decoder-options.ts";
import { requireWhole } from "../search/task.ts";
import type { ConsensusSource, ConsensusVoters, ConsensusWeights } from "./consensus.ts";
import { consensusChoices } from "./consensus.ts";

/** Most training pictures that are told of. */
export const mostNeighbours = 20;

/** Most that neighbours' words count, beyond which the model hardly does. */
export const mostNeighbourWords = 10;

/** How captions are made. */
export interface CaptionOptions extends SteeringOptions, DrawingOptions, AgreementOptions {
  /**
   * Hypotheses that are followed; 1 is greedy. Default: the bundle's (3 as shipped), or `candidates` where that is more; at least `consensus`,
   * whatever is said. Not where captions are drawn.
   */
  readonly beam?: number;
  /** Captions a picture, best first; at most `beam`, unless sampled. Default 1, or as many as there are `groups`. */
  readonly candidates?: number;
  /** Whether to tell where the model looked for each word of each caption; default false. Models without attention tell nothing. */
  readonly attention?: boolean;
  /**
   * Also tells so many training pictures (1 to 20) that look like the picture, and of each caption how often it stands in training data.
   * Default: none. Only where a table of neighbours is loaded.
   */
  readonly neighbours?: number;
  /**
   * Marks a caption as abstained from where the probability that it is good, by the bundle's calibration, is below this: 0 to 1. Not for
   * captions that are drawn, steered, chosen by consensus, or searched with `neighbourWords`.
   */
  readonly abstainBelow?: number;
  /** Cancels between steps. */
  readonly signal?: CancelSignal;
  /** Told word by word how captions come about, unless they are drawn, steered, or found by an ensemble's members alone. */
  readonly onPartial?: (partial: PartialCaption) => void;
}

/** What captions are to have in common with others. */
export interface AgreementOptions extends ConsensusOptions {
  /**
   * How much it counts in the search, beside the logarithm of a word's probability by the model, what logarithm it has by what people said of the 30
   * most similar training pictures, as a model of four words in a row: from 0 to 10, of which 0.5 is good. Probabilities and scores that are told are
   * the model's own; what steering cost is not told. Only where a table of neighbours is loaded. Default 0.
   */
  readonly neighbourWords?: number;
}

/** Choosing among many captions the ones that agree most with the others, or with what people said of pictures that look alike. */
export interface ConsensusOptions {
  /**
   * Finds this many captions a picture, at least 2 and at least `candidates`, and ranks them by the CIDEr-D that each is expected to have
   * against the others; document frequencies are those that the bundle carries.
   */
  readonly consensus?: number;
  /** How much each of the others counts; default "uniform". Not where neighbours vote. */
  readonly consensusWeights?: ConsensusWeights;
  /**
   * With "members" each member of an ensemble finds as many captions alone, and all of them are ranked together, one that two members
   * found voting twice; their probabilities are the ensemble's. Default "ensemble": captions that the members find together.
   */
  readonly consensusFrom?: ConsensusSource;
  /**
   * With "neighbours" the captions of the 30 most similar training pictures vote instead of the others that were found, each counting less
   * the less similar its picture is; the model's own score counts a little and, with `consensusFrom` "members", BLEU-4 against the same
   * captions and the agreement of all that were found. With "neighbours-and-matcher" the model's own score, BLEU-4 and how well a caption fits
   * the picture count beside the votes, by what was learnt from all training pictures and their captions. Only where a table of neighbours is
   * loaded. Default "captions".
   */
  readonly consensusVoters?: ConsensusVoters;
}

/** Whether those who vote are training pictures. */
export function areNeighbours(voters: ConsensusVoters | undefined): boolean {
  return voters === "neighbours" || voters === "neighbours-and-matcher";
}

/** Whether training pictures vote on captions. */
export function neighboursVote({ consensus, consensusVoters }: ConsensusOptions): boolean {
  return consensus !== undefined && areNeighbours(consensusVoters);
}

/** Whether a matcher counts, too. */
export function matcherCounts({ consensus, consensusVoters }: ConsensusOptions): boolean {
  return consensus !== undefined && consensusVoters === "neighbours-and-matcher";
}

/** Whether what people said of training pictures foretells words. */
export function neighboursForetell({ neighbourWords = 0 }: AgreementOptions): boolean {
  return neighbourWords !== 0;
}

/** Whether captions can only be found by those who know training pictures. */
export function needsNeighbours(options: AgreementOptions): boolean {
  return neighboursVote(options) || neighboursForetell(options);
}

/** The options on agreement that are given, of whatever else is. */
export function agreementOptionsOf(options: AgreementOptions): AgreementOptions {
  const { consensus, consensusWeights, consensusFrom, consensusVoters, neighbourWords } = options;
  return chosen({ consensus, consensusWeights, consensusFrom, consensusVoters, neighbourWords });
}

/** What a caption is to hold and to be; words are read as captions are tokenised ("a man's hat" is `a man 's hat`). */
export interface SteeringOptions {
  /** Words or phrases that must appear, each word as it stands. */
  readonly must?: readonly string[];
  /** Words or phrases that must not appear; those that the model does not know never do. */
  readonly avoid?: readonly string[];
  /** How the caption begins. */
  readonly prefix?: string;
  /** Fewest words. */
  readonly minLength?: number;
  /** Most words; at most what the bundle allows. */
  readonly maxLength?: number;
  /** Groups of hypotheses that are kept apart; the best of each is among the candidates. At most `beam`. */
  readonly groups?: number;
  /** How strongly groups are kept apart: what a word loses for each hypothesis of an earlier group that chose it; default 0.5. */
  readonly diversity?: number;
}

/** Captions drawn at random instead of searched; any of these but the seed asks for that, and the seed wants one of the others. */
export interface DrawingOptions {
  /** Below 1 likelier words, above 1 odder ones; default 1. */
  readonly temperature?: number;
  /** Draws from this many of the likeliest words only. */
  readonly topK?: number;
  /** Draws from the fewest likeliest words that have this probability together. */
  readonly topP?: number;
  /** Seed of the drawing; default 1. */
  readonly seed?: number;
}

/** A caption while it is searched. */
export interface PartialCaption {
  /** Index of the picture. */
  readonly image: number;
  /** The best beginning, or a whole caption, so far. */
  readonly caption: string;
  /** The beginning of it that can't change any more; nothing where a consensus ranks what was found. */
  readonly settled: string;
}

/** The ways to find captions. */
export type SearchKind = "beam" | "steered" | "drawn";

const steering = ["must", "avoid", "prefix", "minLength", "maxLength", "groups", "diversity"] as const;
const drawing = ["temperature", "topK", "topP"] as const;

/**
 * Refuses options that contradict each other, that mean nothing without another, or that are none of the choices there are; gives the way that
 * they ask for.
 * @throws ShowtellError `ARGUMENT`.
 */
export function requireSoundSearch(options: CaptionOptions): SearchKind {
  const kind = searchKindOf(options);
  const { consensus, candidates = options.groups ?? 1, seed, neighbourWords = 0 } = options;
  if (!(typeof neighbourWords === "number" && neighbourWords >= 0 && neighbourWords <= mostNeighbourWords))
    throw new ShowtellError(
      "ARGUMENT",
      `neighbourWords is ${neighbourWords}; it must be a number from 0 to ${mostNeighbourWords}`,
    );
  if (seed !== undefined) requireWhole("seed", seed, 0, 2 ** 32 - 1);
  if (seed !== undefined && kind !== "drawn")
    throw new ShowtellError("ARGUMENT", "seed is of captions that are drawn: give temperature, topK or topP, too");
  for (const [name, choices] of Object.entries(consensusChoices)) {
    const value = options[name as keyof typeof consensusChoices];
    if (value !== undefined && !choices.some((choice) => choice === value))
      throw new ShowtellError("ARGUMENT", `${name} is ${JSON.stringify(value)}; there are ${quoted(choices)}`);
  }
  if (consensus !== undefined) {
    if (consensus < candidates) {
      const counts = `consensus is ${consensus} captions, of which candidates asks for ${candidates}`;
      throw new ShowtellError("ARGUMENT", `${counts}: find as many or more`);
    }
    return kind;
  }
  const lone = Object.keys(consensusChoices).find(
    (name) => options[name as keyof typeof consensusChoices] !== undefined,
  );
  if (lone !== undefined)
    throw new ShowtellError("ARGUMENT", `${lone} says how captions are ranked by consensus: give consensus, too`);
  return kind;
}

/** Which way options ask for. @throws ShowtellError `ARGUMENT` if they ask for two. */
export function searchKindOf(options: CaptionOptions): SearchKind {
  const given = <Name extends keyof CaptionOptions>(names: readonly Name[]): Name | undefined =>
    names.find((name) => options[name] !== undefined);
  const [steered, drawn] = [given(steering), given(drawing)];
  if (steered !== undefined && drawn !== undefined) {
    throw new ShowtellError("ARGUMENT", `${steered} steers a search and ${drawn} draws at random: give one of them`);
  }
  if (options.diversity !== undefined && options.groups === undefined) {
    throw new ShowtellError("ARGUMENT", "diversity is how strongly groups are kept apart: give groups, too");
  }
  if (drawn !== undefined && options.beam !== undefined) {
    throw new ShowtellError("ARGUMENT", `beam is how wide a search is and ${drawn} draws at random: give one of them`);
  }
  if (drawn !== undefined) return "drawn";
  return steered === undefined ? "beam" : "steered";
}
