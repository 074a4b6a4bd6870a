// Values whose gradient is a rule of its own instead of the chain through their nodes: for what is cheaper as a whole than step by step.
import type { Value } from "./graph.ts";

/** How a value's gradient reaches those that it was computed from. */
export interface OwnGradient {
  /** What the value depends on; all paths from wanted values to it lead through these. */
  readonly inputs: readonly Value[];
  /** Gradients with respect to `inputs`, given that with respect to the value; undefined for an input that gets none. */
  rule(gradient: Value): readonly (Value | undefined)[];
}

const ownGradients = new WeakMap<Value, OwnGradient>();

/** Gives a computed value, of an operator with one output, a gradient rule of its own, which must be what the chain rule gives. Returns the value. */
export function withGradient(value: Value, inputs: readonly Value[], rule: OwnGradient["rule"]): Value {
  ownGradients.set(value, { inputs, rule });
  return value;
}

/** The rule that a value was given, if it was. */
export function ownGradientOf(value: Value): OwnGradient | undefined {
  return ownGradients.get(value);
}
