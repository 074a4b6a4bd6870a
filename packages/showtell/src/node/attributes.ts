// The detector of a run's attributes: which words it looks for, and its training, before the decoder's.
import { ShowtellError } from "../base/errors.ts";
import { contentWords } from "../text/content-words.ts";
import type { Vocabulary } from "../text/vocabulary.ts";
import { trainDetector } from "../train/attribute-detector.ts";
import type { LearnerState } from "../train/learner.ts";
import type { RequestContext } from "../thread/requests.ts";
import { selectionSet } from "./dev-captions.ts";
import type { Run } from "./run-bundle.ts";
import type { TrainingNews, TrainingRequest } from "./training-request.ts";

/**
 * Refuses a detector that would not fit the rest of a request.
 * @throws ShowtellError `ARGUMENT`.
 */
export function requireSoundAttributes({
  attributes,
  init,
  fineTune,
}: Pick<TrainingRequest, "attributes" | "init" | "fineTune">): void {
  if (attributes === undefined) return;
  if (!Number.isSafeInteger(attributes) || attributes < 1)
    throw new ShowtellError("ARGUMENT", `attributes must be a whole number of words from 1, got ${attributes}`);
  if (init !== undefined)
    throw new ShowtellError(
      "ARGUMENT",
      "a decoder that learns on keeps the attributes that it has, and gets no others: leave attributes out",
    );
  if (fineTune !== undefined)
    throw new ShowtellError(
      "ARGUMENT",
      "attributes are found in features that stay as they are: leave fineTune out, or train with attributes first and fine-tune the model by init",
    );
}

/**
 * The words that a request's detector looks for, by id; all content words where there are fewer than it asks for.
 * @throws ShowtellError `ARGUMENT`, `DATA_EMPTY` if the vocabulary has none.
 */
export function attributesFor(request: TrainingRequest, vocabulary: Vocabulary): readonly number[] | undefined {
  requireSoundAttributes(request);
  if (request.attributes === undefined) return undefined;
  const found = contentWords(vocabulary, request.attributes);
  if (found.length > 0) return found;
  throw new ShowtellError(
    "DATA_EMPTY",
    "the vocabulary has no word that says what a picture shows: leave attributes out, or lower minimumCount",
  );
}

/** Trains the detector that a run wants; its weights, or nothing if the run wants none. @throws ShowtellError `DATA_EMPTY`, `CANCELLED`, `ENGINE`. */
export async function detectorWeights(
  { request, data, folder, openSession }: Run,
  { signal, emit }: RequestContext<TrainingNews>,
): Promise<LearnerState> {
  const { spec, train } = data;
  if (request.attributes === undefined || spec.attributes === undefined) return {};
  const started = performance.now();
  const { weights, pass, averagePrecision } = await trainDetector({
    features: spec.features,
    words: spec.attributes,
    train,
    dev: selectionSet(data, request.training),
    seed: request.training.seed,
    openSession,
    signal,
    onLooked: (done, total) => emit({ kind: "looking", done, total }),
    onLearned: (done, total, precision) => emit({ kind: "detecting", done, total, averagePrecision: precision }),
  });
  const seconds = (performance.now() - started) / 1000;
  const report = { words: spec.attributes.length, pass, averagePrecision, seconds };
  await folder.appendHistory({ kind: "attributes", step: 0, ...report });
  emit({ kind: "attributes", ...report });
  return weights;
}
