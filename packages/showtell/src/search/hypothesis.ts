// What a search returns, and how hypotheses rank: log P / length^alpha (Wu et al. 2016 without the constant). Knows only ids.
import { ShowtellError } from "../base/errors.ts";

/** A sentence that a search found. */
export interface Hypothesis {
  /** Ids in order, without the end token. */
  readonly words: readonly number[];
  /** Natural log-probability under the model, summed over the words and the end token. */
  readonly logProbability: number;
  /** What ranks: log-probability / length^alpha; the length counts the end token. */
  readonly score: number;
  /** Natural log-probability of each word given those before it, and last that of the end token (unless truncated). */
  readonly wordLogProbabilities: readonly number[];
  /** Whether the greatest length came before an end token did. */
  readonly truncated: boolean;
}

/** Length exponent where none is given. */
export const defaultAlpha = 0.7;

/**
 * The divisors of scores, length^alpha for lengths 0 … `longest`.
 * @throws ShowtellError `ARGUMENT` if alpha is negative or not finite (long sentences would then lose twice).
 */
export function lengthPenalties(alpha: number, longest: number): Float64Array {
  if (!Number.isFinite(alpha) || alpha < 0) {
    throw new ShowtellError(
      "ARGUMENT",
      `alpha is ${alpha}; it must be a number from 0 (no length normalisation) upwards`,
    );
  }
  return Float64Array.from({ length: longest + 1 }, (_, length) => length ** alpha);
}
