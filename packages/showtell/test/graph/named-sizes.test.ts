// Sizes that are names while a graph is built and numbers when it runs: rows of pictures, what is repeated for each, an axis that grows.
import { expect, test } from "vitest";
import type { Tensor } from "../../src/base/tensor.ts";
import { exportModel } from "../../src/graph/export.ts";
import { Graph } from "../../src/graph/graph.ts";
import { gradients } from "../../src/graph/backward.ts";
import { mul } from "../../src/graph/operators/arithmetic.ts";
import { reduceSum } from "../../src/graph/operators/reduction.ts";
import { addPerImage, concat, repeatedPerImage } from "../../src/graph/operators/reshaping.ts";
import { openSession } from "../../src/node/ort-session.ts";
import { floats, numbersOf } from "../tensors.ts";
import { runGraph } from "./run.ts";

test("rows get what belongs to their picture, whatever the group", async () => {
  const graph = new Graph();
  const sum = addPerImage(graph.input("x", ["rows", 1]), graph.input("perImage", ["images", 1]));
  expect(sum.shape).toEqual(["rows", 1]);
  for (const group of [1, 2]) {
    const x = floats([2 * group, 1], [1, 2, 3, 4].slice(0, 2 * group));
    const found = await runGraph(graph, { sum }, { x, perImage: floats([2, 1], [10, 20]) });
    expect(numbersOf(found["sum"])).toEqual(group === 1 ? [11, 22] : [11, 12, 23, 24]);
  }
});

test("what all pictures share is there once for each, and its gradient is the sum of theirs", async () => {
  const named = new Graph();
  const zero = named.constant(floats([1, 2], [5, 6]));
  const repeated = repeatedPerImage(zero, named.input("features", ["images", 3]));
  expect(repeated.shape).toEqual(["images", 2]);
  const found = await runGraph(named, { repeated }, { features: floats([3, 3], new Float32Array(9)) });
  expect([found["repeated"]!.shape, numbersOf(found["repeated"])]).toEqual([
    [3, 2],
    [5, 6, 5, 6, 5, 6],
  ]);

  const fixed = new Graph();
  const shared = fixed.parameter("shared", [1, 2]);
  const weights = fixed.input("weights", [3, 2]);
  const loss = reduceSum(mul(repeatedPerImage(shared, weights), weights));
  const [slope] = gradients(loss, [shared]);
  const feeds = { shared: floats([1, 2], [1, 1]), weights: floats([3, 2], [1, 2, 3, 4, 5, 6]) };
  expect(numbersOf((await runGraph(fixed, { slope: slope! }, feeds))["slope"])).toEqual([9, 12]);
});

test("an axis grows by one with every run, from nothing", async () => {
  const graph = new Graph();
  const grown = concat([graph.input("before", ["rows", "said", 1]), graph.input("word", ["rows", 1, 1])], 1);
  expect(grown.shape).toEqual(["rows", "said+1", 1]);
  const session = await openSession(exportModel(graph, { grown }, { parameters: "inputs" }), { threads: 1 });
  let before: Tensor = floats([2, 0, 1], []);
  for (const word of [1, 2, 3])
    before = (await session.run({ before, word: floats([2, 1, 1], [word, -word]) }))["grown"]!;
  await session.dispose();
  expect([before.shape, numbersOf(before)]).toEqual([
    [2, 3, 1],
    [1, 2, 3, -1, -2, -3],
  ]);
});
