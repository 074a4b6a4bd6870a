// Gradients of reductions, softmax and log-softmax.
import { sizeOf } from "../../base/tensor.ts";
import type { GradientRule } from "../gradients.ts";
import type { Node, Value } from "../graph.ts";
import { cast, div, exp, mul, neg, sub, greaterOrEqual } from "../operators/arithmetic.ts";
import { expand, fixedDim, reshape } from "../operators/reshaping.ts";
import { reducedAxes, reduceSum } from "../operators/reduction.ts";
import type { CastTarget } from "../operators/arithmetic.ts";
import { scatteredOnZeros, sumOf } from "../sum.ts";

/** A reduced value (its result or gradient) with the reduced axes put back as size 1, so that it broadcasts against the input. */
function aligned({ inputs }: Node, reduced: Value): Value {
  const axes = reducedAxes(inputs[1]!);
  return reshape(
    reduced,
    inputs[0]!.shape.map((size, axis) => (axes.includes(axis) ? 1 : size)),
  );
}

/** Sum over the last axis, kept. What is scattered onto zeros along that axis is summed without making it dense. */
function lastAxisSum(x: Value): Value {
  const last = x.shape.length - 1;
  const scattered = scatteredOnZeros(x);
  return reduceSum(scattered?.axis === last ? scattered.updates : x, { axes: [last], keep: true });
}

export const reductionGradients: Readonly<
  Record<"ReduceSum" | "ReduceSumSquare" | "ReduceMean" | "ReduceMax" | "Softmax" | "LogSoftmax", GradientRule | "none">
> = {
  ReduceSum: (node, [dy]) => [expand(aligned(node, dy!), node.inputs[0]!.shape), undefined],
  ReduceSumSquare: (node, [dy]) => [mul(node.inputs[0]!, mul(aligned(node, dy!), 2)), undefined],
  ReduceMean: (node, [dy]) => {
    const x = node.inputs[0]!;
    const count = sizeOf(reducedAxes(node.inputs[1]!).map((axis) => fixedDim(x, axis, "a gradient")));
    return [expand(div(aligned(node, dy!), count), x.shape), undefined];
  },
  // Equal largest elements share the gradient.
  ReduceMax: (node, [dy]) => {
    const x = node.inputs[0]!;
    const largest = cast(greaterOrEqual(x, aligned(node, node.outputs[0]!)), x.dtype as CastTarget);
    const share = reduceSum(largest, { axes: reducedAxes(node.inputs[1]!), keep: true });
    return [mul(largest, div(aligned(node, dy!), share)), undefined];
  },
  // dx = y · (dy − Σ dy·y)
  Softmax: ({ outputs: [y] }, [dy]) => [mul(y!, sub(dy!, lastAxisSum(mul(dy!, y!))))],
  // dx = dy − e^y · Σ dy
  LogSoftmax: ({ outputs: [y] }, [dy]) => [sumOf([dy!, mul(exp(y!), neg(lastAxisSum(dy!)))])],
};
