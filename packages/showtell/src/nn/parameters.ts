// Trained parameters as data: shape, how they start, whether they decay and learn. Knows no model.
import type { Random } from "../base/random.ts";
import type { Tensor } from "../base/tensor.ts";
import { zeros } from "../base/tensor.ts";
import type { Graph, Value } from "../graph/graph.ts";

/** How a parameter starts. */
export type Initialisation =
  | { readonly kind: "zeros" }
  /** Normal with mean 0. */
  | { readonly kind: "normal"; readonly deviation: number }
  /** Uniform in ± √(6 / (inputs + outputs)) (Glorot and Bengio 2010) for a weight [inputs, outputs]. */
  | { readonly kind: "glorot" }
  /** Zeros but for ones in the elements start … end − 1 (the forget gate's bias; Jozefowicz 2015). */
  | { readonly kind: "ones-in"; readonly start: number; readonly end: number }
  /** Word vectors, which the caller brings. */
  | { readonly kind: "vectors" };

/** A parameter of a model. */
export interface ParameterSpec {
  readonly shape: readonly number[];
  readonly init: Initialisation;
  /** Whether weight decay applies to it (weights yes, biases and word vectors no). */
  readonly decay: boolean;
  /** A frozen parameter is part of the model but does not learn. Default false. */
  readonly frozen?: boolean;
}

/** Parameters by name. */
export type ParameterSpecs = Readonly<Record<string, ParameterSpec>>;
/** A graph's parameters by name. */
export type Parameters = Readonly<Record<string, Value>>;

/** A weight matrix that learns and decays. */
export function weightSpec(inputs: number, outputs: number): ParameterSpec {
  return { shape: [inputs, outputs], init: { kind: "glorot" }, decay: true };
}

/** A bias that starts at zero. */
export function biasSpec(size: number): ParameterSpec {
  return { shape: [size], init: { kind: "zeros" }, decay: false };
}

/** Declares all parameters in a graph. */
export function declareParameters(graph: Graph, specs: ParameterSpecs): Parameters {
  return Object.fromEntries(Object.entries(specs).map(([name, { shape }]) => [name, graph.parameter(name, shape)]));
}

/** Draws the first values of a parameter; the caller brings word vectors itself. */
export function initialise({ shape, init }: ParameterSpec, random: Random): Tensor<"float32"> {
  const result = zeros("float32", shape);
  const { data } = result;
  if (init.kind === "ones-in") data.fill(1, init.start, init.end);
  if (init.kind === "normal") for (let i = 0; i < data.length; i++) data[i] = init.deviation * random.normal();
  if (init.kind === "glorot") {
    const bound = Math.sqrt(6 / (shape[0]! + shape[1]!));
    for (let i = 0; i < data.length; i++) data[i] = bound * (2 * random.uniform() - 1);
  }
  return result;
}
