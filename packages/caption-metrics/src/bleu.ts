// BLEU-1 … BLEU-4 (Papineni et al. 2002) as the COCO caption evaluation computes it: corpus statistics, closest reference
// length, no smoothing. Knows no tokeniser.
import { MetricsError } from "./errors.ts";
import {
  checkCorpus,
  checkReferences,
  type Hypotheses,
  type MetricOptions,
  type MetricResult,
  type References,
} from "./inputs.ts";
import {
  createNgramTable,
  MAX_N,
  ngramCount,
  type Ngrams,
  ngramStart,
  splitWords,
  type Tokens,
  UNKNOWN,
} from "./ngrams.ts";
import { signature } from "./signature.ts";

/** What BLEU counts, for an image or summed over several. Arrays hold n = 1 … 4. */
export interface BleuStatistics {
  /** Words of the hypothesis. */
  readonly hypothesisLength: number;
  /** Words of the reference whose length is closest, the shorter of two. */
  readonly referenceLength: number;
  /** n-grams of the hypothesis. */
  readonly guessed: readonly number[];
  /** Those of them that stand in a reference, each at most as often as in the reference that has it most often. */
  readonly correct: readonly number[];
}

/** BLEU-1 … BLEU-4, each a metric result. */
export type BleuResult = readonly [MetricResult, MetricResult, MetricResult, MetricResult];

/** The reference toolkit's stand-ins for zero: a score is never quite 0 and never quite 1. */
const TINY = 1e-15;
const SMALL = 1e-9;

/**
 * BLEU-1 … BLEU-4 of a corpus and of each image.
 *
 * The corpus score sums the statistics of all images; it is not the mean of the images' scores.
 *
 * @throws MetricsError `EMPTY`, `IDS` or `NO_REFERENCES`.
 */
export function bleu(hypotheses: Hypotheses, references: References, options: MetricOptions = {}): BleuResult {
  const statistics = bleuStatistics(hypotheses, references);
  const corpus = bleuScores(sumBleuStatistics(statistics));
  const perImage = statistics.map(bleuScores);
  const result = (n: 1 | 2 | 3 | 4): MetricResult => ({
    score: corpus[n - 1] as number,
    perImage: perImage.map((scores) => scores[n - 1] as number),
    signature: signature(bleuSettings(n), references, options),
  });
  return [result(1), result(2), result(3), result(4)];
}

/** The part of BLEU-n's signature that is its own. */
export function bleuSettings(n: number): readonly string[] {
  return [`bleu-${n}`, "eff:closest", "smooth:none"];
}

/** The statistics of each image; sum those of any sample and give them to {@link bleuScores} (a bootstrap does). */
export function bleuStatistics(hypotheses: Hypotheses, references: References): BleuStatistics[] {
  checkCorpus(hypotheses, references);
  const count = createBleuCounter();
  return hypotheses.map((hypothesis, image) => count(hypothesis, references[image] ?? []));
}

/** The statistics of several images together. */
export function sumBleuStatistics(images: Iterable<BleuStatistics>): BleuStatistics {
  let hypothesisLength = 0;
  let referenceLength = 0;
  const guessed = [0, 0, 0, 0];
  const correct = [0, 0, 0, 0];
  for (const image of images) {
    hypothesisLength += image.hypothesisLength;
    referenceLength += image.referenceLength;
    for (let k = 0; k < MAX_N; k++) {
      guessed[k] = (guessed[k] as number) + (image.guessed[k] as number);
      correct[k] = (correct[k] as number) + (image.correct[k] as number);
    }
  }
  return { hypothesisLength, referenceLength, guessed, correct };
}

/** BLEU-1 … BLEU-4 from statistics: the geometric mean of the precisions times the brevity penalty. */
export function bleuScores(statistics: BleuStatistics): readonly [number, number, number, number] {
  const ratio = (statistics.hypothesisLength + TINY) / (statistics.referenceLength + SMALL);
  const brevityPenalty = ratio < 1 ? Math.exp(1 - 1 / ratio) : 1;
  let product = 1;
  const scores = statistics.correct.map((correct, k) => {
    product *= (correct + TINY) / ((statistics.guessed[k] as number) + SMALL);
    return product ** (1 / (k + 1)) * brevityPenalty;
  });
  return scores as [number, number, number, number];
}

/** BLEU of single captions against prepared references: for scoring many hypotheses an image, as a reward does. */
export interface BleuScorer {
  /**
   * BLEU-1 … BLEU-4 of one hypothesis for the image at an index, unsmoothed: next to 0 where no n-gram is shared.
   *
   * `ended` (default true) says whether an end token, if one is counted, stands behind the hypothesis: not if it was cut off.
   *
   * @throws MetricsError `ARGUMENT` if there is no such image.
   */
  score(image: number, hypothesis: Tokens, ended?: boolean): readonly number[];
}

/**
 * Prepares BLEU for many hypotheses against the same references.
 *
 * With an `endToken`, that is counted as a word behind each caption.
 *
 * @throws MetricsError `EMPTY` or `NO_REFERENCES`.
 */
export function bleuScorer(references: References, options: { readonly endToken?: string } = {}): BleuScorer {
  checkReferences(references);
  const count = createBleuCounter();
  const end = options.endToken === undefined ? [] : [options.endToken];
  const truths = references.map((captions) => captions.map((caption) => [...caption, ...end]));
  return {
    score: (image, hypothesis, ended = true) => {
      const own = truths[image];
      if (own === undefined) {
        throw new MetricsError(
          "ARGUMENT",
          `there is no image ${image}: references were given for 0 … ${truths.length - 1}`,
        );
      }
      return bleuScores(count(ended ? [...hypothesis, ...end] : hypothesis, own));
    },
  };
}

/** Counts one image after the other; what it counts with is made once. */
export function createBleuCounter(): (hypothesis: Tokens, references: readonly Tokens[]) => BleuStatistics {
  const table = createNgramTable();
  let most = new Int32Array(0); // by n-gram: how often it stands in the reference that has it most often
  let counts = new Int32Array(0);

  /** Numbers the n-grams of the references, and notes in `most` how many of each may be matched. */
  function countReferences(references: readonly Tokens[]): void {
    table.clear();
    const captions = references.map((reference) => table.add(reference));
    if (most.length <= table.size()) {
      most = new Int32Array(2 * table.size() + 1);
      counts = new Int32Array(most.length);
    } else {
      most.fill(0, 0, table.size() + 1);
    }
    for (const ngrams of captions) {
      for (const ngram of ngrams) counts[ngram] = (counts[ngram] as number) + 1;
      for (const ngram of ngrams) {
        if ((counts[ngram] as number) > (most[ngram] as number)) most[ngram] = counts[ngram] as number;
        counts[ngram] = 0;
      }
    }
  }

  /** n-grams of the hypothesis in `start` … `end` that are matched; each match uses one up. */
  function matched(guesses: Ngrams, start: number, end: number): number {
    let found = 0;
    for (let at = start; at < end; at++) {
      const ngram = guesses[at] as number;
      if (ngram === UNKNOWN || most[ngram] === 0) continue;
      most[ngram] = (most[ngram] as number) - 1;
      found++;
    }
    return found;
  }

  return (hypothesis, references) => {
    const words = splitWords(hypothesis);
    const truths = references.map(splitWords);
    countReferences(truths);
    const guesses = table.find(words);
    return {
      hypothesisLength: words.length,
      referenceLength: closestLength(
        words.length,
        truths.map((truth) => truth.length),
      ),
      guessed: LENGTHS.map((n) => ngramCount(words, n)),
      correct: LENGTHS.map((n) => matched(guesses, ngramStart(words, n), ngramStart(words, n + 1))),
    };
  };
}

/** The n-gram lengths. */
const LENGTHS: readonly number[] = Array.from({ length: MAX_N }, (_, index) => index + 1);

/** The length closest to the hypothesis', the shorter of two equally close. */
function closestLength(length: number, candidates: readonly number[]): number {
  return candidates.reduce((closest, candidate) => {
    const difference = Math.abs(candidate - length) - Math.abs(closest - length);
    return difference < 0 || (difference === 0 && candidate < closest) ? candidate : closest;
  });
}
