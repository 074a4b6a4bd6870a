// Layers as functions from values to values. Parameters are handed in; nothing here owns a weight.
import type { Value } from "../graph/graph.ts";
import { add, div, mul, sigmoid, sqrt, sub, tanh } from "../graph/operators/arithmetic.ts";
import { gather } from "../graph/operators/indexing.ts";
import { gemm } from "../graph/operators/matrix.ts";
import { reduceMean } from "../graph/operators/reduction.ts";
import { fixedDim, split } from "../graph/operators/reshaping.ts";
import type { ParameterSpecs } from "./parameters.ts";
import { weightSpec } from "./parameters.ts";

/** x [rows, inputs] · weight [inputs, outputs] + bias [outputs] → [rows, outputs]. */
export function linear(x: Value, weight: Value, bias?: Value): Value {
  return gemm(x, weight, bias === undefined ? {} : { bias });
}

/** Rows of a table [words, size] picked by words [rows] (int64) → [rows, size]. */
export function embedding(words: Value, table: Value): Value {
  return gather(table, words);
}

/** (x − mean) / deviation along the last axis, without learned scale and shift (Ba, Kiros and Hinton 2016). */
export function standardise(x: Value, epsilon = 1e-5): Value {
  const centred = sub(x, reduceMean(x, { axes: [-1], keep: true }));
  const variance = reduceMean(mul(centred, centred), { axes: [-1], keep: true });
  return div(centred, sqrt(add(variance, epsilon)));
}

/** The parameters NAME.input, NAME.recurrent and NAME.bias of an LSTM; its forget gate starts open (Jozefowicz 2015). */
export function lstmParameters(name: string, inputs: number, hidden: number): ParameterSpecs {
  return {
    [`${name}.input`]: weightSpec(inputs, 4 * hidden),
    [`${name}.recurrent`]: weightSpec(hidden, 4 * hidden),
    [`${name}.bias`]: {
      shape: [4 * hidden],
      init: { kind: "ones-in", start: hidden, end: 2 * hidden },
      decay: false,
    },
  };
}

/** Hidden and cell state of an LSTM, each [rows, hidden]. */
export interface LstmState {
  readonly hidden: Value;
  readonly cell: Value;
}

/**
 * One LSTM step (Hochreiter and Schmidhuber 1997, with forget gate: Gers 2000). The input's share of the gates is computed
 * outside, for all steps at once.
 * @param gates [rows, 4 · hidden]: input · weights + bias, in the order input, forget, output, candidate.
 * @param recurrent [hidden, 4 · hidden].
 * @param state The state before; left out, it is zero, and its product is saved.
 */
export function lstmCell(gates: Value, recurrent: Value, state?: LstmState): LstmState {
  const hidden = fixedDim(recurrent, 0, "an LSTM");
  const sums = state === undefined ? gates : gemm(state.hidden, recurrent, { bias: gates });
  // Split once, before the sigmoids: each split, and each concatenation that it becomes in reverse, copies its whole input.
  const [input, forget, output, candidate] = split(sums, [hidden, hidden, hidden, hidden], 1) as [
    Value,
    Value,
    Value,
    Value,
  ];
  const written = mul(sigmoid(input), tanh(candidate));
  const cell = state === undefined ? written : add(mul(sigmoid(forget), state.cell), written);
  return { hidden: mul(sigmoid(output), tanh(cell)), cell };
}
