// The seam of encoders: a table of tensors, one function from pictures to maps, and the layers that can be taken of them.
// Knows no particular network.
import type { Value } from "../graph/graph.ts";
import type { PreprocessRule } from "../image/preprocess.ts";
import type { Parameters } from "../nn/parameters.ts";

/**
 * Which features are taken, by a name from the encoder's table: every encoder has "pooled", one vector a picture, and "grid", one
 * vector for each position of its last map.
 */
export type FeatureLayer = string;

/** Features that can be taken of an encoder. */
export interface LayerSpec {
  /** The name of the map that they come from. */
  readonly map: string;
  /** Channels, rows and columns of that map. */
  readonly size: readonly [channels: number, rows: number, columns: number];
  /** The mean over all positions, or every position in row-major order. */
  readonly take: "mean" | "positions";
  /** Only every n-th row and column, from the first on. Default 1. */
  readonly every?: number;
}

/** The end of an encoder, which can be trained by itself. */
export interface TrainableStage {
  /** The layer that holds all that the stage reads. */
  readonly from: FeatureLayer;
  /** The map that it ends in. */
  readonly map: string;
  /** How the names of its tensors begin. */
  readonly prefix: string;
  /** That layer's positions as a map [images, channels, rows, columns] → the map that it ends in. */
  lastMap(p: Parameters, map: Value): Value;
}

/** A convolutional network up to its last feature map. */
export interface Encoder {
  /** What people call it. */
  readonly title: string;
  /** Shapes of all tensors, by name; batch norm is folded into the convolutions. */
  readonly tensors: Readonly<Record<string, readonly number[]>>;
  /** How a picture is brought to the network. */
  readonly preprocessing: PreprocessRule;
  /** Layers by name. */
  readonly layers: Readonly<Record<"pooled" | "grid", LayerSpec>> & Readonly<Record<FeatureLayer, LayerSpec>>;
  /** Stages that can be fine-tuned, by name. Default: none. */
  readonly stages?: Readonly<Record<string, TrainableStage>>;
  /** Pictures [batch, 3, height, width] → the maps that layers are taken of, [batch, channels, rows, columns], by name. */
  featureMaps(p: Parameters, pictures: Value): Readonly<Record<string, Value>>;
}

/** The layers that every encoder has, taken of its last map. */
export function lastMapLayers(map: string, size: LayerSpec["size"]): Readonly<Record<"pooled" | "grid", LayerSpec>> {
  return { pooled: { map, size, take: "mean" }, grid: { map, size, take: "positions" } };
}

/** The shape of one picture's features: [channels], or [positions, channels]. */
export function shapeOfLayer({ size: [channels, rows, columns], take, every = 1 }: LayerSpec): readonly number[] {
  return take === "mean" ? [channels] : [Math.ceil(rows / every) * Math.ceil(columns / every), channels];
}
