// The output layer over a vocabulary padded to a multiple of 64, which makes its product a third faster.
import { tensor } from "../base/tensor.ts";
import type { Value } from "../graph/graph.ts";
import { add } from "../graph/operators/arithmetic.ts";
import { fixedDim } from "../graph/operators/reshaping.ts";
import { linear } from "./layers.ts";

/** Size of the padded vocabulary dimension for a number of words. */
export function paddedWords(words: number): number {
  return Math.ceil(words / 64) * 64;
}

/**
 * Logits [rows, padded] of x [rows, inputs]. Those of padding columns are near −1e9, so that their probability, and with it
 * every gradient of their parameters, is exactly 0.
 * @param weight [inputs, padded]; bias [padded]. @param words The number of real words.
 */
export function vocabularyLogits(x: Value, weight: Value, bias: Value, words: number): Value {
  const padded = fixedDim(weight, 1, "an output layer");
  if (padded === words) return linear(x, weight, bias);
  const mask = new Float32Array(padded).fill(-1e9, words);
  return linear(x, weight, add(bias, x.graph.constant(tensor("float32", [padded], mask))));
}
