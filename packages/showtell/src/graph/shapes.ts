// Shape arithmetic shared by the operators: broadcasting, axes, sizes. Dimensions are numbers or names.
import { ShowtellError } from "../base/errors.ts";
import type { Dim, Shape } from "./graph.ts";

/** Whether two shapes are the same, names included. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dimension, axis) => dimension === b[axis]);
}

function broadcastDim(a: Dim, b: Dim): Dim | undefined {
  if (a === b || b === 1) return a;
  return a === 1 ? b : undefined;
}

/** The shape of an elementwise result (NumPy's rule, which is ONNX's), or undefined where the shapes do not fit. */
export function broadcast(a: Shape, b: Shape): Shape | undefined {
  const rank = Math.max(a.length, b.length);
  const result: Dim[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const dimension = broadcastDim(a[axis - rank + a.length] ?? 1, b[axis - rank + b.length] ?? 1);
    if (dimension === undefined) return undefined;
    result.push(dimension);
  }
  return result;
}

/** An axis counted from the front; negative ones count from the back. Undefined if there is no such axis. */
export function axisOf(axis: number, rank: number): number | undefined {
  const counted = axis < 0 ? axis + rank : axis;
  return counted >= 0 && counted < rank ? counted : undefined;
}

/** A shape of numbers only. @throws ShowtellError `GRAPH_SHAPE` naming the dimension that is a name. */
export function numericShape(shape: Shape, purpose: string): readonly number[] {
  return shape.map((dimension) => {
    if (typeof dimension === "number") return dimension;
    throw new ShowtellError(
      "GRAPH_SHAPE",
      `${purpose} needs a fixed shape, but dimension "${dimension}" of [${shape.join(", ")}] is a name`,
    );
  });
}

/** A copy of a shape with one dimension replaced. */
export function withDim(shape: Shape, axis: number, dimension: Dim): Shape {
  return shape.map((old, at) => (at === axis ? dimension : old));
}
