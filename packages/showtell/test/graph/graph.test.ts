// A graph under construction: what is built once, what is refused, and what named dimensions do.
import { describe, expect, it } from "vitest";
import { Graph } from "../../src/graph/graph.ts";
import { add, exp, mul } from "../../src/graph/operators/arithmetic.ts";
import { gemm, transpose } from "../../src/graph/operators/matrix.ts";
import { reduceSum, reduceSumSquare, softmax } from "../../src/graph/operators/reduction.ts";
import { concat, expand, reshape, slice, split } from "../../src/graph/operators/reshaping.ts";
import { expectClose, floats, numbersOf, scalar } from "../tensors.ts";
import { runGraph } from "./run.ts";

describe("equal applications", () => {
  it("are one node", () => {
    const graph = new Graph();
    const [x, y] = [graph.input("x", [2, 2]), graph.input("y", [2, 2])];
    expect(add(x, y)).toBe(add(x, y));
    expect(mul(exp(x), 2)).toBe(mul(exp(x), 2));
    expect(gemm(x, y, { transposeA: true })).toBe(gemm(x, y, { transposeA: true, transposeB: false }));
    expect(split(x, [1, 1], 0)[1]).toBe(split(x, [1, 1], -2)[1]);
  });

  it("with other inputs, or the same in another order, are not", () => {
    const graph = new Graph();
    const [x, y] = [graph.input("x", [2, 2]), graph.input("y", [2, 2])];
    expect(add(x, y)).not.toBe(add(y, x));
    expect(exp(x)).not.toBe(exp(y));
    expect(mul(x, 2)).not.toBe(mul(x, 3));
  });

  it("with other attributes are not", () => {
    const graph = new Graph();
    const x = graph.input("x", [2, 2, 2]);
    const y = graph.input("y", [2, 2]);
    expect(transpose(x, [0, 2, 1])).not.toBe(transpose(x, [1, 0, 2]));
    expect(gemm(y, y, { transposeA: true })).not.toBe(gemm(y, y, { transposeB: true }));
    expect(reduceSum(x, { axes: [0], keep: true })).not.toBe(reduceSum(x, { axes: [0] }));
    expect(concat([x, x], 0)).not.toBe(concat([x, x], 1));
  });

  it("with other attributes compute other things", async () => {
    const graph = new Graph();
    const x = graph.input("x", [1, 2]);
    const outputs = { rows: concat([x, x], 0), columns: concat([x, x], 1) };
    const { rows, columns } = await runGraph(graph, outputs, { x: floats([1, 2], [1, 2]) });
    expect([rows!.shape, columns!.shape]).toEqual([
      [2, 2],
      [1, 4],
    ]);
  });
});

describe("constants", () => {
  it("are shared where type, shape and elements are the same, down to the sign of zero", () => {
    const graph = new Graph();
    expect(graph.scalar(0.5)).toBe(graph.scalar(0.5));
    expect(graph.constant(floats([2], [1, 2]))).toBe(graph.constant(floats([2], [1, 2])));
    expect(graph.constant(floats([2], [1, 2]))).not.toBe(graph.constant(floats([2, 1], [1, 2])));
    expect(graph.scalar(1)).not.toBe(graph.scalar(1, "float64"));
    expect(graph.scalar(0)).not.toBe(graph.scalar(-0));
  });

  it("stand for numbers in the type of the other operand", () => {
    const graph = new Graph();
    expect(add(graph.input("x", [], "float64"), 1).dtype).toBe("float64");
    expect(mul(2, graph.input("n", [3], "int64")).dtype).toBe("int64");
  });
});

describe("what changes nothing", () => {
  it("adds no node: the same shape, all of an axis, one part, one operand", () => {
    const graph = new Graph();
    const x = graph.input("x", [2, 3]);
    expect(reshape(x, [2, 3])).toBe(x);
    expect(expand(x, [2, 3])).toBe(x);
    expect(slice(x, 1, 0, 3)).toBe(x);
    expect(split(x, [3], 1)).toEqual([x]);
    expect(concat([x], 1)).toBe(x);
    const one = graph.input("one", []);
    expect(reduceSum(one)).toBe(one);
  });

  it("does not include squaring: the sum of squares of a scalar is its square", async () => {
    const graph = new Graph();
    const x = graph.input("x", []);
    expectClose(numbersOf((await runGraph(graph, { y: reduceSumSquare(x) }, { x: scalar(-3) }))["y"]), [9]);
  });
});

describe("a graph refuses", () => {
  it("a second input or parameter of one name", () => {
    const graph = new Graph();
    graph.input("x", [2]);
    expect(() => graph.parameter("x", [2])).toThrow(
      expect.objectContaining({ code: "GRAPH_SHAPE", message: expect.stringContaining('"x"') }),
    );
  });

  it("values of another graph", () => {
    const x = new Graph().input("x", [2]);
    const y = new Graph().input("y", [2]);
    expect(() => add(x, y)).toThrow("Add(float32[2], float32[2]): its inputs belong to different graphs");
  });

  it("an operator of numbers alone, and numbers among bools", () => {
    const graph = new Graph();
    expect(() => add(1, 2)).toThrow(expect.objectContaining({ code: "GRAPH_SHAPE" }));
    expect(() => add(graph.input("b", [2], "bool"), 1)).toThrow(/a number cannot stand for a bool scalar/);
  });
});

describe("a named dimension", () => {
  const graph = new Graph();
  const x = graph.input("x", ["batch", 6]);

  it("passes through operators that keep it", () => {
    const weight = graph.parameter("weight", [6, 4]);
    expect(add(x, 1).shape).toEqual(["batch", 6]);
    expect(gemm(x, weight).shape).toEqual(["batch", 4]);
    expect(softmax(x).shape).toEqual(["batch", 6]);
    expect(reshape(x, ["batch", 2, 3]).shape).toEqual(["batch", 2, 3]);
    expect(transpose(x, [1, 0]).shape).toEqual([6, "batch"]);
    expect(concat([x, x], 1).shape).toEqual(["batch", 12]);
    expect(reduceSum(x, { axes: [0] }).shape).toEqual([6]);
  });

  it("broadcasts against 1 and itself, but not against another name", () => {
    expect(add(x, graph.input("same", ["batch", 1])).shape).toEqual(["batch", 6]);
    expect(add(graph.input("one", [1, 6]), x).shape).toEqual(["batch", 6]);
    expect(() => add(x, graph.input("other", ["rows", 6]))).toThrow("float32[rows, 6]): shapes do not broadcast");
  });

  it("can't be a size to expand to, and the message says which", () => {
    expect(() => expand(graph.scalar(1), ["batch", 6])).toThrow('dimension "batch" of [batch, 6] is a name');
  });
});
