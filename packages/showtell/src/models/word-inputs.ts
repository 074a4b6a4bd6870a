// How decoders read words: a table of word vectors and, where its width is not the one wanted, a learned projection.
import { z } from "zod";
import type { Value } from "../graph/graph.ts";
import { embedding, linear } from "../nn/layers.ts";
import type { Noise } from "../nn/noise.ts";
import type { Parameters, ParameterSpecs } from "../nn/parameters.ts";
import { weightSpec } from "../nn/parameters.ts";
import type { Block } from "../plot/architecture.ts";
import { specialWords } from "../text/vocabulary.ts";
import { parameterLine } from "./block-lines.ts";
import type { DropoutRates } from "./decoder-options.ts";
import type { DecoderSizes } from "./decoder.ts";

/** The part of a decoder's specification on its word inputs. */
export interface WordInputSpec {
  /** Words in the vocabulary, special tokens included. */
  readonly words: number;
  /** Size of a word's input. */
  readonly embeddingSize: number;
  /** Size of the word vectors; where it differs from `embeddingSize`, a learned projection follows. */
  readonly vectorSize: number;
  /** Where the word vectors come from and whether they learn. */
  readonly vectors: "random" | "given" | "frozen";
}

/** A size in a specification. */
export const sizeSchema: z.ZodType<number> = z.int().min(1).max(1_000_000);
const rateSchema = z.number().min(0).lt(1);

/** The fields that every decoder's specification has. */
interface CommonSpec extends DecoderSizes, WordInputSpec {
  readonly hiddenSize: number;
  readonly dropout: DropoutRates;
}

/** The fields that every decoder's specification has, for its schema. */
export const commonSpecFields: { readonly [Field in keyof CommonSpec]-?: z.ZodType<CommonSpec[Field]> } = {
  features: z
    .array(sizeSchema)
    .min(1)
    .max(2)
    .readonly()
    .describe("shape of a picture's features: size, or positions and size"),
  words: sizeSchema.describe("size of the vocabulary, special words included"),
  embeddingSize: sizeSchema.describe("size of a word's input"),
  vectorSize: sizeSchema.describe("size of the word vectors; where it is another, a projection follows"),
  vectors: z.enum(["random", "given", "frozen"]),
  hiddenSize: sizeSchema,
  dropout: z
    .strictObject({ features: rateSchema, input: rateSchema, output: rateSchema })
    .describe("rates in training: of the picture's features, the words' inputs, and what the logits are made of"),
  attributes: z
    .array(z.int().min(specialWords.length).max(1_000_000))
    .min(1)
    .readonly()
    .optional()
    .describe("ids of the words whose probabilities a detector tells the decoder"),
};

/** `words.vectors` and, where it is needed, `words.projection`. */
export function wordParameters({ words, embeddingSize, vectorSize, vectors }: WordInputSpec): ParameterSpecs {
  return {
    "words.vectors": {
      shape: [words, vectorSize],
      init: vectors === "random" ? { kind: "normal", deviation: 0.1 } : { kind: "vectors" },
      decay: false,
      frozen: vectors === "frozen",
    },
    ...(vectorSize !== embeddingSize && { "words.projection": weightSpec(vectorSize, embeddingSize) }),
  };
}

/** Words [n] (int64) → [n, embeddingSize]. */
export function wordInputs(p: Parameters, words: Value): Value {
  const vectors = embedding(words, p["words.vectors"]!);
  const projection = p["words.projection"];
  return projection === undefined ? vectors : linear(vectors, projection);
}

/** {@link wordInputs} as training drops of them. */
export function droppedWords(
  p: Parameters,
  { dropout }: { readonly dropout: DropoutRates },
  words: Value,
  noise: Noise,
): Value {
  return noise.dropout("input", wordInputs(p, words), dropout.input);
}

/** The block "words" of a drawing. */
export function wordBlock(spec: WordInputSpec & { readonly dropout: { readonly input: number } }): Block {
  const { words, embeddingSize, vectorSize, vectors, dropout } = spec;
  const projected = vectorSize === embeddingSize ? [] : [`projected to ${embeddingSize}`];
  return {
    id: "words",
    title: "Word vectors",
    lines: [
      `${words.toLocaleString("en")} × ${vectorSize}`,
      ...projected,
      `dropout ${dropout.input}`,
      parameterLine(wordParameters(spec)),
    ],
    kind: vectors === "frozen" ? "frozen" : "trained",
  };
}
