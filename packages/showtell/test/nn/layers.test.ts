// Layers in the engine against plain loops.
import { describe, expect, it } from "vitest";
import type { Tensor } from "../../src/base/tensor.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { LstmState } from "../../src/nn/layers.ts";
import { embedding, linear, lstmCell, standardise } from "../../src/nn/layers.ts";
import { runGraph } from "../graph/run.ts";
import { drawn, expectClose, floats, integers, numbersOf } from "../tensors.ts";

describe("linear", () => {
  const x = floats([2, 2], [1, 2, 3, 4]);
  const weight = floats([2, 3], [1, 0, 2, 0, 1, 3]);

  it("is x · weight, plus the bias if there is one", async () => {
    const graph = new Graph();
    const [input, matrix] = [graph.input("x", ["rows", 2]), graph.parameter("weight", [2, 3])];
    const outputs = { plain: linear(input, matrix), biased: linear(input, matrix, graph.parameter("bias", [3])) };
    const found = await runGraph(graph, outputs, { x, weight, bias: floats([3], [10, 20, 30]) });
    expect(numbersOf(found["plain"])).toEqual([1, 2, 8, 3, 4, 18]);
    expect(numbersOf(found["biased"])).toEqual([11, 22, 38, 13, 24, 48]);
  });
});

describe("embedding", () => {
  it("picks rows of the table, in the order of the words", async () => {
    const graph = new Graph();
    const rows = embedding(graph.input("words", ["n"], "int64"), graph.parameter("table", [3, 2]));
    const feeds = { words: integers([2, 0, 2]), table: floats([3, 2], [1, 2, 3, 4, 5, 6]) };
    const { rows: found } = await runGraph(graph, { rows }, feeds);
    expect([found!.shape, numbersOf(found)]).toEqual([
      [3, 2],
      [5, 6, 1, 2, 5, 6],
    ]);
  });
});

async function standardised(input: Tensor, epsilon?: number): Promise<number[]> {
  const graph = new Graph();
  const y = standardise(graph.input("x", ["rows", 5]), epsilon);
  return numbersOf((await runGraph(graph, { y }, { x: input }))["y"]);
}

describe("standardise", () => {
  const x = drawn([3, 5], "x", 10);

  it("gives each row mean 0 and deviation 1", async () => {
    const y = await standardised(x);
    for (let row = 0; row < 3; row++) {
      const values = y.slice(5 * row, 5 * row + 5);
      expectClose([values.reduce((sum, value) => sum + value, 0)], [0], 1e-5);
      expectClose([values.reduce((sum, value) => sum + value * value, 0) / 5], [1], 1e-4);
    }
  });

  it("is (x − mean) / √(variance + ε), which is 0 where all elements are equal", async () => {
    const values = [1, 2, 3, 4, 10];
    const [mean, variance] = [4, 10];
    const equal = [7, 7, 7, 7, 7];
    const y = await standardised(floats([2, 5], [...values, ...equal]), 0.5);
    expectClose(y, [...values.map((value) => (value - mean) / Math.sqrt(variance + 0.5)), 0, 0, 0, 0, 0]);
  });
});

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

describe("an LSTM cell", () => {
  const [rows, hidden] = [3, 4];
  const recurrent = drawn([hidden, 4 * hidden], "recurrent");
  const steps = [0, 1, 2].map((step) => drawn([rows, 4 * hidden], `gates ${step}`, 2));

  /** One step of one row, from the equations: gates in the order input, forget, output, candidate. */
  function plainStep(
    gates: readonly number[],
    h: readonly number[],
    c: readonly number[],
  ): { h: number[]; c: number[] } {
    const sums = gates.map((gate, j) =>
      h.reduce((sum, value, i) => sum + value * Number(recurrent.data[i * 4 * hidden + j]), gate),
    );
    const cell = c.map((value, k) => {
      const [i, f, , g] = [0, 1, 2, 3].map((gate) => sums[gate * hidden + k]!) as [number, number, number, number];
      return sigmoid(f) * value + sigmoid(i) * Math.tanh(g);
    });
    return { h: cell.map((value, k) => sigmoid(sums[2 * hidden + k]!) * Math.tanh(value)), c: cell };
  }

  it("follows its equations over several steps, row by row", async () => {
    const graph = new Graph();
    const weight = graph.parameter("recurrent", [hidden, 4 * hidden]);
    let state: LstmState | undefined;
    for (const step of steps.keys()) state = lstmCell(graph.input(`gates${step}`, ["rows", 4 * hidden]), weight, state);
    const feeds = { recurrent, ...Object.fromEntries(steps.map((gates, step) => [`gates${step}`, gates])) };
    const found = await runGraph(graph, { hidden: state!.hidden, cell: state!.cell }, feeds);

    for (let row = 0; row < rows; row++) {
      let [h, c] = [Array<number>(hidden).fill(0), Array<number>(hidden).fill(0)];
      for (const gates of steps)
        ({ h, c } = plainStep(numbersOf(gates).slice(row * 4 * hidden, (row + 1) * 4 * hidden), h, c));
      expectClose(numbersOf(found["hidden"]).slice(row * hidden, (row + 1) * hidden), h, 1e-6);
      expectClose(numbersOf(found["cell"]).slice(row * hidden, (row + 1) * hidden), c, 1e-6);
    }
  });

  it("starts from zeros where no state is given, without a product", async () => {
    const graph = new Graph();
    const weight = graph.parameter("recurrent", [hidden, 4 * hidden]);
    const gates = graph.input("gates", [rows, 4 * hidden]);
    const zeros = graph.constant(floats([rows, hidden], new Float32Array(rows * hidden)));
    const [without, withZeros] = [lstmCell(gates, weight), lstmCell(gates, weight, { hidden: zeros, cell: zeros })];
    const outputs = { without: without.hidden, with: withZeros.hidden, cell: without.cell, zeroCell: withZeros.cell };
    const found = await runGraph(graph, outputs, { gates: steps[0]!, recurrent });
    expectClose(numbersOf(found["without"]), numbersOf(found["with"]), 1e-7);
    expectClose(numbersOf(found["cell"]), numbersOf(found["zeroCell"]), 1e-7);
  });
});
