// Between floating point and 8-bit integers. The engine computes what lies between the two in integers where it can.
import { tensor } from "../../base/tensor.ts";
import type { Tensor } from "../../base/tensor.ts";
import type { Graph, Operator, Value } from "../graph.ts";
import { applyOne, checkFloating, shapeError } from "../graph.ts";

export const QuantizeLinear: Operator<"QuantizeLinear"> = {
  name: "QuantizeLinear",
  attributes: {},
  infer(inputs) {
    const [x, scale, zero] = inputs as [Value, Value, Value];
    checkFloating(QuantizeLinear, [x, scale]);
    if (scale.shape.length > 0 || zero.shape.length > 0)
      throw shapeError(QuantizeLinear, inputs, "scale and zero must be scalars");
    return [{ dtype: zero.dtype, shape: x.shape }];
  },
};

export const DequantizeLinear: Operator<"DequantizeLinear"> = {
  name: "DequantizeLinear",
  attributes: { axis: "int" },
  infer(inputs, attributes) {
    const [q, scale, zero] = inputs as [Value, Value, Value | undefined];
    checkFloating(DequantizeLinear, [scale]);
    if (!["uint8", "int8", "int32"].includes(q.dtype))
      throw shapeError(DequantizeLinear, inputs, "takes 8-bit integers, or int32");
    const perChannel = scale.shape.length === 1 && scale.shape[0] === q.shape[attributes["axis"] as number];
    if (scale.shape.length > 0 && !perChannel)
      throw shapeError(DequantizeLinear, inputs, "there must be one scale, or one for each channel");
    if (zero !== undefined && zero.dtype !== q.dtype)
      throw shapeError(DequantizeLinear, inputs, "the zero must be of the type of what is widened");
    return [{ dtype: scale.dtype, shape: q.shape }];
  },
};

/** 256 equally spaced numbers, zero among them: scale · (q − zero), q = 0 … 255. */
export interface Levels {
  readonly scale: number;
  readonly zero: number;
}

/** The levels that reach from the least to the largest of some numbers; widened to hold 0, which padding needs. */
export function levelsOf(least: number, largest: number): Levels {
  const scale = Math.fround((Math.max(largest, 0) - Math.min(least, 0)) / 255);
  return { scale: scale || 1, zero: scale === 0 ? 0 : Math.round(-Math.min(least, 0) / scale) };
}

/** The scale and the zero of levels, as an operator takes them. */
function asValues({ graph }: Value, { scale, zero }: Levels): readonly [Value, Value] {
  return [graph.scalar(scale), graph.constant(tensor("uint8", [], Uint8Array.of(zero)))];
}

/** Which level is nearest to each element of x: of two the even one, and the last one for what lies beyond it. */
export function nearestLevels(x: Value, levels: Levels): Value {
  return applyOne(QuantizeLinear, [x, ...asValues(x, levels)]);
}

/** x with each element at its nearest level. */
export function roundedTo(x: Value, levels: Levels): Value {
  return applyOne(DequantizeLinear, [nearestLevels(x, levels), ...asValues(x, levels)], { axis: 0 });
}

/** Integers [channels, …], and what one is worth in each channel, [channels]. */
export interface Quantised<D extends "int8" | "int32" = "int8"> {
  readonly quantised: Tensor<D>;
  readonly scale: Tensor<"float32">;
}

/** Integers times their scales, as constants of a graph. */
export function widened(graph: Graph, content: Quantised<"int8" | "int32">): Value {
  return applyOne(DequantizeLinear, [graph.constant(content.quantised), graph.constant(content.scale)], { axis: 0 });
}
