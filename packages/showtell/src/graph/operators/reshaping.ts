// Operators that move elements without computing: reshape, concatenate, split, slice, expand.
import { sizeOf } from "../../base/tensor.ts";
import type { Dim, Operator, Shape, Value } from "../graph.ts";
import { applyOne, shapeError } from "../graph.ts";
import { add } from "./arithmetic.ts";
import { axisOf, broadcast, numericShape, sameShape, withDim } from "../shapes.ts";

/** The numbers of a constant int64 input, which is how ONNX passes shapes and bounds. */
function constantInts(value: Value): readonly number[] {
  if (value.source.kind !== "constant") return [];
  return Array.from(value.source.tensor.data as BigInt64Array, Number);
}

/** The product of the dimensions that are numbers. */
function numbersIn(shape: Shape): number {
  return sizeOf(shape.filter((dimension) => typeof dimension === "number"));
}

// The sizes start … end − 1 of a value's shape, as numbers known when the model runs: how a named dimension enters a computation.
export const ShapeOf: Operator<"Shape"> = {
  name: "Shape",
  attributes: { start: "int", end: "int" },
  infer(inputs, attributes) {
    const [start, end] = [attributes["start"] as number, attributes["end"] as number];
    const rank = inputs[0]!.shape.length;
    if (start < 0 || start >= end || end > rank)
      throw shapeError(ShapeOf, inputs, `it has no dimensions ${start} … ${end - 1}`);
    return [{ dtype: "int64", shape: [end - start] }];
  },
};

// A named dimension travels in the shape input as −1, which tells the engine to infer it; the name itself is in the attribute.
export const Reshape: Operator<"Reshape"> = {
  name: "Reshape",
  attributes: { shape: "unwritten" },
  infer(inputs, attributes) {
    const x = inputs[0]!;
    const target = attributes["shape"] as Shape;
    const names = target.filter((dimension) => typeof dimension === "string");
    const sizesAreComputed = inputs[1]!.source.kind !== "constant";
    if (names.length > 1 && !sizesAreComputed)
      throw shapeError(Reshape, inputs, `cannot reshape to [${target.join(", ")}]: more than one name`);
    const namesBefore = x.shape.filter((dimension) => typeof dimension === "string");
    if (names.length === 0 && namesBefore.length > 0) {
      const lost = namesBefore.join(", ");
      throw shapeError(Reshape, inputs, `cannot reshape to [${target.join(", ")}]: the size of "${lost}" is not known`);
    }
    if (namesBefore.join() === names.join() && numbersIn(x.shape) !== numbersIn(target)) {
      throw shapeError(Reshape, inputs, `cannot reshape to [${target.join(", ")}]: the number of elements differs`);
    }
    return [{ dtype: x.dtype, shape: target }];
  },
};

/** The sum of sizes along an axis. Where one is a name, so is the sum: "said" and 1 make "said+1". */
function sumOfDims(sizes: readonly Dim[]): Dim {
  if (sizes.every((size) => typeof size === "number")) return sizes.reduce((sum, size) => sum + size, 0);
  return sizes.join("+");
}

export const Concat: Operator<"Concat"> = {
  name: "Concat",
  attributes: { axis: "int" },
  infer(inputs, attributes) {
    const first = inputs[0]!;
    const axis = attributes["axis"] as number;
    const fits = inputs.every(
      ({ dtype, shape }) =>
        dtype === first.dtype &&
        shape[axis] !== undefined &&
        sameShape(withDim(shape, axis, 0), withDim(first.shape, axis, 0)),
    );
    if (!fits) throw shapeError(Concat, inputs, `cannot be joined along axis ${axis}`);
    const size = sumOfDims(inputs.map(({ shape }) => shape[axis]!));
    return [{ dtype: first.dtype, shape: withDim(first.shape, axis, size) }];
  },
};

export const Split: Operator<"Split"> = {
  name: "Split",
  attributes: { axis: "int" },
  infer(inputs, attributes) {
    const x = inputs[0]!;
    const axis = attributes["axis"] as number;
    const sizes = constantInts(inputs[1]!);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    if (x.shape[axis] !== total) {
      throw shapeError(Split, inputs, `parts of ${sizes.join(" + ")} along axis ${axis} do not make ${x.shape[axis]}`);
    }
    return sizes.map((size) => ({ dtype: x.dtype, shape: withDim(x.shape, axis, size) }));
  },
};

export const Slice: Operator<"Slice"> = {
  name: "Slice",
  attributes: {},
  infer(inputs) {
    const x = inputs[0]!;
    const [start, end, axis] = inputs.slice(1).map((bound) => constantInts(bound)[0]!) as [number, number, number];
    const size = x.shape[axis];
    if (typeof size !== "number" || start < 0 || start > end || end > size) {
      throw shapeError(Slice, inputs, `${start} … ${end} along axis ${axis} is outside its dimension ${size}`);
    }
    return [{ dtype: x.dtype, shape: withDim(x.shape, axis, end - start) }];
  },
};

// The shape input may be computed when the model runs; what it will be, names included, is in the attribute.
export const Expand: Operator<"Expand"> = {
  name: "Expand",
  attributes: { shape: "unwritten" },
  infer(inputs, attributes) {
    const x = inputs[0]!;
    const target = attributes["shape"] as Shape;
    const shape = broadcast(x.shape, target);
    if (shape === undefined || !sameShape(shape, target))
      throw shapeError(Expand, inputs, `cannot expand to [${target.join(", ")}]`);
    return [{ dtype: x.dtype, shape: target }];
  },
};

/** x with another shape of as many elements; at most one dimension may be a name. x itself where the shape is the same. */
export function reshape(x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x;
  const wanted = x.graph.ints(shape.map((dimension) => (typeof dimension === "number" ? dimension : -1)));
  return applyOne(Reshape, [x, wanted], { shape });
}

/**
 * Rows of pictures under their picture: x [images · group, ...rest] (image-major) → [images, group, ...rest].
 * @param perImage Any value [images, ...]; its first dimension may be a name, and then that of x and the group are found at every run.
 */
export function groupedByImage(x: Value, perImage: Value): Value {
  const images = perImage.shape[0]!;
  const [rows, ...rest] = x.shape as [Dim, ...Dim[]];
  if (typeof images === "number" && typeof rows === "number") return reshape(x, [images, rows / images, ...rest]);
  const sizes = numericShape(rest, "a group of rows");
  const wanted = concat([sizesOf(perImage, 0, 1), x.graph.ints([-1, ...sizes])], 0);
  return applyOne(Reshape, [x, wanted], { shape: [images, "group", ...rest] });
}

/** The sizes start … end − 1 of a value's shape as int64 [end − start], known when the model runs. */
export function sizesOf(x: Value, start: number, end: number): Value {
  return applyOne(ShapeOf, [x], { start, end });
}

/** Values joined along an axis; a single value is returned as it is. */
export function concat(values: readonly Value[], axis: number): Value {
  if (values.length === 1) return values[0]!;
  return applyOne(Concat, values, { axis: axisOf(axis, values[0]!.shape.length) ?? axis });
}

/** Parts of x along an axis, of the given sizes. */
export function split(x: Value, sizes: readonly number[], axis: number): readonly Value[] {
  if (sizes.length === 1 && x.shape.at(axis) === sizes[0]) return [x];
  return x.graph.apply(Split, [x, x.graph.ints(sizes)], { axis: axisOf(axis, x.shape.length) ?? axis });
}

/** Elements start … end − 1 of an axis. */
export function slice(x: Value, axis: number, start: number, end: number): Value {
  const counted = axisOf(axis, x.shape.length) ?? axis;
  if (start === 0 && x.shape[counted] === end) return x;
  const bounds = [start, end, counted].map((bound) => x.graph.ints([bound]));
  return applyOne(Slice, [x, ...bounds]);
}

/** x broadcast to a fixed shape; x itself where it has that shape. */
export function expand(x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x;
  return applyOne(Expand, [x, x.graph.ints(numericShape(shape, "Expand"))], { shape });
}

/**
 * What is the same for every picture, once for each: x [1, ...rest] → [images, ...rest].
 * @param perImage Any value [images, ...]; its first dimension may be a name.
 */
export function repeatedPerImage(x: Value, perImage: Value): Value {
  const rest = numericShape(x.shape.slice(1), "what is repeated for every picture");
  const wanted = concat([sizesOf(perImage, 0, 1), x.graph.ints(rest)], 0);
  return applyOne(Expand, [x, wanted], { shape: [perImage.shape[0]!, ...rest] });
}

/** x [images · group, size] (image-major) plus a value of its picture [images, size]. */
export function addPerImage(x: Value, perImage: Value): Value {
  const [images, size] = perImage.shape as [Dim, Dim];
  return reshape(add(groupedByImage(x, perImage), reshape(perImage, [images, 1, size])), x.shape);
}

/** A dimension as a number, for sizes that must be fixed. */
export function fixedDim(x: Value, axis: number, purpose: string): number {
  return numericShape([x.shape.at(axis) as Dim], purpose)[0]!;
}
