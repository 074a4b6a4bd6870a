// The contract of the session port as tests, for every platform that implements it. Knows no runtime.
import { afterEach, describe, expect, it } from "vitest";
import type { DType, Tensor } from "../../src/base/tensor.ts";
import { bytesOf, tensor, viewAs, zeros } from "../../src/base/tensor.ts";
import type { OpenSession, Session, SessionOptions } from "../../src/engine/session.ts";
import { exportModel } from "../../src/graph/export.ts";
import type { Value } from "../../src/graph/graph.ts";
import { Graph } from "../../src/graph/graph.ts";
import { add, mul, relu } from "../../src/graph/operators/arithmetic.ts";
import { scatterAdd } from "../../src/graph/operators/indexing.ts";
import { matmul } from "../../src/graph/operators/matrix.ts";
import { reduceSum, softmax } from "../../src/graph/operators/reduction.ts";
import { drawn, floats, integers, numbersOf } from "../tensors.ts";

function modelOf(build: (graph: Graph) => Readonly<Record<string, Value>>): Uint8Array {
  const graph = new Graph();
  return exportModel(graph, build(graph), { parameters: "inputs" });
}

/** sum = x + y and product = x · y, for x [rows, 2] and y [2]. */
const sumAndProduct = modelOf((graph) => {
  const [x, y] = [graph.input("x", ["rows", 2]), graph.input("y", [2])];
  return { sum: add(x, y), product: mul(x, y) };
});
const x = floats([1, 2], [1, 2]);
const y = floats([2], [10, 20]);

/** Eight bytes that are different numbers in every element type, and no NaN in any. */
const someBytes = Uint8Array.of(1, 0, 0, 60, 1, 0, 1, 63);
const dtypes: readonly DType[] = ["float32", "float64", "float16", "int64", "int32", "int8", "uint8", "bool"];

/** Registers the suite for one implementation. */
export function sessionConformance(name: string, openSession: OpenSession): void {
  describe(`the session port on ${name}`, () => {
    const opened: Session[] = [];
    const open = async (model: Uint8Array, options: SessionOptions = { threads: 1 }): Promise<Session> => {
      const session = await openSession(model, options);
      opened.push(session);
      return session;
    };
    afterEach(async () => {
      for (const session of opened.splice(0)) await session.dispose();
    });

    it("names the inputs and outputs of a model", async () => {
      const session = await open(sumAndProduct);
      expect(session.inputNames).toEqual(["x", "y"]);
      expect(session.outputNames).toEqual(["sum", "product"]);
    });

    it("gives every output with its type and shape", async () => {
      const session = await open(sumAndProduct);
      const results = await session.run({ x, y });
      expect(Object.keys(results)).toEqual(["sum", "product"]);
      expect(results["sum"]).toEqual(floats([1, 2], [11, 22]));
      expect(results["product"]).toEqual(floats([1, 2], [10, 40]));
    });

    it("fills the arrays of `into`, and makes fresh ones for other outputs", async () => {
      const session = await open(sumAndProduct);
      const into = { sum: zeros("float32", [1, 2]) };
      const results = await session.run({ x, y }, into);
      expect(numbersOf(into.sum)).toEqual([11, 22]);
      expect(numbersOf(results["sum"])).toEqual([11, 22]);
      expect(numbersOf(results["product"])).toEqual([10, 40]);
    });

    it("fills the same arrays again at the next run, and no others", async () => {
      const session = await open(sumAndProduct);
      const [first, second] = [zeros("float32", [1, 2]), zeros("float32", [1, 2])];
      await session.run({ x, y }, { sum: first });
      await session.run({ x: floats([1, 2], [5, 6]), y }, { sum: second });
      expect([numbersOf(first), numbersOf(second)]).toEqual([
        [11, 22],
        [15, 26],
      ]);
      await session.run({ x: floats([1, 2], [0, 0]), y }, { sum: first });
      expect([numbersOf(first), numbersOf(second)]).toEqual([
        [10, 20],
        [15, 26],
      ]);
    });

    it("lets results be the next feeds, two buffers changing places", async () => {
      const session = await open(modelOf((graph) => ({ next: mul(graph.input("state", [2]), 2) })));
      let [current, spare] = [floats([2], [1, 3]), zeros("float32", [2])];
      for (let step = 0; step < 5; step++) {
        await session.run({ state: current }, { next: spare });
        [current, spare] = [spare, current];
      }
      expect([numbersOf(current), numbersOf(spare)]).toEqual([
        [32, 96],
        [16, 48],
      ]);
    });

    it("writes an output over what it was fed, where that depends on all else that is read of it", async () => {
      const size = 20_000;
      // Read three times, as a weight is forwards, backwards and last by the step: next = x + 2 · squares / 1e5 · x, squares = Σ x · x.
      const model = modelOf((graph) => {
        const state = graph.input("state", [size]);
        const squares = reduceSum(mul(state, state));
        return { squares, next: add(state, mul(mul(state, 2), mul(squares, 1e-5))) };
      });
      const [apart, together] = [await open(model, { threads: 2 }), await open(model, { threads: 2 })];
      const state = drawn([size], "state");
      let current = tensor("float32", [size], state.data.slice());
      for (let step = 0; step < 4; step++) {
        const expected = await apart.run({ state: current }, { next: zeros("float32", [size]) });
        const results = await together.run({ state }, { next: state });
        current = expected["next"] as Tensor<"float32">;
        expect(numbersOf(results["squares"])).toEqual(numbersOf(expected["squares"]));
        expect(numbersOf(state)).toEqual(numbersOf(current));
      }
      expect(numbersOf(state)[0]).not.toBe(drawn([size], "state").data[0]);
    });

    it("fills all places at every run where each output has one, and gives these back", async () => {
      const session = await open(sumAndProduct, { threads: 1, inPlace: true });
      expect(session.outputNames).toEqual(["sum", "product"]);
      for (const rows of [1, 3, 2]) {
        const into = { product: zeros("float32", [rows, 2]), sum: zeros("float32", [rows, 2]) };
        const fed = drawn([rows, 2], `x ${rows}`);
        const results = await session.run({ x: fed, y }, into);
        const apart = await (await open(sumAndProduct)).run({ x: fed, y });
        expect(results).toEqual(apart);
        expect([results["sum"]!.data, results["product"]!.data]).toEqual([into.sum.data, into.product.data]);
        into.sum.data.fill(0);
        expect(numbersOf(results["sum"])).toEqual(numbersOf(into.sum));
      }
    });

    it("rejects what fails where each output has a place, and runs on", async () => {
      const session = await open(sumAndProduct, { threads: 1, inPlace: true });
      const into = { sum: zeros("float32", [1, 2]), product: zeros("float32", [1, 2]) };
      for (const [feeds, places] of [
        [{ x }, into],
        [{ x: floats([1, 3], [1, 2, 3]), y }, into],
        [
          { x, y },
          { ...into, sum: zeros("float32", [3, 2]) },
        ],
        [
          { x, y },
          { ...into, difference: zeros("float32", [1, 2]) },
        ],
      ] as const)
        await expect(session.run(feeds, places)).rejects.toMatchObject({ name: "ShowtellError", code: "ENGINE" });
      expect(numbersOf((await session.run({ x, y }, into))["sum"])).toEqual([11, 22]);
    });

    it("gives the caller outputs of its own, which no later run changes", async () => {
      const session = await open(sumAndProduct);
      const first = await session.run({ x, y });
      await session.run({ x: floats([1, 2], [-1, -1]), y });
      expect(numbersOf(first["sum"])).toEqual([11, 22]);
    });

    it("leaves its model alone when the caller writes into an output", async () => {
      const model = modelOf((graph) => ({
        constant: graph.constant(floats([2], [1, 2])),
        copy: graph.input("x", [2]),
      }));
      const session = await open(model);
      const results = await session.run({ x: y });
      (results["constant"]!.data as Float32Array).fill(0);
      (results["copy"]!.data as Float32Array).fill(0);
      expect(numbersOf(y)).toEqual([10, 20]);
      expect(numbersOf((await session.run({ x: y }))["constant"])).toEqual([1, 2]);
    });

    it("does not write into feeds, not even where an operator could work in place", async () => {
      const session = await open(modelOf((graph) => ({ positive: relu(graph.input("x", [2, 2])) })));
      const feeds = { x: floats([2, 2], [-1, 2, -3, 4]) };
      await session.run(feeds, { positive: zeros("float32", [2, 2]) });
      const { positive } = await session.run(feeds);
      expect([numbersOf(feeds.x), numbersOf(positive)]).toEqual([
        [-1, 2, -3, 4],
        [0, 2, 0, 4],
      ]);
    });

    it("takes another size of a named dimension at every run, 0 included", async () => {
      const session = await open(sumAndProduct);
      for (const rows of [1, 3, 0, 2]) {
        const feeds = { x: drawn([rows, 2], `x ${rows}`), y };
        const { sum } = await session.run(feeds);
        expect(sum!.shape).toEqual([rows, 2]);
        expect(numbersOf(sum)).toEqual(numbersOf(feeds.x).map((value, i) => Math.fround(value + (i % 2 ? 20 : 10))));
      }
    });

    it.each(dtypes)("passes %s through unchanged, in the arrays that tensors use", async (dtype) => {
      const sent: Tensor = dtype === "bool" ? tensor(dtype, [2], Uint8Array.of(0, 1)) : sample(dtype);
      const session = await open(modelOf((graph) => ({ copy: graph.input("x", sent.shape, dtype) })));
      const { copy } = await session.run({ x: sent });
      expect(copy).toEqual(sent);
      const into = { copy: zeros(dtype, sent.shape) };
      await session.run({ x: sent }, into);
      expect(into.copy).toEqual(sent);
    });

    it("leaves feeds aside that the model does not take: an export drops inputs that nothing needs", async () => {
      const session = await open(sumAndProduct);
      expect(numbersOf((await session.run({ x, y, other: y }))["sum"])).toEqual([11, 22]);
    });

    it("gives the same bits at every run with two threads", async () => {
      const model = modelOf((graph) => {
        const table = graph.input("table", [200, 64]);
        const product = softmax(matmul(graph.input("a", [200, 300]), graph.input("b", [300, 64])));
        return {
          sum: scatterAdd(table, graph.input("indices", [200, 64], "int64"), product, 0),
          total: reduceSum(product),
        };
      });
      const feeds = {
        table: drawn([200, 64], "table"),
        a: drawn([200, 300], "a"),
        b: drawn([300, 64], "b"),
        // Every row is added to many times, so that the order of additions shows.
        indices: integers(
          Array.from({ length: 200 * 64 }, (_, i) => (i * 7) % 5),
          [200, 64],
        ),
      };
      const [one, other] = [await open(model, { threads: 2 }), await open(model, { threads: 2 })];
      const expected = bytesByName(await one.run(feeds));
      for (let run = 0; run < 10; run++) {
        const found = bytesByName(await (run % 2 ? one : other).run(feeds));
        expect(found.sum.every((byte, i) => byte === expected.sum[i])).toBe(true);
        expect(found.total).toEqual(expected.total);
      }
    });

    it.each([
      ["no bytes", new Uint8Array(0)],
      ["bytes that are no model", new TextEncoder().encode("not a model at all")],
      ["a model cut off in the middle", sumAndProduct.slice(0, sumAndProduct.length / 2)],
    ])("refuses %s with an ENGINE error", async (_, bytes) => {
      await expect(openSession(bytes)).rejects.toMatchObject({ name: "ShowtellError", code: "ENGINE" });
    });

    const mistakes: Readonly<Record<string, readonly [feeds: Record<string, Tensor>, into?: Record<string, Tensor>]>> =
      {
        "a feed that is missing": [{ x }],
        "a feed of another shape": [{ x: floats([1, 3], [1, 2, 3]), y }],
        "a feed of another rank": [{ x: y, y }],
        "a feed of another type": [{ x: tensor("float64", [1, 2], Float64Array.of(1, 2)), y }],
        "a feed whose array is not of its type": [{ x: { ...x, data: new Float64Array(2) }, y }],
        "an array in `into` of another shape": [{ x, y }, { sum: zeros("float32", [3, 2]) }],
        "an array in `into` of another type": [{ x, y }, { sum: zeros("float64", [1, 2]) }],
        "an array in `into` that is not of its type": [{ x, y }, { sum: { ...x, data: new Float64Array(2) } }],
        "a name in `into` that is no output": [{ x, y }, { difference: zeros("float32", [1, 2]) }],
      };

    it.each(Object.entries(mistakes))("rejects %s with an ENGINE error, and runs on", async (_, [feeds, into]) => {
      const session = await open(sumAndProduct);
      await expect(session.run(feeds, into)).rejects.toMatchObject({ name: "ShowtellError", code: "ENGINE" });
      expect(numbersOf((await session.run({ x, y }))["sum"])).toEqual([11, 22]);
    });

    it("is disposed of without touching other sessions or what was handed out", async () => {
      const session = await openSession(sumAndProduct, { threads: 1 });
      const other = await open(sumAndProduct);
      const results = await session.run({ x, y });
      await session.dispose();
      expect(numbersOf(results["sum"])).toEqual([11, 22]);
      expect(numbersOf((await other.run({ x, y }))["sum"])).toEqual([11, 22]);
    });
  });
}

function bytesByName(results: Readonly<Record<string, Tensor>>): {
  readonly sum: Uint8Array;
  readonly total: Uint8Array;
} {
  return { sum: bytesOf(results["sum"]!), total: bytesOf(results["total"]!) };
}

function sample(dtype: DType): Tensor {
  const data = viewAs(dtype, someBytes);
  return { dtype, shape: [data.length], data };
}
