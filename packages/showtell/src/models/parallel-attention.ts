// An LSTM language model that starts from the picture and, beside its recurrence, looks at the grid: attention after the LSTM, not fed
// back. So only the LSTM runs word by word; attention and logits are computed for all steps at once. A relative of Lu et al. 2017, who
// also attend from the current state, and of the dot-product attention of Luong et al. 2015, without its input feeding.
import { z } from "zod";
import type { Value } from "../graph/graph.ts";
import { add, relu, tanh } from "../graph/operators/arithmetic.ts";
import { gemm, transpose } from "../graph/operators/matrix.ts";
import { reduceMean } from "../graph/operators/reduction.ts";
import { reshape } from "../graph/operators/reshaping.ts";
import { dotAttention } from "../nn/attention.ts";
import { linear, lstmCell, lstmParameters, standardise } from "../nn/layers.ts";
import type { ParameterSpecs } from "../nn/parameters.ts";
import { biasSpec, weightSpec } from "../nn/parameters.ts";
import { paddedWords, vocabularyLogits } from "../nn/vocabulary-layer.ts";
import type { Architecture } from "../plot/architecture.ts";
import { outputBlocks, outputEdges, parameterLine } from "./block-lines.ts";
import type { DropoutRates } from "./decoder-options.ts";
import type { DecoderEntry, DecoderSizes } from "./decoder.ts";
import { commonSpecFields, sizeSchema, wordBlock, wordInputs, wordParameters } from "./word-inputs.ts";
import type { WordInputSpec } from "./word-inputs.ts";

/** Architecture of a decoder with parallel attention; `features` is a grid [positions, channels]. */
export interface ParallelAttentionSpec extends DecoderSizes, WordInputSpec {
  readonly kind: "parallel-attention";
  /** Size of the LSTM's state, and of what the logits are made of. */
  readonly hiddenSize: number;
  /** Size of the projected grid, of queries, keys and values. */
  readonly attentionSize: number;
  readonly dropout: DropoutRates;
}

function parameters(spec: ParallelAttentionSpec): ParameterSpecs {
  const { embeddingSize, hiddenSize, attentionSize, words } = spec;
  const channels = spec.features.at(-1)!;
  return {
    ...wordParameters(spec),
    "image.weight": weightSpec(channels, hiddenSize),
    "image.bias": biasSpec(hiddenSize),
    "start.hidden": weightSpec(hiddenSize, hiddenSize),
    "start.cell": weightSpec(hiddenSize, hiddenSize),
    "grid.weight": weightSpec(channels, attentionSize),
    "grid.bias": biasSpec(attentionSize),
    "attention.keys": weightSpec(attentionSize, attentionSize),
    "attention.values": weightSpec(attentionSize, attentionSize),
    "attention.queries": weightSpec(hiddenSize, attentionSize),
    ...lstmParameters("lstm", embeddingSize, hiddenSize),
    "joined.hidden": weightSpec(hiddenSize, hiddenSize),
    "joined.context": weightSpec(attentionSize, hiddenSize),
    "joined.bias": biasSpec(hiddenSize),
    "output.weight": weightSpec(hiddenSize, paddedWords(words)),
    "output.bias": biasSpec(paddedWords(words)),
  };
}

export const parallelAttention: DecoderEntry<ParallelAttentionSpec> = {
  title: "LSTM with parallel dot-product attention",
  layer: "grid",
  schema: z.strictObject({ kind: z.literal("parallel-attention"), ...commonSpecFields, attentionSize: sizeSchema }),
  recipe: {
    dropout: { features: 0.5, input: 0.5, output: 0.5 },
    embeddingSize: 256,
    batchSize: 100,
    captionsPerPicture: 5,
    epochs: 6,
    learningRate: 1e-3,
  },
  takes: ["attentionSize"],

  specOf: (sizes, { hiddenSize, attentionSize = hiddenSize, dropout }) => ({
    kind: "parallel-attention",
    ...sizes,
    hiddenSize,
    attentionSize,
    dropout,
  }),

  parameters,

  begin(p, spec, features, noise) {
    const [images, positions, channels] = features.shape as [Value["shape"][0], number, number];
    const drop = (name: string, x: Value): Value => noise.dropout(name, x, spec.dropout.features);
    const mean = standardise(reduceMean(features, { axes: [1] }));
    const image = drop("image", relu(linear(mean, p["image.weight"]!, p["image.bias"])));
    // One row a position: [images · positions, size].
    const cells = reshape(standardise(features), [typeof images === "number" ? images * positions : "cells", channels]);
    const grid = drop("grid", relu(linear(cells, p["grid.weight"]!, p["grid.bias"])));
    const perImage = (x: Value): Value => reshape(x, [images, positions, spec.attentionSize]);
    return {
      memory: {
        keys: transpose(perImage(gemm(grid, p["attention.keys"]!)), [0, 2, 1]),
        values: perImage(gemm(grid, p["attention.values"]!)),
      },
      state: { hidden: tanh(gemm(image, p["start.hidden"]!)), cell: tanh(gemm(image, p["start.cell"]!)) },
    };
  },

  embed(p, spec, words, noise) {
    const inputs = noise.dropout("input", wordInputs(p, words), spec.dropout.input);
    return linear(inputs, p["lstm.input"]!, p["lstm.bias"]);
  },

  step(p, _spec, _memory, state, input) {
    const { hidden, cell } = lstmCell(input, p["lstm.recurrent"]!, { hidden: state["hidden"]!, cell: state["cell"]! });
    return { state: { hidden, cell }, output: { hidden } };
  },

  logits(p, spec, memory, output, noise) {
    const hidden = output["hidden"]!; // [n, hidden]
    const queries = gemm(hidden, p["attention.queries"]!);
    const { context, weights } = dotAttention(queries, memory["keys"]!, memory["values"]!);
    const said = linear(hidden, p["joined.hidden"]!, p["joined.bias"]);
    const joined = tanh(add(said, gemm(context, p["joined.context"]!)));
    const kept = noise.dropout("output", joined, spec.dropout.output);
    return { logits: vocabularyLogits(kept, p["output.weight"]!, p["output.bias"]!, spec.words), attention: weights };
  },

  blocks,
};

function blocks(spec: ParallelAttentionSpec): Architecture {
  const { embeddingSize, hiddenSize, attentionSize, dropout } = spec;
  const [positions, channels] = spec.features;
  const specs = parameters(spec);
  return {
    nodes: [
      {
        id: "image",
        title: "Mean of the grid",
        lines: [
          "standardised, linear, ReLU",
          `${channels} → ${hiddenSize}, dropout ${dropout.features}`,
          parameterLine(specs, "image."),
        ],
        kind: "trained",
      },
      {
        id: "grid",
        title: "Positions of the grid",
        lines: [
          "standardised, linear, ReLU",
          `${positions} × ${channels} → ${attentionSize}, dropout ${dropout.features}`,
          parameterLine(specs, "grid."),
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
        id: "attention",
        title: "Attention",
        lines: ["dot product, one head", `size ${attentionSize}`, parameterLine(specs, "attention.")],
        kind: "trained",
      },
      ...outputBlocks(spec, specs, ["state and context joined, tanh"]),
    ],
    edges: [
      { from: "features", to: "image" },
      { from: "features", to: "grid" },
      { from: "image", to: "lstm", label: "first state" },
      { from: "words", to: "lstm" },
      { from: "lstm", to: "lstm", label: "state" },
      { from: "lstm", to: "attention", label: "query" },
      { from: "grid", to: "attention", label: "keys, values" },
      { from: "lstm", to: "output" },
      { from: "attention", to: "output", label: "context" },
      ...outputEdges,
    ],
  };
}
