// Attention of rows over the positions of their picture, each picture's keys and values shared by its rows.
import type { Value } from "../graph/graph.ts";
import { mul } from "../graph/operators/arithmetic.ts";
import { matmul } from "../graph/operators/matrix.ts";
import { softmax } from "../graph/operators/reduction.ts";
import { fixedDim, groupedByImage, reshape } from "../graph/operators/reshaping.ts";

/** What was seen and where. */
export interface Attended {
  /** [rows, size]: the values' mean, weighted. */
  readonly context: Value;
  /** [rows, positions]: the weights, which sum to 1. */
  readonly weights: Value;
}

/**
 * Scaled dot-product attention with one head (Vaswani et al. 2017, equation 1).
 * @param queries [rows, size], rows = images × group, image-major.
 * @param keys [images, size, positions]: transposed, as the product wants them.
 * @param values [images, positions, size].
 */
export function dotAttention(queries: Value, keys: Value, values: Value): Attended {
  const size = fixedDim(queries, 1, "attention");
  const scores = mul(matmul(groupedByImage(queries, keys), keys), 1 / Math.sqrt(size));
  return weighted(softmax(scores), values, queries);
}

/** weights [images, group, positions] over values → rows again, as many as `rows` has. */
function weighted(weights: Value, values: Value, rows: Value): Attended {
  const context = matmul(weights, values);
  return {
    context: reshape(context, [rows.shape[0]!, values.shape[2]!]),
    weights: reshape(weights, [rows.shape[0]!, values.shape[1]!]),
  };
}
