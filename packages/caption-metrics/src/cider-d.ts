// CIDEr-D (Vedantam et al. 2015) as the COCO caption evaluation computes it: n = 1 … 4, σ = 6, times 10. Knows no tokeniser.
import { countedWords, createFrequencyCounter, type DocumentFrequencies } from "./document-frequencies.ts";
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
import { createNgramTable, MAX_N, ngramCount, type Ngrams, ngramStart, type Tokens, UNKNOWN } from "./ngrams.ts";
import { createPairTable, type PairTable } from "./pair-table.ts";
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
  /**
   * What `score` gives for each of several images, for less: the hypothesis is weighed once.
   *
   * @throws MetricsError `ARGUMENT` if there is no such image.
   */
  scores(images: readonly number[], hypothesis: Tokens, ended?: boolean): number[];
}

const SIGMA = 6;

/** The weighted n-grams of a caption, each once, those of length n from `starts[n - 1]` to `starts[n]`. */
interface Vector {
  readonly ngrams: readonly number[];
  readonly weights: readonly number[];
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
  const { frequencies, numbers } = frequenciesFor(references, options);
  const logImages = Math.log(frequencies.images);
  const weightOf = (ngram: number): number => logImages - Math.log(Math.max(1, frequencies.count(ngram)));
  const strangers = createNgramTable(SLOTS); // n-grams of the references that the frequencies do not know
  const own = createNgramTable(SLOTS); // those of a hypothesis, forgotten with it
  const places = createPairTable(SLOTS); // of the n-grams in the vector that was made last, counted from 1
  const makeVector = (words: Tokens, ngrams: Ngrams): Vector => vector(words, ngrams, weightOf, places);
  const vectors = references.map((captions, image) =>
    captions.map((caption, at) => {
      const words = countedWords(caption, options.endToken);
      return makeVector(words, numbers?.[image]?.[at] ?? numbered(words, frequencies, strangers.add));
    }),
  );

  /** A hypothesis' own n-grams get numbers beyond those of the references. */
  function numberGuess(words: Tokens): Ngrams {
    const others = strangers.find(words);
    own.clear();
    const added = own.add(words);
    return others.map((ngram, at) => (ngram === UNKNOWN ? strangers.size() + (added[at] as number) : ngram));
  }

  function scores(images: readonly number[], hypothesis: Tokens, ended: boolean = true): number[] {
    const words = countedWords(hypothesis, ended ? options.endToken : undefined);
    const guess = makeVector(words, numbered(words, frequencies, numberGuess));
    return images.map((image) => {
      const truths = vectors[image];
      if (truths === undefined) {
        throw new MetricsError(
          "ARGUMENT",
          `there is no image ${image}: references were given for 0 … ${vectors.length - 1}`,
        );
      }
      let sum = 0;
      for (const truth of truths) sum += similarity(guess, places, truth);
      return (10 * sum) / truths.length;
    });
  }

  return {
    images: vectors.length,
    score: (image, hypothesis, ended) => scores([image], hypothesis, ended)[0]!,
    scores,
  };
}

/** Room for the n-grams of a caption. */
const SLOTS = 256;

/** The frequencies that were given, or those of the references, with the numbers of their n-grams: both come of one count. */
function frequenciesFor(
  references: References,
  options: CiderOptions,
): { readonly frequencies: DocumentFrequencies; readonly numbers?: readonly (readonly Ngrams[])[] } {
  if (options.frequencies !== undefined) return { frequencies: options.frequencies };
  const counter = createFrequencyCounter(options);
  const numbers = references.map((captions) => counter.add(captions));
  return { frequencies: counter.finish(), numbers };
}

/** Numbers of a caption's n-grams: the frequencies' own, and numbers beyond them for those that they do not know. */
function numbered(words: Tokens, frequencies: DocumentFrequencies, number: (words: Tokens) => Ngrams): Ngrams {
  const ngrams = frequencies.find(words);
  if (!ngrams.includes(UNKNOWN)) return ngrams;
  const others = number(words);
  return ngrams.map((ngram, at) => (ngram === UNKNOWN ? frequencies.size + (others[at] as number) : ngram));
}

/** Term frequency × inverse document frequency of each n-gram; those in no image weigh like those in one. */
function vector(words: Tokens, ngrams: Ngrams, weightOf: (ngram: number) => number, places: PairTable): Vector {
  places.clear();
  const distinct: number[] = [];
  const weights: number[] = [];
  const starts = [0];
  const norms: number[] = [];
  for (let n = 1; n <= MAX_N; n++) {
    const start = distinct.length;
    const last = ngramStart(words, n + 1);
    for (let at = ngramStart(words, n); at < last; at++) {
      const ngram = ngrams[at] as number;
      const place = places.add(ngram, 0) - 1;
      if (place === distinct.length) {
        distinct.push(ngram);
        weights.push(weightOf(ngram));
      } else {
        weights[place] = (weights[place] as number) + weightOf(ngram);
      }
    }
    starts.push(distinct.length);
    norms.push(norm(weights, start, distinct.length));
  }
  return { ngrams: distinct, weights, starts, norms, bigrams: ngramCount(words, 2) };
}

function norm(weights: readonly number[], start: number, end: number): number {
  let sum = 0;
  for (let at = start; at < end; at++) sum += (weights[at] as number) ** 2;
  return Math.sqrt(sum);
}

/**
 * The mean over n of the clipped cosine, damped by the difference of the numbers of bigrams (not of words).
 *
 * `places` are those of the guess's n-grams in its vector.
 */
function similarity(guess: Vector, places: PairTable, truth: Vector): number {
  let sum = 0;
  for (let n = 0; n < MAX_N; n++) {
    let product = 0;
    const end = truth.starts[n + 1] as number;
    for (let at = truth.starts[n] as number; at < end; at++) {
      const place = places.find(truth.ngrams[at] as number, 0);
      if (place === 0) continue;
      const weight = truth.weights[at] as number;
      product += Math.min(guess.weights[place - 1] as number, weight) * weight;
    }
    const norms = (guess.norms[n] as number) * (truth.norms[n] as number);
    sum += norms === 0 ? product : product / norms;
  }
  const difference = guess.bigrams - truth.bigrams;
  return (sum / MAX_N) * Math.exp(-(difference ** 2) / (2 * SIGMA ** 2));
}
