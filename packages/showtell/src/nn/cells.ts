// Recurrent cells as a closed table: LSTM, GRU and plain RNN behind one seam. Knows no words and no pictures.
import type { Value } from "../graph/graph.ts";
import { add, mul, sigmoid, sub, tanh } from "../graph/operators/arithmetic.ts";
import { gemm } from "../graph/operators/matrix.ts";
import { fixedDim, split } from "../graph/operators/reshaping.ts";
import { linear, lstmCell, lstmParameters } from "./layers.ts";
import type { Parameters, ParameterSpecs } from "./parameters.ts";
import { biasSpec, weightSpec } from "./parameters.ts";

/** The cells there are. */
export const cellKinds = ["lstm", "gru", "rnn"] as const;
/** The name of a cell, and of its parameters: `lstm.input`, `lstm.recurrent`, `lstm.bias`. */
export type CellKind = (typeof cellKinds)[number];

/** A cell's state by name, each [rows, hidden]; what it shows to the outside is `hidden`. */
export type CellState = Readonly<Record<string, Value>>;

/** A recurrent cell. */
export interface Cell {
  /** As people write it. */
  readonly title: string;
  /** How many hidden sizes wide its input's share is. */
  readonly gates: number;
  /** The names of its state's values. */
  readonly states: readonly string[];
  /** NAME.input [inputs, gates · hidden], NAME.recurrent [hidden, gates · hidden] and NAME.bias. */
  parameters(name: string, inputs: number, hidden: number): ParameterSpecs;
  /**
   * One step.
   * @param input [rows, gates · hidden]: the input's share, see {@link cellInput}.
   * @param recurrent [hidden, gates · hidden].
   * @param state The state before; left out, it is zero, and its product is saved.
   */
  step(input: Value, recurrent: Value, state?: CellState): CellState;
}

function plainParameters(gates: number): Cell["parameters"] {
  return (name, inputs, hidden) => ({
    [`${name}.input`]: weightSpec(inputs, gates * hidden),
    [`${name}.recurrent`]: weightSpec(hidden, gates * hidden),
    [`${name}.bias`]: biasSpec(gates * hidden),
  });
}

/** All cells. */
export const cells: { readonly [Kind in CellKind]: Cell } = {
  lstm: {
    title: "LSTM",
    gates: 4,
    states: ["hidden", "cell"],
    parameters: lstmParameters,
    step(input, recurrent, state) {
      const before = state && { hidden: state["hidden"]!, cell: state["cell"]! };
      const { hidden, cell } = lstmCell(input, recurrent, before);
      return { hidden, cell };
    },
  },
  // Cho et al. 2014, gates in the order reset, update, candidate. The reset gate multiplies the recurrent product, not the state before
  // it, so that one product serves all three.
  gru: {
    title: "GRU",
    gates: 3,
    states: ["hidden"],
    parameters: plainParameters(3),
    step(input, recurrent, state) {
      const size = fixedDim(recurrent, 0, "a GRU");
      const parts = (x: Value): Value[] => [...split(x, [size, size, size], 1)];
      const [reset, update, candidate] = parts(input) as [Value, Value, Value];
      if (state === undefined) return { hidden: mul(sub(1, sigmoid(update)), tanh(candidate)) };
      const before = state["hidden"]!;
      const [oldReset, oldUpdate, oldCandidate] = parts(gemm(before, recurrent)) as [Value, Value, Value];
      const kept = sigmoid(add(update, oldUpdate));
      const proposed = tanh(add(candidate, mul(sigmoid(add(reset, oldReset)), oldCandidate)));
      return { hidden: add(proposed, mul(kept, sub(before, proposed))) };
    },
  },
  // Elman 1990.
  rnn: {
    title: "RNN",
    gates: 1,
    states: ["hidden"],
    parameters: plainParameters(1),
    step: (input, recurrent, state) => ({
      hidden: tanh(state === undefined ? input : gemm(state["hidden"]!, recurrent, { bias: input })),
    }),
  },
};

/** The input's share of a cell's gates, for any number of rows or steps at once: x [n, inputs] → [n, gates · hidden]. */
export function cellInput(p: Parameters, name: string, x: Value): Value {
  return linear(x, p[`${name}.input`]!, p[`${name}.bias`]);
}
