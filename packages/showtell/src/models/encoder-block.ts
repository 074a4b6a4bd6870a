// The block of an encoder, for drawing. Builds no graph.
import type { Block } from "../plot/architecture.ts";
import { countLine } from "./block-lines.ts";
import type { EncoderSpec } from "./encoder-graph.ts";
import { encoderOf } from "./encoder-graph.ts";

/** The block of an encoder. */
export function encoderBlock(spec: EncoderSpec): Block {
  const { title, tensors } = encoderOf(spec);
  const shapes = Object.values(tensors);
  const convolutions = shapes.filter((shape) => shape.length === 4).length;
  return {
    id: "encoder",
    title,
    lines: [`${convolutions} convolutions`, countLine(shapes)],
    kind: "frozen",
  };
}
