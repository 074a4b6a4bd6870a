// The same network in 8-bit integers (Jacob et al. 2018): what its layers read is rounded to 256 levels of a range that was calibrated,
// kernels are integers of 7 bits with a scale for each output channel. Knows no particular network.
import { ShowtellError } from "../base/errors.ts";
import { tensor } from "../base/tensor.ts";
import type { Tensor } from "../base/tensor.ts";
import { Graph } from "../graph/graph.ts";
import type { Node, Value } from "../graph/graph.ts";
import { neededBy } from "../graph/needed.ts";
import { levelsOf, roundedTo, widened } from "../graph/operators/quantisation.ts";
import type { Levels, Quantised } from "../graph/operators/quantisation.ts";

/** Weights of a network that computes in integers. */
export interface IntegerWeights {
  /** A kernel of ±{@link largestInteger}, [outputs, …], and its scales, [outputs]. */
  kernel(name: string): Quantised;
  bias(name: string): Tensor<"float32">;
  /** The least and the largest value at each of the {@link roundedValues}, [values, 2]. */
  readonly ranges: Tensor<"float32">;
}

/**
 * The largest magnitude of a kernel's integers. Processors without instructions for it add two products of a byte each in 16 bits, which this
 * can't overflow: every processor computes the same.
 */
export const largestInteger = 64;

/** Operators whose result is rounded in place of what they read: the engine joins them with the layer before. */
const rectifiers: ReadonlySet<string> = new Set(["Relu", "Clip"]);

/**
 * Which values of a network are rounded, in order of their making: all that a layer reads. Not what a rectifier reads, nor the result of a
 * maximum, which is on the levels of what it was taken of; and the last map is left as it is.
 */
export function roundedValues(maps: readonly Value[]): readonly Value[] {
  const { nodes, values } = neededBy(maps);
  const readers = new Map<Value, readonly Node[]>();
  for (const node of nodes) for (const input of node.inputs) readers.set(input, [...(readers.get(input) ?? []), node]);
  return [...values]
    .filter((value) => {
      const { source } = value;
      if (source.kind !== "input" && (source.kind !== "node" || source.node.operator.name === "MaxPool")) return false;
      return (readers.get(value) ?? []).some(({ operator }) => !rectifiers.has(operator.name));
    })
    .sort((a, b) => a.id - b.id);
}

/** What each convolution of a network gives, before its rectifier, by the name of its kernel; in order of their making. */
export function convolutionsOf(maps: readonly Value[]): ReadonlyMap<string, Value> {
  const made = neededBy(maps).nodes.filter(({ operator }) => operator.name === "Conv");
  return new Map(made.map(({ inputs, outputs }) => [nameOf(inputs[1]!), outputs[0]!]));
}

/**
 * The maps of a network in floating point → the same in integers, in a graph of its own.
 * @throws ShowtellError `BUNDLE_TENSORS` if a kernel's integers are too large, a bias is too large for its kernel, or a range is none.
 */
export function inIntegers(maps: Readonly<Record<string, Value>>, weights: IntegerWeights): Record<string, Value> {
  const graph = new Graph();
  const results = Object.values(maps);
  const { nodes, values } = neededBy(results);
  const levels = levelsOfValues(roundedValues(results), weights.ranges.data);
  const made = new Map<Value, Value>();
  const give = (value: Value, result: Value): void => {
    const own = levels.get(value);
    made.set(value, own === undefined ? result : roundedTo(result, own));
  };
  for (const value of values) {
    const { source } = value;
    if (source.kind === "input") give(value, graph.input(source.name, value.shape, value.dtype));
    if (source.kind === "constant") made.set(value, graph.constant(source.tensor));
  }
  for (const { operator, attributes, inputs, outputs } of nodes) {
    const from = inputs[0]!;
    const read = made.get(from)!;
    const others =
      operator.name === "Conv"
        ? kernelAndBias(graph, inputs, levels.get(from)!, weights)
        : inputs.slice(1).map((value) => made.get(value)!);
    if (operator.name === "MaxPool") levels.set(outputs[0]!, levels.get(from)!);
    give(outputs[0]!, graph.apply(operator, [read, ...others], attributes)[0]!);
  }
  return Object.fromEntries(Object.entries(maps).map(([name, value]) => [name, made.get(value)!]));
}

function levelsOfValues(values: readonly Value[], ranges: Float32Array): Map<Value, Levels> {
  return new Map(
    values.map((value, i) => {
      const [least, largest] = [ranges[2 * i]!, ranges[2 * i + 1]!];
      if (Number.isFinite(least) && Number.isFinite(largest) && least <= largest)
        return [value, levelsOf(least, largest)];
      throw new ShowtellError(
        "BUNDLE_TENSORS",
        `${least} to ${largest} is no range of numbers: pack the encoder again`,
      );
    }),
  );
}

/** A convolution's kernel as it is stored, and its bias in units of what the products of integers are worth. */
function kernelAndBias(
  graph: Graph,
  [, kernel, bias]: readonly Value[],
  { scale: step }: Levels,
  weights: IntegerWeights,
): readonly Value[] {
  const stored = weights.kernel(nameOf(kernel!));
  if (stored.quantised.data.some((value) => Math.abs(value) > largestInteger)) {
    throw new ShowtellError(
      "BUNDLE_TENSORS",
      `"${nameOf(kernel!)}" has integers above ${largestInteger}, which not every processor can multiply: pack the encoder again`,
    );
  }
  const wide = widened(graph, stored);
  if (bias === undefined) return [wide];
  const { shape } = stored.scale;
  const units = stored.scale.data.map((scale) => scale * step);
  const counts = Array.from(weights.bias(nameOf(bias)).data, (value, i) =>
    value === 0 ? 0 : Math.round(value / units[i]!),
  );
  if (!counts.every((count) => Math.abs(count) < 2 ** 31)) {
    throw new ShowtellError("BUNDLE_TENSORS", `"${nameOf(bias)}" is too large for its kernel: pack the encoder again`);
  }
  const quantised = tensor("int32", shape, Int32Array.from(counts));
  return [wide, widened(graph, { quantised, scale: tensor("float32", shape, units) })];
}

function nameOf({ source }: Value): string {
  if (source.kind === "parameter") return source.name;
  throw new ShowtellError("INTERNAL", "a convolution's kernel or bias is no parameter");
}
