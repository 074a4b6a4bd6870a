// Operators of convolutional networks, images as [batch, channels, height, width].
import type { Attributes, Dim, Operator, Value } from "../graph.ts";
import { applyOne, checkFloating, shapeError } from "../graph.ts";

/** Height and width of something. */
export type Pair = readonly [number, number];
/** Padding at top, left, bottom and right (ONNX's order). */
export type Padding = readonly [number, number, number, number];

function slidDim(size: Dim, window: number, stride: number, before: number, after: number): Dim | undefined {
  if (typeof size !== "number") return undefined;
  const result = Math.floor((size + before + after - window) / stride) + 1;
  return result > 0 ? result : undefined;
}

function slid(operator: Operator, inputs: readonly Value[], window: Pair, attributes: Attributes): readonly [Dim, Dim] {
  const x = inputs[0]!;
  const strides = attributes["strides"] as Pair;
  const pads = attributes["pads"] as Padding;
  const height = slidDim(x.shape[2]!, window[0], strides[0], pads[0], pads[2]);
  const width = slidDim(x.shape[3]!, window[1], strides[1], pads[1], pads[3]);
  if (height === undefined || width === undefined) {
    throw shapeError(operator, inputs, `a ${window.join("×")} window does not fit the (fixed) height and width`);
  }
  return [height, width];
}

export const Conv: Operator<"Conv"> = {
  name: "Conv",
  attributes: { strides: "ints", pads: "ints", group: "int", dilations: "ints" },
  infer(inputs, attributes) {
    const [x, kernel, bias] = inputs as [Value, Value, Value | undefined];
    const groups = (attributes["group"] as number | undefined) ?? 1;
    checkFloating(Conv, inputs);
    if (x.shape.length !== 4 || kernel.shape.length !== 4)
      throw shapeError(Conv, inputs, "input and kernel need four dimensions");
    const [outputs, channels, height, width] = kernel.shape as readonly number[];
    if (x.shape[1] !== groups * channels!)
      throw shapeError(Conv, inputs, `the kernel takes ${groups * channels!} channels, the input has ${x.shape[1]}`);
    if (outputs! % groups !== 0)
      throw shapeError(Conv, inputs, `${outputs} outputs can't be shared among ${groups} groups`);
    if (bias !== undefined && bias.shape.join() !== String(outputs))
      throw shapeError(Conv, inputs, `the bias must be [${outputs}]`);
    const [down, across] = (attributes["dilations"] as Pair | undefined) ?? [1, 1];
    const window: Pair = [(height! - 1) * down + 1, (width! - 1) * across + 1];
    return [{ dtype: x.dtype, shape: [x.shape[0]!, outputs!, ...slid(Conv, inputs, window, attributes)] }];
  },
};

export const ConvTranspose: Operator<"ConvTranspose"> = {
  name: "ConvTranspose",
  attributes: { strides: "ints", pads: "ints", output_padding: "ints" },
  infer(inputs, attributes) {
    const [y, kernel] = inputs as [Value, Value];
    checkFloating(ConvTranspose, inputs);
    if (y.shape.length !== 4 || kernel.shape.length !== 4)
      throw shapeError(ConvTranspose, inputs, "input and kernel need four dimensions");
    const [outputs, channels, ...window] = kernel.shape as readonly number[];
    if (y.shape[1] !== outputs)
      throw shapeError(ConvTranspose, inputs, `the kernel takes ${outputs} channels, the input has ${y.shape[1]}`);
    const [strides, pads, extra] = ["strides", "pads", "output_padding"].map((name) => attributes[name]) as [
      Pair,
      Padding,
      Pair,
    ];
    const sizes = ([0, 1] as const).map((axis) => {
      const size = y.shape[axis + 2];
      const whole = typeof size === "number" ? (size - 1) * strides[axis] + window[axis]! + extra[axis] : 0;
      const result = whole - pads[axis] - pads[axis + 2]!;
      if (result > 0) return result;
      throw shapeError(ConvTranspose, inputs, "nothing is left of the (fixed) height and width");
    });
    return [{ dtype: y.dtype, shape: [y.shape[0]!, channels!, ...sizes] }];
  },
};

export const MaxPool: Operator<"MaxPool"> = {
  name: "MaxPool",
  attributes: { kernel_shape: "ints", strides: "ints", pads: "ints" },
  infer(inputs, attributes) {
    const x = inputs[0]!;
    checkFloating(MaxPool, inputs);
    if (x.shape.length !== 4) throw shapeError(MaxPool, inputs, "the input needs four dimensions");
    const window = attributes["kernel_shape"] as Pair;
    return [{ dtype: x.dtype, shape: [x.shape[0]!, x.shape[1]!, ...slid(MaxPool, inputs, window, attributes)] }];
  },
};

export const AveragePool: Operator<"AveragePool"> = {
  name: "AveragePool",
  attributes: { kernel_shape: "ints", strides: "ints", pads: "ints" },
  infer(inputs, attributes) {
    const x = inputs[0]!;
    checkFloating(AveragePool, inputs);
    if (x.shape.length !== 4) throw shapeError(AveragePool, inputs, "the input needs four dimensions");
    const window = attributes["kernel_shape"] as Pair;
    return [{ dtype: x.dtype, shape: [x.shape[0]!, x.shape[1]!, ...slid(AveragePool, inputs, window, attributes)] }];
  },
};

export const BatchNormalization: Operator<"BatchNormalization"> = {
  name: "BatchNormalization",
  attributes: { epsilon: "float" },
  infer(inputs) {
    const [x, ...statistics] = inputs as [Value, ...Value[]];
    checkFloating(BatchNormalization, inputs);
    if (statistics.some((value) => value.shape.length !== 1 || value.shape[0] !== x.shape[1])) {
      throw shapeError(BatchNormalization, inputs, `scale, shift, mean and variance must be [${x.shape[1]}]`);
    }
    return [{ dtype: x.dtype, shape: x.shape }];
  },
};

/** Stride and padding of a sliding window; stride 1 and no padding by default. */
export interface WindowOptions {
  readonly stride?: Pair;
  readonly padding?: Padding;
}

function windowAttributes({ stride = [1, 1], padding = [0, 0, 0, 0] }: WindowOptions): Attributes {
  return { strides: stride, pads: padding };
}

/** Options of {@link conv}. */
export interface ConvOptions extends WindowOptions {
  /** [out]. */
  readonly bias?: Value;
  /** Into how many groups inputs and outputs are cut, each output reading its own group; as many as inputs: depthwise. Default 1. */
  readonly groups?: number;
  /** Distance between elements of the kernel. Default 1. */
  readonly dilation?: Pair;
}

/** Cross-correlation: x [batch, in, h, w], kernel [out, in / groups, kh, kw], bias [out] → [batch, out, h', w']. */
export function conv(x: Value, kernel: Value, options: ConvOptions = {}): Value {
  const inputs = options.bias === undefined ? [x, kernel] : [x, kernel, options.bias];
  const { groups = 1, dilation } = options;
  return applyOne(Conv, inputs, {
    ...windowAttributes(options),
    ...(groups > 1 && { group: groups }),
    ...(dilation && { dilations: dilation }),
  });
}

/**
 * The transpose of {@link conv} as a linear map of its input: y [batch, out, h', w'], kernel [out, in, kh, kw] → [batch, in, h, w].
 * @param extra Rows and columns that the convolution did not reach, at the bottom and the right.
 */
export function convTranspose(y: Value, kernel: Value, options: WindowOptions & { readonly extra: Pair }): Value {
  return applyOne(ConvTranspose, [y, kernel], { ...windowAttributes(options), output_padding: options.extra });
}

/** The largest value in each window; padding never wins. */
export function maxPool(x: Value, window: Pair, options: WindowOptions = {}): Value {
  return applyOne(MaxPool, [x], { kernel_shape: window, ...windowAttributes(options) });
}

/** The mean of each window; padding is left out of sum and count. */
export function averagePool(x: Value, window: Pair, options: WindowOptions = {}): Value {
  return applyOne(AveragePool, [x], { kernel_shape: window, ...windowAttributes(options) });
}

/** Batch normalisation with fixed statistics, each [channels]: (x − mean) / √(variance + epsilon) · scale + shift. */
export function batchNorm(
  x: Value,
  statistics: { readonly scale: Value; readonly shift: Value; readonly mean: Value; readonly variance: Value },
  epsilon: number,
): Value {
  const { scale, shift, mean, variance } = statistics;
  return applyOne(BatchNormalization, [x, scale, shift, mean, variance], { epsilon });
}
