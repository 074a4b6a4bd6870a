// Tells any decoder, at every step, how likely words are that a detector looks for in its picture (Gan et al. 2017, their LSTM-RT2): the
// probabilities stand beside each word that is read. Wraps decoders, and asks none which it is.
import type { Value } from "../graph/graph.ts";
import { Graph } from "../graph/graph.ts";
import { gemm } from "../graph/operators/matrix.ts";
import { addPerImage, fixedDim } from "../graph/operators/reshaping.ts";
import { noNoise } from "../nn/noise.ts";
import type { ParameterSpecs } from "../nn/parameters.ts";
import { declareParameters, weightSpec } from "../nn/parameters.ts";
import type { Architecture } from "../plot/architecture.ts";
import { attributeProbabilities, detectorParameters } from "./attribute-detector.ts";
import { parameterLine } from "./block-lines.ts";
import type { DropoutRates } from "./decoder-options.ts";
import type { DecoderEntry, DecoderSizes, Values } from "./decoder.ts";

type AnySpec = DecoderSizes & { readonly kind: string; readonly dropout: DropoutRates };

/**
 * The same decoder, which takes specifications with `attributes` as well. It then has `attributes.weight` and `attributes.bias`, a detector
 * that is frozen, and `attributes.input`, by which the probabilities are added to what the decoder reads for a word.
 */
export function withAttributes<Spec extends AnySpec>(entry: DecoderEntry<Spec>): DecoderEntry<Spec> {
  return {
    ...entry,
    schema: entry.schema
      .refine(areInVocabulary, {
        message: "attributes must be different words of the vocabulary",
        path: ["attributes"],
      })
      .refine(({ features }) => features.length === (entry.layer === "pooled" ? 1 : 2), {
        message: `it reads ${entry.layer} features, whose shape has ${entry.layer === "pooled" ? "one number" : "two numbers"}`,
        path: ["features"],
      }),
    parameters: (spec) => ({ ...entry.parameters(spec), ...attributeParameters(entry, spec) }),
    begin(p, spec, features, noise) {
      const { memory, state } = entry.begin(p, spec, features, noise);
      if (spec.attributes === undefined) return { memory, state };
      const found = noise.dropout("attributes", attributeProbabilities(p, features), spec.dropout.features);
      // What they add is the same at every step.
      return { memory: { ...memory, attributes: gemm(found, p["attributes.input"]!) }, state };
    },
    step: (p, spec, memory, state, input, noise) => entry.step(p, spec, memory, state, withFound(memory, input), noise),
    ...(entry.sequence && {
      sequence: (p, spec, memory, inputs, order, noise) =>
        entry.sequence!(p, spec, memory, withFound(memory, inputs), order, noise),
    }),
    blocks: (spec) => blocksWith(entry.blocks(spec), spec, attributeParameters(entry, spec)),
  };
}

function areInVocabulary({ attributes = [], words }: DecoderSizes): boolean {
  return attributes.every((id) => id < words) && new Set(attributes).size === attributes.length;
}

/** Inputs [rows, size] of one step or, row by row, of all, with what was found in their pictures. */
function withFound({ attributes }: Values, input: Value): Value {
  return attributes === undefined ? input : addPerImage(input, attributes);
}

function attributeParameters<Spec extends AnySpec>(entry: DecoderEntry<Spec>, spec: Spec): ParameterSpecs {
  const { attributes, features } = spec;
  if (attributes === undefined) return {};
  const detector = detectorParameters({ features, words: attributes.length });
  const frozen = Object.entries(detector).map(([name, parameter]) => [name, { ...parameter, frozen: true }] as const);
  return { ...Object.fromEntries(frozen), "attributes.input": weightSpec(attributes.length, inputSize(entry, spec)) };
}

/** Size of what a decoder reads for a word; found by asking it to read one. */
function inputSize<Spec extends AnySpec>(entry: DecoderEntry<Spec>, spec: Spec): number {
  const graph = new Graph();
  const p = declareParameters(graph, entry.parameters(spec));
  return fixedDim(entry.embed(p, spec, graph.input("words", [1], "int64"), noNoise), 1, "a word's input");
}

function blocksWith({ nodes, edges }: Architecture, spec: AnySpec, specs: ParameterSpecs): Architecture {
  if (spec.attributes === undefined) return { nodes, edges };
  const readers = edges.filter(({ from }) => from === "words").map(({ to }) => to);
  return {
    nodes: [
      {
        id: "attributes",
        title: "Words found in the picture",
        lines: [
          "mean standardised, linear, sigmoid",
          `${spec.features.at(-1)} → ${spec.attributes.length.toLocaleString("en")} words, dropout ${spec.dropout.features}`,
          parameterLine(specs, "attributes."),
        ],
        kind: "frozen",
      },
      ...nodes,
    ],
    edges: [
      { from: "features", to: "attributes" },
      ...edges,
      ...readers.map((to) => ({ from: "attributes", to, label: "every step" })),
    ],
  };
}
