// The output layer that all decoders end in, whatever its input is made of: dropout, a linear layer over the vocabulary, its drawing.
import type { Value } from "../graph/graph.ts";
import type { Noise } from "../nn/noise.ts";
import type { Parameters, ParameterSpecs } from "../nn/parameters.ts";
import { biasSpec, weightSpec } from "../nn/parameters.ts";
import { paddedWords, vocabularyLogits } from "../nn/vocabulary-layer.ts";
import type { Architecture } from "../plot/architecture.ts";
import { parameterLine } from "./block-lines.ts";

/** The part of a decoder's specification on its output layer. */
interface OutputSpec {
  readonly words: number;
  /** Size of what the logits are made of. */
  readonly hiddenSize: number;
  readonly dropout: { readonly output: number };
}

/** `output.weight` and `output.bias`. */
export function outputParameters({ words, hiddenSize }: OutputSpec): ParameterSpecs {
  return {
    "output.weight": weightSpec(hiddenSize, paddedWords(words)),
    "output.bias": biasSpec(paddedWords(words)),
  };
}

/** The parameters of every decoder that its logits are a linear function of. */
export const outputNames: ReadonlySet<string> = new Set(["output.weight", "output.bias", "output.image"]);

/** x [n, hiddenSize] → logits [n, padded words]. */
export function outputLogits(p: Parameters, spec: OutputSpec, x: Value, noise: Noise): Value {
  const kept = noise.dropout("output", x, spec.dropout.output);
  return vocabularyLogits(kept, p["output.weight"]!, p["output.bias"]!, spec.words);
}

/** The blocks from the output layer to the caption; `lines` come first in the output layer's. */
export function outputBlocks(
  spec: OutputSpec,
  specs: ParameterSpecs,
  lines: readonly string[] = [],
): Architecture["nodes"] {
  return [
    {
      id: "output",
      title: "Output layer",
      lines: [
        ...lines,
        `dropout ${spec.dropout.output}, then linear`,
        `${spec.hiddenSize} → ${spec.words.toLocaleString("en")} words`,
        parameterLine(specs, "output."),
      ],
      kind: "trained",
    },
    { id: "search", title: "Softmax and search", lines: [], kind: "operation" },
    { id: "caption", title: "Caption", lines: ["word by word"], kind: "data" },
  ];
}

/** The arrows between them, and back to the block "words". */
export const outputEdges: Architecture["edges"] = [
  { from: "output", to: "search" },
  { from: "search", to: "words", label: "next word" },
  { from: "search", to: "caption" },
];
