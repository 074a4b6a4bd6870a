// Show and Tell (Vinyals et al. 2015): the picture is the first input of an LSTM that then reads and predicts words. The cell may be
// another, and the picture may enter elsewhere.
import { z } from "zod";
import type { Value } from "../graph/graph.ts";
import type { CellKind } from "../nn/cells.ts";
import { cellInput, cellKinds, cells } from "../nn/cells.ts";
import { standardise } from "../nn/layers.ts";
import type { Noise } from "../nn/noise.ts";
import type { ParameterSpecs } from "../nn/parameters.ts";
import type { Architecture } from "../plot/architecture.ts";
import { parameterLine } from "./block-lines.ts";
import type { ConditioningKind } from "./conditioning.ts";
import { conditioningKinds, conditionings } from "./conditioning.ts";
import type { DropoutRates } from "./decoder-options.ts";
import { chosen } from "./decoder-options.ts";
import type { DecoderEntry, DecoderSizes } from "./decoder.ts";
import { outputBlocks, outputEdges, outputLogits, outputParameters } from "./output-layer.ts";
import { commonSpecFields, droppedWords, wordBlock, wordParameters } from "./word-inputs.ts";
import type { WordInputSpec } from "./word-inputs.ts";

/** Architecture of a Show-and-Tell decoder. */
export interface ShowAndTellSpec extends DecoderSizes, WordInputSpec {
  readonly kind: "show-and-tell";
  /** Size of the recurrent state. */
  readonly hiddenSize: number;
  readonly dropout: DropoutRates;
  /** The recurrent cell; default: lstm. */
  readonly cell?: CellKind | undefined;
  /** Where the picture enters; default: pre. */
  readonly conditioning?: ConditioningKind | undefined;
}

/** What specifications mean that do not say. */
const unsaid = { cell: "lstm", conditioning: "pre" } as const;

/** The cell and the way of the picture that a specification means. */
function partsOf({ cell = unsaid.cell, conditioning = unsaid.conditioning }: ShowAndTellSpec): {
  readonly cell: CellKind;
  readonly conditioning: ConditioningKind;
} {
  return { cell, conditioning };
}

function parameters(spec: ShowAndTellSpec): ParameterSpecs {
  const { embeddingSize, hiddenSize } = spec;
  const { cell, conditioning } = partsOf(spec);
  return {
    ...wordParameters(spec),
    ...conditionings[conditioning].parameters(spec, cell),
    ...cells[cell].parameters(cell, embeddingSize, hiddenSize),
    ...outputParameters(spec),
  };
}

export const showAndTell: DecoderEntry<ShowAndTellSpec> = {
  kind: "show-and-tell",
  title: "Show and Tell (Vinyals et al. 2015)",
  layer: "pooled",
  schema: z.strictObject({
    kind: z.literal("show-and-tell"),
    ...commonSpecFields,
    cell: z.enum(cellKinds).optional(),
    conditioning: z.enum(conditioningKinds).optional(),
  }),
  recipe: {
    dropout: { features: 0.5, input: 0.3, output: 0.5 },
    dropoutMasks: "sentence",
    embeddings: "glove",
    embeddingSize: 512,
    batchSize: 64,
    captionsPerPicture: 1,
    epochs: 7,
    learningRate: 1.5e-3,
    options: { conditioning: "par" },
  },
  takes: ["cell", "conditioning"],
  unsaid,

  specOf: (sizes, { hiddenSize, dropout, cell, conditioning }) => ({
    kind: "show-and-tell",
    ...sizes,
    hiddenSize,
    dropout,
    ...chosen({ cell, conditioning }),
  }),

  parameters,

  begin(p, spec, features: Value, noise: Noise) {
    const { cell, conditioning } = partsOf(spec);
    const seen = noise.dropout("features", standardise(features), spec.dropout.features);
    return conditionings[conditioning].begin(p, cell, seen);
  },

  embed(p, spec, words, noise) {
    return cellInput(p, partsOf(spec).cell, droppedWords(p, spec, words, noise));
  },

  step(p, spec, memory, state, input) {
    const { cell, conditioning } = partsOf(spec);
    const whole = conditionings[conditioning].input(memory, input);
    const next = cells[cell].step(whole, p[`${cell}.recurrent`]!, state);
    return { state: next, output: { hidden: next["hidden"]! } };
  },

  logits(p, spec, memory, output, noise) {
    const said = outputLogits(p, spec, output["hidden"]!, noise);
    return { logits: conditionings[partsOf(spec).conditioning].logits(memory, said) };
  },

  blocks,
};

function blocks(spec: ShowAndTellSpec): Architecture {
  const { embeddingSize, hiddenSize, dropout } = spec;
  const { cell, conditioning } = partsOf(spec);
  const { leadsTo, when } = conditionings[conditioning];
  const specs = parameters(spec);
  return {
    nodes: [
      {
        id: "image",
        title: conditioning === "pre" ? "Picture as first input" : "Picture",
        lines: [
          "standardised, then linear",
          `${spec.features.at(-1)} → ${specs["image.bias"]!.shape[0]}, dropout ${dropout.features}`,
          parameterLine(specs, "image."),
        ],
        kind: "trained",
      },
      wordBlock(spec),
      {
        id: cell,
        title: cells[cell].title,
        lines: [`input ${embeddingSize}, state ${hiddenSize}`, parameterLine(specs, `${cell}.`)],
        kind: "trained",
      },
      ...outputBlocks(spec, specs),
    ],
    edges: [
      { from: "features", to: "image" },
      { from: "image", to: leadsTo === "cell" ? cell : leadsTo, label: when },
      { from: "words", to: cell, ...(conditioning === "pre" && { label: "later steps" }) },
      { from: cell, to: cell, label: "state" },
      { from: cell, to: "output" },
      ...outputEdges,
    ],
  };
}
