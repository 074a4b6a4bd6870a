// Show, Attend and Tell (Xu et al. 2015), soft attention: before each word the LSTM's state looks at the grid, and what it saw is fed into
// the LSTM. The gate β scales what was seen (their section 4.2.1); the word before does not enter the output layer again.
import { z } from "zod";
import { mul, add, sigmoid, tanh } from "../graph/operators/arithmetic.ts";
import { gemm } from "../graph/operators/matrix.ts";
import { softmax } from "../graph/operators/reduction.ts";
import { attended } from "../nn/attention.ts";
import type { ScoreKind } from "../nn/attention-scores.ts";
import { attentionScores, scoreKinds } from "../nn/attention-scores.ts";
import { cellInput } from "../nn/cells.ts";
import { linear, lstmCell, lstmParameters } from "../nn/layers.ts";
import type { ParameterSpecs } from "../nn/parameters.ts";
import { biasSpec, weightSpec } from "../nn/parameters.ts";
import type { Architecture } from "../plot/architecture.ts";
import { trainedBlock } from "./block-lines.ts";
import { chosen } from "./decoder-options.ts";
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

/** Architecture of a decoder with soft attention; `features` is a grid [positions, channels]. */
export interface SoftAttentionSpec extends AttentionSpec {
  readonly kind: "soft-attention";
  /** Size of the LSTM's state, and of what the logits are made of. */
  readonly hiddenSize: number;
  /** Size of the projected grid, of queries and of keys. */
  readonly attentionSize: number;
  /** How a state is compared with a position; default: additive. */
  readonly score?: ScoreKind | undefined;
}

function parameters(spec: SoftAttentionSpec): ParameterSpecs {
  const { embeddingSize, hiddenSize, attentionSize, score = "additive" } = spec;
  return {
    ...wordParameters(spec),
    ...imageParameters(spec),
    ...startParameters(spec, "lstm"),
    ...gridParameters(spec, attentionSize),
    "attention.keys": weightSpec(attentionSize, attentionSize),
    "attention.queries": weightSpec(hiddenSize, attentionSize),
    ...attentionScores[score].parameters(attentionSize),
    "gate.weight": weightSpec(hiddenSize, 1),
    "gate.bias": biasSpec(1),
    ...lstmParameters("lstm", embeddingSize, hiddenSize),
    "lstm.context": weightSpec(attentionSize, 4 * hiddenSize),
    "joined.hidden": weightSpec(hiddenSize, hiddenSize),
    "joined.context": weightSpec(attentionSize, hiddenSize),
    "joined.bias": biasSpec(hiddenSize),
    ...outputParameters(spec),
  };
}

export const softAttention: DecoderEntry<SoftAttentionSpec> = {
  kind: "soft-attention",
  title: "Show, Attend and Tell with soft attention (Xu et al. 2015)",
  layer: "grid",
  schema: z.strictObject({
    kind: z.literal("soft-attention"),
    ...attentionSpecFields,
    score: z.enum(scoreKinds).optional(),
  }),
  recipe: { ...gridRecipe, epochs: 8 },
  takes: ["attentionSize", "score"],

  specOf: (sizes, options) => ({
    kind: "soft-attention",
    ...attentionSpec(sizes, options),
    ...chosen({ score: options.score }),
  }),

  parameters,

  begin(p, spec, features, noise) {
    const { rows, perImage } = seenGrid(p, spec, features, noise);
    const keys = perImage(gemm(rows, p["attention.keys"]!));
    return {
      memory: { keys: attentionScores[spec.score ?? "additive"].keys(keys), values: perImage(rows) },
      state: firstState(p, seenImage(p, spec, features, noise), "lstm"),
    };
  },

  embed(p, spec, words, noise) {
    return cellInput(p, "lstm", droppedWords(p, spec, words, noise));
  },

  step(p, { score = "additive" }, memory, state, input) {
    const before = state["hidden"]!; // [rows, hidden]
    const queries = gemm(before, p["attention.queries"]!);
    const scores = attentionScores[score].scores(p, queries, memory["keys"]!);
    const { context: seen, weights } = attended(softmax(scores), memory["values"]!, queries);
    const gate = sigmoid(linear(before, p["gate.weight"]!, p["gate.bias"])); // [rows, 1]
    const context = mul(gate, seen);
    const gates = gemm(context, p["lstm.context"]!, { bias: input });
    const { hidden, cell } = lstmCell(gates, p["lstm.recurrent"]!, { hidden: before, cell: state["cell"]! });
    return { state: { hidden, cell }, output: { hidden, context }, attention: weights };
  },

  logits(p, spec, _memory, output, noise) {
    const said = linear(output["hidden"]!, p["joined.hidden"]!, p["joined.bias"]);
    const joined = tanh(add(said, gemm(output["context"]!, p["joined.context"]!)));
    return { logits: outputLogits(p, spec, joined, noise) };
  },

  blocks,
};

function blocks(spec: SoftAttentionSpec): Architecture {
  const { embeddingSize, hiddenSize, attentionSize, score = "additive" } = spec;
  const specs = parameters(spec);
  return {
    nodes: [
      imageBlock(spec, specs),
      gridBlock(spec, specs),
      wordBlock(spec),
      trainedBlock(specs, "attention", "Soft attention", [
        `${attentionScores[score].title}, size ${attentionSize}`,
        "scaled by a gate",
      ]),
      trainedBlock(specs, "lstm", "LSTM", [`input ${embeddingSize} + ${attentionSize}, state ${hiddenSize}`]),
      ...outputBlocks(spec, specs, ["state and context joined, tanh"]),
    ],
    edges: [
      ...gridEdges,
      { from: "image", to: "lstm", label: "first state" },
      { from: "grid", to: "attention", label: "keys, values" },
      { from: "words", to: "lstm" },
      { from: "attention", to: "lstm", label: "context" },
      { from: "lstm", to: "attention", label: "query" },
      { from: "lstm", to: "lstm", label: "state" },
      { from: "lstm", to: "output" },
      { from: "attention", to: "output", label: "context" },
      ...outputEdges,
    ],
  };
}
