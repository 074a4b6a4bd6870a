// Show and Tell (Vinyals et al. 2015): the picture is the first input of an LSTM that then reads and predicts words.
import { z } from "zod";
import type { Value } from "../graph/graph.ts";
import { linear, lstmCell, lstmParameters, standardise } from "../nn/layers.ts";
import type { LstmState } from "../nn/layers.ts";
import type { Noise } from "../nn/noise.ts";
import type { Parameters, ParameterSpecs } from "../nn/parameters.ts";
import { biasSpec, weightSpec } from "../nn/parameters.ts";
import { paddedWords, vocabularyLogits } from "../nn/vocabulary-layer.ts";
import type { Architecture } from "../plot/architecture.ts";
import { parameterLine } from "./block-lines.ts";
import type { DropoutRates } from "./decoder-options.ts";
import type { DecoderEntry, DecoderSizes, Values } from "./decoder.ts";
import { commonSpecFields, wordBlock, wordInputs, wordParameters } from "./word-inputs.ts";
import type { WordInputSpec } from "./word-inputs.ts";

/** Architecture of a Show-and-Tell decoder. */
export interface ShowAndTellSpec extends DecoderSizes, WordInputSpec {
  readonly kind: "show-and-tell";
  /** Size of the LSTM's state. */
  readonly hiddenSize: number;
  readonly dropout: DropoutRates;
}

function parameters(spec: ShowAndTellSpec): ParameterSpecs {
  const { embeddingSize, hiddenSize, words } = spec;
  return {
    ...wordParameters(spec),
    "image.weight": weightSpec(spec.features.at(-1)!, embeddingSize),
    "image.bias": biasSpec(embeddingSize),
    ...lstmParameters("lstm", embeddingSize, hiddenSize),
    "output.weight": weightSpec(hiddenSize, paddedWords(words)),
    "output.bias": biasSpec(paddedWords(words)),
  };
}

/** The input's share of the LSTM's gates: x [n, embeddingSize] → [n, 4 · hidden]. */
function gatesOf(p: Parameters, x: Value): Value {
  return linear(x, p["lstm.input"]!, p["lstm.bias"]);
}

function stateOf({ hidden, cell }: LstmState): Values {
  return { hidden, cell };
}

export const showAndTell: DecoderEntry<ShowAndTellSpec> = {
  title: "Show and Tell (Vinyals et al. 2015)",
  layer: "pooled",
  schema: z.strictObject({ kind: z.literal("show-and-tell"), ...commonSpecFields }),
  recipe: {
    dropout: { features: 0.5, input: 0.3, output: 0.5 },
    embeddingSize: 512,
    batchSize: 64,
    captionsPerPicture: 1,
    epochs: 16,
    learningRate: 1.5e-3,
  },
  takes: [],

  specOf: (sizes, { hiddenSize, dropout }) => ({ kind: "show-and-tell", ...sizes, hiddenSize, dropout }),

  parameters,

  begin(p, spec, features: Value, noise: Noise) {
    const seen = noise.dropout("features", standardise(features), spec.dropout.features);
    const picture = linear(seen, p["image.weight"]!, p["image.bias"]);
    return { memory: {}, state: stateOf(lstmCell(gatesOf(p, picture), p["lstm.recurrent"]!)) };
  },

  embed(p, spec, words, noise) {
    return gatesOf(p, noise.dropout("input", wordInputs(p, words), spec.dropout.input));
  },

  step(p, _spec, _memory, state, input) {
    const next = lstmCell(input, p["lstm.recurrent"]!, { hidden: state["hidden"]!, cell: state["cell"]! });
    return { state: stateOf(next), output: { hidden: next.hidden } };
  },

  logits(p, spec, _memory, output, noise) {
    const hidden = noise.dropout("output", output["hidden"]!, spec.dropout.output);
    return { logits: vocabularyLogits(hidden, p["output.weight"]!, p["output.bias"]!, spec.words) };
  },

  blocks,
};

function blocks(spec: ShowAndTellSpec): Architecture {
  const { embeddingSize, hiddenSize, dropout } = spec;
  const specs = parameters(spec);
  return {
    nodes: [
      {
        id: "image",
        title: "Picture as first input",
        lines: [
          "standardised, then linear",
          `${spec.features.at(-1)} → ${embeddingSize}, dropout ${dropout.features}`,
          parameterLine(specs, "image."),
        ],
        kind: "trained",
      },
      wordBlock(spec),
      {
        id: "lstm",
        title: "LSTM",
        lines: [`input ${embeddingSize}, state ${hiddenSize}`, parameterLine(specs, "lstm.")],
        kind: "trained",
      },
      {
        id: "output",
        title: "Output layer",
        lines: [
          `dropout ${dropout.output}, then linear`,
          `${hiddenSize} → ${spec.words.toLocaleString("en")} words`,
          parameterLine(specs, "output."),
        ],
        kind: "trained",
      },
      { id: "search", title: "Softmax and search", lines: [], kind: "operation" },
      { id: "caption", title: "Caption", lines: ["word by word"], kind: "data" },
    ],
    edges: [
      { from: "features", to: "image" },
      { from: "image", to: "lstm", label: "first step" },
      { from: "words", to: "lstm", label: "later steps" },
      { from: "lstm", to: "lstm", label: "state" },
      { from: "lstm", to: "output" },
      { from: "output", to: "search" },
      { from: "search", to: "words", label: "next word" },
      { from: "search", to: "caption" },
    ],
  };
}
