// The last stage of an encoder in training: from the features before it to those that a decoder reads, with weights that learn.
// Batch norm is folded in and its statistics stay as they are: kernels and biases learn, and nothing else. Knows no decoder.
import { exportModel } from "../graph/export.ts";
import { Graph } from "../graph/graph.ts";
import type { Value } from "../graph/graph.ts";
import { transpose } from "../graph/operators/matrix.ts";
import { reshape } from "../graph/operators/reshaping.ts";
import { ShowtellError } from "../base/errors.ts";
import { declareParameters } from "../nn/parameters.ts";
import type { Parameters, ParameterSpecs } from "../nn/parameters.ts";
import type { FeatureLayer, TrainableStage } from "./encoder.ts";
import type { EncoderSpec } from "./encoder-graph.ts";
import { encoderOf, featureShape, layerOf, takenOf } from "./encoder-graph.ts";

/** Which stage of which encoder learns, and for which features. */
export interface StageSpec {
  readonly encoder: EncoderSpec;
  /** A name from the encoder's table, such as "conv5". */
  readonly stage: string;
  /** The layer that the decoder reads. */
  readonly layer: FeatureLayer;
  /** Its learning rate as a share of the decoder's. */
  readonly rate: number;
}

/** What marks an encoder's parameters among those of a decoder. */
const prefix = "encoder.";

/** A parameter of the stage under the name that the encoder's file has for it. */
export function ownName(name: string): string | undefined {
  return name.startsWith(prefix) ? name.slice(prefix.length) : undefined;
}

/**
 * The stage of a specification.
 * @throws ShowtellError `ARGUMENT` if the encoder has no such stage or computes in integers, or the layer lies before the stage.
 */
export function stageOf({ encoder, stage, layer }: Omit<StageSpec, "rate">): TrainableStage {
  const { title, stages = {} } = encoderOf(encoder);
  const found = Object.hasOwn(stages, stage) ? stages[stage] : undefined;
  if (found === undefined) {
    const names = Object.keys(stages);
    const remedy = names.length === 0 ? "take resnet50" : `name one of ${names.join(", ")}`;
    throw new ShowtellError("ARGUMENT", `${title} has no stage "${stage}" that can be fine-tuned: ${remedy}`);
  }
  if (encoder.arithmetic === "integer") {
    const remedy = "take the same network in floating point, such as --encoder resnet50";
    throw new ShowtellError("ARGUMENT", `the encoder computes in integers, which can't be fine-tuned: ${remedy}`);
  }
  if (layerOf(encoder, layer).map !== found.map) {
    const remedy = "take a decoder that reads others";
    throw new ShowtellError("ARGUMENT", `the decoder reads "${layer}", which does not come after ${stage}: ${remedy}`);
  }
  return found;
}

/** Shape of one picture's features as the stage reads them: [positions, channels]. */
export function stageInputShape(spec: StageSpec): readonly number[] {
  return featureShape(spec.encoder, stageOf(spec).from);
}

/** The stage's parameters, each named by {@link ownName} with a prefix. Weight decay would pull them away from what they know. */
export function stageParameters(spec: StageSpec): ParameterSpecs {
  const stage = stageOf(spec);
  const own = Object.entries(encoderOf(spec.encoder).tensors).filter(([name]) => name.startsWith(stage.prefix));
  return Object.fromEntries(
    own.map(([name, shape]) => [`${prefix}${name}`, { shape, init: { kind: "zeros" }, decay: false }]),
  );
}

/** Features before the stage [images, positions, channels] → those of the layer that the decoder reads. */
export function stageFeatures(p: Parameters, spec: StageSpec, features: Value): Value {
  const stage = stageOf(spec);
  const { size, every = 1 } = layerOf(spec.encoder, stage.from);
  const [channels, rows, columns] = [size[0], Math.ceil(size[1] / every), Math.ceil(size[2] / every)];
  const [images] = features.shape;
  const map = reshape(transpose(features, [0, 2, 1]), [images!, channels, rows, columns]);
  const own = Object.fromEntries(Object.entries(p).flatMap(([name, value]) => [[ownName(name) ?? name, value]]));
  return takenOf(stage.lastMap(own, map), layerOf(spec.encoder, spec.layer));
}

/** The model that computes a layer's features from those before the stage: `features` [batch, ...] → `features.out`; weights are fed. */
export function stageGraph(spec: StageSpec): Uint8Array {
  const graph = new Graph();
  const p = declareParameters(graph, stageParameters(spec));
  const out = stageFeatures(p, spec, graph.input("features", ["batch", ...stageInputShape(spec)]));
  return exportModel(graph, { "features.out": out }, { parameters: "inputs", name: "stage" });
}
