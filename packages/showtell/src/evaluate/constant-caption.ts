// The best caption for every picture alike: what a model must beat to have looked at pictures at all. Knows captions, but no pictures.
import { ciderScorer, documentFrequencies, ptbTokens, splitWords } from "caption-metrics";
import type { DocumentFrequencies } from "caption-metrics";
import { ShowtellError } from "../base/errors.ts";
import { seededRandom } from "../base/random.ts";

/** Captions that are scored as they will be, after all have been compared roughly; and the pictures that they are scored on. */
const shortlistLength = 40;
const sampledPictures = 500;

/** Longest n-grams that CIDEr looks at. */
const longestNgram = 4;

/** Numbers of a caption's n-grams, each with its weight, and where those of length n begin: at `starts[n − 1]`. */
interface WeightedCaption {
  readonly ngrams: readonly number[];
  readonly starts: readonly number[];
}

/**
 * Of the captions that people wrote about training pictures, the one with the highest CIDEr-D as the caption of all of them. All are
 * compared by CIDEr without clipping and length penalty, which is one product with the mean of all references; then the best of
 * these by CIDEr-D, on a sample of pictures drawn from a fixed seed.
 * @param references The training captions of each picture.
 * @throws ShowtellError `DATA_EMPTY` if there is no caption with words.
 */
export function bestConstantCaption(references: readonly (readonly string[])[]): string {
  const tokens = references.map((captions) => captions.map(ptbTokens)).filter((captions) => captions.some(isCaption));
  if (tokens.length === 0) throw new ShowtellError("DATA_EMPTY", "the training captions have no words");
  const frequencies = documentFrequencies(tokens);
  const all = [
    ...new Map(
      tokens
        .flat()
        .filter(isCaption)
        .map((caption) => [caption.join(" "), caption]),
    ).values(),
  ];
  const mean = meanReference(tokens, frequencies);
  const rough = all.map((caption) => ({ caption, score: roughScore(caption, mean, frequencies) }));
  const shortlist = rough.toSorted((a, b) => b.score - a.score).slice(0, shortlistLength);
  const sample = seededRandom(1, "constant caption")
    .shuffle([...tokens])
    .slice(0, sampledPictures);
  const scorer = ciderScorer(sample, { frequencies });
  const scored = shortlist.map(({ caption }) => ({
    caption,
    score: sample.reduce((sum, _, picture) => sum + scorer.score(picture, caption), 0),
  }));
  return scored.reduce((best, one) => (one.score > best.score ? one : best)).caption.join(" ");
}

function isCaption(tokens: readonly string[]): boolean {
  return tokens.length > 0;
}

function weighted(tokens: readonly string[], frequencies: DocumentFrequencies): WeightedCaption {
  const caption = splitWords(tokens);
  const starts = [0];
  for (let n = 1; n <= longestNgram; n++) starts.push(starts.at(-1)! + Math.max(0, caption.length - n + 1));
  return { ngrams: frequencies.find(caption), starts };
}

/** Calls back for each occurrence of an n-gram with its weight ÷ the length of the caption's vector for that n. */
function eachWeight(
  { ngrams, starts }: WeightedCaption,
  { images, count }: DocumentFrequencies,
  visit: (ngram: number, weight: number) => void,
): void {
  const weightOf = (ngram: number): number => Math.log(images) - Math.log(Math.max(1, count(ngram)));
  for (let n = 1; n <= longestNgram; n++) {
    const own = ngrams.slice(starts[n - 1], starts[n]);
    const sums = new Map<number, number>();
    for (const ngram of own) sums.set(ngram, (sums.get(ngram) ?? 0) + weightOf(ngram));
    const norm = Math.sqrt([...sums.values()].reduce((sum, weight) => sum + weight ** 2, 0));
    if (norm === 0) continue;
    for (const [ngram, weight] of sums) visit(ngram, weight / norm);
  }
}

/** The sum of all references as vectors of length 1 for each n, each picture counting once; by the number of the n-gram. */
function meanReference(
  references: readonly (readonly (readonly string[])[])[],
  frequencies: DocumentFrequencies,
): Float64Array {
  const sum = new Float64Array(frequencies.size + 1);
  for (const captions of references) {
    for (const caption of captions) {
      eachWeight(weighted(caption, frequencies), frequencies, (ngram, weight) => {
        sum[ngram] = sum[ngram]! + weight / captions.length;
      });
    }
  }
  return sum;
}

function roughScore(caption: readonly string[], mean: Float64Array, frequencies: DocumentFrequencies): number {
  let score = 0;
  eachWeight(weighted(caption, frequencies), frequencies, (ngram, weight) => {
    score += weight * mean[ngram]!;
  });
  return score;
}
