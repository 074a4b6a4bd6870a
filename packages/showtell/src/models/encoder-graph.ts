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
import { inceptionV3 } from "./inception-v3.ts";
import { resnet50 } from "./resnet50.ts";
import { xception } from "./xception.ts";

/** The name of an encoder in files and commands. */
export type EncoderKind = "resnet50" | "inception-v3" | "xception" | "efficientnet-lite0";

/** Which network an encoder is. */
export interface EncoderSpec {
  readonly kind: EncoderKind;
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

/** map [batch, channels, rows, columns] → [batch, channels] or [batch, positions, channels]. */
export function takenOf(map: Value, { take, every = 1 }: LayerSpec): Value {
  if (take === "mean") return reduceMean(map, { axes: [2, 3] });
  // A pool over single positions leaves out the rest.
  const kept = every === 1 ? map : maxPool(map, [1, 1], { stride: [every, every] });
  const [batch, channels, rows, columns] = kept.shape as readonly [Dim, number, number, number];
  return transpose(reshape(kept, [batch, channels, rows * columns]), [0, 2, 1]);
}

/**
 * The model `pictures` [batch, 3, height, width] → for each layer, under its name, [batch, channels] or [batch, positions, channels],
 * positions in row-major order.
 * @throws ShowtellError `ARGUMENT` if the encoder has no such layer.
 */
export function encoderGraph(
  spec: EncoderSpec,
  layers: readonly FeatureLayer[],
  contents: (name: string) => ParameterContent,
): Uint8Array {
  const encoder = encoderOf(spec);
  const graph = new Graph();
  const { width, height } = encoder.preprocessing.resize;
  const p = Object.fromEntries(
    Object.entries(encoder.tensors).map(([name, shape]) => [name, graph.parameter(name, shape)]),
  );
  const maps = encoder.featureMaps(p, graph.input("pictures", ["batch", 3, height, width]));
  const outputs = layers.map((layer) => {
    const found = layerOf(spec, layer);
    return [layer, takenOf(maps[found.map]!, found)] as const;
  });
  return exportModel(graph, Object.fromEntries(outputs), { parameters: contents, name: spec.kind });
}
