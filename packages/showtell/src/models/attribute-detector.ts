// A detector of the words that are said of a picture (Fang et al. 2015, Wu et al. 2016): for each word a logistic regression on the mean of the
// picture's features. It is trained by itself, and then a frozen part of a decoder (attributes.ts). Knows no word, but how many there are.
import { exportModel } from "../graph/export.ts";
import { Graph } from "../graph/graph.ts";
import type { Value } from "../graph/graph.ts";
import { sigmoid } from "../graph/operators/arithmetic.ts";
import { reduceMean } from "../graph/operators/reduction.ts";
import { minimise } from "../nn/adam.ts";
import type { AdamOptions } from "../nn/adam.ts";
import { linear, standardise } from "../nn/layers.ts";
import { binaryCrossEntropy } from "../nn/losses.ts";
import { declareNoise } from "../nn/noise.ts";
import { tokenOrder } from "../nn/token-order.ts";
import type { NoisyModel } from "../nn/noise.ts";
import { biasSpec, declareParameters, weightSpec } from "../nn/parameters.ts";
import type { Parameters, ParameterSpecs } from "../nn/parameters.ts";

/** What a detector is for. */
export interface DetectorSpec {
  /** Shape of one picture's features: `[channels]` pooled, `[positions, channels]` as a grid. */
  readonly features: readonly number[];
  /** How many words it looks for. */
  readonly words: number;
}

/** `attributes.weight` and `attributes.bias`. They start at zero: there is one optimum, and drawn weights would be noise on the way to it. */
export function detectorParameters({ features, words }: DetectorSpec): ParameterSpecs {
  return {
    "attributes.weight": { ...weightSpec(features.at(-1)!, words), init: { kind: "zeros" } },
    "attributes.bias": biasSpec(words),
  };
}

/** What it sees of features [images, ...]: their mean over positions, standardised, [images, channels]. */
function seenWhole(features: Value): Value {
  return standardise(features.shape.length === 2 ? features : reduceMean(features, { axes: [1] }));
}

function logitsOf(p: Parameters, seen: Value): Value {
  return linear(seen, p["attributes.weight"]!, p["attributes.bias"]);
}

/** Features [images, ...] → the probability that each word is said of a picture, [images, words]. */
export function attributeProbabilities(p: Parameters, features: Value): Value {
  return sigmoid(logitsOf(p, seenWhole(features)));
}

/** The graph of what a detector sees, which does not learn and is computed once: `features` [images, ...] → `seen` [images, channels]. */
export function seeingGraph({ features }: DetectorSpec): Uint8Array {
  const graph = new Graph();
  const seen = seenWhole(graph.input("features", ["images", ...features]));
  return exportModel(graph, { seen }, { parameters: "inputs", name: "seeing" });
}

/** The graph of a detector at work: `seen` [images, channels] → `probabilities` [images, words]. */
export function detectingGraph(spec: DetectorSpec): Uint8Array {
  const graph = new Graph();
  const p = declareParameters(graph, detectorParameters(spec));
  const probabilities = sigmoid(logitsOf(p, graph.input("seen", ["images", spec.features.at(-1)!])));
  return exportModel(graph, { probabilities }, { parameters: "inputs", name: "detecting" });
}

/**
 * The graph of a step in which a detector learns: `seen` [images, channels] and `targets` [images, words], 1 where a word is said of a
 * picture, → `loss`; parameters and moments that are fed as NAME come out as `next.NAME`.
 * @param dropout Rate at which it does not see a channel.
 */
export function detectorTrainingGraph(
  spec: DetectorSpec,
  images: number,
  adam: AdamOptions,
  dropout: number,
): NoisyModel {
  const graph = new Graph();
  const specs = detectorParameters(spec);
  const p = declareParameters(graph, specs);
  const noise = declareNoise(tokenOrder({ images, lengths: [1] }), "token");
  const seen = noise.once.dropout("attributes", graph.input("seen", [images, spec.features.at(-1)!]), dropout);
  const loss = binaryCrossEntropy(logitsOf(p, seen), graph.input("targets", [images, spec.words]));
  const { outputs } = minimise(loss, p, specs, adam);
  return {
    model: exportModel(graph, { loss, ...outputs }, { parameters: "inputs", name: "detector training" }),
    masks: noise.masks,
  };
}
