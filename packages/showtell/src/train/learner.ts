// A decoder that learns batch by batch: its weights and moments, double-buffered between compiled steps. Knows no files and no epochs.
import { ShowtellError } from "../base/errors.ts";
import { seededRandom } from "../base/random.ts";
import type { Tensor } from "../base/tensor.ts";
import { tensor } from "../base/tensor.ts";
import type { OpenSession, Tensors } from "../engine/session.ts";
import { decoderOf } from "../models/catalogue.ts";
import type { DecoderSpec } from "../models/catalogue.ts";
import type { StageSpec } from "../models/encoder-stage.ts";
import { placesOver } from "../models/inference-graphs.ts";
import { outputNames } from "../models/output-layer.ts";
import { scoringGraph, trainedFeatures, trainedParameters, trainingGraph } from "../models/training-graph.ts";
import { adamFeeds, firstState } from "../nn/adam.ts";
import type { AdamOptions } from "../nn/adam.ts";
import { drawMask } from "../nn/noise.ts";
import type { MaskInput } from "../nn/noise.ts";
import { initialise } from "../nn/parameters.ts";
import type { BatchShape } from "../nn/token-order.ts";
import { neverSaid } from "../text/vocabulary.ts";
import { judgedWeights, updateAverages, withAverages } from "./averaging.ts";
import type { Batch } from "./batches.ts";
import type { TrainingOptions } from "./options.ts";
import { createSessionCache } from "./sessions.ts";

/** Features of pictures by row, as float16 bits; a feature cache, say. */
export interface FeatureReader {
  /** Elements of one picture's features. */
  readonly size: number;
  /** Copies the features of the given rows, one after the other. */
  read(rows: Int32Array, into: Uint16Array): Promise<void>;
}

/** What a batch gave: sums over its tokens. */
export interface BatchResult {
  /** Natural log-loss summed over tokens. */
  readonly loss: number;
  /** Of the tokens that weigh something, those whose true word had the largest probability. */
  readonly correct: number;
  readonly counted: number;
  readonly tokens: number;
  readonly captions: number;
  /** Norm of all gradients before clipping; 0 when scoring. */
  readonly gradientNorm: number;
}

/** Weights, the optimiser's moments under the names of `momentNames`, and where they are kept, averages of the weights (averaging.ts). */
export type LearnerState = Readonly<Record<string, Tensor<"float32">>>;

/** A decoder in training. */
export interface Learner {
  /** One step of the optimiser; `step` counts from 1 over the whole run. */
  learn(batch: Batch, features: FeatureReader, step: number, learningRate: number): Promise<BatchResult>;
  /** Loss and accuracy without learning or noise, by the averages of the weights where they are kept. */
  score(batch: Batch, features: FeatureReader): Promise<BatchResult>;
  /** All tensors as they are now; they change with the next step, so copy what must stay. */
  state(): LearnerState;
  dispose(): Promise<void>;
}

/**
 * First weights from a seed; word vectors, where the specification wants given ones, are the caller's. Moments are zero.
 * @throws ShowtellError `ARGUMENT` if word vectors are wanted and not there, or not of the right size.
 */
export function initialState(spec: DecoderSpec, seed: number, vectors?: Float32Array): LearnerState {
  return firstState(decoderOf(spec).parameters(spec), (name, parameter) =>
    parameter.init.kind === "vectors"
      ? givenVectors(name, parameter.shape, vectors)
      : initialise(parameter, seededRandom(seed, name)),
  );
}

/**
 * The state to go on from with weights that were learnt before; moments are zero.
 * @param sharpening The logits are divided by it: below 1, likely words become likelier.
 */
export function learntState(
  spec: DecoderSpec,
  weights: (name: string) => Tensor<"float32">,
  sharpening = 1,
): LearnerState {
  return firstState(decoderOf(spec).parameters(spec), (name) => {
    const { shape, data } = weights(name);
    const divisor = outputNames.has(name) ? sharpening : 1;
    return tensor(
      "float32",
      shape,
      data.map((value) => value / divisor),
    );
  });
}

function givenVectors(name: string, shape: readonly number[], vectors: Float32Array | undefined): Tensor<"float32"> {
  if (vectors !== undefined) return tensor("float32", shape, vectors.slice());
  throw new ShowtellError(
    "ARGUMENT",
    `"${name}" starts from word vectors [${shape.join(", ")}], and none are given: pass them, or let the vectors be random`,
  );
}

function scalar(value: number): Tensor<"float32"> {
  return tensor("float32", [], Float32Array.of(value));
}

/** A compiled shape's name among those of its kind. */
function nameOf({ images, lengths }: BatchShape): string {
  return `${images}×${lengths.join("+")}`;
}

function resultOf(outputs: Tensors, { tokens, counted, captions }: Batch): BatchResult {
  return {
    loss: Number(outputs["loss"]!.data[0]) * tokens,
    correct: Number(outputs["correct"]!.data[0]),
    counted,
    tokens,
    captions,
    gradientNorm: Number(outputs["gradientNorm"]?.data[0] ?? 0),
  };
}

function softFeeds({ soft, words }: Batch): Record<string, Tensor> {
  if (soft === undefined) return {};
  const shape = [words.length, soft.ids.length / words.length];
  return {
    "soft.ids": tensor("int64", shape, soft.ids),
    "soft.probabilities": tensor("float32", shape, soft.probabilities),
  };
}

function adamOptions({ clipNorm, weightDecay, epsilon }: TrainingOptions): AdamOptions {
  return { clipNorm, weightDecay, epsilon };
}

/**
 * Creates a learner that goes on from a state, of a decoder alone or with a stage of its encoder. It takes the arrays over and writes into them: copy what
 * must stay.
 */
export function createLearner(
  spec: DecoderSpec,
  options: TrainingOptions,
  first: LearnerState,
  openSession: OpenSession,
  stage?: StageSpec,
): Learner {
  const adam = adamOptions(options);
  const never = options.objective.kind === "self-critical" ? neverSaid : [];
  const { averaging = 0, attentionPenalty, wordDistillation } = options;
  const sessions = createSessionCache<readonly MaskInput[]>(openSession);
  const parameterNames = Object.keys(trainedParameters(spec, stage));
  const featureShape = trainedFeatures(spec, stage);
  const current = averaging > 0 ? withAverages(first) : first;
  let bits = new Uint16Array(0); // a batch's features as the reader has them, made anew for another size only
  const buffers = new Map<string, Float32Array>();

  /** Scratch memory by name and length, so that no step allocates. */
  const scratch = (name: string, length: number): Float32Array => {
    const key = `${name}:${length}`;
    const known = buffers.get(key) ?? new Float32Array(length);
    buffers.set(key, known);
    return known;
  };

  const batchFeeds = async (batch: Batch, reader: FeatureReader): Promise<Record<string, Tensor>> => {
    const { images, pictures, words, targets, weights, tokens } = batch;
    if (bits.length !== images * reader.size) bits = new Uint16Array(images * reader.size);
    await reader.read(pictures, bits);
    return {
      features: tensor("float16", [images, ...featureShape], bits),
      words: tensor("int64", [words.length], words),
      targets: tensor("int64", [targets.length], targets),
      weights: tensor("float32", [weights.length], weights),
      normaliser: scalar(tokens),
      ...softFeeds(batch),
    };
  };

  return {
    async learn(batch, reader, step, learningRate) {
      const { session, extra: masks } = await sessions.get(`learn ${nameOf(batch)}`, () => {
        const { labelSmoothing: smoothing, dropoutMasks } = options;
        const graph = trainingGraph(spec, batch, {
          adam,
          smoothing,
          dropoutMasks,
          attentionPenalty,
          soft: wordDistillation,
          never,
          stage,
        });
        return { model: graph.model, extra: graph.masks, options: { inPlace: true } };
      });
      const feeds = { ...(await batchFeeds(batch, reader)), ...current, ...adamFeeds(step, learningRate, adam) };
      // Masks depend on seed and step alone, so a resumed run draws the same.
      for (const { name, shape: maskShape, rate } of masks) {
        const mask = scratch(name, maskShape[0] * maskShape[1]);
        drawMask(rate, seededRandom(options.seed, `${name} ${step}`), mask);
        feeds[name] = tensor("float32", maskShape, mask);
      }
      // What a step replaces is written over what it was: all else that is read of it goes into the gradients' norm, which what is written depends on.
      const outputs = await session.run(feeds, placesOver(current, session.outputNames));
      if (averaging > 0) updateAverages(current, averaging, step);
      return resultOf(outputs, batch);
    },

    async score(batch, reader) {
      const { session } = await sessions.get(`score ${nameOf(batch)}`, () => ({
        model: scoringGraph(spec, batch, stage),
        extra: [],
      }));
      return resultOf(
        await session.run({ ...(await batchFeeds(batch, reader)), ...pick(judgedWeights(current), parameterNames) }),
        batch,
      );
    },

    state: () => current,
    dispose: () => sessions.dispose(),
  };
}

function pick<T>(record: Readonly<Record<string, T>>, names: readonly string[]): Record<string, T> {
  return Object.fromEntries(names.map((name) => [name, record[name]!]));
}
