// The gradient of a whole small language model, layers and loss together, against a directional derivative in double precision.
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../src/base/random.ts";
import type { Tensor } from "../../src/base/tensor.ts";
import { sizeOf, tensor } from "../../src/base/tensor.ts";
import { gradients } from "../../src/graph/backward.ts";
import { exportModel } from "../../src/graph/export.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { Value } from "../../src/graph/graph.ts";
import { concat, split } from "../../src/graph/operators/reshaping.ts";
import { openSession } from "../../src/node/ort-session.ts";
import type { LstmState } from "../../src/nn/layers.ts";
import { embedding, linear, lstmCell, standardise } from "../../src/nn/layers.ts";
import { crossEntropy } from "../../src/nn/losses.ts";
import { expectClose, integers, numbersOf } from "../tensors.ts";

const [rows, steps, words, size, hidden] = [2, 3, 6, 4, 3];

const shapes: Readonly<Record<string, readonly number[]>> = {
  picture: [rows, 5],
  image: [5, size],
  table: [words, size],
  input: [size, 4 * hidden],
  bias: [4 * hidden],
  recurrent: [hidden, 4 * hidden],
  output: [hidden, words],
  outputBias: [words],
};

function lossOf(graph: Graph, p: Readonly<Record<string, Value>>): Value {
  const gates = (x: Value): Value => linear(x, p["input"]!, p["bias"]);
  const picture = linear(standardise(p["picture"]!), p["image"]!);
  const read = graph.constant(integers([1, 1, 4, 5, 3, 4]));
  const inputs = split(gates(embedding(read, p["table"]!)), Array<number>(steps).fill(rows), 0);
  let state: LstmState = lstmCell(gates(picture), p["recurrent"]!);
  const outputs = inputs.map((input) => {
    state = lstmCell(input, p["recurrent"]!, state);
    return state.hidden;
  });
  const weights = tensor("float64", [rows * steps], Float64Array.of(1, 1, 1, 0.5, 0, -1));
  return crossEntropy({
    logits: linear(concat(outputs, 0), p["output"]!, p["outputBias"]),
    targets: graph.constant(integers([4, 5, 3, 4, 2, 2])),
    weights: graph.constant(weights),
    normaliser: graph.scalar(3, "float64"),
    words,
    smoothing: 0.1,
  }).loss;
}

describe("the loss of a whole model", () => {
  it("changes along any direction as its gradients say", async () => {
    const random = seededRandom(3);
    const draw = (): Record<string, Tensor<"float64">> =>
      Object.fromEntries(
        Object.entries(shapes).map(([name, shape]) => [
          name,
          tensor(
            "float64",
            shape,
            Float64Array.from({ length: sizeOf(shape) }, () => random.normal()),
          ),
        ]),
      );
    const graph = new Graph();
    const p = Object.fromEntries(
      Object.entries(shapes).map(([name, shape]) => [name, graph.parameter(name, shape, "float64")]),
    );
    const loss = lossOf(graph, p);
    const slopes = gradients(loss, Object.values(p));
    const outputs = { loss, ...Object.fromEntries(Object.keys(p).map((name, i) => [`d.${name}`, slopes[i]!])) };
    const session = await openSession(exportModel(graph, outputs, { parameters: "inputs" }), { threads: 1 });
    const at = draw();
    const found = await session.run(at);

    const step = 1e-6;
    for (let direction = 0; direction < 5; direction++) {
      const along = draw();
      const lossAt = async (way: number): Promise<number> => {
        const moved = Object.entries(at).map(([name, { shape, data }]) => [
          name,
          tensor(
            "float64",
            shape,
            data.map((value, i) => value + way * along[name]!.data[i]!),
          ),
        ]);
        return numbersOf((await session.run(Object.fromEntries(moved) as typeof at))["loss"])[0]!;
      };
      const numeric = ((await lossAt(step)) - (await lossAt(-step))) / (2 * step);
      let built = 0;
      for (const name of Object.keys(at)) {
        numbersOf(found[`d.${name}`]).forEach((slope, i) => (built += slope * along[name]!.data[i]!));
      }
      expect(Math.abs(built)).toBeGreaterThan(1e-2);
      expectClose([built], [numeric], 1e-8);
    }
    for (const name of Object.keys(at)) expect(numbersOf(found[`d.${name}`]).some((slope) => slope !== 0)).toBe(true);
    await session.dispose();
  });
});
