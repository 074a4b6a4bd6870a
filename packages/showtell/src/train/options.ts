// What a training run is told: plain data, kept in its folder so that resuming means the same.
import { ShowtellError } from "../base/errors.ts";
import type { MaskOwner } from "../nn/noise.ts";
import type { Schedule } from "../nn/schedules.ts";
import type { RewardWeights } from "./rewards.ts";
import type { Baseline } from "./self-critical.ts";
import type { WordDistillation } from "./soft-targets.ts";

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
  /** The largest share of words read in true captions that the model said itself, reached at the last step; default: 0. See scheduled-sampling.ts. */
  readonly scheduledSampling?: number | undefined;
  /** Learns from a teacher's distributions over words, too; default: not. See soft-targets.ts. */
  readonly wordDistillation?: WordDistillation | undefined;
  /** What an average of the weights keeps of itself at a step; default: no average is kept. See averaging.ts. */
  readonly averaging?: number | undefined;
  /** How much it costs a model with attention to look at places unevenly over a sentence; default: 0. See `attentionPenalty` of nn/losses.ts. */
  readonly attentionPenalty?: number | undefined;
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
export const selfCriticalOptions: Pick<
  TrainingOptions,
  "captionsPerPicture" | "epochs" | "schedule" | "clipNorm" | "epsilon"
> & {
  readonly objective: Extract<Objective, { readonly kind: "self-critical" }>;
} = {
  objective: { kind: "self-critical", baseline: "others", sharpening: 0.6 },
  captionsPerPicture: 5,
  epochs: 8,
  schedule: { kind: "cosine", peak: 7e-5, warmup: 150, floor: 0.05 },
  clipNorm: 1,
  epsilon: 1e-5,
};

/** The methods that are about true captions and mean nothing where drawn ones are learnt. */
export const trueCaptionMethods = [
  "labelSmoothing",
  "scheduledSampling",
  "attentionPenalty",
  "wordDistillation",
] as const;

/** Refuses methods that do not go together. @throws ShowtellError `ARGUMENT`, naming the option. */
export function requireSoundMethods(options: TrainingOptions): void {
  const { objective, captionsPerPicture } = options;
  if (objective.kind === "cross-entropy") return;
  const lone = trueCaptionMethods.find((name) => options[name] !== undefined && options[name] !== 0);
  if (lone !== undefined)
    throw new ShowtellError(
      "ARGUMENT",
      `${lone} is for learning from true captions: leave it out where drawn ones are rewarded`,
    );
  if (objective.baseline === "others" && captionsPerPicture < 2)
    throw new ShowtellError(
      "ARGUMENT",
      `captionsPerPicture is ${captionsPerPicture}, and rewards are held against those of the picture's other captions: draw 2 or more, or take the ` +
        'baseline "greedy"',
    );
}
