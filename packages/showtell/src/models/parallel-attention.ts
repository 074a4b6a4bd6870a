// An LSTM language model that starts from the picture and, beside its recurrence, looks at the grid: attention after the LSTM, not fed
// back. So only the LSTM runs word by word; attention and logits are computed for all steps at once. A relative of Lu et al. 2017, who
// also attend from the current state, and of the dot-product attention of Luong et al. 2015, without its input feeding.
import { z } from "zod";
import { add, tanh } from "../graph/operators/arithmetic.ts";
import { gemm } from "../graph/operators/matrix.ts";
import { softmax } from "../graph/operators/reduction.ts";
import { attended } from "../nn/attention.ts";
import { attentionScores } from "../nn/attention-scores.ts";
import { cellInput } from "../nn/cells.ts";
import { linear, lstmCell, lstmParameters } from "../nn/layers.ts";
import type { ParameterSpecs } from "../nn/parameters.ts";
import { biasSpec, weightSpec } from "../nn/parameters.ts";
import type { Architecture } from "../plot/architecture.ts";
import { trainedBlock } from "./block-lines.ts";
import type { DecoderEntry } from "./decoder.ts";
import {
  attentionSpec,
  attentionSpecFields,
  firstState,
  gridBlock,
  gridEdges,
  gridParameters,
  gridRecipe,
  imageBlock,
  imageParameters,
  seenGrid,
  seenImage,
  startParameters,
} from "./grid-inputs.ts";
import type { AttentionSpec } from "./grid-inputs.ts";
import { outputBlocks, outputEdges, outputLogits, outputParameters } from "./output-layer.ts";
import { droppedWords, wordBlock, wordParameters } from "./word-inputs.ts";

/** Architecture of a decoder with parallel attention; `features` is a grid [positions, channels]. */
export interface ParallelAttentionSpec extends AttentionSpec {
  readonly kind: "parallel-attention";
  /** Size of the LSTM's state, and of what the logits are made of. */
  readonly hiddenSize: number;
  /** Size of the projected grid, of queries, keys and values. */
  readonly attentionSize: number;
}

function parameters(spec: ParallelAttentionSpec): ParameterSpecs {
  const { embeddingSize, hiddenSize, attentionSize } = spec;
  return {
    ...wordParameters(spec),
    ...imageParameters(spec),
    ...startParameters(spec),
    ...gridParameters(spec, attentionSize),
    "attention.keys": weightSpec(attentionSize, attentionSize),
    "attention.values": weightSpec(attentionSize, attentionSize),
    "attention.queries": weightSpec(hiddenSize, attentionSize),
    ...lstmParameters("lstm", embeddingSize, hiddenSize),
    "joined.hidden": weightSpec(hiddenSize, hiddenSize),
    "joined.context": weightSpec(attentionSize, hiddenSize),
    "joined.bias": biasSpec(hiddenSize),
    ...outputParameters(spec),
  };
}

export const parallelAttention: DecoderEntry<ParallelAttentionSpec> = {
  kind: "parallel-attention",
  title: "LSTM with parallel dot-product attention",
  layer: "grid",
  schema: z.strictObject({ kind: z.literal("parallel-attention"), ...attentionSpecFields }),
  recipe: { ...gridRecipe, epochs: 6 },
  takes: ["attentionSize"],

  specOf: (sizes, options) => ({ kind: "parallel-attention", ...attentionSpec(sizes, options) }),

  parameters,

  begin(p, spec, features, noise) {
    const image = seenImage(p, spec, features, noise);
    const { rows, perImage } = seenGrid(p, spec, features, noise);
    // A word's query and what its context adds are linear in the state and in the values: their weights are multiplied with those of keys
    // and values, once, so that no word pays for them. The engine does it when it compiles, where weights are constant.
    const keys = gemm(p["attention.keys"]!, p["attention.queries"]!, { transposeB: true }); // [attention, hidden]
    const values = gemm(p["attention.values"]!, p["joined.context"]!);
    return {
      memory: {
        keys: attentionScores.dot.keys(perImage(gemm(rows, keys))),
        values: perImage(gemm(rows, values)),
      },
      state: firstState(p, image),
    };
  },

  embed(p, spec, words, noise) {
    return cellInput(p, "lstm", droppedWords(p, spec, words, noise));
  },

  step(p, _spec, _memory, state, input) {
    const { hidden, cell } = lstmCell(input, p["lstm.recurrent"]!, { hidden: state["hidden"]!, cell: state["cell"]! });
    return { state: { hidden, cell }, output: { hidden } };
  },

  logits(p, spec, memory, output, noise) {
    const hidden = output["hidden"]!; // [n, hidden]
    const scores = attentionScores.dot.scores(p, hidden, memory["keys"]!, spec.attentionSize);
    const { context, weights } = attended(softmax(scores), memory["values"]!, hidden);
    const joined = tanh(add(linear(hidden, p["joined.hidden"]!, p["joined.bias"]), context));
    return { logits: outputLogits(p, spec, joined, noise), attention: weights };
  },

  blocks,
};

function blocks(spec: ParallelAttentionSpec): Architecture {
  const { embeddingSize, hiddenSize, attentionSize } = spec;
  const specs = parameters(spec);
  return {
    nodes: [
      imageBlock(spec, specs),
      gridBlock(spec, specs),
      wordBlock(spec),
      trainedBlock(specs, "lstm", "LSTM", [`input ${embeddingSize}, state ${hiddenSize}`]),
      trainedBlock(specs, "attention", "Attention", ["dot product, one head", `size ${attentionSize}`]),
      ...outputBlocks(spec, specs, ["state and context joined, tanh"]),
    ],
    edges: [
      ...gridEdges,
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
