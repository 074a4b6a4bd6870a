// The graph from pictures to features, and the catalogue of encoders it is built for.
import { exportModel } from "../graph/export.ts";
import type { ParameterContent } from "../graph/export.ts";
import { Graph } from "../graph/graph.ts";
import { transpose } from "../graph/operators/matrix.ts";
import { reduceMean } from "../graph/operators/reduction.ts";
import { reshape } from "../graph/operators/reshaping.ts";
import type { Encoder, FeatureLayer } from "./encoder.ts";
import { resnet50 } from "./resnet50.ts";

/** Which network an encoder is. */
export interface EncoderSpec {
  readonly kind: "resnet50";
}

const encoders: Readonly<Record<EncoderSpec["kind"], Encoder>> = { resnet50 };

/** Names of all encoders. */
export const encoderKinds: readonly EncoderSpec["kind"][] = Object.keys(encoders) as EncoderSpec["kind"][];

/** The encoder of a specification. */
export function encoderOf(spec: EncoderSpec): Encoder {
  return encoders[spec.kind];
}

/**
 * The model `pictures` [batch, 3, height, width] → `features`: pooled [batch, channels], or as a grid
 * [batch, positions, channels] in row-major order.
 */
export function encoderGraph(
  spec: EncoderSpec,
  layer: FeatureLayer,
  contents: (name: string) => ParameterContent,
): Uint8Array {
  const encoder = encoderOf(spec);
  const graph = new Graph();
  const { width, height } = encoder.preprocessing.resize;
  const p = Object.fromEntries(
    Object.entries(encoder.tensors).map(([name, shape]) => [name, graph.parameter(name, shape)]),
  );
  const map = encoder.featureMap(p, graph.input("pictures", ["batch", 3, height, width]));
  const features =
    layer === "pooled"
      ? reduceMean(map, { axes: [2, 3] })
      : transpose(reshape(map, ["batch", map.shape[1]!, encoder.features.grid[0]!]), [0, 2, 1]);
  return exportModel(graph, { features }, { parameters: contents, name: spec.kind });
}
