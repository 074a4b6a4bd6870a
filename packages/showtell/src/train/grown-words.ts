// A trained decoder with more words: the old ones keep their ids and weights, new ones follow. Knows no file, and no decoder by name.
import type { Tensor } from "../base/tensor.ts";
import { zeros } from "../base/tensor.ts";
import { decoderOf } from "../models/catalogue.ts";
import type { DecoderSpec } from "../models/catalogue.ts";
import { buildVocabulary, createVocabulary, specialWords } from "../text/vocabulary.ts";
import type { Vocabulary } from "../text/vocabulary.ts";

/** The parameter whose rows are the words' vectors. */
const vectorsName = "words.vectors";

/**
 * The vocabulary with those words of captions behind its own that occur often enough, the most frequent first.
 * @param minimumCount How often; Infinity adds none.
 */
export function grownVocabulary(
  known: Vocabulary,
  captions: Iterable<readonly string[]>,
  minimumCount: number,
): Vocabulary {
  if (minimumCount === Infinity) return known;
  const fresh = [...buildVocabulary(captions, { minimumCount }).ids.keys()].filter((word) => !known.ids.has(word));
  return fresh.length === 0 ? known : createVocabulary([...known.ids.keys(), ...fresh]);
}

/** The words that a grown vocabulary has besides those before it. */
export function addedWords(known: Vocabulary, grown: Vocabulary): readonly string[] {
  return grown.words.slice(known.words.length);
}

/**
 * The weights of a decoder for a grown vocabulary. Every parameter that has a place for each word gets one for each new word: the mean of
 * the old words', so that a new word's logit is at first the mean of theirs. Its probability is then at most their mean, and k new words
 * take at most ln(1 + k / n) from the log-probability of any of n old ones (Hewitt 2021, "Initializing New Word Embeddings for Pretrained
 * Language Models"). Word vectors are the caller's.
 * @param spec The specification for the grown vocabulary; all else as in the decoder that was trained.
 * @param vectors Vectors of the new words, row by row.
 */
export function grownWeights(
  known: DecoderSpec,
  spec: DecoderSpec,
  weights: (name: string) => Tensor<"float32">,
  vectors: Float32Array,
): (name: string) => Tensor<"float32"> {
  const shapes = decoderOf(spec).parameters(spec);
  const axes = wordAxes(known);
  return (name) => {
    const old = weights(name);
    const axis = axes.get(name);
    if (axis === undefined || spec.words === known.words) return old;
    const grown = withWords(old, shapes[name]!.shape, axis, [known.words, spec.words]);
    if (name === vectorsName) grown.data.set(vectors, old.data.length);
    return grown;
  };
}

/** By parameter, the dimension that counts words; found by asking the decoder for more, so that it holds for those to come. */
function wordAxes(spec: DecoderSpec): ReadonlyMap<string, number> {
  const entry = decoderOf(spec);
  // More by a whole step of the padding, which some dimensions are rounded up to.
  const more = entry.parameters({ ...spec, words: spec.words + 64 });
  const axes = new Map<string, number>();
  for (const [name, { shape }] of Object.entries(entry.parameters(spec))) {
    const axis = shape.findIndex((size, i) => more[name]!.shape[i] !== size);
    if (axis >= 0) axes.set(name, axis);
  }
  return axes;
}

/** A tensor with room for more words: old words copied, new ones the mean of the old real ones, padding 0. */
function withWords(
  old: Tensor<"float32">,
  shape: readonly number[],
  axis: number,
  [before, after]: readonly [before: number, after: number],
): Tensor<"float32"> {
  const grown = zeros("float32", shape);
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const outer = shape.slice(0, axis).reduce((a, b) => a * b, 1);
  for (let block = 0; block < outer; block++) {
    const from = old.data.subarray(block * old.shape[axis]! * inner);
    const to = grown.data.subarray(block * shape[axis]! * inner);
    to.set(from.subarray(0, before * inner));
    for (let i = 0; i < inner; i++) {
      let sum = 0;
      for (let word = specialWords.length; word < before; word++) sum += from[word * inner + i]!;
      const mean = sum / (before - specialWords.length);
      for (let word = before; word < after; word++) to[word * inner + i] = mean;
    }
  }
  return grown;
}
