// A recurrent language model that starts from the picture and, beside its recurrence, looks at the grid: attention after the cell, not
// fed back. So only the cell runs word by word; attention and logits are computed for all steps at once. A relative of Lu et al. 2017,
// who also attend from the current state, and of the dot-product attention of Luong et al. 2015, without its input feeding.
import { z } from "zod";
import { add, tanh } from "../graph/operators/arithmetic.ts";
import { gemm } from "../graph/operators/matrix.ts";
import { softmax } from "../graph/operators/reduction.ts";
import { attended } from "../nn/attention.ts";
import { attentionScores } from "../nn/attention-scores.ts";
import type { CellKind } from "../nn/cells.ts";
import { cellInput, cellKinds, cells } from "../nn/cells.ts";
import { linear } from "../nn/layers.ts";
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

/** Architecture of a decoder with parallel attention; `features` is a grid [positions, channels]. */
export interface ParallelAttentionSpec extends AttentionSpec {
  readonly kind: "parallel-attention";
  /** Size of the recurrent state, and of what the logits are made of. */
  readonly hiddenSize: number;
  /** Size of the projected grid, of queries, keys and values. */
  readonly attentionSize: number;
  /** The recurrent cell; default: lstm. */
  readonly cell?: CellKind | undefined;
}

/** What specifications mean that do not say. */
const unsaid = { cell: "lstm" } as const;

/** The name of the cell that a specification means, and of its parameters. */
function cellOf({ cell = unsaid.cell }: ParallelAttentionSpec): CellKind {
  return cell;
}

function parameters(spec: ParallelAttentionSpec): ParameterSpecs {
  const { embeddingSize, hiddenSize, attentionSize } = spec;
  const cell = cellOf(spec);
  return {
    ...wordParameters(spec),
    ...imageParameters(spec),
    ...startParameters(spec, cell),
    ...gridParameters(spec, attentionSize),
    "attention.keys": weightSpec(attentionSize, attentionSize),
    "attention.values": weightSpec(attentionSize, attentionSize),
    "attention.queries": weightSpec(hiddenSize, attentionSize),
    ...cells[cell].parameters(cell, embeddingSize, hiddenSize),
    "joined.hidden": weightSpec(hiddenSize, hiddenSize),
    "joined.context": weightSpec(attentionSize, hiddenSize),
    "joined.bias": biasSpec(hiddenSize),
    ...outputParameters(spec),
  };
}

export const parallelAttention: DecoderEntry<ParallelAttentionSpec> = {
  kind: "parallel-attention",
  title: "Recurrent cell with parallel dot-product attention",
  layer: "grid",
  schema: z.strictObject({
    kind: z.literal("parallel-attention"),
    ...attentionSpecFields,
    cell: z.enum(cellKinds).optional(),
  }),
  // Four epochs are too few for as much dropout as others take (docs/decisions/training.md).
  recipe: { ...gridRecipe, dropout: { features: 0.4, input: 0.4, output: 0.4 }, epochs: 4 },
  takes: ["attentionSize", "cell"],
  unsaid,

  specOf: (sizes, options) => ({
    kind: "parallel-attention",
    ...attentionSpec(sizes, options),
    ...chosen({ cell: options.cell }),
  }),

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
      state: firstState(p, image, cellOf(spec)),
    };
  },

  embed(p, spec, words, noise) {
    return cellInput(p, cellOf(spec), droppedWords(p, spec, words, noise));
  },

  step(p, spec, _memory, state, input) {
    const cell = cellOf(spec);
    const next = cells[cell].step(input, p[`${cell}.recurrent`]!, state);
    return { state: next, output: { hidden: next["hidden"]! } };
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
  const cell = cellOf(spec);
  const specs = parameters(spec);
  return {
    nodes: [
      imageBlock(spec, specs),
      gridBlock(spec, specs),
      wordBlock(spec),
      trainedBlock(specs, cell, cells[cell].title, [`input ${embeddingSize}, state ${hiddenSize}`]),
      trainedBlock(specs, "attention", "Attention", ["dot product, one head", `size ${attentionSize}`]),
      ...outputBlocks(spec, specs, ["state and context joined, tanh"]),
    ],
    edges: [
      ...gridEdges,
      { from: "image", to: cell, label: "first state" },
      { from: "words", to: cell },
      { from: cell, to: cell, label: "state" },
      { from: cell, to: "attention", label: "query" },
      { from: "grid", to: "attention", label: "keys, values" },
      { from: cell, to: "output" },
      { from: "attention", to: "output", label: "context" },
      ...outputEdges,
    ],
  };
}
