// Gradients of operators that move elements.
import type { GradientRule } from "../gradients.ts";
import type { Value } from "../graph.ts";
import { concat, expand, fixedDim, reshape, split } from "../operators/reshaping.ts";
import { withDim } from "../shapes.ts";
import { zerosLike } from "../sum.ts";
import { sumTo } from "./arithmetic.ts";

function sizesAlong(values: readonly Value[], axis: number): readonly number[] {
  return values.map((value) => fixedDim(value, axis, "a gradient"));
}

/** x between so many rows of zeros along an axis. */
export function zeroPadded(x: Value, axis: number, before: number, after: number): Value {
  const block = (size: number): readonly Value[] =>
    size === 0 ? [] : [expand(x.graph.scalar(0, x.dtype), withDim(x.shape, axis, size))];
  return concat([...block(before), x, ...block(after)], axis);
}

export const reshapingGradients: Readonly<
  Record<"Shape" | "Reshape" | "Concat" | "Split" | "Slice" | "Expand", GradientRule | "none">
> = {
  Shape: "none",
  Reshape: ({ inputs: [x] }, [dy]) => [reshape(dy!, x!.shape), undefined],
  Concat: ({ inputs, attributes }, [dy]) => {
    const axis = attributes["axis"] as number;
    return split(dy!, sizesAlong(inputs, axis), axis);
  },
  Split: ({ outputs, attributes }, gradients) => {
    const filled = outputs.map((output, i) => gradients[i] ?? zerosLike(output));
    return [concat(filled, attributes["axis"] as number), undefined];
  },
  Slice: ({ inputs }, [dy]) => {
    const [x, startInput, endInput, axisInput] = inputs as readonly [Value, Value, Value, Value];
    const [start, end, axis] = [startInput, endInput, axisInput].map((bound) =>
      Number((bound.source as Extract<Value["source"], { kind: "constant" }>).tensor.data[0]),
    ) as [number, number, number];
    const size = fixedDim(x, axis, "a gradient");
    return [zeroPadded(dy!, axis, start, size - end)];
  },
  Expand: ({ inputs: [x] }, [dy]) => [sumTo(dy!, x!), undefined],
};
