// Losses over tokens and over labels, and what attention over a sentence may cost.
import { tensor } from "../base/tensor.ts";
import type { Value } from "../graph/graph.ts";
import {
  add,
  cast,
  div,
  exp,
  greater,
  greaterOrEqual,
  log,
  mul,
  neg,
  relu,
  sub,
} from "../graph/operators/arithmetic.ts";
import type { CastTarget } from "../graph/operators/arithmetic.ts";
import { gatherElements } from "../graph/operators/indexing.ts";
import { matmul } from "../graph/operators/matrix.ts";
import { logSoftmax, reduceMax, reduceMean, reduceSum, reduceSumSquare } from "../graph/operators/reduction.ts";
import { reshape, slice } from "../graph/operators/reshaping.ts";
import { numericShape } from "../graph/shapes.ts";

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
  /** Distributions of a teacher, [n, k] each, and how much of the loss is the cross-entropy of these instead of the targets'. */
  readonly soft?: { readonly ids: Value; readonly probabilities: Value; readonly share: number } | undefined;
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
  const { logits, targets, weights, normaliser, words, smoothing = 0, soft } = inputs;
  const logProbabilities = logSoftmax(logits);
  const target = gatherElements(logProbabilities, reshape(targets, [...targets.shape, 1]), 1);
  const column = reshape(weights, target.shape);
  const hard =
    smoothing === 0
      ? target
      : add(
          mul(target, 1 - smoothing),
          mul(reduceMean(slice(logProbabilities, 1, 0, words), { axes: [1], keep: true }), smoothing),
        );
  const likelihood = soft === undefined ? hard : mixedLikelihood(hard, logProbabilities, soft);
  const largest = reduceMax(logProbabilities, { axes: [1], keep: true });
  const counted = cast(greater(mul(column, column), 0), logits.dtype as CastTarget);
  const hits = cast(greaterOrEqual(target, largest), logits.dtype as CastTarget);
  return {
    loss: neg(div(reduceSum(mul(likelihood, column)), normaliser)),
    correct: reduceSum(mul(hits, counted)),
  };
}

function mixedLikelihood(
  hard: Value,
  logProbabilities: Value,
  { ids, probabilities, share }: NonNullable<CrossEntropyInputs["soft"]>,
): Value {
  const expected = mul(gatherElements(logProbabilities, ids, 1), probabilities);
  return add(mul(hard, 1 - share), mul(reduceSum(expected, { axes: [1], keep: true }), share));
}

/** What {@link attentionPenalty} takes. */
export interface AttentionPenaltyInputs {
  /** [images · perPicture, positions], picture by picture: how much each token looked at each position. */
  readonly attention: Value;
  /** [images · perPicture]: 0 for padding, where nothing looks. */
  readonly weights: Value;
  /** The place of each of a picture's tokens: those of one sentence have the same. */
  readonly places: readonly number[];
}

/**
 * Doubly stochastic attention (Xu et al. 2015, equation 14, its second term): Σ over sentences and positions i of (1 − Σₜ αₜᵢ)². It is least
 * where a sentence looks at all positions alike over its tokens. Rows that are padding count nothing.
 */
export function attentionPenalty({ attention, weights, places }: AttentionPenaltyInputs): Value {
  const [tokens, positions] = numericShape(attention.shape, "attention") as [number, number];
  const counted = cast(greater(mul(weights, weights), 0), attention.dtype as CastTarget);
  const looked = mul(attention, reshape(counted, [tokens, 1]));
  const images = tokens / places.length;
  // Sums over the tokens of each place, as a product: [group, perPicture] · [images, perPicture, ...].
  const group = 1 + Math.max(...places);
  const belongs = Float32Array.from({ length: group * places.length }, (_, i) =>
    places[i % places.length] === Math.floor(i / places.length) ? 1 : 0,
  );
  const ofPlace = attention.graph.constant(tensor("float32", [group, places.length], belongs));
  const seen = matmul(ofPlace, reshape(looked, [images, places.length, positions]));
  const said = matmul(ofPlace, reshape(counted, [images, places.length, 1]));
  return reduceSumSquare(mul(sub(1, seen), cast(greater(said, 0), attention.dtype as CastTarget)));
}

/**
 * Binary cross-entropy of labels that a picture may have several of, in natural logarithms: − Σ t · log σ(x) + (1 − t) · log σ(−x), the
 * mean over rows.
 * @param logits [rows, labels]. @param targets [rows, labels]: 1 where a label holds, else 0.
 */
export function binaryCrossEntropy(logits: Value, targets: Value): Value {
  const [rows] = numericShape(logits.shape, "binary cross-entropy") as [number];
  // = |x| / 2 + (½ − t) · x + log(1 + e^−|x|): no exponential overflows, no logarithm meets 0, and the slope at 0 is ½ − t.
  const size = add(relu(logits), relu(neg(logits)));
  const softened = log(add(exp(neg(size)), 1));
  const each = add(add(mul(size, 0.5), mul(sub(0.5, targets), logits)), softened);
  return div(reduceSum(each), rows);
}
