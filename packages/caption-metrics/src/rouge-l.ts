// ROUGE-L (Lin 2004) as the COCO caption evaluation computes it: longest common subsequence, β = 1.2. Knows no tokeniser.
import {
  checkCorpus,
  type Hypotheses,
  mean,
  type MetricOptions,
  type MetricResult,
  type References,
} from "./inputs.ts";
import type { Tokens } from "./ngrams.ts";
import { signature } from "./signature.ts";

const BETA = 1.2;

/** The part of ROUGE-L's signature that is its own. */
export const rougeSettings: readonly string[] = ["rouge-l", `beta:${BETA}`];

/**
 * ROUGE-L: the mean over images of an F-measure of the longest common subsequence.
 *
 * The best precision and the best recall are taken over the references independently. An empty caption counts as one empty
 * word, so that an empty hypothesis and an empty reference score 1, as in the reference toolkit.
 *
 * @throws MetricsError `EMPTY`, `IDS` or `NO_REFERENCES`.
 */
export function rougeL(hypotheses: Hypotheses, references: References, options: MetricOptions = {}): MetricResult {
  checkCorpus(hypotheses, references);
  const perImage = hypotheses.map((hypothesis, image) => imageRougeL(hypothesis, references[image] ?? []));
  return { score: mean(perImage), perImage, signature: signature(rougeSettings, references, options) };
}

/** The score of one image. */
export function imageRougeL(hypothesis: Tokens, references: readonly Tokens[]): number {
  const words = new Map<string, number>();
  const guess = wordNumbers(hypothesis, words);
  let precision = 0;
  let recall = 0;
  for (const reference of references) {
    const truth = wordNumbers(reference, words);
    const common = longestCommonSubsequence(guess, truth);
    precision = Math.max(precision, common / guess.length);
    recall = Math.max(recall, common / truth.length);
  }
  if (precision === 0 || recall === 0) return 0;
  return ((1 + BETA ** 2) * precision * recall) / (recall + BETA ** 2 * precision);
}

function wordNumbers(tokens: Tokens, words: Map<string, number>): number[] {
  const counted = tokens.length === 0 ? [""] : tokens;
  const numbers: number[] = [];
  for (const token of counted) {
    const known = words.get(token);
    numbers.push(known ?? words.size);
    if (known === undefined) words.set(token, words.size);
  }
  return numbers;
}

function longestCommonSubsequence(a: readonly number[], b: readonly number[]): number {
  const lengths = new Int32Array(b.length + 1); // of the common subsequences of a's words so far and b's first j
  for (const word of a) {
    let diagonal = 0;
    for (let j = 1; j <= b.length; j++) {
      const above = lengths[j] as number;
      lengths[j] = word === b[j - 1] ? diagonal + 1 : Math.max(above, lengths[j - 1] as number);
      diagonal = above;
    }
  }
  return lengths[b.length] as number;
}
