// What a training run is told: plain data, kept in its folder so that resuming means the same.
import type { MaskOwner } from "../nn/noise.ts";
import type { Schedule } from "../nn/schedules.ts";
import type { RewardWeights } from "./rewards.ts";
import type { Baseline } from "./self-critical.ts";

/** What decides which epoch is the best: CIDEr-D of dev captions by beam search (the bundle's beam) or greedy ones, or the dev loss. */
export type Selection = "beam" | "greedy" | "loss";

/** What is optimised: the likelihood of true captions, or the reward of drawn ones. */
export type Objective =
  | { readonly kind: "cross-entropy" }
  /** See self-critical.ts. */
  | {
      readonly kind: "self-critical";
      readonly baseline: Baseline;
      /** What of a caption is rewarded; default: CIDEr-D alone. */
      readonly rewards?: RewardWeights | undefined;
      /** The output layer is divided by it before the first step, so that what is drawn is nearer to what a search finds. */
      readonly sharpening: number;
    };

/** Options of a run, all resolved. */
export interface TrainingOptions {
  readonly objective: Objective;
  /** Seed of initial weights, order, masks and drawn captions. */
  readonly seed: number;
  /** Captions a step. */
  readonly batchSize: number;
  /**
   * Captions of a picture that stand together in a batch, so that what is computed once a picture serves them all, at the price of more
   * padding: it pays for grids, not for pooled features.
   */
  readonly captionsPerPicture: number;
  /** Passes over the training captions. */
  readonly epochs: number;
  /** Epochs without a better one after which training stops. */
  readonly patience: number;
  /** How the best epoch is chosen; ties go to the lower dev loss. */
  readonly select: Selection;
  /** Captions only the first so many dev pictures for choosing; default: all. */
  readonly selectFirst?: number | undefined;
  /** Learning rates by step. */
  readonly schedule: Schedule;
  /** What a dropout mask belongs to. */
  readonly dropoutMasks: MaskOwner;
  /** Share of a target's probability spread over all words. */
  readonly labelSmoothing: number;
  /** Decoupled weight decay. */
  readonly weightDecay: number;
  /** Largest norm of the gradients. */
  readonly clipNorm: number;
  /** Added to the root of Adam's second moment. */
  readonly epsilon: number;
  /** Longer captions are cut after so many words. */
  readonly maximumWords: number;
  /** Steps between two checkpoints inside an epoch. */
  readonly checkpointSteps: number;
}

/** Values where nothing is said, but for what a decoder's own recipe says. */
export const defaultTrainingOptions: TrainingOptions = {
  objective: { kind: "cross-entropy" },
  seed: 1,
  batchSize: 64,
  captionsPerPicture: 1,
  epochs: 16,
  patience: 4,
  select: "beam",
  schedule: { kind: "cosine", peak: 1.5e-3, warmup: 100, floor: 0.02 },
  dropoutMasks: "sentence",
  labelSmoothing: 0,
  weightDecay: 0,
  clipNorm: 5,
  epsilon: 1e-8,
  maximumWords: 20,
  checkpointSteps: 200,
};

/**
 * What is different where captions are rewarded: small steps from a model that is trained already. Gradients are small and
 * noisy; a larger epsilon keeps Adam from blowing up those of rarely seen words.
 */
export const selfCriticalOptions: Pick<TrainingOptions, "epochs" | "schedule" | "clipNorm" | "epsilon"> & {
  readonly objective: Extract<Objective, { readonly kind: "self-critical" }>;
} = {
  objective: { kind: "self-critical", baseline: "others", sharpening: 0.6 },
  epochs: 8,
  schedule: { kind: "cosine", peak: 7e-5, warmup: 150, floor: 0.05 },
  clipNorm: 1,
  epsilon: 1e-5,
};
