// What rows see of the positions of their picture, each picture's values shared by its rows. How positions are scored: attention-scores.ts.
import type { Value } from "../graph/graph.ts";
import { matmul } from "../graph/operators/matrix.ts";
import { reshape } from "../graph/operators/reshaping.ts";

/** What was seen and where. */
export interface Attended {
  /** [rows, size]: the values' mean, weighted. */
  readonly context: Value;
  /** [rows, positions]: the weights, which sum to 1. */
  readonly weights: Value;
}

/**
 * The mean of a picture's values, weighted.
 * @param weights [images, group, positions]. @param values [images, positions, size].
 * @param rows Any value [images · group, ...], whose first dimension the results take.
 */
export function attended(weights: Value, values: Value, rows: Value): Attended {
  const context = matmul(weights, values);
  return {
    context: reshape(context, [rows.shape[0]!, values.shape[2]!]),
    weights: reshape(weights, [rows.shape[0]!, values.shape[1]!]),
  };
}
