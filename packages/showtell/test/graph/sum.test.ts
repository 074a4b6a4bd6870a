// Gradients that several uses of a value contribute to: added up in few large operations, to the same sum.
import { describe, expect, it } from "vitest";
import { gradients } from "../../src/graph/backward.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { Node, Value } from "../../src/graph/graph.ts";
import { neededBy } from "../../src/graph/needed.ts";
import * as a from "../../src/graph/operators/arithmetic.ts";
import { gather, gatherElements, scatterAdd } from "../../src/graph/operators/indexing.ts";
import { gemm } from "../../src/graph/operators/matrix.ts";
import { logSoftmax, reduceSum, softmax } from "../../src/graph/operators/reduction.ts";
import { expand } from "../../src/graph/operators/reshaping.ts";
import { scatteredOnZeros, zerosLike } from "../../src/graph/sum.ts";
import { drawn, expectClose, integers, numbersOf } from "../tensors.ts";
import { runGraph } from "./run.ts";

function nodesOf(operator: string, ...values: readonly Value[]): readonly Node[] {
  return neededBy(values).nodes.filter((node) => node.operator.name === operator);
}

/** Ways to look up rows of a table [4, 3]. */
const lookUps: Readonly<Record<string, (table: Value, rows: readonly number[]) => Value>> = {
  "by rows": (table, rows) => gather(table, table.graph.constant(integers(rows))),
  "element by element": (table, rows) => {
    const indices = integers(
      rows.flatMap((row) => [row, row, row]),
      [rows.length, 3],
    );
    return gatherElements(table, table.graph.constant(indices), 0);
  },
};

/** Two look-ups and a product of one table, as separate losses. */
function losses(
  graph: Graph,
  lookUp: (table: Value, rows: readonly number[]) => Value,
): { readonly table: Value; readonly terms: readonly Value[] } {
  const table = graph.parameter("table", [4, 3]);
  const rows = [lookUp(table, [1, 1, 3]), lookUp(table, [0, 1])];
  const weights = rows.map(({ shape }, at) => graph.constant(drawn(shape as readonly number[], `weights ${at}`)));
  const product = gemm(graph.constant(drawn([5, 3], "left")), table, { transposeB: true });
  return {
    table,
    terms: [
      reduceSum(a.mul(rows[0]!, weights[0]!)),
      reduceSum(a.tanh(product)),
      reduceSum(a.mul(rows[1]!, weights[1]!)),
    ],
  };
}

describe("a weight used at every time step", () => {
  const steps = 4;

  /** h ← tanh(h · W), `steps` times; the loss is the sum of the last. */
  function unrolled(graph: Graph): { readonly weight: Value; readonly loss: Value } {
    const weight = graph.parameter("weight", [3, 3]);
    let hidden = graph.input("hidden", [2, 3]);
    for (let step = 0; step < steps; step++) hidden = a.tanh(gemm(hidden, weight));
    return { weight, loss: reduceSum(hidden) };
  }

  it("gets its gradient from one product over all steps", () => {
    const { weight, loss } = unrolled(new Graph());
    const [slope] = gradients(loss, [weight]);
    const products = nodesOf("Gemm", slope!).filter((node) => node.attributes["transA"] === 1);
    expect(products).toHaveLength(1);
    expect(products[0]!.inputs.map(({ shape }) => shape)).toEqual([
      [2 * steps, 3],
      [2 * steps, 3],
    ]);
    expect(nodesOf("Add", slope!)).toHaveLength(0);
  });

  it("shares that product's left side with another weight that sees the same values", () => {
    const graph = new Graph();
    const [first, second] = [graph.parameter("first", [3, 3]), graph.parameter("second", [3, 2])];
    const inputs = [0, 1, 2].map((step) => graph.input(`x${step}`, [2, 3]));
    // The uses of the two are met in different orders.
    const uses = [...inputs.map((x) => gemm(x, first)), ...inputs.toReversed().map((x) => gemm(x, second))];
    const loss = uses.map((use) => reduceSum(a.tanh(use))).reduce((sum, term) => a.add(sum, term));
    const slopes = gradients(loss, [first, second]);
    const lefts = nodesOf("Gemm", ...slopes).flatMap((node) =>
      node.attributes["transA"] === 1 ? [node.inputs[0]] : [],
    );
    expect(lefts).toHaveLength(2);
    expect(lefts[0]).toBe(lefts[1]);
  });

  it("gets the gradient that finite differences give", async () => {
    const graph = new Graph();
    const { weight, loss } = unrolled(graph);
    const [slope] = gradients(loss, [weight]);
    const feeds = { hidden: drawn([2, 3], "hidden"), weight: drawn([3, 3], "weight") };
    const { slope: built } = await runGraph(graph, { slope: slope! }, feeds);
    const lossAt = async (): Promise<number> => numbersOf((await runGraph(graph, { loss }, feeds))["loss"])[0]!;
    const numeric: number[] = [];
    for (const element of feeds.weight.data.keys()) {
      const original = feeds.weight.data[element]!;
      feeds.weight.data[element] = original + 1e-2;
      const above = await lossAt();
      feeds.weight.data[element] = original - 1e-2;
      const below = await lossAt();
      feeds.weight.data[element] = original;
      numeric.push((above - below) / 2e-2);
    }
    expectClose(numbersOf(built), numeric, 1e-3);
  });
});

describe.each(Object.entries(lookUps))("a table that is both multiplied and looked up %s", (_, lookUp) => {
  it("gets the sum of the gradients of each use", async () => {
    const graph = new Graph();
    const { table, terms } = losses(graph, lookUp);
    const [together] = gradients(
      terms.reduce((sum, term) => a.add(sum, term)),
      [table],
    );
    const alone = terms.map((term) => gradients(term, [table])[0]!);
    const outputs = { together: together!, alone0: alone[0]!, alone1: alone[1]!, alone2: alone[2]! };
    const found = await runGraph(graph, outputs, { table: drawn([4, 3], "table") });
    const sums = numbersOf(found["alone0"]).map(
      (value, i) => value + numbersOf(found["alone1"])[i]! + numbersOf(found["alone2"])[i]!,
    );
    expectClose(numbersOf(found["together"]), sums, 1e-6);
    expect(numbersOf(found["together"]).some((value) => Math.abs(value) > 0.1)).toBe(true);
  });

  it("starts from zeros where look-ups are all there is", async () => {
    const graph = new Graph();
    const { table, terms } = losses(graph, lookUp);
    const [slope] = gradients(a.add(terms[0]!, terms[2]!), [table]);
    const { slope: found } = await runGraph(graph, { slope: slope! }, { table: drawn([4, 3], "table") });
    const expected = new Float32Array(12);
    [
      [1, 1, 3],
      [0, 1],
    ].forEach((rows, at) => {
      const weights = numbersOf(drawn([rows.length, 3], `weights ${at}`));
      weights.forEach((value, i) => (expected[3 * rows[Math.floor(i / 3)]! + (i % 3)]! += value));
    });
    expectClose(numbersOf(found), expected, 1e-6);
    expect(numbersOf(found).slice(6, 9)).toEqual([0, 0, 0]);
  });
});

describe("what is scattered onto zeros", () => {
  it.each(Object.keys(lookUps))(
    "is scattered onto the rest of a sum instead of being added to it: look-ups %s",
    (way) => {
      const { table, terms } = losses(new Graph(), lookUps[way]!);
      const [slope] = gradients(
        terms.reduce((sum, term) => a.add(sum, term)),
        [table],
      );
      const [first, second, ...more] = nodesOf("ScatterElements", slope!).map(({ inputs }) => inputs[0]!);
      expect(more).toEqual([]);
      // The first begins with the product (whose factor needs another), the second with the first.
      expect([nodesOf("Gemm", first!).length, nodesOf("ScatterElements", first!).length]).toEqual([2, 0]);
      expect([nodesOf("Gemm", second!).length, nodesOf("ScatterElements", second!).length]).toEqual([2, 1]);
      expect(nodesOf("Add", slope!).some(({ outputs }) => outputs[0]!.dtype === table.dtype)).toBe(false);
    },
  );

  it("is told from what is scattered onto anything else", () => {
    const graph = new Graph();
    const indices = graph.constant(integers([1, 0]));
    const updates = graph.input("updates", [2]);
    const onto = (start: Value): Value => scatterAdd(start, indices, updates, 0);
    expect(scatteredOnZeros(onto(zerosLike(updates)))).toEqual({ indices, updates, axis: 0 });
    expect(scatteredOnZeros(onto(expand(graph.scalar(1), [2])))).toBeUndefined();
    expect(scatteredOnZeros(onto(graph.input("start", [2])))).toBeUndefined();
    expect(scatteredOnZeros(updates)).toBeUndefined();
  });
});

describe("the gradient of a picked log-probability", () => {
  it("is one-hot minus softmax, with one scatter onto the dense part and none onto zeros", async () => {
    const graph = new Graph();
    const x = graph.input("x", [2, 4]);
    const picked = gatherElements(logSoftmax(x), graph.constant(integers([2, 0], [2, 1])), 1);
    const [dx] = gradients(reduceSum(picked), [x]);
    const { dx: found, y } = await runGraph(graph, { dx: dx!, y: softmax(x) }, { x: drawn([2, 4], "logits") });
    const oneHot = [0, 0, 1, 0, 1, 0, 0, 0];
    expectClose(
      numbersOf(found),
      numbersOf(y).map((probability, i) => oneHot[i]! - probability),
      1e-6,
    );
    const scatters = nodesOf("ScatterElements", dx!);
    expect(scatters).toHaveLength(1);
    expect(scatters[0]!.inputs[0]!.source).toMatchObject({ kind: "node", node: { operator: { name: "Mul" } } });
  });
});
