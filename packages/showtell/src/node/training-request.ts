// What the training thread is asked and what it tells: plain data that crosses between threads.
import type { PictureView } from "../image/views.ts";
import { decoderNamed } from "../models/catalogue.ts";
import type { DecoderKind } from "../models/catalogue.ts";
import type { DecoderOptions } from "../models/decoder-options.ts";
import type { CleaningRule } from "../text/cleaning.ts";
import type { Adaptation } from "../train/adaptation.ts";
import { defaultTrainingOptions, selfCriticalOptions } from "../train/options.ts";
import type { Objective, TrainingOptions } from "../train/options.ts";
import type { PreparationReport } from "../train/preparation.ts";
import type { BestEpoch, TrainingEvent } from "../train/trainer.ts";
import type { ExtractionProgress } from "./feature-extraction.ts";
import type { PlainError } from "../base/errors.ts";

/** The data that a decoder which learns on had learned before. */
export interface OldData {
  /** Its folder or file, and the folder of its pictures if it lies elsewhere. */
  readonly data: string;
  readonly images?: string | undefined;
  /** Which share of the training captions are drawn from its training split; from 0 to below 1. */
  readonly share: number;
  /** By how much CIDEr on its dev split may fall, as a fraction; a model that loses more is not accepted. */
  readonly mostForgotten: number;
}

/** A training run, all resolved. */
export interface TrainingRequest {
  /** Folder or file of the data set, and the folder of its pictures if it lies elsewhere. */
  readonly data: string;
  readonly images?: string | undefined;
  /** Folder of the run. */
  readonly out: string;
  readonly resume: boolean;
  /**
   * Path of a bundle whose decoder learns on: its sizes hold, its words stay, new ones that occur often enough are added (not where
   * captions are rewarded: no word is drawn that was never learned), and its decoder must be the one named here.
   */
  readonly init?: string | undefined;
  /** What the bundle had learned before: mixed in, so that less is forgotten, and watched; default: neither. */
  readonly old?: OldData | undefined;
  /** Path of the encoder's bundle. */
  readonly encoder: string;
  /** Folder of feature caches; default: below the platform's cache folder. */
  readonly cache?: string | undefined;
  readonly threads?: number | undefined;
  readonly rules: readonly CleaningRule[];
  readonly minimumCount: number;
  /** Where word vectors come from: GloVe, chance, or the path of a file of vectors. */
  readonly embeddings: string;
  /** Whether word vectors stay as they are. */
  readonly freezeEmbeddings: boolean;
  /** Views of training pictures, of which each epoch draws one a picture; default: the plain one. Dev pictures are always plain. */
  readonly views?: readonly PictureView[] | undefined;
  /** A stage of the encoder that learns with the decoder, and its largest learning rate; default: the encoder stays as it is. */
  readonly fineTune?: { readonly stage: string; readonly learningRate: number } | undefined;
  /** A teacher whose captions of the training pictures are learnt in place of some of the true ones; default: none. */
  readonly distil?: {
    /** Paths of bundles, with commas between, which caption together. */
    readonly models: string;
    /** The share of an epoch's captions that are the teacher's, 0 to 1. */
    readonly share: number;
    /** Captions that it gives each picture. */
    readonly captions: number;
    /** Chooses them by consensus among so many of each member; default: the likeliest are taken. */
    readonly consensus?: number;
  };
  /**
   * How many words a detector looks for, which is trained first and tells the decoder at every step what it finds in the picture: the most
   * frequent ones of the training captions that say what is seen. Default: there is no detector.
   */
  readonly attributes?: number | undefined;
  readonly decoder: DecoderKind;
  /** Size of the decoder's word inputs. */
  readonly embeddingSize: number;
  readonly decoderOptions: DecoderOptions;
  readonly training: TrainingOptions;
  /** How the bundle searches by default. */
  readonly beam: number;
  readonly lengthExponent: number;
}

/** The decoder that is trained unless another is named. */
export const defaultDecoder: DecoderKind = "parallel-attention";

/** How old data counts where nothing is said: half of the captions are old, and two points of CIDEr (× 100) may be lost. */
export const defaultOldData: Pick<OldData, "share" | "mostForgotten"> = { share: 0.5, mostForgotten: 0.02 };

/** Less than with true captions: what is learnt is what was drawn, and that was drawn without dropout. */
const rewardedDropout = { features: 0.3, input: 0.3, output: 0.3 } as const;

/** All that a run needs but where it reads and writes, for a decoder: its recipe, and what is the same in every run. */
export function defaultTraining(
  decoder: DecoderKind = defaultDecoder,
  objective: Objective["kind"] = "cross-entropy",
): Omit<TrainingRequest, "data" | "out" | "encoder"> {
  const { dropout, dropoutMasks, embeddings, embeddingSize, options, ...recipe } = decoderNamed(decoder).recipe;
  const { batchSize, captionsPerPicture, epochs, learningRate } = recipe;
  const { schedule } = defaultTrainingOptions;
  const rewarded = objective === "self-critical";
  return {
    resume: false,
    rules: [],
    minimumCount: 5,
    embeddings,
    freezeEmbeddings: false,
    decoder,
    embeddingSize,
    decoderOptions: { hiddenSize: 512, dropout: rewarded ? rewardedDropout : dropout, ...options },
    training: {
      ...defaultTrainingOptions,
      batchSize,
      captionsPerPicture,
      dropoutMasks,
      epochs,
      schedule: { ...schedule, peak: learningRate },
      ...(rewarded && selfCriticalOptions),
    },
    beam: 3,
    lengthExponent: 0.7,
  };
}

/** A caption of a dev picture after an epoch. */
export interface SampleCaption {
  readonly image: string;
  readonly caption: string;
  readonly reference: string;
}

type StepEvent = Extract<TrainingEvent, { kind: "step" }>;
type EpochEvent = Extract<TrainingEvent, { kind: "epoch" }>;

/** A detector of attributes that was trained. */
export interface DetectorReport {
  /** Words that it looks for. */
  readonly words: number;
  /** The pass over the training pictures after which it was best, and its mean average precision on dev then. */
  readonly pass: number;
  readonly averagePrecision: number;
  readonly seconds: number;
}

/** What happens while a run is prepared and trained. */
export type TrainingNews =
  | { readonly kind: "broken picture"; readonly path: string; readonly error: PlainError }
  | { readonly kind: "features"; readonly progress: ExtractionProgress }
  | {
      readonly kind: "prepared";
      readonly words: number;
      readonly trainCaptions: number;
      readonly devCaptions: number;
      /** Of the training captions, those drawn from old data. */
      readonly oldCaptions: number;
      /** Words that the decoder which learns on gets besides its own. */
      readonly addedWords: readonly string[];
      /** Words without a vector, drawn at random. */
      readonly missingVectors: readonly string[];
      readonly report: PreparationReport;
      /** Where the run goes on, if it was resumed. */
      readonly resumedAt?: { readonly epoch: number; readonly step: number };
    }
  /** The detector of attributes looks at all pictures, once, and then learns, at most to the total. */
  | { readonly kind: "looking"; readonly done: number; readonly total: number }
  | { readonly kind: "detecting"; readonly done: number; readonly total: number; readonly averagePrecision: number }
  | ({ readonly kind: "attributes" } & DetectorReport)
  /** The teacher looks at the training pictures, from those it has seen: it captions them, or says what it holds likely of their captions. */
  | { readonly kind: "teaching"; readonly done: number; readonly total: number }
  | StepEvent
  /** Dev pictures are captioned at an epoch's end, for choosing the best. */
  | { readonly kind: "judging"; readonly done: number; readonly total: number }
  | (EpochEvent & { readonly residentBytes: number; readonly samples: readonly SampleCaption[] })
  | { readonly kind: "checkpoint"; readonly step: number }
  /** A model that learned on is held against what it was: dev pictures are captioned by both. */
  | { readonly kind: "comparing"; readonly done: number; readonly total: number };

/** How a run ended. */
export interface TrainingOutcome {
  readonly reason: "finished" | "early stop" | "cancelled";
  readonly epochs: number;
  readonly best?: BestEpoch;
  /** If a decoder learned on: what became of it; its file is `refused` where it forgot too much. */
  readonly adaptation?: Adaptation;
}
