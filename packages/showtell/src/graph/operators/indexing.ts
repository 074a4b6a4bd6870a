// Operators that pick or place elements by index.
import type { Operator, Value } from "../graph.ts";
import { applyOne, shapeError } from "../graph.ts";
import { sameShape, withDim } from "../shapes.ts";

/** Whether two values have the same shape but for their sizes along an axis that both have. */
function sameBesides(x: Value, y: Value, axis: number): boolean {
  return x.shape[axis] !== undefined && sameShape(withDim(x.shape, axis, 0), withDim(y.shape, axis, 0));
}

export const Gather: Operator<"Gather"> = {
  name: "Gather",
  attributes: {},
  infer(inputs) {
    const [x, indices] = inputs as [Value, Value];
    if (indices.dtype !== "int64") throw shapeError(Gather, inputs, "indices must be int64");
    if (x.shape.length === 0) throw shapeError(Gather, inputs, "a scalar has no rows to pick");
    return [{ dtype: x.dtype, shape: [...indices.shape, ...x.shape.slice(1)] }];
  },
};

export const GatherElements: Operator<"GatherElements"> = {
  name: "GatherElements",
  attributes: { axis: "int" },
  infer(inputs, attributes) {
    const [x, indices] = inputs as [Value, Value];
    const axis = attributes["axis"] as number;
    const fits = indices.dtype === "int64" && sameBesides(x, indices, axis);
    if (!fits)
      throw shapeError(GatherElements, inputs, `indices must be int64 and differ in shape along axis ${axis} only`);
    return [{ dtype: x.dtype, shape: indices.shape }];
  },
};

export const ScatterElements: Operator<"ScatterElements"> = {
  name: "ScatterElements",
  attributes: { axis: "int", reduction: "text" },
  infer(inputs, attributes) {
    const [x, indices, updates] = inputs as [Value, Value, Value];
    const axis = attributes["axis"] as number;
    const fits =
      indices.dtype === "int64" &&
      updates.dtype === x.dtype &&
      sameShape(indices.shape, updates.shape) &&
      sameBesides(x, indices, axis);
    if (!fits) throw shapeError(ScatterElements, inputs, `indices and updates do not fit along axis ${axis}`);
    return [{ dtype: x.dtype, shape: x.shape }];
  },
};

/** Rows of x picked by index along its first axis: x [n, ...], indices [...m] → [...m, ...]. */
export function gather(x: Value, indices: Value): Value {
  return applyOne(Gather, [x, indices]);
}

/** Elements picked along an axis, one index each: result[i][j] = x[i][indices[i][j]] for axis 1. */
export function gatherElements(x: Value, indices: Value, axis: number): Value {
  return applyOne(GatherElements, [x, indices], { axis });
}

/** x with updates added at their indices along an axis; equal indices add up. */
export function scatterAdd(x: Value, indices: Value, updates: Value, axis: number): Value {
  return applyOne(ScatterElements, [x, indices, updates], { axis, reduction: "add" });
}
