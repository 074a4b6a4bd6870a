// In how many images' references each n-gram stands: what CIDEr weighs n-grams by. Knows no hypothesis.
import { MetricsError } from "./errors.ts";
import { createNgramTable, splitWords, type Tokens } from "./ngrams.ts";

/** Document frequencies, counted once by {@link documentFrequencies} and then used as often as needed. */
export interface DocumentFrequencies {
  /** N, the number of images counted. */
  readonly images: number;
  /** How many different n-grams were counted. */
  readonly size: number;
  /** Numbers (1 … `size`) of a caption's n-grams, n = 1 … 4, shorter ones first; -1 for those that no reference has. */
  readonly find: (words: Tokens) => readonly number[];
  /** In how many images' references the n-gram with a number stands. */
  readonly count: (ngram: number) => number;
}

/** Options of {@link documentFrequencies}. */
export interface DocumentFrequencyOptions {
  /** A token counted behind each reference (default: none). A reward for training needs it, or captions learn not to end. */
  readonly endToken?: string;
}

/** Counts document frequencies image by image. */
export interface FrequencyCounter {
  /** Counts the references of the next image, and gives the numbers of each caption's n-grams as `find` will. */
  add(captions: readonly Tokens[]): readonly (readonly number[])[];
  /** The frequencies of all images so far. Throws MetricsError `EMPTY` if no reference had a word. */
  finish(): DocumentFrequencies;
}

/**
 * Counts each n-gram (n = 1 … 4) once an image.
 *
 * @throws MetricsError `EMPTY` if no reference has a word.
 */
export function documentFrequencies(
  references: Iterable<readonly Tokens[]>,
  options: DocumentFrequencyOptions = {},
): DocumentFrequencies {
  const counter = createFrequencyCounter(options);
  for (const captions of references) counter.add(captions);
  return counter.finish();
}

/** A counter for references that arrive one image at a time. Memory grows with the different n-grams, not with the images. */
export function createFrequencyCounter(options: DocumentFrequencyOptions = {}): FrequencyCounter {
  const table = createNgramTable();
  let counts = new Int32Array(1024);
  let lastImages = new Int32Array(1024); // by n-gram: the last image, counted from 1, that had it
  let images = 0;

  function countCaption(words: Tokens): readonly number[] {
    const ngrams = table.add(words);
    counts = withRoom(counts, table.size() + 1);
    lastImages = withRoom(lastImages, table.size() + 1);
    for (let at = 0; at < ngrams.length; at++) {
      const ngram = ngrams[at] as number;
      if (lastImages[ngram] === images) continue;
      lastImages[ngram] = images;
      counts[ngram] = (counts[ngram] as number) + 1;
    }
    return ngrams;
  }

  return {
    add: (captions) => {
      images++;
      return captions.map((caption) => countCaption(countedWords(caption, options.endToken)));
    },
    finish: () => {
      if (table.size() === 0) {
        throw new MetricsError(
          "EMPTY",
          "no reference has a word, so that CIDEr has no document frequencies: give at least one caption with words",
        );
      }
      return {
        images,
        size: table.size(),
        find: table.find,
        count: (ngram) => counts[ngram] ?? 0,
      };
    },
  };
}

/** The words of a caption that CIDEr counts: split at white space, with the end token, if one is counted. */
export function countedWords(caption: Tokens, endToken: string | undefined): Tokens {
  const words = splitWords(caption);
  return endToken === undefined ? words : [...words, endToken];
}

function withRoom(values: Int32Array<ArrayBuffer>, needed: number): Int32Array<ArrayBuffer> {
  if (needed <= values.length) return values;
  const larger = new Int32Array(Math.max(values.length * 2, needed));
  larger.set(values);
  return larger;
}
