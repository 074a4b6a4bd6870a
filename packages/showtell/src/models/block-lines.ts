// What the drawings of decoders share: lines of text, and the blocks from the output layer on.
import { sizeOf } from "../base/tensor.ts";
import type { ParameterSpecs } from "../nn/parameters.ts";
import type { Architecture } from "../plot/architecture.ts";

/** The number of elements of tensors of some shapes, in words. */
export function countLine(shapes: readonly (readonly number[])[]): string {
  const count = shapes.reduce((sum, shape) => sum + sizeOf(shape), 0);
  if (count < 1e3) return `${count} parameters`;
  return count < 1e6 ? `${Math.round(count / 1e3)} k parameters` : `${(count / 1e6).toFixed(1)} M parameters`;
}

/** How many parameters there are whose names begin with `prefix`, in words. */
export function parameterLine(specs: ParameterSpecs, prefix = ""): string {
  return countLine(Object.entries(specs).flatMap(([name, { shape }]) => (name.startsWith(prefix) ? [shape] : [])));
}

/** The blocks from the output layer to the caption; `lines` come first in the output layer's. */
export function outputBlocks(
  spec: { readonly words: number; readonly hiddenSize: number; readonly dropout: { readonly output: number } },
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
