// The table of gradients: for each operator a rule from graph to graph, or "none". Reverse mode itself is in backward.ts.
import type { Node, Value } from "./graph.ts";
import { arithmeticGradients } from "./gradients/arithmetic.ts";
import { indexingGradients } from "./gradients/indexing.ts";
import { matrixGradients } from "./gradients/matrix.ts";
import { reductionGradients } from "./gradients/reduction.ts";
import { reshapingGradients } from "./gradients/reshaping.ts";
import { visionGradients } from "./gradients/vision.ts";
import type { OperatorName } from "./operators.ts";

/**
 * Gradients of the loss with respect to a node's inputs, given those with respect to its outputs.
 * An undefined output gradient is zero; an undefined result means that the input gets none (an index, say).
 */
export type GradientRule = (
  node: Node,
  outputGradients: readonly (Value | undefined)[],
) => readonly (Value | undefined)[];

export const gradientRules: Readonly<Record<OperatorName, GradientRule | "none">> = {
  ...arithmeticGradients,
  ...matrixGradients,
  ...reshapingGradients,
  ...reductionGradients,
  ...indexingGradients,
  ...visionGradients,
  // Integers have no slope; networks that compute in them are not trained.
  QuantizeLinear: "none",
  DequantizeLinear: "none",
};
