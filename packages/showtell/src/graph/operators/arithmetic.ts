// Elementwise operators: arithmetic with broadcasting, activations, comparisons, choice and casts.
import type { DType } from "../../base/tensor.ts";
import type { Operand, Operator, Value } from "../graph.ts";
import { applyOne, asValues, checkFloating, shapeError } from "../graph.ts";
import { broadcast } from "../shapes.ts";

function broadcasting<Name extends string>(name: Name, resultType?: DType): Operator<Name> {
  const operator: Operator<Name> = {
    name,
    attributes: {},
    infer(inputs) {
      const [a, b] = inputs as [Value, Value];
      if (a.dtype !== b.dtype) throw shapeError(operator, inputs, "element types differ");
      const shape = broadcast(a.shape, b.shape);
      if (shape === undefined) throw shapeError(operator, inputs, "shapes do not broadcast");
      return [{ dtype: resultType ?? a.dtype, shape }];
    },
  };
  return operator;
}

function elementwise<Name extends string>(name: Name): Operator<Name> {
  const operator: Operator<Name> = {
    name,
    attributes: {},
    infer(inputs) {
      checkFloating(operator, inputs);
      return [{ dtype: inputs[0]!.dtype, shape: inputs[0]!.shape }];
    },
  };
  return operator;
}

/** ONNX's TensorProto.DataType for Cast's attribute. */
const castTargets = { float32: 1, int64: 7, bool: 9, float16: 10, float64: 11 } as const;

/** Types that a graph can cast to. */
export type CastTarget = keyof typeof castTargets;

export const Add: Operator<"Add"> = broadcasting("Add");
export const Sub: Operator<"Sub"> = broadcasting("Sub");
export const Mul: Operator<"Mul"> = broadcasting("Mul");
export const Div: Operator<"Div"> = broadcasting("Div");
export const Min: Operator<"Min"> = broadcasting("Min");
export const GreaterOrEqual: Operator<"GreaterOrEqual"> = broadcasting("GreaterOrEqual", "bool");
export const Greater: Operator<"Greater"> = broadcasting("Greater", "bool");
export const Neg: Operator<"Neg"> = elementwise("Neg");
export const Exp: Operator<"Exp"> = elementwise("Exp");
export const Log: Operator<"Log"> = elementwise("Log");
export const Sqrt: Operator<"Sqrt"> = elementwise("Sqrt");
export const Tanh: Operator<"Tanh"> = elementwise("Tanh");
export const Sigmoid: Operator<"Sigmoid"> = elementwise("Sigmoid");
export const Relu: Operator<"Relu"> = elementwise("Relu");

export const Clip: Operator<"Clip"> = {
  name: "Clip",
  attributes: {},
  infer(inputs) {
    checkFloating(Clip, inputs);
    if (inputs.slice(1).some(({ shape }) => shape.length > 0)) throw shapeError(Clip, inputs, "bounds must be scalars");
    return [{ dtype: inputs[0]!.dtype, shape: inputs[0]!.shape }];
  },
};

export const Where: Operator<"Where"> = {
  name: "Where",
  attributes: {},
  infer(inputs) {
    const [condition, a, b] = inputs as [Value, Value, Value];
    if (condition.dtype !== "bool" || a.dtype !== b.dtype) throw shapeError(Where, inputs, "element types do not fit");
    const chosen = broadcast(a.shape, b.shape);
    const shape = chosen && broadcast(condition.shape, chosen);
    if (shape === undefined) throw shapeError(Where, inputs, "shapes do not broadcast");
    return [{ dtype: a.dtype, shape }];
  },
};

export const Cast: Operator<"Cast"> = {
  name: "Cast",
  attributes: { to: "int" },
  infer([x], { to }) {
    const dtype = (Object.keys(castTargets) as CastTarget[]).find((name) => castTargets[name] === to)!;
    return [{ dtype, shape: x!.shape }];
  },
};

/** a + b, broadcast. */
export function add(a: Operand, b: Operand): Value {
  return applyOne(Add, asValues([a, b]));
}

/** a − b, broadcast. */
export function sub(a: Operand, b: Operand): Value {
  return applyOne(Sub, asValues([a, b]));
}

/** a · b elementwise, broadcast. */
export function mul(a: Operand, b: Operand): Value {
  return applyOne(Mul, asValues([a, b]));
}

/** a / b elementwise, broadcast. */
export function div(a: Operand, b: Operand): Value {
  return applyOne(Div, asValues([a, b]));
}

/** The smaller of a and b elementwise, broadcast. */
export function minimum(a: Operand, b: Operand): Value {
  return applyOne(Min, asValues([a, b]));
}

/** a ≥ b elementwise, broadcast: a bool tensor. */
export function greaterOrEqual(a: Operand, b: Operand): Value {
  return applyOne(GreaterOrEqual, asValues([a, b]));
}

/** a > b elementwise, broadcast: a bool tensor. */
export function greater(a: Operand, b: Operand): Value {
  return applyOne(Greater, asValues([a, b]));
}

/** −x. */
export function neg(x: Value): Value {
  return applyOne(Neg, [x]);
}

/** e^x. */
export function exp(x: Value): Value {
  return applyOne(Exp, [x]);
}

/** Natural logarithm. */
export function log(x: Value): Value {
  return applyOne(Log, [x]);
}

/** Square root. */
export function sqrt(x: Value): Value {
  return applyOne(Sqrt, [x]);
}

/** Hyperbolic tangent. */
export function tanh(x: Value): Value {
  return applyOne(Tanh, [x]);
}

/** 1 / (1 + e^−x). */
export function sigmoid(x: Value): Value {
  return applyOne(Sigmoid, [x]);
}

/** max(x, 0). */
export function relu(x: Value): Value {
  return applyOne(Relu, [x]);
}

/** x, but not below `least` nor above `most`. */
export function clip(x: Value, least: number, most: number): Value {
  return applyOne(Clip, [x, x.graph.scalar(least, x.dtype), x.graph.scalar(most, x.dtype)]);
}

/** a where the condition (bool) holds, else b; broadcast. */
export function where(condition: Value, a: Operand, b: Operand): Value {
  const [x, y] = asValues([a, b]) as [Value, Value];
  return applyOne(Where, [condition, x, y]);
}

/** x with another element type; x itself where it has that type. */
export function cast(x: Value, to: CastTarget): Value {
  return x.dtype === to ? x : applyOne(Cast, [x], { to: castTargets[to] });
}
