// How well a sentence fits a picture: a direction for each, learnt so that those of a picture and of what people said of it are near (the deep
// multimodal similarity model of Fang et al. 2015, "From captions to visual concepts and back", with one layer a side; the loss over the pairs of a
// batch is that of Radford et al. 2021, "Learning transferable visual models from natural language supervision"). Knows no word, but how many there are.
import { tensor } from "../base/tensor.ts";
import { exportModel } from "../graph/export.ts";
import { Graph } from "../graph/graph.ts";
import type { Value } from "../graph/graph.ts";
import { add, div, exp, mul, sqrt } from "../graph/operators/arithmetic.ts";
import { gemm, matmul } from "../graph/operators/matrix.ts";
import { reduceSum } from "../graph/operators/reduction.ts";
import { minimise } from "../nn/adam.ts";
import type { AdamOptions } from "../nn/adam.ts";
import { linear, standardise } from "../nn/layers.ts";
import { crossEntropy } from "../nn/losses.ts";
import { declareNoise } from "../nn/noise.ts";
import type { NoisyModel } from "../nn/noise.ts";
import { biasSpec, declareParameters, weightSpec } from "../nn/parameters.ts";
import type { Parameters, ParameterSpecs } from "../nn/parameters.ts";
import { tokenOrder } from "../nn/token-order.ts";

/** What is matched. */
export interface MatcherSpec {
  /** Numbers of a picture's vector. */
  readonly channels: number;
  /** How many words there are. */
  readonly words: number;
}

/** Numbers of a direction. */
const size = 512;

/** What a cosine is divided by before anything is learnt (Radford et al. 2021, section 2.5). */
const firstTemperature = 0.07;

/** `matcher.picture` and its bias, `matcher.words`, one row a word, and `matcher.sharpness`, the logarithm of how much sharper it is than at first. */
export function matcherParameters({ channels, words }: MatcherSpec): ParameterSpecs {
  return {
    "matcher.picture": weightSpec(channels, size),
    "matcher.bias": biasSpec(size),
    "matcher.words": { shape: [words, size], init: { kind: "normal", deviation: 0.1 }, decay: false },
    "matcher.sharpness": biasSpec(1),
  };
}

/** What a picture's vector [pictures, channels] of length 1 is seen as: standardised, at a size beside which nothing is added to its deviation. */
function seenWhole(vectors: Value, channels: number): Value {
  return standardise(mul(vectors, Math.sqrt(channels)));
}

/** Rows of length 1. */
function directions(x: Value): Value {
  return div(x, sqrt(add(reduceSum(mul(x, x), { axes: [1], keep: true }), 1e-12)));
}

/** The direction of what is seen [pictures, channels] → [pictures, 512], as long as a cosine is sharp. */
function ofPictures(p: Parameters, seen: Value): Value {
  const sharpness = div(exp(p["matcher.sharpness"]!), firstTemperature);
  return mul(directions(linear(seen, p["matcher.picture"]!, p["matcher.bias"])), sharpness);
}

/**
 * The graph of pictures' directions: `vectors` [pictures, channels] of length 1 → `directions` [pictures, 512]. The product of one with the
 * direction of a sentence, which is the sum of its words' rows at length 1, says how well that fits.
 */
export function pictureDirectionGraph(spec: MatcherSpec): Uint8Array {
  const graph = new Graph();
  const p = declareParameters(graph, matcherParameters(spec));
  const vectors = graph.input("vectors", ["pictures", spec.channels]);
  const found = ofPictures(p, seenWhole(vectors, spec.channels));
  return exportModel(graph, { directions: found }, { parameters: "inputs", name: "picture directions" });
}

/**
 * The graph of a step in which a matcher learns to tell pairs of a picture and a caption from all others of the batch: `vectors`
 * [pairs, channels] and `counts` [pairs, words], how often each word stands in the caption, → `loss`, natural; parameters and moments that are
 * fed as NAME come out as `next.NAME`.
 * @param dropout Rate at which it does not see a channel.
 */
export function matcherTrainingGraph(spec: MatcherSpec, pairs: number, adam: AdamOptions, dropout: number): NoisyModel {
  const graph = new Graph();
  const specs = matcherParameters(spec);
  const p = declareParameters(graph, specs);
  const noise = declareNoise(tokenOrder({ images: pairs, lengths: [1] }), "token");
  const seen = seenWhole(graph.input("vectors", [pairs, spec.channels]), spec.channels);
  const pictures = ofPictures(p, noise.once.dropout("matcher", seen, dropout));
  const sentences = directions(matmul(graph.input("counts", [pairs, spec.words]), p["matcher.words"]!));
  const loss = div(add(ownShare(pictures, sentences), ownShare(sentences, pictures)), 2);
  const { outputs } = minimise(loss, p, specs, adam);
  return {
    model: exportModel(graph, { loss, ...outputs }, { parameters: "inputs", name: "matcher training" }),
    masks: noise.masks,
  };
}

/** − the mean logarithm of the share that each row's own partner has among all. */
function ownShare(rows: Value, partners: Value): Value {
  const { graph } = rows;
  const [pairs] = rows.shape as [number];
  return crossEntropy({
    logits: gemm(rows, partners, { transposeB: true }),
    targets: graph.ints(Array.from({ length: pairs }, (_, i) => i)),
    weights: graph.constant(tensor("float32", [pairs], new Float32Array(pairs).fill(1))),
    normaliser: graph.scalar(pairs),
    words: pairs,
  }).loss;
}
