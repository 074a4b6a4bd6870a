// In how many pictures' references each n-gram stands, as a table of hashes small enough to go with a model. Knows no files.
//
// CIDEr weighs an n-gram that stands in one picture like one that stands in none, so only those of two and more are kept. By their
// 32-bit hashes: of 100,000 kept, one in 40,000 strange n-grams is taken for one of them.
import { type DocumentFrequencies, documentFrequencies, splitWords, type Tokens } from "caption-metrics";
import { specialWords } from "./vocabulary.ts";

/** Document frequencies as numbers. The end of a caption was counted as a word of its own, so that rewards in training can use it. */
export interface FrequencyTable {
  /** Pictures whose references were counted. */
  readonly images: number;
  /** Hashes of n-grams (n = 1 … 4), rising. */
  readonly ngrams: Int32Array;
  /** For each, in how many pictures' references it stands: 2 … `images`. */
  readonly counts: Int32Array;
}

/** The word that stands for the end of a caption in a table. */
export const endWord: string = specialWords[2];

const longestNgram = 4;

/**
 * Counts the n-grams of references, given as tokens.
 * @throws MetricsError `EMPTY` if none has a word.
 */
export function frequencyTable(references: readonly (readonly Tokens[])[]): FrequencyTable {
  const frequencies = documentFrequencies(references, { endToken: endWord });
  const counts = new Map<number, number>();
  for (const tokens of references.flat()) {
    const words = [...splitWords(tokens), endWord];
    const hashes = ngramHashes(words);
    frequencies.find(words).forEach((ngram, at) => {
      const count = frequencies.count(ngram);
      if (count > 1) counts.set(hashes[at]!, count);
    });
  }
  const sorted = [...counts].sort(([a], [b]) => a - b);
  return {
    images: frequencies.images,
    ngrams: Int32Array.from(sorted, ([hash]) => hash),
    counts: Int32Array.from(sorted, ([, count]) => count),
  };
}

/** A table as the metrics take it: n-grams that it does not have count as strange. */
export function frequenciesOf({ images, ngrams, counts }: FrequencyTable): DocumentFrequencies {
  const numbers = new Map<number, number>();
  ngrams.forEach((hash, i) => numbers.set(hash, i + 1));
  return {
    images,
    size: ngrams.length,
    find: (words) => Array.from(ngramHashes(words), (hash) => numbers.get(hash) ?? -1),
    count: (ngram) => counts[ngram - 1] ?? 0,
  };
}

/** Hashes of a caption's n-grams, shorter ones first. */
function ngramHashes(words: Tokens): Int32Array {
  const hashes: number[] = [];
  for (let n = 1; n <= longestNgram; n++) {
    for (let start = 0; start + n <= words.length; start++)
      hashes.push(hashOf(words.slice(start, start + n).join(" ")));
  }
  return Int32Array.from(hashes);
}

/** FNV-1a over UTF-16 units, then mixed (the finisher of MurmurHash3), for its high bits alone are weak on short texts. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
