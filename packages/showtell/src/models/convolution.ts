// Pieces that convolutional encoders share: a convolution's tensors, the convolution itself, TensorFlow's padding. Knows no network.
import type { Value } from "../graph/graph.ts";
import { fixedDim } from "../graph/operators/reshaping.ts";
import { conv } from "../graph/operators/vision.ts";
import type { ConvOptions, Padding, Pair } from "../graph/operators/vision.ts";
import type { Parameters } from "../nn/parameters.ts";

/** Shapes of tensors by name. */
export type TensorShapes = Readonly<Record<string, readonly number[]>>;

/** The kernel [outputs, inputs of a group, height, width] and bias [outputs] of a convolution. */
export function convTensors(name: string, outputs: number, inputs: number, window: Pair): TensorShapes {
  return { [`${name}.weight`]: [outputs, inputs, ...window], [`${name}.bias`]: [outputs] };
}

/** Applies the convolution of that name; one without a bias tensor has none. */
export function convNamed(p: Parameters, name: string, x: Value, options: Omit<ConvOptions, "bias"> = {}): Value {
  const bias = p[`${name}.bias`];
  return conv(x, p[`${name}.weight`]!, bias === undefined ? options : { ...options, bias });
}

/**
 * Padding that gives size / stride positions, rounded up, as TensorFlow's "SAME": what is odd goes to the bottom and the right.
 * @param x [batch, channels, height, width] of fixed height and width.
 */
export function samePadding(x: Value, window: Pair, stride: number): Padding {
  const [top, bottom] = sameSides(fixedDim(x, 2, "padding"), window[0], stride);
  const [left, right] = sameSides(fixedDim(x, 3, "padding"), window[1], stride);
  return [top, left, bottom, right];
}

function sameSides(size: number, window: number, stride: number): readonly [number, number] {
  const total = Math.max((Math.ceil(size / stride) - 1) * stride + window - size, 0);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}
