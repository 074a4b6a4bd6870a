// A whole training step as one graph: forward over all time steps, backward, Adam. Knows no decoder by name, no data and no engine.
import { ShowtellError } from "../base/errors.ts";
import { tensor } from "../base/tensor.ts";
import { exportModel } from "../graph/export.ts";
import { Graph } from "../graph/graph.ts";
import type { Value } from "../graph/graph.ts";
import { add, cast, div, mul } from "../graph/operators/arithmetic.ts";
import { expand, fixedDim, reshape } from "../graph/operators/reshaping.ts";
import { numericShape } from "../graph/shapes.ts";
import { minimise } from "../nn/adam.ts";
import type { AdamOptions } from "../nn/adam.ts";
import { attentionPenalty, crossEntropy } from "../nn/losses.ts";
import type { CrossEntropy } from "../nn/losses.ts";
import { declareNoise, noNoise } from "../nn/noise.ts";
import type { DeclaredNoise, MaskOwner, NoisyModel } from "../nn/noise.ts";
import { declareParameters } from "../nn/parameters.ts";
import type { Parameters, ParameterSpecs } from "../nn/parameters.ts";
import { inSteps, joinSteps, pictureByPicture, stillGoing, tokenOrder } from "../nn/token-order.ts";
import type { BatchShape, TokenOrder } from "../nn/token-order.ts";
import { decoderOf } from "./catalogue.ts";
import type { DecoderSpec } from "./catalogue.ts";
import type { Values } from "./decoder.ts";
import { ownName, stageFeatures, stageInputShape, stageParameters } from "./encoder-stage.ts";
import type { StageSpec } from "./encoder-stage.ts";

/** Options of training that are compiled into its graph. */
export interface TrainingGraphOptions {
  readonly adam: AdamOptions;
  readonly smoothing: number;
  /** What a dropout mask belongs to; default: a sentence. */
  readonly dropoutMasks?: MaskOwner;
  /** Share of {@link attentionPenalty} in the loss; default: 0. */
  readonly attentionPenalty?: number | undefined;
  /** A teacher's distributions, of so many words each, and their share of the loss; default: none. */
  readonly soft?: { readonly share: number; readonly width: number } | undefined;
  /** Ids that have no probability, as in sampling: a policy's gradient must see the very distribution that was drawn from. */
  readonly never?: readonly number[];
  /** The encoder's stage that learns with the decoder; default: none, and features are those that the decoder reads. */
  readonly stage?: StageSpec | undefined;
}

/** Shape of one picture's features as training reads them, which is in float16: the decoder's, or those before a stage that learns too. */
export function trainedFeatures(spec: DecoderSpec, stage?: StageSpec): readonly number[] {
  return stage === undefined ? spec.features : stageInputShape(stage);
}

/** All parameters in training: the decoder's, and those of a stage that learns too. */
export function trainedParameters(spec: DecoderSpec, stage?: StageSpec): ParameterSpecs {
  return { ...decoderOf(spec).parameters(spec), ...(stage && stageParameters(stage)) };
}

/** A compiled step's model and the masks it wants. */
export interface TrainingGraph extends NoisyModel {
  /** Names of the tensors that a step replaces: what is fed as NAME comes out as `next.NAME`. */
  readonly replaced: readonly string[];
}

/** Repeats each row of a value [images, ...] `group` times: [images · group, ...]. */
function perRow(value: Value, group: number): Value {
  if (group === 1) return value;
  const [images, ...rest] = numericShape(value.shape, "training") as [number, ...number[]];
  const spread = expand(reshape(value, [images, 1, ...rest]), [images, group, ...rest]);
  return reshape(spread, [images * group, ...rest]);
}

function mapValues(values: Values, change: (value: Value) => Value): Values {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]));
}

/** Outputs of all steps picture by picture, so that all that belongs to a picture lies together. */
function joined(order: TokenOrder, outputs: readonly Values[]): Values {
  return Object.fromEntries(
    Object.keys(outputs[0]!).map((name) => [
      name,
      joinSteps(
        order,
        outputs.map((output) => output[name]!),
      ),
    ]),
  );
}

/** Logits [n, columns] with those of some columns near −1e9, so that they have no probability. */
function forbid(logits: Value, columns: readonly number[]): Value {
  if (columns.length === 0) return logits;
  const mask = new Float32Array(fixedDim(logits, 1, "training"));
  for (const column of columns) mask[column] = -1e9;
  return add(logits, logits.graph.constant(tensor("float32", [mask.length], mask)));
}

/** Named outputs of all words (in time), picture by picture; and how steps that attend looked at positions. */
function outputsOf(
  spec: DecoderSpec,
  p: Parameters,
  begun: { readonly memory: Values; readonly state: Values },
  words: Value,
  order: TokenOrder,
  noise: Omit<DeclaredNoise, "masks">,
): { readonly outputs: Values; readonly attention?: Value } {
  const decoder = decoderOf(spec);
  if (decoder.sequence !== undefined) {
    const inputs = decoder.embed(p, spec, pictureByPicture(order, words), noise.byPicture);
    return { outputs: decoder.sequence(p, spec, begun.memory, inputs, order, noise.byPicture) };
  }
  let state = mapValues(begun.state, (value) => perRow(value, order.group));
  const outputs: Values[] = [];
  const looks: Values[] = [];
  for (const [step, input] of inSteps(order, decoder.embed(p, spec, words, noise.inTime)).entries()) {
    const before = mapValues(state, (value) => stillGoing(order, value, order.active[step]!));
    const stepped = decoder.step(p, spec, begun.memory, before, input, noise.inTime);
    state = stepped.state;
    outputs.push(stepped.output);
    if (stepped.attention !== undefined) looks.push({ attention: stepped.attention });
  }
  return { outputs: joined(order, outputs), ...(looks.length > 0 && joined(order, looks)) };
}

/** Teacher forcing: reads the true words and scores each next one. Tokens are fed in time. */
function teacherForced(
  graph: Graph,
  spec: DecoderSpec,
  p: Parameters,
  order: TokenOrder,
  noise: Omit<DeclaredNoise, "masks">,
  { smoothing, never = [], stage, soft, attentionPenalty: penalty = 0 }: Omit<TrainingGraphOptions, "adam">,
): CrossEntropy {
  const decoder = decoderOf(spec);
  const halves = graph.input("features", [order.images, ...trainedFeatures(spec, stage)], "float16");
  const given = cast(halves, "float32");
  const features = stage === undefined ? given : stageFeatures(p, stage, given);
  const begun = decoder.begin(p, spec, features, noise.once);
  const words = graph.input("words", [order.size], "int64");
  const { outputs, attention: stepped } = outputsOf(spec, p, begun, words, order, noise);
  const { logits, attention = stepped } = decoder.logits(p, spec, begun.memory, outputs, noise.byPicture);
  const weights = pictureByPicture(order, graph.input("weights", [order.size]));
  const normaliser = graph.input("normaliser", []);
  const entropy = crossEntropy({
    logits: forbid(logits, never),
    targets: pictureByPicture(order, graph.input("targets", [order.size], "int64")),
    weights,
    normaliser,
    words: spec.words,
    smoothing,
    soft: soft && {
      ids: pictureByPicture(order, graph.input("soft.ids", [order.size, soft.width], "int64")),
      probabilities: pictureByPicture(order, graph.input("soft.probabilities", [order.size, soft.width])),
      share: soft.share,
    },
  });
  if (penalty === 0) return entropy;
  if (attention === undefined)
    throw new ShowtellError(
      "ARGUMENT",
      `the decoder ${spec.kind} has no attention that training sees: leave the attention penalty out`,
    );
  const uneven = div(mul(attentionPenalty({ attention, weights, places: order.places }), penalty), normaliser);
  return { ...entropy, loss: add(entropy.loss, uneven) };
}

/** The graph of a training step. Outputs: `loss`, `correct`, `gradientNorm` and what is `replaced`. */
export function trainingGraph(spec: DecoderSpec, shape: BatchShape, options: TrainingGraphOptions): TrainingGraph {
  const graph = new Graph();
  const specs = trainedParameters(spec, options.stage);
  const p = declareParameters(graph, specs);
  const order = tokenOrder(shape);
  const noise = declareNoise(order, options.dropoutMasks ?? "sentence");
  const { loss, correct } = teacherForced(graph, spec, p, order, noise, options);
  const rateOf = (name: string): number => (ownName(name) === undefined ? 1 : options.stage!.rate);
  const { outputs, replaced, gradientNorm } = minimise(loss, p, specs, options.adam, rateOf);
  return {
    model: exportModel(graph, { loss, correct, gradientNorm, ...outputs }, { parameters: "inputs", name: "training" }),
    masks: noise.masks,
    replaced,
  };
}

const silence = { once: noNoise, inTime: noNoise, byPicture: noNoise } as const;

/** The graph that scores true captions without learning or noise. Outputs: `loss` and `correct`. */
export function scoringGraph(spec: DecoderSpec, shape: BatchShape, stage?: StageSpec): Uint8Array {
  const graph = new Graph();
  const p = declareParameters(graph, trainedParameters(spec, stage));
  const { loss, correct } = teacherForced(graph, spec, p, tokenOrder(shape), silence, { smoothing: 0, stage });
  return exportModel(graph, { loss, correct }, { parameters: "inputs", name: "scoring" });
}
