// Losses over tokens.
import type { Value } from "../graph/graph.ts";
import { add, cast, div, greater, greaterOrEqual, mul, neg } from "../graph/operators/arithmetic.ts";
import type { CastTarget } from "../graph/operators/arithmetic.ts";
import { gatherElements } from "../graph/operators/indexing.ts";
import { logSoftmax, reduceMax, reduceMean, reduceSum } from "../graph/operators/reduction.ts";
import { reshape, slice } from "../graph/operators/reshaping.ts";

/** What {@link crossEntropy} takes; n tokens. */
export interface CrossEntropyInputs {
  /** [n, columns]; columns beyond `words` are padding (see vocabulary-layer.ts). */
  readonly logits: Value;
  /** [n] int64. */
  readonly targets: Value;
  /** [n]: what each token counts; 0 for padding. May be negative (policy gradients). */
  readonly weights: Value;
  /** Scalar by which the weighted sum is divided. */
  readonly normaliser: Value;
  /** Number of real words. */
  readonly words: number;
  /** Share of the target's probability spread evenly over all real words (Szegedy 2016). Default 0. */
  readonly smoothing?: number;
}

/** Scalars of a batch. */
export interface CrossEntropy {
  /** Σ weight · (− log probability, smoothed) / normaliser. */
  readonly loss: Value;
  /** Tokens of any weight but 0 whose target has the largest logit. */
  readonly correct: Value;
}

/** Weighted cross-entropy of targets under logits, in natural logarithms. */
export function crossEntropy(inputs: CrossEntropyInputs): CrossEntropy {
  const { logits, targets, weights, normaliser, words, smoothing = 0 } = inputs;
  const logProbabilities = logSoftmax(logits);
  const target = gatherElements(logProbabilities, reshape(targets, [...targets.shape, 1]), 1);
  const column = reshape(weights, target.shape);
  const likelihood =
    smoothing === 0
      ? target
      : add(
          mul(target, 1 - smoothing),
          mul(reduceMean(slice(logProbabilities, 1, 0, words), { axes: [1], keep: true }), smoothing),
        );
  const largest = reduceMax(logProbabilities, { axes: [1], keep: true });
  const counted = cast(greater(mul(column, column), 0), logits.dtype as CastTarget);
  const hits = cast(greaterOrEqual(target, largest), logits.dtype as CastTarget);
  return {
    loss: neg(div(reduceSum(mul(likelihood, column)), normaliser)),
    correct: reduceSum(mul(hits, counted)),
  };
}
