// Reductions along axes, softmax and log-softmax.
import type { Operator, Value } from "../graph.ts";
import { applyOne, checkFloating, shapeError } from "../graph.ts";
import { axisOf } from "../shapes.ts";
import { mul } from "./arithmetic.ts";

function reduction<Name extends string>(name: Name): Operator<Name> {
  const operator: Operator<Name> = {
    name,
    attributes: { keepdims: "int" },
    infer(inputs, attributes) {
      const [x, axesInput] = inputs as [Value, Value];
      const axes = reducedAxes(axesInput);
      if (axes.some((axis) => axisOf(axis, x.shape.length) !== axis)) {
        throw shapeError(operator, inputs, `there is no axis ${axes.join(", ")}`);
      }
      const kept = attributes["keepdims"] === 1;
      const shape = x.shape.flatMap((dimension, axis) => (axes.includes(axis) ? (kept ? [1] : []) : [dimension]));
      return [{ dtype: x.dtype, shape }];
    },
  };
  return operator;
}

function normalised<Name extends string>(name: Name): Operator<Name> {
  const operator: Operator<Name> = {
    name,
    attributes: { axis: "int" },
    infer(inputs) {
      const x = inputs[0]!;
      if (x.shape.length === 0) throw shapeError(operator, inputs, "a scalar has no axis");
      checkFloating(operator, inputs);
      return [{ dtype: x.dtype, shape: x.shape }];
    },
  };
  return operator;
}

export const ReduceSum: Operator<"ReduceSum"> = reduction("ReduceSum");
export const ReduceSumSquare: Operator<"ReduceSumSquare"> = reduction("ReduceSumSquare");
export const ReduceMean: Operator<"ReduceMean"> = reduction("ReduceMean");
export const ReduceMax: Operator<"ReduceMax"> = reduction("ReduceMax");
export const Softmax: Operator<"Softmax"> = normalised("Softmax");
export const LogSoftmax: Operator<"LogSoftmax"> = normalised("LogSoftmax");

/** Axes of a reduction; all by default. `keep` leaves them as dimensions of size 1. */
export interface ReduceOptions {
  readonly axes?: readonly number[];
  readonly keep?: boolean;
}

/** The axes of a reduction node, from its second input. */
export function reducedAxes(axes: Value): readonly number[] {
  return axes.source.kind === "constant" ? Array.from(axes.source.tensor.data as BigInt64Array, Number) : [];
}

function reduce(operator: Operator, x: Value, { axes, keep = false }: ReduceOptions): Value {
  const rank = x.shape.length;
  const counted = axes === undefined ? x.shape.map((_, axis) => axis) : axes.map((axis) => axisOf(axis, rank) ?? axis);
  if (counted.length === 0) return x;
  return applyOne(operator, [x, x.graph.ints(counted)], { keepdims: keep ? 1 : 0 });
}

/** Sum over axes. */
export function reduceSum(x: Value, options: ReduceOptions = {}): Value {
  return reduce(ReduceSum, x, options);
}

/** Sum of squares over axes. */
export function reduceSumSquare(x: Value, options: ReduceOptions = {}): Value {
  const sum = reduce(ReduceSumSquare, x, options);
  return sum === x ? mul(x, x) : sum; // without axes, as a scalar is, there is nothing to sum
}

/** Mean over axes. */
export function reduceMean(x: Value, options: ReduceOptions = {}): Value {
  return reduce(ReduceMean, x, options);
}

/** Largest element over axes. */
export function reduceMax(x: Value, options: ReduceOptions = {}): Value {
  return reduce(ReduceMax, x, options);
}

/** Softmax along the last axis. */
export function softmax(x: Value): Value {
  return applyOne(Softmax, [x], { axis: x.shape.length - 1 });
}

/** Logarithm of the softmax along the last axis. */
export function logSoftmax(x: Value): Value {
  return applyOne(LogSoftmax, [x], { axis: x.shape.length - 1 });
}
