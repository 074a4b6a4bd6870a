// Matrix products and transposition.
import type { Attributes, Dim, Operator, Value } from "../graph.ts";
import { applyOne, checkFloating, shapeError } from "../graph.ts";
import { broadcast } from "../shapes.ts";

export const Gemm: Operator<"Gemm"> = {
  name: "Gemm",
  attributes: { transA: "int", transB: "int" },
  infer(inputs, attributes) {
    const [a, b, c] = inputs as [Value, Value, Value | undefined];
    checkFloating(Gemm, inputs);
    if (a.shape.length !== 2 || b.shape.length !== 2) throw shapeError(Gemm, inputs, "both factors must be matrices");
    const [rows, inner] = attributes["transA"] === 1 ? [a.shape[1]!, a.shape[0]!] : [a.shape[0]!, a.shape[1]!];
    const [innerB, columns] = attributes["transB"] === 1 ? [b.shape[1]!, b.shape[0]!] : [b.shape[0]!, b.shape[1]!];
    if (inner !== innerB) throw shapeError(Gemm, inputs, `inner dimensions ${inner} and ${innerB} differ`);
    if (
      c !== undefined &&
      (c.shape.length > 2 || broadcast([rows, columns], c.shape)?.join() !== `${rows},${columns}`)
    ) {
      throw shapeError(Gemm, inputs, `the third input does not broadcast to [${rows}, ${columns}]`);
    }
    return [{ dtype: a.dtype, shape: [rows, columns] }];
  },
};

export const MatMul: Operator<"MatMul"> = {
  name: "MatMul",
  attributes: {},
  infer(inputs) {
    const [a, b] = inputs as [Value, Value];
    checkFloating(MatMul, inputs);
    if (a.shape.length < 2 || b.shape.length < 2)
      throw shapeError(MatMul, inputs, "both factors need at least two dimensions");
    if (a.shape.at(-1) !== b.shape.at(-2)) {
      throw shapeError(MatMul, inputs, `inner dimensions ${a.shape.at(-1)} and ${b.shape.at(-2)} differ`);
    }
    const batch = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2));
    if (batch === undefined) throw shapeError(MatMul, inputs, "leading dimensions do not broadcast");
    return [{ dtype: a.dtype, shape: [...batch, a.shape.at(-2)!, b.shape.at(-1)!] }];
  },
};

export const Transpose: Operator<"Transpose"> = {
  name: "Transpose",
  attributes: { perm: "ints" },
  infer(inputs, attributes) {
    const x = inputs[0]!;
    const order = attributes["perm"] as readonly number[];
    const valid = order.length === x.shape.length && x.shape.every((_, axis) => order.includes(axis));
    if (!valid) throw shapeError(Transpose, inputs, `[${order.join(", ")}] is no order of its axes`);
    return [{ dtype: x.dtype, shape: order.map((axis): Dim => x.shape[axis]!) }];
  },
};

/** Options of {@link gemm}. */
export interface GemmOptions {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  /** Added to the product; broadcast to it. */
  readonly bias?: Value;
}

/** a · b (+ bias) for matrices, either factor transposed on request (which costs nothing). */
export function gemm(a: Value, b: Value, options: GemmOptions = {}): Value {
  const attributes: Attributes = {
    ...(options.transposeA === true && { transA: 1 }),
    ...(options.transposeB === true && { transB: 1 }),
  };
  return applyOne(Gemm, options.bias === undefined ? [a, b] : [a, b, options.bias], attributes);
}

/** a · b over the last two dimensions, leading ones broadcast: [..., m, k] · [..., k, n] → [..., m, n]. */
export function matmul(a: Value, b: Value): Value {
  return applyOne(MatMul, [a, b]);
}

/** x with its axes in another order; axis i of the result is axis order[i] of x. */
export function transpose(x: Value, order: readonly number[]): Value {
  return applyOne(Transpose, [x], { perm: order });
}
