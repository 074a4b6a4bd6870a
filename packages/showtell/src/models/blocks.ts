// Encoders and decoders as blocks and arrows, for drawing: how they are built, in words and sizes. Builds no graph.
import { sizeOf } from "../base/tensor.ts";
import type { Architecture, Block } from "../plot/architecture.ts";
import { decoderOf } from "./catalogue.ts";
import type { DecoderSpec } from "./catalogue.ts";
import type { EncoderSpec } from "./encoder-graph.ts";
import { encoderOf } from "./encoder-graph.ts";
import type { ShowAndTellSpec } from "./show-and-tell.ts";

const decoderBlocksOf: {
  readonly [Kind in DecoderSpec["kind"]]: (spec: Extract<DecoderSpec, { kind: Kind }>) => Architecture;
} = { "show-and-tell": showAndTellBlocks };

/** The block of an encoder. */
export function encoderBlock(spec: EncoderSpec): Block {
  const { title, tensors } = encoderOf(spec);
  const convolutions = Object.values(tensors).filter((shape) => shape.length === 4).length;
  return {
    id: "encoder",
    title,
    lines: [`${convolutions} convolutions`, parameters(Object.values(tensors))],
    kind: "frozen",
  };
}

/** The blocks of a decoder; its first arrow comes from a block "features", which the caller adds. */
export function decoderBlocks(spec: DecoderSpec): Architecture {
  return decoderBlocksOf[spec.kind](spec);
}

function parameters(shapes: readonly (readonly number[])[]): string {
  const count = shapes.reduce((sum, shape) => sum + sizeOf(shape), 0);
  if (count < 1e3) return `${count} parameters`;
  return count < 1e6 ? `${Math.round(count / 1e3)} k parameters` : `${(count / 1e6).toFixed(1)} M parameters`;
}

/** The parameters whose names begin so. */
function parametersOf(spec: DecoderSpec, prefix: string): string {
  const all = Object.entries(decoderOf(spec).parameters(spec));
  return parameters(all.flatMap(([name, { shape }]) => (name.startsWith(prefix) ? [shape] : [])));
}

function showAndTellBlocks(spec: ShowAndTellSpec): Architecture {
  const { embeddingSize, vectorSize, hiddenSize, dropout } = spec;
  const words = spec.words.toLocaleString("en");
  const projected = vectorSize === embeddingSize ? [] : [`projected to ${embeddingSize}`];
  return {
    nodes: [
      {
        id: "image",
        title: "Picture as first input",
        lines: [
          "standardised, then linear",
          `${spec.features.at(-1)} → ${embeddingSize}, dropout ${dropout.features}`,
          parametersOf(spec, "image."),
        ],
        kind: "trained",
      },
      {
        id: "words",
        title: "Word vectors",
        lines: [`${words} × ${vectorSize}`, ...projected, `dropout ${dropout.input}`, parametersOf(spec, "words.")],
        kind: spec.vectors === "frozen" ? "frozen" : "trained",
      },
      {
        id: "lstm",
        title: "LSTM",
        lines: [`input ${embeddingSize}, state ${hiddenSize}`, parametersOf(spec, "lstm.")],
        kind: "trained",
      },
      {
        id: "output",
        title: "Output layer",
        lines: [
          `dropout ${dropout.output}, then linear`,
          `${hiddenSize} → ${words} words`,
          parametersOf(spec, "output."),
        ],
        kind: "trained",
      },
      { id: "search", title: "Softmax and search", lines: [], kind: "operation" },
      { id: "caption", title: "Caption", lines: ["word by word"], kind: "data" },
    ],
    edges: [
      { from: "features", to: "image" },
      { from: "image", to: "lstm", label: "first step" },
      { from: "words", to: "lstm", label: "later steps" },
      { from: "lstm", to: "lstm", label: "state" },
      { from: "lstm", to: "output" },
      { from: "output", to: "search" },
      { from: "search", to: "words", label: "next word" },
      { from: "search", to: "caption" },
    ],
  };
}
