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

/** Zeros shaped like x but with another size along an axis; nothing where that size is 0. */
function zeroBlock(x: Value, axis: number, size: number): readonly Value[] {
  return size === 0 ? [] : [expand(x.graph.scalar(0, x.dtype), withDim(x.shape, axis, size))];
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
    return [concat([...zeroBlock(x, axis, start), dy!, ...zeroBlock(x, axis, size - end)], axis)];
  },
  Expand: ({ inputs: [x] }, [dy]) => [sumTo(dy!, x!), undefined],
};
