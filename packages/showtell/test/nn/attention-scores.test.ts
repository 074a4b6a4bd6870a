// Attention in the engine: how positions are scored against plain loops, slopes of that against differences, and that rows find their own picture
// under named sizes.
import { describe, expect, it } from "vitest";
import type { Tensor } from "../../src/base/tensor.ts";
import { tensor } from "../../src/base/tensor.ts";
import { gradients } from "../../src/graph/backward.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { Value } from "../../src/graph/graph.ts";
import { mul } from "../../src/graph/operators/arithmetic.ts";
import { reduceSum, softmax } from "../../src/graph/operators/reduction.ts";
import { attended } from "../../src/nn/attention.ts";
import { attentionScores, scoreKinds } from "../../src/nn/attention-scores.ts";
import { declareParameters } from "../../src/nn/parameters.ts";
import { runGraph } from "../graph/run.ts";
import { drawn, expectClose, numbersOf } from "../tensors.ts";

const [images, group, positions, size, width] = [2, 3, 4, 5, 2];
const rows = images * group;
const feeds = {
  queries: drawn([rows, size], "queries", 2),
  keys: drawn([images, positions, size], "keys", 2),
  values: drawn([images, positions, width], "values"),
  "attention.score": drawn([size, 1], "score", 2),
};

type Vector = readonly number[];

function vectors(values: readonly number[], length: number): readonly Vector[] {
  return Array.from({ length: values.length / length }, (_, i) => values.slice(i * length, (i + 1) * length));
}

const sum = (values: Vector): number => values.reduce((total, value) => total + value, 0);

const plainScores: { readonly [Kind in (typeof scoreKinds)[number]]: (query: Vector, key: Vector) => number } = {
  additive: (query, key) =>
    sum(query.map((value, i) => Math.tanh(value + key[i]!) * numbersOf(feeds["attention.score"])[i]!)),
  dot: (query, key) => sum(query.map((value, i) => value * key[i]!)) / Math.sqrt(size),
};

describe.each(scoreKinds)("attention scored by %s", (kind) => {
  it.each([
    ["fixed", images, rows],
    ["named", "images", "rows"],
  ] as const)("weighs the positions of each row's own picture, sizes %s", async (_, imagesDim, rowsDim) => {
    const graph = new Graph();
    const score = attentionScores[kind];
    const p = declareParameters(graph, score.parameters(size));
    const queries = graph.input("queries", [rowsDim, size]);
    const values = graph.input("values", [imagesDim, positions, width]);
    const keys = score.keys(graph.input("keys", [imagesDim, positions, size]));
    const { context, weights } = attended(softmax(score.scores(p, queries, keys)), values, queries);
    const found = await runGraph(graph, { context, weights }, feeds);
    expect([found["context"]!.shape, found["weights"]!.shape]).toEqual([
      [rows, width],
      [rows, positions],
    ]);

    const allKeys = vectors(numbersOf(feeds.keys), size);
    const allValues = vectors(numbersOf(feeds.values), width);
    for (const [row, query] of vectors(numbersOf(feeds.queries), size).entries()) {
      const first = Math.floor(row / group) * positions;
      const powers = allKeys.slice(first, first + positions).map((key) => Math.exp(plainScores[kind](query, key)));
      const wanted = powers.map((power) => power / sum(powers));
      expectClose(numbersOf(found["weights"]).slice(row * positions, (row + 1) * positions), wanted, 1e-5);
      const mean = Array.from({ length: width }, (__, i) =>
        sum(wanted.map((weight, position) => weight * allValues[first + position]![i]!)),
      );
      expectClose(numbersOf(found["context"]).slice(row * width, (row + 1) * width), mean, 1e-5);
    }
  });

  it("has the slopes of finite differences for queries, keys and what it learns by itself", async () => {
    const doubled = (name: keyof typeof feeds): Tensor => {
      const { shape, data } = feeds[name];
      return tensor("float64", shape, Float64Array.from(data));
    };
    const score = attentionScores[kind];
    const names = ["queries", "keys", ...Object.keys(score.parameters(size))] as (keyof typeof feeds)[];
    const share = tensor(
      "float64",
      [images, group, positions],
      Float64Array.from(drawn([rows * positions], "share").data),
    );
    const graph = new Graph();
    const inputs = names.map((name) => graph.input(name, feeds[name].shape, "float64"));
    const [queries, keys] = inputs as [Value, Value];
    const p = Object.fromEntries(names.map((name, i) => [name, inputs[i]!]));
    const scores = score.scores(p, queries, score.keys(keys));
    const loss = reduceSum(mul(softmax(scores), graph.constant(share)));
    const slopes = Object.fromEntries(gradients(loss, inputs).map((slope, i) => [`d.${names[i]!}`, slope]));
    const at = Object.fromEntries(names.map((name) => [name, doubled(name)]));
    const found = await runGraph(graph, slopes, at);

    const step = 1e-5;
    const lossAt = async (name: keyof typeof feeds, place: number, way: number): Promise<number> => {
      const moved = doubled(name);
      moved.data[place] = Number(moved.data[place]) + way;
      return numbersOf((await runGraph(graph, { loss }, { ...at, [name]: moved }))["loss"])[0]!;
    };
    for (const name of names) {
      const numeric: number[] = [];
      for (const place of feeds[name].data.keys())
        numeric.push(((await lossAt(name, place, step)) - (await lossAt(name, place, -step))) / (2 * step));
      expect(Math.max(...numeric.map(Math.abs))).toBeGreaterThan(1e-3);
      expectClose(numbersOf(found[`d.${name}`]), numeric, 1e-8);
    }
  });
});
