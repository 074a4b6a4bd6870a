// Knowing When to Look (Lu et al. 2017): after the LSTM, attention over the positions of the grid and a visual sentinel, which is what the
// LSTM remembers and stands for not looking. Nothing of it is fed back, so that it is computed for all steps at once.
import { z } from "zod";
import { add, mul, sigmoid, tanh } from "../graph/operators/arithmetic.ts";
import { gemm } from "../graph/operators/matrix.ts";
import { softmax } from "../graph/operators/reduction.ts";
import { addPerImage, concat, fixedDim, groupedByImage, reshape, split } from "../graph/operators/reshaping.ts";
import { attended } from "../nn/attention.ts";
import { attentionScores } from "../nn/attention-scores.ts";
import { cellInput } from "../nn/cells.ts";
import { lstmCell, lstmParameters } from "../nn/layers.ts";
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

/** Architecture of a decoder with adaptive attention; `features` is a grid [positions, channels]. */
export interface AdaptiveAttentionSpec extends AttentionSpec {
  readonly kind: "adaptive-attention";
  /** Size of the LSTM's state, of the projected grid and of the sentinel, which are added to each other. */
  readonly hiddenSize: number;
  /** Size in which states, positions and sentinel are compared. */
  readonly attentionSize: number;
}

function parameters(spec: AdaptiveAttentionSpec): ParameterSpecs {
  const { embeddingSize, hiddenSize, attentionSize } = spec;
  return {
    ...wordParameters(spec),
    ...imageParameters(spec),
    ...startParameters(spec, "lstm"),
    ...gridParameters(spec, hiddenSize),
    ...lstmParameters("lstm", embeddingSize, hiddenSize),
    "lstm.image": weightSpec(hiddenSize, 4 * hiddenSize),
    "sentinel.input": weightSpec(embeddingSize, hiddenSize),
    "sentinel.image": weightSpec(hiddenSize, hiddenSize),
    "sentinel.recurrent": weightSpec(hiddenSize, hiddenSize),
    "sentinel.bias": biasSpec(hiddenSize),
    "attention.keys": weightSpec(hiddenSize, attentionSize),
    "attention.queries": weightSpec(hiddenSize, attentionSize),
    "attention.sentinel": weightSpec(hiddenSize, attentionSize),
    ...attentionScores.additive.parameters(attentionSize),
    ...outputParameters(spec),
  };
}

export const adaptiveAttention: DecoderEntry<AdaptiveAttentionSpec> = {
  kind: "adaptive-attention",
  title: "Adaptive attention with a visual sentinel (Lu et al. 2017)",
  layer: "grid",
  schema: z.strictObject({ kind: z.literal("adaptive-attention"), ...attentionSpecFields }),
  recipe: { ...gridRecipe, epochs: 8 },
  takes: ["attentionSize"],

  specOf: (sizes, options) => ({ kind: "adaptive-attention", ...attentionSpec(sizes, options) }),

  parameters,

  begin(p, spec, features, noise) {
    const { rows, perImage } = seenGrid(p, spec, features, noise);
    const image = seenImage(p, spec, features, noise);
    return {
      memory: {
        keys: attentionScores.additive.keys(perImage(gemm(rows, p["attention.keys"]!))),
        values: perImage(rows),
        // The picture stands beside every word: its share of all gates.
        image: concat([gemm(image, p["lstm.image"]!), gemm(image, p["sentinel.image"]!)], 1),
      },
      state: firstState(p, image, "lstm"),
    };
  },

  // The input's share of the LSTM's gates, and of the sentinel's: [n, 5 · hidden].
  embed(p, spec, words, noise) {
    const inputs = droppedWords(p, spec, words, noise);
    return concat([cellInput(p, "lstm", inputs), cellInput(p, "sentinel", inputs)], 1);
  },

  step(p, { hiddenSize }, memory, state, input) {
    const before = { hidden: state["hidden"]!, cell: state["cell"]! }; // each [rows, hidden]
    const [gates, sentinelGate] = split(addPerImage(input, memory["image"]!), [4 * hiddenSize, hiddenSize], 1);
    const { hidden, cell } = lstmCell(gates!, p["lstm.recurrent"]!, before);
    const open = sigmoid(gemm(before.hidden, p["sentinel.recurrent"]!, { bias: sentinelGate! }));
    return { state: { hidden, cell }, output: { hidden, sentinel: mul(open, tanh(cell)) } };
  },

  logits(p, spec, memory, output, noise) {
    const [hidden, sentinel, values] = [output["hidden"]!, output["sentinel"]!, memory["values"]!];
    const positions = fixedDim(values, 1, "attention");
    const queries = gemm(hidden, p["attention.queries"]!); // [n, size]
    const seen = attentionScores.additive.scores(p, queries, memory["keys"]!); // [images, group, positions]
    const remembered = gemm(tanh(gemm(sentinel, p["attention.sentinel"]!, { bias: queries })), p["attention.score"]!);
    const scores = concat([seen, groupedByImage(remembered, values)], -1);
    const [overPositions, overSentinel] = split(softmax(scores), [positions, 1], -1);
    const { context, weights } = attended(overPositions!, values, hidden);
    const share = reshape(overSentinel!, [hidden.shape[0]!, 1]);
    const both = add(add(context, mul(share, sentinel)), hidden);
    const logits = outputLogits(p, spec, both, noise);
    return { logits, attention: weights, sentinel: share };
  },

  blocks,
};

function blocks(spec: AdaptiveAttentionSpec): Architecture {
  const { embeddingSize, hiddenSize, attentionSize } = spec;
  const specs = parameters(spec);
  return {
    nodes: [
      imageBlock(spec, specs),
      gridBlock(spec, specs),
      wordBlock(spec),
      trainedBlock(specs, "lstm", "LSTM", [`input ${embeddingSize} + ${hiddenSize}, state ${hiddenSize}`]),
      trainedBlock(specs, "sentinel", "Visual sentinel", ["gated memory of the LSTM"]),
      trainedBlock(specs, "attention", "Adaptive attention", [`positions and sentinel, size ${attentionSize}`]),
      ...outputBlocks(spec, specs, ["state and context added"]),
    ],
    edges: [
      ...gridEdges,
      { from: "image", to: "lstm", label: "first state, every step" },
      { from: "words", to: "lstm" },
      { from: "lstm", to: "lstm", label: "state" },
      { from: "lstm", to: "sentinel", label: "memory" },
      { from: "lstm", to: "attention", label: "query" },
      { from: "sentinel", to: "attention" },
      { from: "grid", to: "attention", label: "keys, values" },
      { from: "lstm", to: "output" },
      { from: "attention", to: "output", label: "context" },
      ...outputEdges,
    ],
  };
}
