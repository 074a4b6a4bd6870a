// What becomes of a graph when it is exported: inputs, parameters, outputs and their names, seen through the real engine.
import { describe, expect, it } from "vitest";
import { zeros } from "../../src/base/tensor.ts";
import type { Tensors } from "../../src/engine/session.ts";
import { exportModel } from "../../src/graph/export.ts";
import type { ExportOptions } from "../../src/graph/export.ts";
import type { Value } from "../../src/graph/graph.ts";
import { Graph } from "../../src/graph/graph.ts";
import { add, mul, sqrt } from "../../src/graph/operators/arithmetic.ts";
import { reshape, split } from "../../src/graph/operators/reshaping.ts";
import { openSession } from "../../src/node/ort-session.ts";
import { floats, numbersOf } from "../tensors.ts";

/** Exports, runs once and reports what the model takes and gives. */
async function runExported(
  graph: Graph,
  outputs: Readonly<Record<string, Value>>,
  feeds: Tensors,
  parameters: ExportOptions["parameters"] = "inputs",
): Promise<{ readonly takes: readonly string[]; readonly gives: Readonly<Record<string, number[]>> }> {
  const session = await openSession(exportModel(graph, outputs, { parameters }), { threads: 1 });
  const results = await session.run(feeds);
  await session.dispose();
  const gives = Object.fromEntries(Object.entries(results).map(([name, value]) => [name, numbersOf(value)]));
  return { takes: session.inputNames, gives };
}

const pair = floats([2], [1, 2]);
const other = floats([2], [10, 20]);

describe("an exported model", () => {
  it("leaves out inputs and parameters that no output needs", async () => {
    const graph = new Graph();
    const [x, unused] = [graph.input("x", [2]), graph.input("unused", [2])];
    const [weight, idle] = [graph.parameter("weight", [2]), graph.parameter("idle", [2])];
    mul(unused, idle);
    const { takes, gives } = await runExported(graph, { y: mul(x, weight) }, { x: pair, weight: other });
    expect(takes).toEqual(["x", "weight"]);
    expect(gives).toEqual({ y: [10, 40] });
  });

  it("takes parameters as inputs or holds them, with equal results", async () => {
    const graph = new Graph();
    const y = mul(graph.input("x", [2]), graph.parameter("weight", [2]));
    const fed = await runExported(graph, { y }, { x: pair, weight: other });
    const held = await runExported(graph, { y }, { x: pair }, () => other);
    expect(fed.takes).toEqual(["x", "weight"]);
    expect(held.takes).toEqual(["x"]);
    expect(held.gives).toEqual(fed.gives);
  });

  it("holds a parameter whose bytes are written straight into it", async () => {
    const graph = new Graph();
    const y = mul(graph.input("x", [2]), graph.parameter("weight", [2]));
    const written = { write: (target: Uint8Array) => target.set(new Uint8Array(other.data.buffer)) };
    expect((await runExported(graph, { y }, { x: pair }, () => written)).gives).toEqual({ y: [10, 40] });
  });

  it("copies outputs that are inputs, parameters or constants", async () => {
    const graph = new Graph();
    const outputs = { a: graph.input("x", [2]), b: graph.parameter("weight", [2]), c: graph.scalar(7) };
    const { gives } = await runExported(graph, outputs, { x: pair, weight: other });
    expect(gives).toEqual({ a: [1, 2], b: [10, 20], c: [7] });
  });

  it("gives a value under every name it is wanted by", async () => {
    const graph = new Graph();
    const x = graph.input("x", [2]);
    const sum = add(x, x);
    const { gives } = await runExported(graph, { first: sum, second: sum, third: mul(sum, sum) }, { x: pair });
    expect(gives).toEqual({ first: [2, 4], second: [2, 4], third: [4, 16] });
  });

  it("gives one part of a split whose other parts nobody needs", async () => {
    const graph = new Graph();
    const [, second] = split(graph.input("x", [2]), [1, 1], 0);
    expect((await runExported(graph, { second: second! }, { x: pair })).gives).toEqual({ second: [2] });
  });

  it("takes another size of a named dimension at every run", async () => {
    const graph = new Graph();
    const x = graph.input("x", ["rows", 2]);
    const model = exportModel(graph, { y: add(x, graph.input("y0", ["rows", 1])) }, { parameters: "inputs" });
    const session = await openSession(model, { threads: 1 });
    const small = await session.run({ x: floats([1, 2], [1, 2]), y0: floats([1, 1], [5]) });
    const large = await session.run({ x: floats([2, 2], [1, 2, 3, 4]), y0: floats([2, 1], [5, 6]) });
    await session.dispose();
    expect([small["y"]!.shape, numbersOf(small["y"])]).toEqual([
      [1, 2],
      [6, 7],
    ]);
    expect([large["y"]!.shape, numbersOf(large["y"])]).toEqual([
      [2, 2],
      [6, 7, 9, 10],
    ]);
  });

  it("finds a named dimension at another place of a new shape", async () => {
    const graph = new Graph();
    const y = reshape(graph.input("x", [2, "columns", 3]), ["columns", 6]);
    const session = await openSession(exportModel(graph, { y }, { parameters: "inputs" }), { threads: 1 });
    const { y: found } = await session.run({ x: floats([2, 4, 3], Array(24).keys()) });
    await session.dispose();
    expect(found!.shape).toEqual([4, 6]);
  });

  it("is not confused by inputs that are named like its own values", async () => {
    const graph = new Graph();
    const x = graph.input("v1", [2]);
    const outputs = { v2: sqrt(mul(x, x)), v0: mul(x, x) };
    expect((await runExported(graph, outputs, { v1: pair })).gives).toEqual({ v2: [1, 2], v0: [1, 4] });
  });

  it("refuses an output with the name of an input or parameter it needs", () => {
    const graph = new Graph();
    const state = graph.input("state", [2]);
    const weight = graph.parameter("weight", [2]);
    const next = mul(state, weight);
    const named = (name: string): void => void exportModel(graph, { [name]: next }, { parameters: "inputs" });
    const expected = { code: "GRAPH_SHAPE", message: expect.stringContaining('output "state" has the name') };
    expect(() => named("state")).toThrow(expect.objectContaining(expected));
    expect(() => named("weight")).toThrow(/output "weight" has the name of an input or parameter/);
    expect(() => named("next")).not.toThrow();
  });

  it("refuses contents of another shape or type, naming the parameter", () => {
    const graph = new Graph();
    const y = mul(graph.input("x", [2]), graph.parameter("weight", [2]));
    for (const [wrong, described] of [
      [floats([3], [1, 2, 3]), "float32[3]"],
      [zeros("float64", [2]), "float64[2]"],
    ] as const) {
      const message = `parameter "weight" is float32[2], but its tensor is ${described}`;
      expect(() => exportModel(graph, { y }, { parameters: () => wrong })).toThrow(
        expect.objectContaining({ code: "GRAPH_SHAPE", message }),
      );
    }
  });
});
