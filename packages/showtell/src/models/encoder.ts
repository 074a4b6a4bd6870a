// The seam of encoders: a table of tensors and one function from pictures to features. Knows no particular network.
import type { Value } from "../graph/graph.ts";
import type { PreprocessRule } from "../image/preprocess.ts";
import type { Parameters } from "../nn/parameters.ts";

/** Which features are taken: one vector a picture, or one a position of the last map. */
export type FeatureLayer = "pooled" | "grid";

/** A convolutional network up to its last feature map. */
export interface Encoder {
  /** Shapes of all tensors, by name; batch norm is folded into the convolutions. */
  readonly tensors: Readonly<Record<string, readonly number[]>>;
  /** How a picture is brought to the network. */
  readonly preprocessing: PreprocessRule;
  /** Shape of one picture's features by layer. */
  readonly features: Readonly<Record<FeatureLayer, readonly number[]>>;
  /** Pictures [batch, 3, height, width] → the last feature map [batch, channels, rows, columns]. */
  featureMap(p: Parameters, pictures: Value): Value;
}
