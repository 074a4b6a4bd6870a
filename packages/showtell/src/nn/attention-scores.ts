// How attention compares a row with the positions of its picture, as a closed table: by a dot product or by a small network.
import type { Value } from "../graph/graph.ts";
import { add, mul, sub, tanh } from "../graph/operators/arithmetic.ts";
import { gemm, matmul, transpose } from "../graph/operators/matrix.ts";
import { reduceSum } from "../graph/operators/reduction.ts";
import { fixedDim, groupedByImage, reshape, slice } from "../graph/operators/reshaping.ts";
import { numericShape } from "../graph/shapes.ts";
import { withGradient } from "../graph/own-gradient.ts";
import type { Parameters, ParameterSpecs } from "./parameters.ts";
import { weightSpec } from "./parameters.ts";

/** The ways there are. */
export const scoreKinds = ["additive", "dot"] as const;
/** The name of a way. */
export type ScoreKind = (typeof scoreKinds)[number];

/** A way to compare queries with keys of one size. */
export interface AttentionScore {
  /** As people write it. */
  readonly title: string;
  /** What it has besides the projections to queries and keys: `attention.score`, if anything. */
  parameters(size: number): ParameterSpecs;
  /** Keys [images, positions, size] as {@link AttentionScore.scores} wants them, once a picture. */
  keys(keys: Value): Value;
  /**
   * queries [rows, size], rows = images × group, image-major, and what `keys` gave → [images, group, positions].
   * @param size The size that a query has by itself, where weights of keys and queries are one; default: that of `queries`.
   */
  scores(p: Parameters, queries: Value, keys: Value, size?: number): Value;
}

/** All ways. */
export const attentionScores: { readonly [Kind in ScoreKind]: AttentionScore } = {
  // Bahdanau, Cho and Bengio 2015: v · tanh(query + key).
  additive: {
    title: "additive",
    parameters: (size) => ({ "attention.score": weightSpec(size, 1) }),
    keys: (keys) => keys,
    scores(p, queries, keys) {
      const [images, positions] = keys.shape as [Value["shape"][0], number];
      const rows = queries.shape[0]!;
      const size = fixedDim(queries, 1, "attention");
      const grouped = groupedByImage(reshape(queries, [rows, 1, size]), keys);
      const spread = reshape(keys, [images, 1, positions, size]);
      const joined = tanh(add(grouped, spread)); // [images, group, positions, size]
      // As one matrix, which is what the engine multiplies fastest.
      const flat = reshape(joined, [typeof rows === "number" ? rows * positions : "pairs", size]);
      const weights = p["attention.score"]!;
      const scores = groupedByImage(reshape(gemm(flat, weights), [rows, positions]), keys);
      // What was joined is joined again where its slope is wanted, the other way round, or the engine would find it the same and keep it: for all
      // steps of a sentence that is more than a processor's cache holds, and fetching it takes longer.
      return withGradient(scores, [queries, keys, weights], (slopes) =>
        additiveSlopes({ queries, keys, weights, joined: tanh(add(spread, grouped)) }, slopes),
      );
    },
  },
  // Vaswani et al. 2017, equation 1: query · key / √size.
  dot: {
    title: "dot product",
    parameters: () => ({}),
    keys: (keys) => transpose(keys, [0, 2, 1]),
    scores(_p, queries, keys, size = fixedDim(queries, 1, "attention")) {
      return mul(matmul(groupedByImage(queries, keys), keys), 1 / Math.sqrt(size));
    },
  },
};

/**
 * Gradients of additive scores s = t · v, t = tanh(query + key), with respect to queries, keys and v. The slope of the sum query + key is
 * ds · v · (1 − t²) at every position for every row, which is much larger than its sums over positions and rows that are wanted: v is the same
 * for all, so it is multiplied after summing, and Σ ds − Σ ds · t² needs two passes over all pairs instead of five.
 * @param slopes ds [images, group, positions].
 */
function additiveSlopes(
  { queries, keys, weights, joined }: { readonly [Name in "queries" | "keys" | "weights" | "joined"]: Value },
  slopes: Value,
): readonly Value[] {
  const [images, group, positions, size] = numericShape(joined.shape, "attention") as [number, number, number, number];
  const each = reshape(slopes, [images, group, positions, 1]);
  const squares = mul(mul(joined, each), joined); // ds · t²
  const factors = reshape(weights, [size]);
  const summed = (axis: 1 | 2): Value =>
    mul(sub(reduceSum(each, { axes: [axis] }), reduceSum(squares, { axes: [axis] })), factors);
  const pairs = images * group * positions;
  const ofWeights = gemm(reshape(slopes, [1, pairs]), reshape(joined, [pairs, size])); // [1, size]
  const ofKeys = summed(1); // [images, positions, size]
  // Slopes of keys and weights are added up at the end only, and the engine would put them off and keep the pairs of all steps until then. The
  // step before waits for the slope of queries: with nothing of the others added to it, they come first, and a step's pairs go with it.
  const nothing = mul(add(ofWeights, reshape(slice(slice(ofKeys, 0, 0, 1), 1, 0, 1), [1, size])), 0);
  return [
    add(reshape(summed(2), queries.shape), nothing),
    reshape(ofKeys, keys.shape),
    reshape(ofWeights, weights.shape),
  ];
}
