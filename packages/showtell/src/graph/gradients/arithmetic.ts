// Gradients of elementwise operators.
import { ShowtellError } from "../../base/errors.ts";
import type { GradientRule } from "../gradients.ts";
import type { Value } from "../graph.ts";
import { add, cast, div, greater, mul, neg, sub, where } from "../operators/arithmetic.ts";
import type { CastTarget } from "../operators/arithmetic.ts";
import { reshape } from "../operators/reshaping.ts";
import { reduceSum } from "../operators/reduction.ts";

/** Undoes broadcasting: sums a gradient over the axes along which its operand was repeated. */
export function sumTo(gradient: Value, operand: Value): Value {
  const lead = gradient.shape.length - operand.shape.length;
  const axes = gradient.shape.flatMap((size, axis) =>
    axis < lead || operand.shape[axis - lead] !== size ? [axis] : [],
  );
  return axes.length === 0 ? gradient : reshape(reduceSum(gradient, { axes, keep: true }), operand.shape);
}

type Binary = readonly [Value, Value];

/** A rule for an operator of two broadcast operands, from the gradients before broadcasting is undone. */
function binary(rule: (a: Value, b: Value, dy: Value, y: Value) => Binary): GradientRule {
  return ({ inputs, outputs }, [dy]) => {
    const [a, b] = inputs as Binary;
    const [da, db] = rule(a, b, dy!, outputs[0]!);
    return [sumTo(da, a), sumTo(db, b)];
  };
}

/** A rule for an operator of one operand. */
function unary(rule: (x: Value, y: Value, dy: Value) => Value): GradientRule {
  return ({ inputs: [x], outputs: [y] }, [dy]) => [rule(x!, y!, dy!)];
}

export const arithmeticGradients: Readonly<
  Record<
    | "Add"
    | "Sub"
    | "Mul"
    | "Div"
    | "Min"
    | "Greater"
    | "GreaterOrEqual"
    | "Neg"
    | "Exp"
    | "Log"
    | "Sqrt"
    | "Tanh"
    | "Sigmoid"
    | "Relu"
    | "Clip"
    | "Where"
    | "Cast",
    GradientRule | "none"
  >
> = {
  Add: binary((_a, _b, dy) => [dy, dy]),
  Sub: binary((_a, _b, dy) => [dy, neg(dy)]),
  Mul: binary((a, b, dy) => [mul(dy, b), mul(dy, a)]),
  Div: binary((_a, b, dy, y) => [div(dy, b), neg(div(mul(dy, y), b))]),
  Min: "none",
  Greater: "none",
  GreaterOrEqual: "none",
  Neg: unary((_x, _y, dy) => neg(dy)),
  Exp: unary((_x, y, dy) => mul(dy, y)),
  Log: unary((x, _y, dy) => div(dy, x)),
  Sqrt: unary((_x, y, dy) => div(dy, add(y, y))),
  Tanh: unary((_x, y, dy) => mul(dy, sub(1, mul(y, y)))),
  Sigmoid: unary((_x, y, dy) => mul(dy, mul(y, sub(1, y)))),
  Relu: unary((_x, y, dy) => where(greater(y, 0), dy, 0)),
  Clip: ({ inputs }, [dy]) => {
    const [x, least, most] = inputs as readonly [Value, Value, Value];
    return [where(greater(x, least), where(greater(most, x), dy!, 0), 0)];
  },
  Where: ({ inputs }, [dy]) => {
    const [condition, a, b] = inputs as readonly [Value, Value, Value];
    return [undefined, sumTo(where(condition, dy!, 0), a), sumTo(where(condition, 0, dy!), b)];
  },
  // Rounding to whole numbers, or to yes and no, has no slope.
  Cast: unary((x, y, dy) => {
    if (y.dtype.startsWith("float")) return cast(dy, x.dtype as CastTarget);
    throw new ShowtellError("GRAPH_GRADIENT", `Cast from ${x.dtype} to ${y.dtype} has no gradient`);
  }),
};
