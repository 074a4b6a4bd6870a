// What an evaluation finds, as plain data: rows of scores, what makes them comparable, and each picture's captions. Computes nothing.
import type { ConsensusSource, ConsensusVoters, ConsensusWeights } from "../caption/consensus.ts";
import type { Calibration, CalibrationQuality } from "../bundle/calibration.ts";

/** A score as a fraction, with the ends of its 95 % interval (bootstrap over pictures). */
export interface Score {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Scores by metric, under the names that `scoreCaptions` of caption-metrics uses. */
export type Scores = Readonly<Record<string, Score>>;

/** What captions a row: models, or what a model must beat. */
export type RowKind = "model" | "ensemble" | "constant" | "neighbour" | "human";

/** What must be known of a row before it is believed. */
export interface Mark {
  /** `leak`: trained on some of the pictures; `selection`: chosen by some of them; `unknown`: the bundle does not say. */
  readonly kind: "leak" | "selection" | "unknown";
  readonly text: string;
}

/** How well a model foresees the words that people wrote. */
export interface Perplexity {
  /** exp of the mean log-loss of a word, the true words before it given. */
  readonly value: number;
  /** Words of the references, each one's end counted as a word. */
  readonly words: number;
  /** Share of them that are not in the model's vocabulary and count as its unknown word: with more of them it is lower. */
  readonly unknown: number;
  /** Share of them that the model held for the likeliest. */
  readonly accuracy: number;
}

/** How varied the captions of a row are. */
export interface Variety {
  readonly distinct1: number;
  readonly distinct2: number;
  readonly vocabulary: number;
  readonly meanLength: number;
  /** Share of the captions that do not stand in the model's training captions, where these are known. */
  readonly novel?: number;
}

/** The model of a row. */
export interface RowModel {
  /** The decoder's identity, or that of the ensemble. */
  readonly identity: string;
  /** Paths of the bundles. */
  readonly files: readonly string[];
  /** The encoders whose features it reads, each with the layer. */
  readonly encoders: readonly string[];
  /** How captions were searched. */
  readonly beam: number;
  readonly consensus?: RowConsensus;
  /** How much it counted in the search how likely a word is by similar training pictures' captions. */
  readonly neighbourWords?: number;
}

/** How captions were chosen by consensus: among how many, found by whom, how much each counted, and who voted. */
export interface RowConsensus {
  readonly captions: number;
  readonly from: ConsensusSource;
  readonly weights: ConsensusWeights;
  readonly voters: ConsensusVoters;
}

/** How sure a model said it was, and how often it was right. */
export interface RowConfidence extends Pick<Calibration, "metric" | "threshold" | "data"> {
  /** On the pictures that it was calibrated on, each judged by a regression that did not see it. */
  readonly calibrated: CalibrationQuality;
  /** On the pictures of this evaluation, unless they are the same. */
  readonly measured?: CalibrationQuality;
}

/** One row of the table. */
export interface Row {
  readonly name: string;
  readonly kind: RowKind;
  readonly model?: RowModel;
  readonly marks: readonly Mark[];
  /** Against all references; absent for people, who would be compared with themselves. */
  readonly scores?: Scores;
  /** Against all but one of the first `references.compared`, each left out in turn; the mean of the rounds. */
  readonly fewer?: Scores;
  readonly variety?: Variety;
  readonly perplexity?: Perplexity;
  /** Of a lone model that is calibrated. */
  readonly confidence?: RowConfidence;
}

/** Models that differ in their seed only, as one. */
export interface SeedGroup {
  readonly name: string;
  /** Names of their rows. */
  readonly rows: readonly string[];
  /** Mean and sample standard deviation over the models, by metric. */
  readonly scores: Readonly<Record<string, { readonly mean: number; readonly deviation: number }>>;
}

/** The pictures that were captioned. */
export interface EvaluatedData {
  /** The data set's name, and which of its splits. */
  readonly name: string;
  readonly split: string;
  readonly pictures: number;
  /** Pictures of the split that were left out, because they can't be read or have no caption with words. */
  readonly skipped: number;
  /** Captions that people wrote of a picture: the fewest, the most, and how many are compared with each other (0: too few to). */
  readonly references: { readonly fewest: number; readonly most: number; readonly compared: number };
}

/** What an evaluation finds, in short. */
export interface Evaluation {
  readonly writer: string;
  readonly data: EvaluatedData;
  /** Names of the metrics, in the order in which they are shown. */
  readonly metrics: readonly string[];
  /** What makes each comparable, against all references. */
  readonly signatures: Readonly<Record<string, string>>;
  readonly rows: readonly Row[];
  readonly seeds: readonly SeedGroup[];
  /** What people should know besides: what was left out, and why. */
  readonly notes: readonly string[];
}

/** A caption of a picture, and its own scores against all references. */
export interface ScoredCaption {
  readonly caption: string;
  readonly scores: Readonly<Record<string, number>>;
}

/** A picture with what everybody said about it. */
export interface EvaluatedPicture {
  readonly image: string;
  readonly references: readonly string[];
  /** By row, in the order of those rows that have scores. */
  readonly captions: readonly ScoredCaption[];
}
