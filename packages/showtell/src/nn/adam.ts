// Adam and AdamW as graph operations (Kingma and Ba 2015; Loshchilov and Hutter 2019), with clipping by the global norm.
import type { Tensor } from "../base/tensor.ts";
import { tensor, zeros } from "../base/tensor.ts";
import { gradients } from "../graph/backward.ts";
import type { Graph, Value } from "../graph/graph.ts";
import { add, div, minimum, mul, sqrt, sub } from "../graph/operators/arithmetic.ts";
import { reduceSumSquare } from "../graph/operators/reduction.ts";
import type { Parameters, ParameterSpec, ParameterSpecs } from "./parameters.ts";

/** Constants of the optimiser. */
export interface AdamOptions {
  /** Decay of the first moment; default 0.9. */
  readonly beta1?: number;
  /** Decay of the second moment; default 0.999. */
  readonly beta2?: number;
  /** Added to the root of the second moment; default 1e-8. */
  readonly epsilon?: number;
  /** Largest Euclidean norm of all gradients together; larger ones are scaled down (Pascanu 2013). Default: none. */
  readonly clipNorm?: number;
  /** Decoupled weight decay a unit of learning rate; default 0. */
  readonly weightDecay?: number;
}

/** A parameter with its gradient. */
export interface Learning {
  readonly name: string;
  readonly parameter: Value;
  readonly gradient: Value;
  readonly decay: boolean;
  /** Its learning rate as a share of the one that is fed; default 1. */
  readonly rate?: number;
}

/** The scalars that are fed at each step, so that the compiled graph does not depend on the step. */
export const adamScalarNames: readonly ["adam.stepSize", "adam.epsilon", "adam.keep"] = [
  "adam.stepSize",
  "adam.epsilon",
  "adam.keep",
];

/** Values of {@link adamScalarNames} for step t = 1, 2, …: the bias corrections are folded into step size and epsilon. */
export function adamScalars(step: number, learningRate: number, options: AdamOptions): readonly number[] {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0 } = options;
  const root = Math.sqrt(1 - beta2 ** step);
  return [(learningRate * root) / (1 - beta1 ** step), epsilon * root, 1 - learningRate * weightDecay];
}

/** {@link adamScalars} as a step is fed them. */
export function adamFeeds(
  step: number,
  learningRate: number,
  options: AdamOptions,
): Readonly<Record<string, Tensor<"float32">>> {
  const values = adamScalars(step, learningRate, options);
  return Object.fromEntries(
    adamScalarNames.map((name, i) => [name, tensor("float32", [], Float32Array.of(values[i]!))]),
  );
}

/** Names of a parameter's optimiser state. */
export function momentNames(name: string): readonly [string, string] {
  return [`adam.first.${name}`, `adam.second.${name}`];
}

/** Parameters as they start, by name, with moments of zero for those that learn. */
export function firstState(
  specs: ParameterSpecs,
  firstOf: (name: string, parameter: ParameterSpec) => Tensor<"float32">,
): Record<string, Tensor<"float32">> {
  const state: Record<string, Tensor<"float32">> = {};
  for (const [name, parameter] of Object.entries(specs)) {
    state[name] = firstOf(name, parameter);
    if (parameter.frozen === true) continue;
    for (const moment of momentNames(name)) state[moment] = zeros("float32", parameter.shape);
  }
  return state;
}

/** Euclidean norm of all values together. */
export function globalNorm(values: readonly Value[]): Value {
  return sqrt(values.map((value) => reduceSumSquare(value)).reduce((sum, square) => add(sum, square)));
}

/**
 * One step: for each parameter its next value and moments, by name; besides, `gradientNorm` before clipping.
 * Moments are declared as inputs named by {@link momentNames}.
 */
export function adamStep(
  graph: Graph,
  learning: readonly Learning[],
  options: AdamOptions,
): { readonly next: Readonly<Record<string, Value>>; readonly gradientNorm: Value } {
  const { beta1 = 0.9, beta2 = 0.999, clipNorm, weightDecay = 0 } = options;
  const [stepSize, epsilon, keep] = adamScalarNames.map((name) => graph.input(name, [])) as [Value, Value, Value];
  const gradientNorm = globalNorm(learning.map(({ gradient }) => gradient));
  // The clipping scale meets scalars first, so that no extra pass over the gradients is needed.
  const scale = clipNorm === undefined ? graph.scalar(1) : minimum(div(clipNorm, add(gradientNorm, 1e-6)), 1);
  const firstShare = mul(scale, 1 - beta1);
  const secondShare = mul(mul(scale, scale), 1 - beta2);
  const next: Record<string, Value> = {};
  for (const { name, parameter, gradient, decay, rate = 1 } of learning) {
    const [firstName, secondName] = momentNames(name);
    const first = add(mul(graph.input(firstName, parameter.shape), beta1), mul(gradient, firstShare));
    const second = add(mul(graph.input(secondName, parameter.shape), beta2), mul(mul(gradient, gradient), secondShare));
    const kept = decay && weightDecay > 0 ? mul(parameter, keep) : parameter;
    const size = rate === 1 ? stepSize : mul(stepSize, rate);
    next[name] = sub(kept, mul(div(first, add(sqrt(second), epsilon)), size));
    next[firstName] = first;
    next[secondName] = second;
  }
  return { next, gradientNorm };
}

/** A graph that learns: what a step of it gives. */
export interface Minimised {
  /** By `next.NAME`, what is fed as NAME at the next step: parameters that learn, and their moments. */
  readonly outputs: Readonly<Record<string, Value>>;
  /** Those NAMEs. */
  readonly replaced: readonly string[];
  /** Norm of all gradients before clipping. */
  readonly gradientNorm: Value;
}

/**
 * A step of all parameters that are not frozen towards a smaller loss.
 * @param rateOf A parameter's share of the learning rate; default: 1.
 */
export function minimise(
  loss: Value,
  parameters: Parameters,
  specs: ParameterSpecs,
  options: AdamOptions,
  rateOf: (name: string) => number = () => 1,
): Minimised {
  const names = Object.keys(specs).filter((name) => specs[name]!.frozen !== true);
  const slopes = gradients(
    loss,
    names.map((name) => parameters[name]!),
  );
  const learning = names.map((name, i) => ({
    name,
    parameter: parameters[name]!,
    gradient: slopes[i]!,
    decay: specs[name]!.decay,
    rate: rateOf(name),
  }));
  const { next, gradientNorm } = adamStep(loss.graph, learning, options);
  const outputs = Object.fromEntries(Object.entries(next).map(([name, value]) => [`next.${name}`, value]));
  return { outputs, replaced: Object.keys(next), gradientNorm };
}
