// Recurrent cells in the engine against plain loops of their equations.
import { describe, expect, it } from "vitest";
import { Graph } from "../../src/graph/graph.ts";
import type { CellState } from "../../src/nn/cells.ts";
import { cellInput, cellKinds, cells } from "../../src/nn/cells.ts";
import { declareParameters } from "../../src/nn/parameters.ts";
import { runGraph } from "../graph/run.ts";
import { drawn, expectClose, numbersOf } from "../tensors.ts";

const [rows, inputs, hidden] = [2, 3, 4];

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** One step of one row from the sums of input · weights + bias and of state · recurrent weights, gate by gate. */
type Equations = (input: readonly number[], recurrent: readonly number[], before: number[][], unit: number) => number[];

/** The state after, as a list with a number for each of the cell's states. */
const equations: { readonly [Kind in (typeof cellKinds)[number]]: Equations } = {
  lstm([i, f, o, c], [ri, rf, ro, rc], before, unit) {
    const cell = sigmoid(f! + rf!) * before[1]![unit]! + sigmoid(i! + ri!) * Math.tanh(c! + rc!);
    return [sigmoid(o! + ro!) * Math.tanh(cell), cell];
  },
  gru([r, z, n], [rr, rz, rn], before, unit) {
    const update = sigmoid(z! + rz!);
    const candidate = Math.tanh(n! + sigmoid(r! + rr!) * rn!);
    return [update * before[0]![unit]! + (1 - update) * candidate];
  },
  rnn: ([x], [rx]) => [Math.tanh(x! + rx!)],
};

describe.each(cellKinds)("the cell %s", (kind) => {
  const cell = cells[kind];
  const specs = cell.parameters("c", inputs, hidden);
  const weights = Object.fromEntries(Object.entries(specs).map(([name, { shape }]) => [name, drawn(shape, name)]));
  const steps = [0, 1, 2].map((step) => drawn([rows, inputs], `x${step}`, 2));

  it("follows its equations over several steps, row by row, from a state of zeros", async () => {
    const graph = new Graph();
    const p = declareParameters(graph, specs);
    let state: CellState | undefined;
    for (const step of steps.keys()) {
      state = cell.step(cellInput(p, "c", graph.input(`x${step}`, ["rows", inputs])), p["c.recurrent"]!, state);
    }
    expect(Object.keys(state!)).toEqual(cell.states);
    const found = await runGraph(graph, state!, {
      ...weights,
      ...Object.fromEntries(steps.map((x, step) => [`x${step}`, x])),
    });

    const width = cell.gates * hidden;
    const product = (x: readonly number[], weight: readonly number[], column: number): number =>
      x.reduce((sum, value, i) => sum + value * weight[i * width + column]!, 0);
    const [w, u, b] = ["c.input", "c.recurrent", "c.bias"].map((name) => numbersOf(weights[name])) as [
      number[],
      number[],
      number[],
    ];
    for (let row = 0; row < rows; row++) {
      let before = cell.states.map(() => Array<number>(hidden).fill(0));
      for (const step of steps) {
        const x = numbersOf(step).slice(row * inputs, (row + 1) * inputs);
        const after = Array.from({ length: hidden }, (_, unit) => {
          const columns = Array.from({ length: cell.gates }, (__, gate) => gate * hidden + unit);
          return equations[kind](
            columns.map((column) => product(x, w, column) + b[column]!),
            columns.map((column) => product(before[0]!, u, column)),
            before,
            unit,
          );
        });
        before = cell.states.map((_, i) => after.map((values) => values[i]!));
      }
      cell.states.forEach((name, i) =>
        expectClose(numbersOf(found[name]).slice(row * hidden, (row + 1) * hidden), before[i]!, 1e-6),
      );
    }
  });

  it("means zeros by no state", async () => {
    const graph = new Graph();
    const p = declareParameters(graph, specs);
    const input = cellInput(p, "c", graph.input("x0", [rows, inputs]));
    const zero = graph.constant({ ...drawn([rows, hidden], "", 0) });
    const zeros = Object.fromEntries(cell.states.map((name) => [name, zero]));
    const without = cell.step(input, p["c.recurrent"]!)["hidden"]!;
    const from = cell.step(input, p["c.recurrent"]!, zeros)["hidden"]!;
    const found = await runGraph(graph, { without, from }, { ...weights, x0: steps[0]! });
    expectClose(numbersOf(found["without"]), numbersOf(found["from"]), 1e-7);
  });
});
