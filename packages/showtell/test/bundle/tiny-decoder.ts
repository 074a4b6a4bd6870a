// A whole decoder bundle that is small enough to damage thousands of times: Show and Tell over ten words, with weights drawn
// from a seed and stored in all three precisions.
import type { Calibration } from "../../src/bundle/calibration.ts";
import type { Bundle } from "../../src/bundle/bundle.ts";
import { bundleParts } from "../../src/bundle/bundle.ts";
import { makeDecoderBundle } from "../../src/bundle/decoder-bundle.ts";
import type { DecoderBundleInput } from "../../src/bundle/decoder-bundle.ts";
import { quantise, scaleName, toFloat16 } from "../../src/bundle/precision.ts";
import type { Tensor } from "../../src/base/tensor.ts";
import { decoderOf } from "../../src/models/catalogue.ts";
import type { DecoderSpec } from "../../src/models/catalogue.ts";
import { openSession } from "../../src/node/ort-session.ts";
import { specialWords } from "../../src/text/vocabulary.ts";
import { drawn } from "../tensors.ts";

/** The words of {@link tinySpec}, special ones first. */
export const tinyWords: readonly string[] = [...specialWords, "a", "dog", "cat", "runs", "on", "grass"];

export const tinySpec: DecoderSpec = {
  kind: "show-and-tell",
  features: [5],
  words: tinyWords.length,
  embeddingSize: 4,
  vectorSize: 4,
  vectors: "random",
  hiddenSize: 6,
  dropout: { features: 0.1, input: 0.25, output: 0.5 },
};

/** Weights of a decoder in float32, large enough that features decide what is said; seed 2 gives captions of many lengths. */
export function drawnWeights(spec: DecoderSpec, seed = 2): Map<string, Tensor<"float32">> {
  const shapes = Object.entries(decoderOf(spec).parameters(spec));
  return new Map(shapes.map(([name, { shape }]) => [name, drawn(shape, `${name} ${seed}`, 1.5)]));
}

/** The weights of {@link tinySpec} as a bundle may hold them: word vectors in int8, the output layer in float16, the rest in float32. */
export function mixedWeights(seed = 2): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>(drawnWeights(tinySpec, seed));
  const { quantised, scale } = quantise(tensors.get("words.vectors")!);
  return tensors
    .set("words.vectors", quantised)
    .set(scaleName("words.vectors"), scale)
    .set("output.weight", toFloat16(tensors.get("output.weight")!));
}

/** What the tiny bundle is made of. */
export const tinyInput: DecoderBundleInput = {
  decoder: {
    spec: tinySpec,
    encoder: { identity: "0123456789abcdef".repeat(4), name: "some-encoder", layer: "pooled" },
    vocabulary: { words: tinyWords },
    decoding: { beam: 3, lengthExponent: 0.7, maximumLength: 8 },
  },
  tensors: mixedWeights(),
  training: { pictureHashes: "00112233445566778899aabbccddeeff", captionHashes: "", epochs: 2 },
  licences: [{ part: "decoder", origin: "drawn from a seed", licence: "CC0-1.0", note: "for tests" }],
  writer: "showtell 0.0.0",
};

/** The tiny bundle, with whatever is given instead. */
export function tinyBundle(changes: Partial<DecoderBundleInput> = {}): Promise<Omit<Bundle, "source">> {
  return makeDecoderBundle({ ...tinyInput, ...changes }, (model) => openSession(model, { threads: 1 }));
}

/** A bundle's file in one array. */
export function fileOf(bundle: Omit<Bundle, "source">): Uint8Array {
  return new Uint8Array(Buffer.concat(bundleParts(bundle)));
}

/** A calibration, but for the decoder that it is of: the likelier the least likely token, the surer. */
export const tinyCalibration: Omit<Calibration, "decoder"> = {
  metric: "CIDEr-D",
  threshold: 0.5,
  beam: 3,
  data: { name: "drawn", split: "dev", pictures: 100 },
  intercept: 0.5,
  terms: [{ feature: "lowestLogProbability", mean: -1, deviation: 0.5, weight: 1 }],
  quality: { share: 0.5, expectedCalibrationError: 0, brier: 0.2, bins: [] },
};
