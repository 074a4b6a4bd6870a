// How decoders see a grid of features: each position projected, and the mean of all as a summary of the picture. And what those that look
// at it by attention share: a specification with a size for it.
import type { Value } from "../graph/graph.ts";
import { relu, tanh } from "../graph/operators/arithmetic.ts";
import { gemm } from "../graph/operators/matrix.ts";
import { reduceMean } from "../graph/operators/reduction.ts";
import { reshape } from "../graph/operators/reshaping.ts";
import type { CellKind } from "../nn/cells.ts";
import { cells } from "../nn/cells.ts";
import { linear, standardise } from "../nn/layers.ts";
import type { Noise } from "../nn/noise.ts";
import type { Parameters, ParameterSpecs } from "../nn/parameters.ts";
import { biasSpec, weightSpec } from "../nn/parameters.ts";
import type { Architecture, Block } from "../plot/architecture.ts";
import { trainedBlock } from "./block-lines.ts";
import type { DecoderOptions, DropoutRates } from "./decoder-options.ts";
import type { DecoderRecipe, DecoderSizes, Values } from "./decoder.ts";
import { commonSpecFields, sizeSchema } from "./word-inputs.ts";
import type { WordInputSpec } from "./word-inputs.ts";

/** The part of a decoder's specification on its grid; `features` is [positions, channels]. */
export interface GridSpec extends DecoderSizes {
  readonly hiddenSize: number;
  readonly dropout: DropoutRates;
}

/** A decoder's specification, but for its kind and options of its own, if it looks at the grid by attention. */
export interface AttentionSpec extends GridSpec, WordInputSpec {
  /** Size in which a state is compared with the grid's positions. */
  readonly attentionSize: number;
}

/** The fields of such a specification, for its schema. */
export const attentionSpecFields: typeof commonSpecFields & { readonly attentionSize: typeof sizeSchema } = {
  ...commonSpecFields,
  attentionSize: sizeSchema,
};

/** Such a specification for a data set's sizes and the options of a user. */
export function attentionSpec(
  sizes: DecoderSizes & WordInputSpec,
  { hiddenSize, attentionSize = hiddenSize, dropout }: DecoderOptions,
): AttentionSpec {
  return { ...sizes, hiddenSize, attentionSize, dropout };
}

/**
 * How decoders that read a grid are trained, as far as their own recipes say nothing else. It was found for parallel attention, where it
 * gave 2.8 CIDEr more than GloVe's vectors at 256 and a mask for each sentence (docs/results/README.md).
 */
export const gridRecipe: Omit<DecoderRecipe, "epochs"> = {
  dropout: { features: 0.5, input: 0.5, output: 0.5 },
  dropoutMasks: "token",
  embeddings: "random",
  embeddingSize: 512,
  batchSize: 100,
  captionsPerPicture: 5,
  learningRate: 1e-3,
};

/** `image.*`: the mean of the grid to [hiddenSize]. */
export function imageParameters({ features, hiddenSize }: GridSpec): ParameterSpecs {
  return { "image.weight": weightSpec(features.at(-1)!, hiddenSize), "image.bias": biasSpec(hiddenSize) };
}

/** `grid.*`: each position to [size]. */
export function gridParameters({ features }: GridSpec, size: number): ParameterSpecs {
  return { "grid.weight": weightSpec(features.at(-1)!, size), "grid.bias": biasSpec(size) };
}

/** `start.*`: the summary to each value of a cell's first state. */
export function startParameters({ hiddenSize }: GridSpec, cell: CellKind): ParameterSpecs {
  return Object.fromEntries(cells[cell].states.map((name) => [`start.${name}`, weightSpec(hiddenSize, hiddenSize)]));
}

/** features [images, positions, channels] → the picture's summary [images, hiddenSize]. */
export function seenImage(p: Parameters, spec: GridSpec, features: Value, noise: Noise): Value {
  const mean = standardise(reduceMean(features, { axes: [1] }));
  return noise.dropout("image", relu(linear(mean, p["image.weight"]!, p["image.bias"])), spec.dropout.features);
}

/** A grid as rows, one a position: [images · positions, size], which products want; and the same under its pictures. */
export interface SeenGrid {
  readonly rows: Value;
  /** Rows of any size [images · positions, n] → [images, positions, n]. */
  readonly perImage: (rows: Value) => Value;
}

/** features [images, positions, channels] → the projected grid. */
export function seenGrid(p: Parameters, spec: GridSpec, features: Value, noise: Noise): SeenGrid {
  const [images, positions, channels] = features.shape as [Value["shape"][0], number, number];
  const places = reshape(standardise(features), [typeof images === "number" ? images * positions : "cells", channels]);
  const projected = relu(linear(places, p["grid.weight"]!, p["grid.bias"]));
  return {
    rows: noise.dropout("grid", projected, spec.dropout.features),
    perImage: (rows) => reshape(rows, [images, positions, rows.shape[1]!]),
  };
}

/** The first state of a cell from the picture's summary. */
export function firstState(p: Parameters, image: Value, cell: CellKind): Values {
  return Object.fromEntries(cells[cell].states.map((name) => [name, tanh(gemm(image, p[`start.${name}`]!))]));
}

/** The block "image" of a drawing. */
export function imageBlock({ features, hiddenSize, dropout }: GridSpec, specs: ParameterSpecs): Block {
  return trainedBlock(specs, "image", "Mean of the grid", [
    "standardised, linear, ReLU",
    `${features.at(-1)} → ${hiddenSize}, dropout ${dropout.features}`,
  ]);
}

/** The block "grid" of a drawing. */
export function gridBlock({ features, dropout }: GridSpec, specs: ParameterSpecs): Block {
  const [positions, channels] = features;
  return trainedBlock(specs, "grid", "Positions of the grid", [
    "standardised, linear, ReLU",
    `${positions} × ${channels} → ${specs["grid.bias"]!.shape[0]}, dropout ${dropout.features}`,
  ]);
}

/** The arrows to the blocks "image" and "grid" of a drawing. */
export const gridEdges: Architecture["edges"] = [
  { from: "features", to: "image" },
  { from: "features", to: "grid" },
];
