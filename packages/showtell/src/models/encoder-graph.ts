// The graph from pictures to features, and the catalogue of encoders it is built for. Adding one is a file, and its name and line here.
import { ShowtellError } from "../base/errors.ts";
import { exportModel } from "../graph/export.ts";
import type { ParameterContent } from "../graph/export.ts";
import { Graph } from "../graph/graph.ts";
import type { Dim, Value } from "../graph/graph.ts";
import { transpose } from "../graph/operators/matrix.ts";
import { reduceMean } from "../graph/operators/reduction.ts";
import { reshape } from "../graph/operators/reshaping.ts";
import { maxPool } from "../graph/operators/vision.ts";
import { efficientnetLite0 } from "./efficientnet-lite0.ts";
import type { Encoder, FeatureLayer, LayerSpec } from "./encoder.ts";
import { shapeOfLayer } from "./encoder.ts";
import type { TensorShapes } from "./convolution.ts";
import { inceptionV3 } from "./inception-v3.ts";
import { convolutionsOf, inIntegers, roundedValues } from "./integer-network.ts";
import type { IntegerWeights } from "./integer-network.ts";
import { resnet50 } from "./resnet50.ts";
import { xception } from "./xception.ts";

/** The name of an encoder in files and commands. */
export type EncoderKind = "resnet50" | "inception-v3" | "xception" | "efficientnet-lite0";

/** Which network an encoder is. */
export interface EncoderSpec {
  readonly kind: EncoderKind;
  /** How it computes, whatever its weights are stored as: in 8-bit integers (see integer-network.ts). Default: in float32. */
  readonly arithmetic?: "integer" | undefined;
}

const encoders: Readonly<Record<EncoderKind, Encoder>> = {
  resnet50,
  "inception-v3": inceptionV3,
  xception,
  "efficientnet-lite0": efficientnetLite0,
};

/** Names of all encoders. */
export const encoderKinds: readonly EncoderKind[] = Object.keys(encoders) as EncoderKind[];

/** Names of all layers that any encoder has. */
export const layerNames: readonly FeatureLayer[] = [
  ...new Set(Object.values(encoders).flatMap(({ layers }) => Object.keys(layers))),
];

/** The encoder of a specification. */
export function encoderOf(spec: EncoderSpec): Encoder {
  return encoders[spec.kind];
}

/**
 * What a layer is.
 * @throws ShowtellError `ARGUMENT` if the encoder has no such layer.
 */
export function layerOf(spec: EncoderSpec, layer: FeatureLayer): LayerSpec {
  const { title, layers } = encoderOf(spec);
  const found = Object.hasOwn(layers, layer) ? layers[layer] : undefined;
  if (found !== undefined) return found;
  throw new ShowtellError(
    "ARGUMENT",
    `${title} has no layer "${layer}": name one of ${Object.keys(layers).join(", ")}`,
  );
}

/**
 * The shape of one picture's features: [channels], or [positions, channels].
 * @throws ShowtellError `ARGUMENT` if the encoder has no such layer.
 */
export function featureShape(spec: EncoderSpec, layer: FeatureLayer): readonly number[] {
  return shapeOfLayer(layerOf(spec, layer));
}

/** The name of the ranges that a network in integers has besides its weights. */
export const rangesName = "ranges";

/** The name of what a network in integers adds to a bias, for what rounding does to its channel on average. */
export function shiftName(bias: string): string {
  return bias.replace(/bias$/, "shift");
}

/** Shapes of all stored tensors by name: those of the network, and the ranges and shifts of one that computes in integers. */
export function encoderTensors(spec: EncoderSpec): TensorShapes {
  const { tensors } = encoderOf(spec);
  if (spec.arithmetic !== "integer") return tensors;
  const biases = Object.entries(tensors).filter(([name]) => name.endsWith("bias"));
  return {
    ...tensors,
    ...Object.fromEntries(biases.map(([name, shape]) => [shiftName(name), shape])),
    [rangesName]: [roundedValues(Object.values(mapsOf(spec))).length, 2],
  };
}

/** map [batch, channels, rows, columns] → [batch, channels] or [batch, positions, channels]. */
export function takenOf(map: Value, { take, every = 1 }: LayerSpec): Value {
  if (take === "mean") return reduceMean(map, { axes: [2, 3] });
  // A pool over single positions leaves out the rest.
  const kept = every === 1 ? map : maxPool(map, [1, 1], { stride: [every, every] });
  const [batch, channels, rows, columns] = kept.shape as readonly [Dim, number, number, number];
  return transpose(reshape(kept, [batch, channels, rows * columns]), [0, 2, 1]);
}

/** The network's maps in a graph of their own, in float32, from the input `pictures` [batch, 3, height, width]. */
function mapsOf(spec: EncoderSpec): Readonly<Record<string, Value>> {
  const encoder = encoderOf(spec);
  const graph = new Graph();
  const { width, height } = encoder.preprocessing.resize;
  const p = Object.fromEntries(
    Object.entries(encoder.tensors).map(([name, shape]) => [name, graph.parameter(name, shape)]),
  );
  return encoder.featureMaps(p, graph.input("pictures", ["batch", 3, height, width]));
}

function layersModel(
  spec: EncoderSpec,
  layers: readonly FeatureLayer[],
  maps: Readonly<Record<string, Value>>,
  parameters: (name: string) => ParameterContent,
): Uint8Array {
  const outputs = layers.map((layer) => {
    const found = layerOf(spec, layer);
    return [layer, takenOf(maps[found.map]!, found)] as const;
  });
  const { graph } = Object.values(maps)[0]!;
  return exportModel(graph, Object.fromEntries(outputs), { parameters, name: spec.kind });
}

/**
 * The model `pictures` [batch, 3, height, width] → for each layer, under its name, [batch, channels] or [batch, positions, channels],
 * positions in row-major order; in float32.
 * @throws ShowtellError `ARGUMENT` if the encoder has no such layer.
 */
export function encoderGraph(
  spec: EncoderSpec,
  layers: readonly FeatureLayer[],
  contents: (name: string) => ParameterContent,
): Uint8Array {
  return layersModel(spec, layers, mapsOf(spec), contents);
}

/**
 * The same model in 8-bit integers; what comes out is float32.
 * @throws ShowtellError `ARGUMENT` if the encoder has no such layer, and what {@link inIntegers} throws.
 */
export function integerEncoderGraph(
  spec: EncoderSpec,
  layers: readonly FeatureLayer[],
  weights: IntegerWeights,
): Uint8Array {
  return layersModel(spec, layers, inIntegers(mapsOf(spec), weights), noParameters);
}

/** The names of the kernels of an encoder's convolutions, in order. */
export function kernelNames(spec: EncoderSpec): readonly string[] {
  return [...convolutionsOf(Object.values(mapsOf(spec))).keys()];
}

/** The model `pictures` → under "0", "1", … the values that {@link integerEncoderGraph} rounds, but for the pictures themselves, the first. */
export function roundedValuesGraph(spec: EncoderSpec, contents: (name: string) => ParameterContent): Uint8Array {
  const maps = Object.values(mapsOf(spec));
  const [, ...values] = roundedValues(maps);
  return exportModel(maps[0]!.graph, Object.fromEntries(values.map((value, i) => [`${i}`, value])), {
    parameters: contents,
    name: spec.kind,
  });
}

/** The model `pictures` → `sums`, what the convolution with this kernel gives before its rectifier; in float32. */
export function convolutionGraph(
  spec: EncoderSpec,
  kernel: string,
  contents: (name: string) => ParameterContent,
): Uint8Array {
  const maps = Object.values(mapsOf(spec));
  const sums = convolutionsOf(maps).get(kernel)!;
  return exportModel(sums.graph, { sums }, { parameters: contents, name: spec.kind });
}

/** The same of the network in integers. */
export function integerConvolutionGraph(spec: EncoderSpec, kernel: string, weights: IntegerWeights): Uint8Array {
  const maps = mapsOf(spec);
  const { sums } = inIntegers({ ...maps, sums: convolutionsOf(Object.values(maps)).get(kernel)! }, weights);
  return exportModel(sums!.graph, { sums: sums! }, { parameters: noParameters, name: spec.kind });
}

function noParameters(): never {
  throw new ShowtellError("INTERNAL", "a network in integers has no parameters");
}
