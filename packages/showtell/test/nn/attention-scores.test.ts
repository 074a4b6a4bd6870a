// Attention in the engine against plain loops: how positions are scored, and that rows find their own picture under named sizes.
import { describe, expect, it } from "vitest";
import { Graph } from "../../src/graph/graph.ts";
import { softmax } from "../../src/graph/operators/reduction.ts";
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
});
