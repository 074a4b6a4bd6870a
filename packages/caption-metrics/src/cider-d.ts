// CIDEr-D (Vedantam et al. 2015) as the COCO caption evaluation computes it: n = 1 … 4, σ = 6, times 10. Knows no tokeniser.
import { countedWords, documentFrequencies, type DocumentFrequencies } from "./document-frequencies.ts";
import { MetricsError } from "./errors.ts";
import {
  checkCorpus,
  checkReferences,
  type Hypotheses,
  mean,
  type MetricOptions,
  type MetricResult,
  type References,
} from "./inputs.ts";
import { createNgramTable, MAX_N, ngramCount, ngramStart, type Tokens, UNKNOWN } from "./ngrams.ts";
import { signature } from "./signature.ts";

/** Options of CIDEr-D. */
export interface CiderOptions extends MetricOptions {
  /** Document frequencies and N (default: counted from the references being scored, as papers do). */
  readonly frequencies?: DocumentFrequencies;
  /** A token counted behind each caption (default: none); frequencies that are given must have counted it too. */
  readonly endToken?: string;
}

/** CIDEr-D against references whose vectors are computed once: for scoring many hypotheses an image, as a reward does. */
export interface CiderScorer {
  /** How many images there are references for. */
  readonly images: number;
  /**
   * The score of one hypothesis for the image at an index.
   *
   * `ended` (default true) says whether an end token, if one is counted, stands behind the hypothesis: not if it was cut off.
   *
   * @throws MetricsError `ARGUMENT` if there is no such image.
   */
  score(image: number, hypothesis: Tokens, ended?: boolean): number;
}

const SIGMA = 6;

/** The weighted n-grams of a caption, each once, those of length n from `starts[n - 1]` to `starts[n]`. */
interface Vector {
  readonly ngrams: Int32Array;
  readonly weights: Float64Array;
  readonly starts: readonly number[];
  readonly norms: readonly number[]; // by n - 1
  readonly bigrams: number;
}

/**
 * CIDEr-D of a corpus (the mean over images) and of each image, between 0 and 10.
 *
 * Without given frequencies a single image scores 0: every n-gram stands in every image then, and weighs nothing.
 *
 * @throws MetricsError `EMPTY` (also if no reference has a word), `IDS` or `NO_REFERENCES`.
 */
export function ciderD(hypotheses: Hypotheses, references: References, options: CiderOptions = {}): MetricResult {
  checkCorpus(hypotheses, references);
  const scorer = ciderScorer(references, options);
  const perImage = hypotheses.map((hypothesis, image) => scorer.score(image, hypothesis));
  const settings = ciderSettings(references.length, options);
  return { score: mean(perImage), perImage, signature: signature(settings, references, options) };
}

/** The part of CIDEr-D's signature that is its own, for a number of images. */
export function ciderSettings(images: number, { frequencies, endToken }: CiderOptions): readonly string[] {
  const df = frequencies === undefined ? `df:refs${images}` : `df:given${frequencies.images}`;
  const end = endToken === undefined ? [] : ["end:counted"];
  return ["cider-d", `n:${MAX_N}`, `sigma:${SIGMA}`, df, ...end];
}

/**
 * Prepares CIDEr-D for many hypotheses against the same references.
 *
 * As a reward (self-critical training) give the frequencies of the training references and an `endToken`.
 *
 * @throws MetricsError `EMPTY` or `NO_REFERENCES`.
 */
export function ciderScorer(references: References, options: CiderOptions = {}): CiderScorer {
  checkReferences(references);
  const frequencies = options.frequencies ?? documentFrequencies(references, options);
  const logImages = Math.log(frequencies.images);
  const weightOf = (ngram: number): number => logImages - Math.log(Math.max(1, frequencies.count(ngram)));
  const strangers = createNgramTable(); // n-grams of the references that the frequencies do not know
  const vectors = references.map((captions) =>
    captions.map((caption) => {
      const words = countedWords(caption, options.endToken);
      return vector(words, numbered(words, frequencies, strangers.add), weightOf);
    }),
  );
  const known = frequencies.size + strangers.size() + 1;
  const guessed = new Float64Array(known).fill(NaN); // by n-gram: its weight in the hypothesis

  /** A hypothesis' own n-grams get numbers beyond those of the references, and are forgotten with it. */
  function numberGuess(words: Tokens): Int32Array {
    const others = strangers.find(words);
    const own = createNgramTable().add(words);
    return others.map((ngram, at) => (ngram === UNKNOWN ? strangers.size() + (own[at] as number) : ngram));
  }

  return {
    images: vectors.length,
    score: (image, hypothesis, ended = true) => {
      const truths = vectors[image];
      if (truths === undefined) {
        throw new MetricsError(
          "ARGUMENT",
          `there is no image ${image}: references were given for 0 … ${vectors.length - 1}`,
        );
      }
      const words = countedWords(hypothesis, ended ? options.endToken : undefined);
      const guess = vector(words, numbered(words, frequencies, numberGuess), weightOf);
      guess.ngrams.forEach((ngram, at) => {
        if (ngram < known) guessed[ngram] = guess.weights[at] as number;
      });
      const sum = truths.reduce((total, truth) => total + similarity(guess, guessed, truth), 0);
      guess.ngrams.forEach((ngram) => {
        if (ngram < known) guessed[ngram] = NaN;
      });
      return (10 * sum) / truths.length;
    },
  };
}

/** Numbers of a caption's n-grams: the frequencies' own, and numbers beyond them for those that they do not know. */
function numbered(words: Tokens, frequencies: DocumentFrequencies, number: (words: Tokens) => Int32Array): Int32Array {
  const ngrams = frequencies.find(words);
  if (!ngrams.includes(UNKNOWN)) return ngrams;
  const others = number(words);
  return ngrams.map((ngram, at) => (ngram === UNKNOWN ? frequencies.size + (others[at] as number) : ngram));
}

/** Term frequency × inverse document frequency of each n-gram; those in no image weigh like those in one. */
function vector(words: Tokens, ngrams: Int32Array, weightOf: (ngram: number) => number): Vector {
  const distinct = new Int32Array(ngrams.length);
  const weights = new Float64Array(ngrams.length);
  const starts = [0];
  const norms: number[] = [];
  let end = 0;
  for (let n = 1; n <= MAX_N; n++) {
    const start = end;
    const places = new Map<number, number>();
    const last = ngramStart(words, n + 1);
    for (let at = ngramStart(words, n); at < last; at++) {
      const ngram = ngrams[at] as number;
      let place = places.get(ngram);
      if (place === undefined) {
        place = end++;
        places.set(ngram, place);
        distinct[place] = ngram;
      }
      weights[place] = (weights[place] as number) + weightOf(ngram);
    }
    starts.push(end);
    norms.push(norm(weights, start, end));
  }
  return {
    ngrams: distinct.slice(0, end),
    weights: weights.slice(0, end),
    starts,
    norms,
    bigrams: ngramCount(words, 2),
  };
}

function norm(weights: Float64Array, start: number, end: number): number {
  let sum = 0;
  for (let at = start; at < end; at++) sum += (weights[at] as number) ** 2;
  return Math.sqrt(sum);
}

/** The mean over n of the clipped cosine, damped by the difference of the numbers of bigrams (not of words). */
function similarity(guess: Vector, guessed: Float64Array, truth: Vector): number {
  let sum = 0;
  for (let n = 0; n < MAX_N; n++) {
    let product = 0;
    const end = truth.starts[n + 1] as number;
    for (let at = truth.starts[n] as number; at < end; at++) {
      const guessWeight = guessed[truth.ngrams[at] as number] as number;
      const weight = truth.weights[at] as number;
      if (!Number.isNaN(guessWeight)) product += Math.min(guessWeight, weight) * weight;
    }
    const norms = (guess.norms[n] as number) * (truth.norms[n] as number);
    sum += norms === 0 ? product : product / norms;
  }
  const difference = guess.bigrams - truth.bigrams;
  return (sum / MAX_N) * Math.exp(-(difference ** 2) / (2 * SIGMA ** 2));
}
