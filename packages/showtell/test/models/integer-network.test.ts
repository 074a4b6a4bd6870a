// A network in integers: the same numbers as integer arithmetic done by hand, near those of floating point, and what is rounded where.
import { describe, expect, it } from "vitest";
import { tensor } from "../../src/base/tensor.ts";
import type { Tensor } from "../../src/base/tensor.ts";
import { quantise } from "../../src/bundle/precision.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { Value } from "../../src/graph/graph.ts";
import { add, relu } from "../../src/graph/operators/arithmetic.ts";
import { levelsOf } from "../../src/graph/operators/quantisation.ts";
import { conv, maxPool } from "../../src/graph/operators/vision.ts";
import { convolutionsOf, inIntegers, largestInteger, roundedValues } from "../../src/models/integer-network.ts";
import { drawn, expectClose, floats, numbersOf } from "../tensors.ts";
import { runGraph } from "../graph/run.ts";

const channels = 4;
const weights: Readonly<Record<string, Tensor<"float32">>> = {
  "a.weight": drawn([channels, 3, 1, 1], "a", 0.5),
  "a.bias": floats([channels], [0.3, -0.2, 0.1, 0]),
  "b.weight": drawn([channels, channels, 3, 3], "b", 0.3),
  "b.bias": floats([channels], [0, 0.5, -0.5, 0.25]),
};

/** relu(b(m) + m) of m = the largest of 2×2 of relu(a(x)): the pieces of a bottleneck block. */
function maps(): Readonly<Record<"pooled" | "last", Value>> {
  const graph = new Graph();
  const p = Object.fromEntries(
    Object.entries(weights).map(([name, { shape }]) => [name, graph.parameter(name, shape)]),
  );
  const a = relu(conv(graph.input("x", ["batch", 3, 6, 6]), p["a.weight"]!, { bias: p["a.bias"]! }));
  const pooled = maxPool(a, [2, 2], { stride: [2, 2] });
  const b = conv(pooled, p["b.weight"]!, { bias: p["b.bias"]!, padding: [1, 1, 1, 1] });
  return { pooled, last: relu(add(b, pooled)) };
}

const kernels = Object.fromEntries(
  ["a.weight", "b.weight"].map((name) => [name, quantise(weights[name]!, largestInteger)] as const),
);
const ranges = floats([3, 2], [-2, 2.5, 0, 3, -2, 2]);

const integerWeights = {
  kernel: (name: string) => kernels[name]!,
  bias: (name: string) => weights[name]!,
  ranges,
};

const x = drawn([2, 3, 6, 6], "x", 1);

async function runIntegers(): Promise<Record<string, Tensor>> {
  const found = inIntegers(maps(), integerWeights);
  return runGraph(found["last"]!.graph, found, { x });
}

function runFloats(): Promise<Record<string, Tensor>> {
  const found = maps();
  return runGraph(found.last.graph, found, { x, ...weights });
}

/** The nearest integer, of two the even one. */
function roundedEven(value: number): number {
  const whole = Math.floor(value);
  const rest = value - whole;
  if (rest !== 0.5) return Math.round(value);
  return whole % 2 === 0 ? whole : whole + 1;
}

describe("a network in integers", () => {
  it("rounds what layers read: the input, not what a rectifier or nothing reads, nor a maximum", () => {
    const { pooled, last } = maps();
    const names = roundedValues([pooled, last]).map(({ source }) =>
      source.kind === "node" ? source.node.operator.name : source.kind,
    );
    expect(names).toEqual(["input", "Relu", "Conv"]);
  });

  it("computes a layer as sums of products of whole numbers, done by hand", async () => {
    const { pooled } = await runIntegers();
    const [input, output] = [levelsOf(-2, 2.5), levelsOf(0, 3)];
    const level = (value: number): number => Math.min(Math.max(roundedEven(value / input.scale) + input.zero, 0), 255);
    const { quantised, scale } = kernels["a.weight"]!;
    /** relu(a(x)) of a channel at a position of 6×6. */
    const computed = (image: number, channel: number, position: number): number => {
      const unit = scale.data[channel]! * input.scale;
      let sum = Math.round(weights["a.bias"]!.data[channel]! / unit);
      for (let from = 0; from < 3; from++) {
        const read = level(x.data[(image * 3 + from) * 36 + position]!);
        sum += quantised.data[channel * 3 + from]! * (read - input.zero);
      }
      return Math.min(Math.max(roundedEven((sum * unit) / output.scale), 0), 255) * output.scale;
    };
    const expected = Array.from({ length: 2 * channels * 9 }, (_, i) => {
      const [image, channel, row, column] = [Math.floor(i / 36), Math.floor(i / 9) % 4, Math.floor(i / 3) % 3, i % 3];
      const first = 12 * row + 2 * column;
      return Math.max(...[0, 1, 6, 7].map((step) => computed(image, channel, first + step)));
    });
    expectClose(numbersOf(pooled), expected, 1e-6);
    // As many different numbers as a signal has.
    expect(new Set(expected).size).toBeGreaterThan(20);
  });

  it("is near what floating point gives", async () => {
    const [integers, exact] = [await runIntegers(), await runFloats()];
    const scale = Math.max(...numbersOf(exact["last"]));
    expectClose(numbersOf(integers["last"]), numbersOf(exact["last"]), 0.03 * scale);
    expect(numbersOf(integers["last"])).not.toEqual(numbersOf(exact["last"]));
  });

  it("refuses kernels that two products of a byte each would overflow", () => {
    const quantised = tensor("int8", [channels, 3, 1, 1], new Int8Array(3 * channels).fill(65));
    const kernel = (name: string) => (name === "a.weight" ? { ...kernels[name]!, quantised } : kernels[name]!);
    expect(() => inIntegers(maps(), { ...integerWeights, kernel })).toThrow(/"a\.weight" has integers above 64/);
  });

  it("refuses a bias that 32 bits can't hold in what its kernel's integers are worth", () => {
    const faint = { ...kernels["a.weight"]!, scale: floats([channels], [1e-12, 1e-12, 1e-12, 1e-12]) };
    const kernel = (name: string) => (name === "a.weight" ? faint : kernels[name]!);
    expect(() => inIntegers(maps(), { ...integerWeights, kernel })).toThrow(/"a\.bias" is too large for its kernel/);
  });

  it("refuses ranges that are none", () => {
    expect(() => inIntegers(maps(), { ...integerWeights, ranges: floats([3, 2], [0, 1, 1, 0, 0, 1]) })).toThrow(
      /1 to 0 is no range/,
    );
  });
});

describe("calibration", () => {
  it("names its convolutions by their kernels, in order, and gives their sums before a rectifier", async () => {
    const { pooled, last } = maps();
    const found = convolutionsOf([pooled, last]);
    expect([...found.keys()]).toEqual(["a.weight", "b.weight"]);
    const sums = await runGraph(last.graph, { sums: found.get("a.weight")! }, { x, ...weights });
    expect(Math.min(...numbersOf(sums["sums"]))).toBeLessThan(0);
  });
});
