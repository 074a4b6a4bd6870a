// Gradients of picking and placing by index.
import { sizeOf } from "../../base/tensor.ts";
import type { GradientRule } from "../gradients.ts";
import type { Value } from "../graph.ts";
import { add, mul } from "../operators/arithmetic.ts";
import { gatherElements, scatterAdd } from "../operators/indexing.ts";
import { expand, reshape } from "../operators/reshaping.ts";
import { numericShape } from "../shapes.ts";
import { zerosLike } from "../sum.ts";

export const indexingGradients: Readonly<
  Record<"Gather" | "GatherElements" | "ScatterElements", GradientRule | "none">
> = {
  // Written with ScatterElements, not ScatterND: only the former adds up in a fixed order with several threads. Its elements
  // are numbered along one axis, which the engine walks at twice the speed of two.
  Gather: ({ inputs }, [dy]) => {
    const [x, indices] = inputs as readonly [Value, Value];
    const [count, size, total] = [indices.shape, x.shape.slice(1), x.shape].map((shape) =>
      sizeOf(numericShape(shape, "a gradient")),
    ) as [number, number, number];
    const columns = x.graph.ints(Array.from({ length: size }, (_, column) => column));
    const places = reshape(add(mul(reshape(indices, [count, 1]), size), columns), [count * size]);
    const flat = expand(x.graph.scalar(0, x.dtype), [total]);
    return [reshape(scatterAdd(flat, places, reshape(dy!, [count * size]), 0), x.shape), undefined];
  },
  GatherElements: ({ inputs, attributes }, [dy]) => {
    const [x, indices] = inputs as readonly [Value, Value];
    return [scatterAdd(zerosLike(x), indices, dy!, attributes["axis"] as number), undefined];
  },
  ScatterElements: ({ inputs, attributes }, [dy]) => {
    const indices = inputs[1]!;
    return [dy, undefined, gatherElements(dy!, indices, attributes["axis"] as number)];
  },
};
