// Reverse-mode differentiation: builds the gradient of a scalar onto the same graph (Griewank and Walther 2008, chapter 3).
import { ShowtellError } from "../base/errors.ts";
import type { GradientRule } from "./gradients.ts";
import { gradientRules } from "./gradients.ts";
import type { Node, Value } from "./graph.ts";
import { describe, describeCall } from "./graph.ts";
import { neededBy } from "./needed.ts";
import type { OperatorName } from "./operators.ts";
import { ownGradientOf } from "./own-gradient.ts";
import { sumOf, zerosLike } from "./sum.ts";

/** Nodes between the wanted values and the result, those nearest to the result first. */
function nodesBetween(result: Value, wanted: ReadonlySet<Value>): readonly Node[] {
  const { nodes } = neededBy([result]);
  const depends = new Map<Value, boolean>();
  const leads = (value: Value): boolean => wanted.has(value) || depends.get(value) === true;
  const between = nodes.filter((node) => {
    const reached = node.inputs.some(leads);
    for (const output of node.outputs) depends.set(output, reached);
    return reached;
  });
  return between.toReversed();
}

function ruleOf(node: Node): GradientRule {
  const rule = gradientRules[node.operator.name as OperatorName];
  if (rule !== "none") return rule;
  throw new ShowtellError(
    "GRAPH_GRADIENT",
    `${describeCall(node.operator, node.inputs)} has no gradient, but the loss depends on a wanted value through it`,
  );
}

/** Rules need sizes as numbers: to undo broadcasting, to divide by counts, to make zeros. */
function checkFixed(node: Node): void {
  const name = [...node.inputs, ...node.outputs].flatMap(({ shape }) => shape).find((size) => typeof size === "string");
  if (name === undefined) return;
  throw new ShowtellError(
    "GRAPH_SHAPE",
    `gradients need fixed sizes, but dimension "${name}" of ${describeCall(node.operator, node.inputs)} is a name`,
  );
}

/**
 * Gradients of a scalar with respect to values of its graph, in their order; zeros where it does not depend on one.
 * @throws ShowtellError `GRAPH_GRADIENT` for a path through an operator without gradient, `GRAPH_SHAPE` for named dimensions.
 */
export function gradients(scalar: Value, wanted: readonly Value[]): readonly Value[] {
  if (scalar.shape.length > 0) {
    throw new ShowtellError("GRAPH_GRADIENT", `gradients need a scalar, got ${describe(scalar)}: reduce it first`);
  }
  const contributions = new Map<Value, Value[]>([[scalar, [scalar.graph.scalar(1, scalar.dtype)]]]);
  const totals = new Map<Value, Value>();
  const totalOf = (value: Value): Value | undefined => {
    const terms = contributions.get(value);
    if (terms === undefined) return undefined;
    if (!totals.has(value)) totals.set(value, sumOf(terms));
    return totals.get(value);
  };
  for (const node of nodesBetween(scalar, new Set(wanted))) {
    const outputGradients = node.outputs.map(totalOf);
    if (outputGradients.every((gradient) => gradient === undefined)) continue;
    checkFixed(node);
    const own = ownGradientOf(node.outputs[0]!);
    const { inputs } = own ?? node;
    const terms = own?.rule(outputGradients[0]!) ?? ruleOf(node)(node, outputGradients);
    terms.forEach((gradient, i) => {
      const input = inputs[i]!;
      if (gradient !== undefined) contributions.set(input, [...(contributions.get(input) ?? []), gradient]);
    });
  }
  return wanted.map((value) => totalOf(value) ?? zerosLike(value));
}
