// What of a training request does not go together, found before anything is read or computed. Knows no files.
import { ShowtellError } from "../base/errors.ts";
import { decoderNamed } from "../models/catalogue.ts";
import { trainingGraph } from "../models/training-graph.ts";
import { requireSoundMethods } from "../train/options.ts";
import { requireSoundAttributes } from "./attributes.ts";
import type { TrainingRequest } from "./training-request.ts";

/**
 * Refuses a request of which parts do not go together.
 * @throws ShowtellError `ARGUMENT`, saying what to leave out.
 */
export function requireSoundRequest(request: TrainingRequest): void {
  const { fineTune, distil, training } = request;
  requireSoundMethods(training);
  requireSoundAttributes(request);
  const isRewarded = training.objective.kind === "self-critical";
  if (fineTune !== undefined && isRewarded)
    throw new ShowtellError(
      "ARGUMENT",
      "--fine-tune learns from true captions only: leave --objective out, or fine-tune first",
    );
  if (fineTune !== undefined && (training.scheduledSampling ?? 0) > 0)
    throw new ShowtellError(
      "ARGUMENT",
      "--scheduled-sampling draws words from features that stay as they are: leave it out, or fine-tune the model by --init afterwards",
    );
  if (distil !== undefined && isRewarded)
    throw new ShowtellError(
      "ARGUMENT",
      "a teacher's captions replace true ones, and only drawn ones are learnt: leave --distil out, or --objective",
    );
  requireSoundDecoder(request);
}

/** Builds the step of a model with few words on few features: what its decoder's options or its methods lack shows there. */
function requireSoundDecoder({ decoder: kind, decoderOptions, training }: TrainingRequest): void {
  const decoder = decoderNamed(kind);
  const sizes = { words: 5, embeddingSize: 1, vectorSize: 1, vectors: "random" } as const;
  const spec = decoder.specOf({ ...sizes, features: decoder.layer === "pooled" ? [1] : [1, 1] }, decoderOptions);
  const { attentionPenalty, labelSmoothing: smoothing } = training;
  const adam = { clipNorm: training.clipNorm, weightDecay: training.weightDecay, epsilon: training.epsilon };
  trainingGraph(spec, { images: 1, lengths: [1] }, { adam, smoothing, attentionPenalty });
}
