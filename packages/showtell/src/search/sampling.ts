// Sampling: words drawn from the model's distribution at a temperature, or from its likely part: the k likeliest (Fan et al. 2018), the
// nucleus (Holtzman et al. 2020). Knows nothing of ONNX, images or words.
import type { CancelSignal } from "../base/cancel.ts";
import { ShowtellError } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import { defaultAlpha, type Hypothesis } from "./hypothesis.ts";
import { type ChooseWord, followPaths } from "./paths.ts";
import type { Stepper } from "./stepper.ts";
import { requireWhole, type SearchTask, widest } from "./task.ts";

/** Settings of {@link sampleSentences}. */
export interface SamplingOptions {
  /** One stream an image, advanced by the draws: so an image's sentences do not depend on what else is in the batch. */
  readonly random: readonly Random[];
  /** Sentences an image, 1 to 1000; default 1. */
  readonly count?: number;
  /** Above 1 the draw is more even than the model's distribution, below 1 sharper; default 1. */
  readonly temperature?: number;
  /** Draws from this many of the likeliest words, 1 or more; default: all. Of equal ones the lower ids are kept. */
  readonly topK?: number;
  /**
   * Draws from the fewest likeliest words whose probability (at the temperature, among the `topK`) is this together, above 0 and at most 1;
   * default 1.
   */
  readonly topP?: number;
  /** Exponent of the length in the score, 0 or more; default 0.7. It changes score and order only. */
  readonly alpha?: number;
  readonly signal?: CancelSignal | undefined;
}

/**
 * `count` independent sentences an image, best score first; those cut at the greatest length are among them, marked `truncated`.
 * Words that are never produced are left out before the softmax at the temperature; the log-probabilities reported are the model's own
 * (temperature 1, over the whole vocabulary).
 * @throws ShowtellError `ARGUMENT` for an option out of range or too few random streams, `CANCELLED` between two steps, `ENGINE` if no
 * word has a probability.
 */
export async function sampleSentences<Images, State>(
  stepper: Stepper<Images, State>,
  task: SearchTask,
  images: Images,
  options: SamplingOptions,
): Promise<readonly (readonly Hypothesis[])[]> {
  const { count = 1, temperature = 1, topK = task.words, topP = 1, alpha = defaultAlpha, random, signal } = options;
  requireWhole("count", count, 1, widest);
  if (!Number.isFinite(temperature) || temperature <= 0) {
    throw new ShowtellError(
      "ARGUMENT",
      `temperature is ${temperature}; it must be a number above 0 (for greedy words, use greedy search)`,
    );
  }
  requireWhole("topK", topK, 1, Number.MAX_SAFE_INTEGER);
  if (!(topP > 0 && topP <= 1)) {
    throw new ShowtellError("ARGUMENT", `topP is ${topP}; it must be a number above 0 and at most 1`);
  }
  const restrict = topK < task.words || topP < 1 ? restriction(topK, topP, task.words) : undefined;
  const choose = drawing(random, temperature, new Float64Array(task.words), restrict);
  const drawn = await followPaths(stepper, task, images, { group: count, alpha, signal, choose });
  return drawn.map((sentences) => sentences.toSorted((a, b) => b.score - a.score));
}

/** Draws by inverting the cumulative sum of exp(log p / temperature); `weights` is scratch space, `[words]`. */
function drawing(
  streams: readonly Random[],
  temperature: number,
  weights: Float64Array,
  restrict: ((weights: Float64Array) => number) | undefined,
): ChooseWord {
  return ({ image, logProbabilities, offset, mask }) => {
    const random = streams[image];
    if (random === undefined) {
      throw new ShowtellError(
        "ARGUMENT",
        `image ${image} has no random stream: ${streams.length} were given, one an image is needed`,
      );
    }
    const highest = highestAllowed(logProbabilities, offset, mask);
    if (highest === -Infinity) return -1;
    let sum = 0;
    for (let word = 0; word < mask.length; word++) {
      // Relative to the highest, so that at least one weight is 1 at any temperature.
      const weight = mask[word] === 1 ? 0 : Math.exp((logProbabilities[offset + word]! - highest) / temperature);
      weights[word] = weight;
      sum += weight;
    }
    if (Number.isNaN(sum)) return -1;
    return invert(weights, random.uniform() * (restrict?.(weights) ?? sum));
  };
}

/** Makes what leaves only the likely part of some weights, by setting the others to 0, and gives the sum of what is left. */
function restriction(topK: number, topP: number, words: number): (weights: Float64Array) => number {
  const order = Int32Array.from({ length: words }, (_, word) => word);
  return (weights) => {
    order.sort((a, b) => weights[b]! - weights[a]! || a - b);
    const kept = order.subarray(0, Math.min(topK, words));
    let sum = 0;
    for (const word of kept) sum += weights[word]!;
    let [nucleus, size] = [0, 0];
    while (size < kept.length && nucleus < topP * sum) nucleus += weights[kept[size++]!]!;
    for (const word of order.subarray(size)) weights[word] = 0;
    return nucleus;
  };
}

function highestAllowed(logProbabilities: Float32Array, offset: number, mask: Uint8Array): number {
  let highest = -Infinity;
  for (let word = 0; word < mask.length; word++) {
    const value = logProbabilities[offset + word]!;
    if (value > highest && mask[word] === 0) highest = value;
  }
  return highest;
}

/** The first word at which the cumulative weight exceeds `target`; the last one with a weight where rounding keeps the sum from it. */
function invert(weights: Float64Array, target: number): number {
  let cumulative = 0;
  let last = -1;
  for (let word = 0; word < weights.length; word++) {
    if (weights[word] === 0) continue;
    cumulative += weights[word]!;
    last = word;
    if (cumulative > target) return word;
  }
  return last;
}
