// Where a picture enters a recurrent language model (Tanti, Gatt and Camilleri 2018), as a closed table. Knows no attention.
import { zeros } from "../base/tensor.ts";
import type { Value } from "../graph/graph.ts";
import { tanh } from "../graph/operators/arithmetic.ts";
import { gemm } from "../graph/operators/matrix.ts";
import { addPerImage, repeatedPerImage, split } from "../graph/operators/reshaping.ts";
import type { Cell, CellKind, CellState } from "../nn/cells.ts";
import { cellInput, cells } from "../nn/cells.ts";
import { linear } from "../nn/layers.ts";
import type { Parameters, ParameterSpecs } from "../nn/parameters.ts";
import { biasSpec, weightSpec } from "../nn/parameters.ts";
import { paddedWords } from "../nn/vocabulary-layer.ts";
import type { DecoderSizes, Values } from "./decoder.ts";

/** The ways there are. */
export const conditioningKinds = ["pre", "init", "par", "merge"] as const;
/** The name of a way. */
export type ConditioningKind = (typeof conditioningKinds)[number];

/** The sizes that matter here. */
export interface ConditionedSizes extends DecoderSizes {
  readonly embeddingSize: number;
  readonly hiddenSize: number;
}

interface Begun {
  readonly memory: Values;
  readonly state: CellState;
}

/** How a picture enters: at the start, at every step, or at the output. */
export interface Conditioning {
  /** For drawings: the block that the picture leads to, and when. */
  readonly leadsTo: "cell" | "output";
  readonly when: string;
  /** `image.weight`, `image.bias` and what else it needs. */
  parameters(sizes: ConditionedSizes, cell: CellKind): ParameterSpecs;
  /** features [images, size] → memory and first state. */
  begin(p: Parameters, cell: CellKind, features: Value): Begun;
  /** The input of a step [rows, gates · hidden], with what the picture adds to it. */
  input(memory: Values, input: Value): Value;
  /** The logits [n, padded words], with what the picture adds to them. */
  logits(memory: Values, logits: Value): Value;
}

const unchanged: Pick<Conditioning, "input" | "logits"> = {
  input: (_memory, input) => input,
  logits: (_memory, logits) => logits,
};

function imageParameters(sizes: DecoderSizes, width: number): ParameterSpecs {
  return { "image.weight": weightSpec(sizes.features.at(-1)!, width), "image.bias": biasSpec(width) };
}

function imageOf(p: Parameters, features: Value): Value {
  return linear(features, p["image.weight"]!, p["image.bias"]);
}

function zeroState({ states }: Cell, recurrent: Value, perImage: Value): CellState {
  const zero = recurrent.graph.constant(zeros("float32", [1, recurrent.shape[0] as number]));
  return Object.fromEntries(states.map((name) => [name, repeatedPerImage(zero, perImage)]));
}

/** All ways. */
export const conditionings: { readonly [Kind in ConditioningKind]: Conditioning } = {
  // The picture is read like a first word.
  pre: {
    ...unchanged,
    leadsTo: "cell",
    when: "first step",
    parameters: (sizes) => imageParameters(sizes, sizes.embeddingSize),
    begin: (p, kind, features) => ({
      memory: {},
      state: cells[kind].step(cellInput(p, kind, imageOf(p, features)), p[`${kind}.recurrent`]!),
    }),
  },
  // The picture is the first state.
  init: {
    ...unchanged,
    leadsTo: "cell",
    when: "first state",
    parameters: (sizes, kind) => imageParameters(sizes, cells[kind].states.length * sizes.hiddenSize),
    begin(p, kind, features) {
      const { states } = cells[kind];
      const size = p[`${kind}.recurrent`]!.shape[0] as number;
      const parts = split(
        tanh(imageOf(p, features)),
        states.map(() => size),
        1,
      );
      return { memory: {}, state: Object.fromEntries(states.map((name, i) => [name, parts[i]!])) };
    },
  },
  // The picture stands beside every word.
  par: {
    ...unchanged,
    leadsTo: "cell",
    when: "every step",
    parameters: (sizes, kind) => ({
      ...imageParameters(sizes, sizes.embeddingSize),
      [`${kind}.image`]: weightSpec(sizes.embeddingSize, cells[kind].gates * sizes.hiddenSize),
    }),
    begin: (p, kind, features) => ({
      // Its share of the gates is the same at every step, so it is bounded lest it drown the words' (docs/decisions/training.md).
      memory: { share: gemm(tanh(imageOf(p, features)), p[`${kind}.image`]!) },
      state: zeroState(cells[kind], p[`${kind}.recurrent`]!, features),
    }),
    input: (memory, input) => addPerImage(input, memory["share"]!),
  },
  // The recurrence sees words alone; picture and state meet in the output layer, whose input is both side by side.
  merge: {
    ...unchanged,
    leadsTo: "output",
    when: "every step",
    parameters: (sizes) => ({
      ...imageParameters(sizes, sizes.embeddingSize),
      "output.image": weightSpec(sizes.embeddingSize, paddedWords(sizes.words)),
    }),
    begin: (p, kind, features) => ({
      memory: { share: gemm(tanh(imageOf(p, features)), p["output.image"]!) },
      state: zeroState(cells[kind], p[`${kind}.recurrent`]!, features),
    }),
    logits: (memory, logits) => addPerImage(logits, memory["share"]!),
  },
};
