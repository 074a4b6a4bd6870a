// Reverse mode over whole graphs: what it refuses, what is zero, and that each use of a value counts.
import { describe, expect, it } from "vitest";
import { gradients } from "../../src/graph/backward.ts";
import { gradientRules } from "../../src/graph/gradients.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { Value } from "../../src/graph/graph.ts";
import * as a from "../../src/graph/operators/arithmetic.ts";
import { gather } from "../../src/graph/operators/indexing.ts";
import { nearestLevels, roundedTo } from "../../src/graph/operators/quantisation.ts";
import { reduceSum, reduceSumSquare } from "../../src/graph/operators/reduction.ts";
import { sizesOf, split } from "../../src/graph/operators/reshaping.ts";
import { averagePool, batchNorm, conv, convTranspose, maxPool } from "../../src/graph/operators/vision.ts";
import { withGradient } from "../../src/graph/own-gradient.ts";
import { drawn, expectClose, numbersOf, scalar } from "../tensors.ts";
import { runGraph } from "./run.ts";

/** For each operator without gradient, something built with it from pictures [1, 2, 4, 4]. */
const withoutGradient: Readonly<Record<string, (graph: Graph, x: Value) => Value>> = {
  Min: (_, x) => a.minimum(x, 1),
  Greater: (_, x) => a.cast(a.greater(x, 0), "float32"),
  GreaterOrEqual: (_, x) => a.cast(a.greaterOrEqual(x, 0), "float32"),
  Shape: (_, x) => a.cast(sizesOf(x, 0, 2), "float32"),
  ConvTranspose: (graph, x) => convTranspose(x, graph.constant(drawn([2, 1, 1, 1], "kernel")), { extra: [0, 0] }),
  AveragePool: (_, x) => averagePool(x, [2, 2]),
  MaxPool: (_, x) => maxPool(x, [2, 2]),
  BatchNormalization: (graph, x) => {
    const one = graph.constant(drawn([2], "per channel"));
    return batchNorm(x, { scale: one, shift: one, mean: one, variance: one }, 1);
  },
  QuantizeLinear: (_, x) => a.cast(nearestLevels(x, { scale: 1, zero: 0 }), "float32"),
  DequantizeLinear: (_, x) => roundedTo(x, { scale: 1, zero: 0 }),
};

describe("gradients refuse", () => {
  it("anything but a scalar", () => {
    const x = new Graph().input("x", [2]);
    expect(() => gradients(x, [x])).toThrow(
      expect.objectContaining({
        code: "GRAPH_GRADIENT",
        message: "gradients need a scalar, got float32[2]: reduce it first",
      }),
    );
  });

  it("named dimensions on the way, naming dimension and operator", () => {
    const graph = new Graph();
    const x = graph.input("x", ["batch", 3]);
    const message =
      'gradients need fixed sizes, but dimension "batch" of ReduceSumSquare(float32[batch, 3], int64[2]) is a name';
    expect(() => gradients(reduceSumSquare(x), [x])).toThrow(expect.objectContaining({ code: "GRAPH_SHAPE", message }));
  });

  it("a path through whole numbers or yes and no, which has no slope", () => {
    for (const type of ["int64", "bool"] as const) {
      const x = new Graph().input("x", [3]);
      expect(() => gradients(reduceSum(a.cast(a.cast(x, type), "float32")), [x])).toThrow(
        expect.objectContaining({ code: "GRAPH_GRADIENT", message: expect.stringContaining(type) as string }),
      );
    }
  });

  it("a path through an operator without gradient, naming it", () => {
    const graph = new Graph();
    const x = graph.input("x", [2, 3]);
    expect(() => gradients(reduceSum(a.minimum(x, 1)), [x])).toThrow(
      expect.objectContaining({
        code: "GRAPH_GRADIENT",
        message: expect.stringContaining("Min(float32[2, 3], float32[]) has no gradient"),
      }),
    );
  });

  it("a path through a grouped convolution, while the graph is built", () => {
    const graph = new Graph();
    const x = graph.input("x", [1, 4, 3, 3]);
    const y = conv(x, graph.constant(drawn([4, 1, 3, 3], "kernel")), { groups: 4 });
    expect(() => gradients(reduceSum(y), [x])).toThrow(
      expect.objectContaining({
        code: "GRAPH_GRADIENT",
        message:
          "Conv(float32[1, 4, 3, 3], float32[4, 1, 3, 3]) is grouped or dilated, and such a convolution has no gradient: keep it frozen",
      }),
    );
  });

  it.each(Object.entries(gradientRules).flatMap(([name, rule]) => (rule === "none" ? [name] : [])))(
    "a path through %s, which has none",
    (name) => {
      const graph = new Graph();
      const x = graph.input("pictures", [1, 2, 4, 4]);
      const loss = reduceSum(withoutGradient[name]!(graph, x));
      expect(() => gradients(loss, [x])).toThrow(
        expect.objectContaining({ code: "GRAPH_GRADIENT", message: expect.stringMatching(new RegExp(`^${name}\\(`)) }),
      );
    },
  );

  it("no such operator beside the way", async () => {
    const graph = new Graph();
    const [x, y] = [graph.input("x", [2]), graph.input("y", [2])];
    const [dx] = gradients(reduceSum(a.mul(x, a.minimum(y, 0.5))), [x]);
    const fed = { x: drawn([2], "x"), y: drawn([2], "y") };
    const { dx: found } = await runGraph(graph, { dx: dx! }, fed);
    expectClose(
      numbersOf(found),
      numbersOf(fed.y).map((value) => Math.min(value, 0.5)),
    );
  });
});

describe("a gradient", () => {
  it("is zero where the loss does not depend on a value", async () => {
    const graph = new Graph();
    const [x, y] = [graph.input("x", [2]), graph.input("y", [2, 3])];
    const [dx, dy] = gradients(reduceSum(x), [x, y]);
    const found = await runGraph(graph, { dx: dx!, dy: dy! }, {});
    expect(numbersOf(found["dx"])).toEqual([1, 1]);
    expect([found["dy"]!.shape, numbersOf(found["dy"])]).toEqual([
      [2, 3],
      [0, 0, 0, 0, 0, 0],
    ]);
  });

  it("is zero for what only decides which rows are picked", async () => {
    const graph = new Graph();
    const [x, table] = [graph.input("x", [2]), graph.input("table", [3])];
    const [dx] = gradients(reduceSum(gather(table, a.cast(x, "int64"))), [x]);
    expect(numbersOf((await runGraph(graph, { dx: dx! }, {}))["dx"])).toEqual([0, 0]);
  });

  it("of a scalar with respect to itself is 1", async () => {
    const graph = new Graph();
    const [dx] = gradients(graph.input("x", []), [graph.inputs[0]!]);
    expect(numbersOf((await runGraph(graph, { dx: dx! }, {}))["dx"])).toEqual([1]);
  });

  it("with respect to a value in between includes all its uses", async () => {
    const graph = new Graph();
    const x = graph.input("x", []);
    const square = a.mul(x, x);
    // loss = s³ + 2 s with s = x²: d/ds = 3 s² + 2, d/dx = (3 s² + 2) · 2 x
    const loss = a.add(a.mul(a.mul(square, square), square), a.mul(square, 2));
    const [ds, dx] = gradients(loss, [square, x]);
    const found = await runGraph(graph, { ds: ds!, dx: dx! }, { x: scalar(2) });
    expect([...numbersOf(found["ds"]), ...numbersOf(found["dx"])]).toEqual([50, 200]);
  });

  it("follows a value's own rule instead of the chain behind it, and adds to what comes by other ways", async () => {
    const graph = new Graph();
    const [x, y] = [graph.input("x", []), graph.input("y", [])];
    // A rule that is wrong on purpose: the chain would give y and x, and the rest of the loss gives 1 and 0.
    const product = withGradient(a.mul(x, y), [x, y], (slope) => [a.mul(slope, 10), undefined]);
    const [dx, dy] = gradients(a.add(a.mul(product, 2), x), [x, y]);
    const found = await runGraph(graph, { dx: dx!, dy: dy! }, { x: scalar(3), y: scalar(5) });
    expect([...numbersOf(found["dx"]), ...numbersOf(found["dy"])]).toEqual([21, 0]);
  });

  it("flows through the parts of a split that are used, and is zero in the others", async () => {
    const graph = new Graph();
    const x = graph.input("x", [4]);
    const [, middle] = split(x, [1, 2, 1], 0);
    const [dx] = gradients(reduceSum(a.mul(middle!, 3)), [x]);
    expect(numbersOf((await runGraph(graph, { dx: dx! }, {}))["dx"])).toEqual([0, 3, 3, 0]);
  });
});
