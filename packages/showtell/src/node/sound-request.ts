// What of a training request does not go together, found before anything is read or computed. Knows no files.
import { ShowtellError } from "../base/errors.ts";
import { decoderNamed } from "../models/catalogue.ts";
import { trainingGraph } from "../models/training-graph.ts";
import { requireSoundMethods } from "../train/options.ts";
import { requireSoundAttributes } from "./attributes.ts";
import { defaultTraining } from "./training-request.ts";
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

/** What a decoder's options or the methods of its training lack shows in a model of few words on few features. */
function requireSoundDecoder({ decoder: kind, decoderOptions, training, init }: TrainingRequest): void {
  const { attentionPenalty = 0, labelSmoothing: smoothing, clipNorm, weightDecay, epsilon } = training;
  const decoder = decoderNamed(kind);
  const sizes = { words: 5, embeddingSize: 1, vectorSize: 1, vectors: "random" } as const;
  // A decoder that learns on has the sizes of its bundle, whatever is told here.
  const options = init === undefined ? decoderOptions : defaultTraining(kind).decoderOptions;
  const spec = decoder.specOf({ ...sizes, features: decoder.layer === "pooled" ? [1] : [1, 1] }, options);
  if (attentionPenalty === 0) return;
  const adam = { clipNorm, weightDecay, epsilon };
  trainingGraph(spec, { images: 1, lengths: [1] }, { adam, smoothing, attentionPenalty });
}
