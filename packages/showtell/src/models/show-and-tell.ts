// Show and Tell (Vinyals et al. 2015): the picture is the first input of an LSTM that then reads and predicts words.
import type { Value } from "../graph/graph.ts";
import { embedding, linear, lstmCell, standardise } from "../nn/layers.ts";
import type { LstmState } from "../nn/layers.ts";
import type { Noise } from "../nn/noise.ts";
import type { Parameters, ParameterSpec, ParameterSpecs } from "../nn/parameters.ts";
import { paddedWords, vocabularyLogits } from "../nn/vocabulary-layer.ts";
import type { Decoder, DecoderSizes, Values } from "./decoder.ts";

/** Architecture of a Show-and-Tell decoder. */
export interface ShowAndTellSpec extends DecoderSizes {
  readonly kind: "show-and-tell";
  /** Size of the LSTM's inputs. */
  readonly embeddingSize: number;
  /** Size of the word vectors; where it differs from `embeddingSize`, a learned projection follows. */
  readonly vectorSize: number;
  /** Where the word vectors come from and whether they learn. */
  readonly vectors: "random" | "given" | "frozen";
  /** Size of the LSTM's state. */
  readonly hiddenSize: number;
  /** Dropout rates of the picture's features, the words' inputs and the LSTM's output. */
  readonly dropout: { readonly features: number; readonly input: number; readonly output: number };
}

function weight(inputs: number, outputs: number): ParameterSpec {
  return { shape: [inputs, outputs], init: { kind: "glorot" }, decay: true };
}

function bias(size: number): ParameterSpec {
  return { shape: [size], init: { kind: "zeros" }, decay: false };
}

function parameters(spec: ShowAndTellSpec): ParameterSpecs {
  const { embeddingSize, vectorSize, hiddenSize, words } = spec;
  return {
    "words.vectors": {
      shape: [words, vectorSize],
      init: spec.vectors === "random" ? { kind: "normal", deviation: 0.1 } : { kind: "vectors" },
      decay: false,
      frozen: spec.vectors === "frozen",
    },
    ...(vectorSize !== embeddingSize && { "words.projection": weight(vectorSize, embeddingSize) }),
    "image.weight": weight(spec.features.at(-1)!, embeddingSize),
    "image.bias": bias(embeddingSize),
    "lstm.input": weight(embeddingSize, 4 * hiddenSize),
    "lstm.recurrent": weight(hiddenSize, 4 * hiddenSize),
    "lstm.bias": {
      shape: [4 * hiddenSize],
      init: { kind: "ones-in", start: hiddenSize, end: 2 * hiddenSize },
      decay: false,
    },
    "output.weight": weight(hiddenSize, paddedWords(words)),
    "output.bias": bias(paddedWords(words)),
  };
}

/** The input's share of the LSTM's gates: x [n, embeddingSize] → [n, 4 · hidden]. */
function gatesOf(p: Parameters, x: Value): Value {
  return linear(x, p["lstm.input"]!, p["lstm.bias"]);
}

function stateOf({ hidden, cell }: LstmState): Values {
  return { hidden, cell };
}

export const showAndTell: Decoder<ShowAndTellSpec> = {
  parameters,

  begin(p, spec, features: Value, noise: Noise) {
    const seen = noise.dropout("features", standardise(features), spec.dropout.features);
    const picture = linear(seen, p["image.weight"]!, p["image.bias"]);
    return { memory: {}, state: stateOf(lstmCell(gatesOf(p, picture), p["lstm.recurrent"]!)) };
  },

  embed(p, spec, words, noise) {
    const vectors = embedding(words, p["words.vectors"]!);
    const projection = p["words.projection"];
    const inputs = projection === undefined ? vectors : linear(vectors, projection);
    return gatesOf(p, noise.dropout("input", inputs, spec.dropout.input));
  },

  step(p, _spec, _memory, state, input) {
    const next = lstmCell(input, p["lstm.recurrent"]!, { hidden: state["hidden"]!, cell: state["cell"]! });
    return { state: stateOf(next), output: { hidden: next.hidden } };
  },

  logits(p, spec, _memory, output, noise) {
    const hidden = noise.dropout("output", output["hidden"]!, spec.dropout.output);
    return vocabularyLogits(hidden, p["output.weight"]!, p["output.bias"]!, spec.words);
  },
};
