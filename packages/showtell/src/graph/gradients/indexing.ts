// Gradients of picking and placing by index.
import { sizeOf } from "../../base/tensor.ts";
import type { GradientRule } from "../gradients.ts";
import type { Value } from "../graph.ts";
import { gatherElements, scatterAdd } from "../operators/indexing.ts";
import { expand, reshape } from "../operators/reshaping.ts";
import { numericShape } from "../shapes.ts";
import { zerosLike } from "../sum.ts";

export const indexingGradients: Readonly<
  Record<"Gather" | "GatherElements" | "ScatterElements", GradientRule | "none">
> = {
  // Written with ScatterElements, not ScatterND: only the former adds up in a fixed order with several threads.
  Gather: ({ inputs }, [dy]) => {
    const [x, indices] = inputs as readonly [Value, Value];
    const count = sizeOf(numericShape(indices.shape, "a gradient"));
    const rowShape = numericShape(x.shape.slice(1), "a gradient");
    const rows = reshape(dy!, [count, ...rowShape]);
    const spread = expand(reshape(indices, [count, ...rowShape.map(() => 1)]), rows.shape);
    return [scatterAdd(zerosLike(x), spread, rows, 0), undefined];
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
