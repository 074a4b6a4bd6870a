// Gradients of matrix products and transposition.
import type { GradientRule } from "../gradients.ts";
import type { Value } from "../graph.ts";
import { gemm, matmul, transpose } from "../operators/matrix.ts";
import { sumTo } from "./arithmetic.ts";

/** x with its last two axes exchanged. */
function swapped(x: Value): Value {
  const rank = x.shape.length;
  return transpose(
    x,
    [...x.shape.keys()].map((axis) => (axis < rank - 2 ? axis : 2 * rank - 3 - axis)),
  );
}

/** Y = op(A)·op(B) + C. With A' = op(A): dA' = dY·op(B)ᵀ, and dA = dA'ᵀ where A was transposed; likewise B. */
const gemmRule: GradientRule = ({ inputs, attributes }, [dy]) => {
  const [a, b, c] = inputs as readonly [Value, Value, Value | undefined];
  const transposeA = attributes["transA"] === 1;
  const transposeB = attributes["transB"] === 1;
  const da = transposeA
    ? gemm(b, dy!, { transposeA: transposeB, transposeB: true })
    : gemm(dy!, b, { transposeB: !transposeB });
  const db = transposeB
    ? gemm(dy!, a, { transposeA: true, transposeB: transposeA })
    : gemm(a, dy!, { transposeA: !transposeA });
  return [da, db, c === undefined ? undefined : sumTo(dy!, c)];
};

export const matrixGradients: Readonly<Record<"Gemm" | "MatMul" | "Transpose", GradientRule | "none">> = {
  Gemm: gemmRule,
  MatMul: ({ inputs }, [dy]) => {
    const [a, b] = inputs as readonly [Value, Value];
    return [sumTo(matmul(dy!, swapped(b)), a), sumTo(matmul(swapped(a), dy!), b)];
  },
  Transpose: ({ attributes }, [dy]) => {
    const order = attributes["perm"] as readonly number[];
    return [
      transpose(
        dy!,
        [...order.keys()].map((axis) => order.indexOf(axis)),
      ),
    ];
  },
};
