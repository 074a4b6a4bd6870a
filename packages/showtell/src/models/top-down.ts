// Bottom-up and top-down attention (Anderson et al. 2018), the top-down half, on a grid in place of detected regions: one LSTM decides
// where to look, a second one says the word. Both start from zeros, and the first sees the mean of the grid at every step.
import { z } from "zod";
import { zeros } from "../base/tensor.ts";
import { gemm } from "../graph/operators/matrix.ts";
import { softmax } from "../graph/operators/reduction.ts";
import { addPerImage, repeatedPerImage } from "../graph/operators/reshaping.ts";
import { attended } from "../nn/attention.ts";
import type { ScoreKind } from "../nn/attention-scores.ts";
import { attentionScores, scoreKinds } from "../nn/attention-scores.ts";
import { cellInput } from "../nn/cells.ts";
import { linear, lstmCell, lstmParameters } from "../nn/layers.ts";
import type { ParameterSpecs } from "../nn/parameters.ts";
import { weightSpec } from "../nn/parameters.ts";
import type { Architecture } from "../plot/architecture.ts";
import { trainedBlock } from "./block-lines.ts";
import { chosen } from "./decoder-options.ts";
import type { DecoderEntry } from "./decoder.ts";
import {
  attentionSpec,
  attentionSpecFields,
  gridBlock,
  gridEdges,
  gridParameters,
  gridRecipe,
  imageBlock,
  imageParameters,
  seenGrid,
  seenImage,
} from "./grid-inputs.ts";
import type { AttentionSpec } from "./grid-inputs.ts";
import { outputBlocks, outputEdges, outputLogits, outputParameters } from "./output-layer.ts";
import { droppedWords, wordBlock, wordParameters } from "./word-inputs.ts";

/** Architecture of a top-down decoder; `features` is a grid [positions, channels]. */
export interface TopDownSpec extends AttentionSpec {
  readonly kind: "top-down";
  /** Size of both LSTMs' states. */
  readonly hiddenSize: number;
  /** Size of the projected grid, of queries and of keys. */
  readonly attentionSize: number;
  /** How a state is compared with a position; default: additive. */
  readonly score?: ScoreKind | undefined;
}

function parameters(spec: TopDownSpec): ParameterSpecs {
  const { embeddingSize, hiddenSize, attentionSize, score = "additive" } = spec;
  return {
    ...wordParameters(spec),
    ...imageParameters(spec),
    ...gridParameters(spec, attentionSize),
    ...lstmParameters("looking", embeddingSize, hiddenSize),
    "looking.image": weightSpec(hiddenSize, 4 * hiddenSize),
    "looking.speech": weightSpec(hiddenSize, 4 * hiddenSize),
    "attention.keys": weightSpec(attentionSize, attentionSize),
    "attention.queries": weightSpec(hiddenSize, attentionSize),
    ...attentionScores[score].parameters(attentionSize),
    ...lstmParameters("speaking", attentionSize, hiddenSize),
    "speaking.looking": weightSpec(hiddenSize, 4 * hiddenSize),
    ...outputParameters(spec),
  };
}

export const topDown: DecoderEntry<TopDownSpec> = {
  kind: "top-down",
  title: "Top-down attention of two LSTMs (Anderson et al. 2018)",
  layer: "grid",
  schema: z.strictObject({
    kind: z.literal("top-down"),
    ...attentionSpecFields,
    score: z.enum(scoreKinds).optional(),
  }),
  recipe: { ...gridRecipe, epochs: 8 },
  takes: ["attentionSize", "score"],

  specOf: (sizes, options) => ({
    kind: "top-down",
    ...attentionSpec(sizes, options),
    ...chosen({ score: options.score }),
  }),

  parameters,

  begin(p, spec, features, noise) {
    const { rows, perImage } = seenGrid(p, spec, features, noise);
    const keys = perImage(gemm(rows, p["attention.keys"]!));
    const zero = repeatedPerImage(features.graph.constant(zeros("float32", [1, spec.hiddenSize])), features);
    return {
      memory: {
        keys: attentionScores[spec.score ?? "additive"].keys(keys),
        values: perImage(rows),
        // Its share of the first LSTM's gates is the same at every step.
        image: gemm(seenImage(p, spec, features, noise), p["looking.image"]!),
      },
      state: { lookingHidden: zero, lookingCell: zero, speakingHidden: zero, speakingCell: zero },
    };
  },

  embed(p, spec, words, noise) {
    return cellInput(p, "looking", droppedWords(p, spec, words, noise));
  },

  step(p, { score = "additive" }, memory, state, input) {
    const spoke = { hidden: state["speakingHidden"]!, cell: state["speakingCell"]! }; // each [rows, hidden]
    const looked = { hidden: state["lookingHidden"]!, cell: state["lookingCell"]! };
    const seenWhole = addPerImage(input, memory["image"]!);
    const gates = gemm(spoke.hidden, p["looking.speech"]!, { bias: seenWhole });
    const looking = lstmCell(gates, p["looking.recurrent"]!, looked);

    const queries = gemm(looking.hidden, p["attention.queries"]!);
    const scores = attentionScores[score].scores(p, queries, memory["keys"]!);
    const { context, weights } = attended(softmax(scores), memory["values"]!, queries);

    const seen = linear(context, p["speaking.input"]!, p["speaking.bias"]);
    const told = gemm(looking.hidden, p["speaking.looking"]!, { bias: seen });
    const speaking = lstmCell(told, p["speaking.recurrent"]!, spoke);
    return {
      state: {
        lookingHidden: looking.hidden,
        lookingCell: looking.cell,
        speakingHidden: speaking.hidden,
        speakingCell: speaking.cell,
      },
      output: { hidden: speaking.hidden },
      attention: weights,
    };
  },

  logits(p, spec, _memory, output, noise) {
    return { logits: outputLogits(p, spec, output["hidden"]!, noise) };
  },

  blocks,
};

function blocks(spec: TopDownSpec): Architecture {
  const { embeddingSize, hiddenSize, attentionSize, score = "additive" } = spec;
  const specs = parameters(spec);
  return {
    nodes: [
      imageBlock(spec, specs),
      gridBlock(spec, specs),
      wordBlock(spec),
      trainedBlock(specs, "looking", "LSTM that looks", [
        `input ${embeddingSize} + 2 × ${hiddenSize}, state ${hiddenSize}`,
      ]),
      trainedBlock(specs, "attention", "Attention", [`${attentionScores[score].title}, size ${attentionSize}`]),
      trainedBlock(specs, "speaking", "LSTM that speaks", [
        `input ${attentionSize} + ${hiddenSize}, state ${hiddenSize}`,
      ]),
      ...outputBlocks(spec, specs),
    ],
    edges: [
      ...gridEdges,
      { from: "image", to: "looking", label: "every step" },
      { from: "words", to: "looking" },
      { from: "looking", to: "looking", label: "state" },
      { from: "looking", to: "attention", label: "query" },
      { from: "grid", to: "attention", label: "keys, values" },
      { from: "looking", to: "speaking" },
      { from: "attention", to: "speaking", label: "context" },
      { from: "speaking", to: "speaking", label: "state" },
      { from: "speaking", to: "looking", label: "state" },
      { from: "speaking", to: "output" },
      ...outputEdges,
    ],
  };
}
