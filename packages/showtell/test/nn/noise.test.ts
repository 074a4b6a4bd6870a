// Dropout with fed masks: what is declared and multiplied, and what is drawn.
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../src/base/random.ts";
import { Graph } from "../../src/graph/graph.ts";
import { declareNoise, drawMask, noNoise } from "../../src/nn/noise.ts";
import { tokenOrder } from "../../src/nn/token-order.ts";
import { runGraph } from "../graph/run.ts";
import { floats, numbersOf } from "../tensors.ts";

/** Two pictures with a caption of three tokens each. */
const two = tokenOrder({ images: 2, lengths: [3] });

describe("dropout in inference", () => {
  it("is the identity and adds nothing to the graph", () => {
    const x = new Graph().input("x", ["rows", 4]);
    expect(noNoise.dropout("x", x, 0.5)).toBe(x);
  });
});

describe("dropout in training", () => {
  it("multiplies by a mask that is fed, and says what it wants to be fed", async () => {
    const graph = new Graph();
    const noise = declareNoise(two, "sentence");
    const y = noise.once.dropout("input", graph.input("x", [2, 3]), 0.25);
    expect(noise.masks).toEqual([{ name: "mask.input", shape: [2, 3], rate: 0.25 }]);
    const mask = [0, 1, 2, 3, 0, 0.5];
    const { y: found } = await runGraph(
      graph,
      { y },
      { x: floats([2, 3], [1, 2, 3, 4, 5, 6]), "mask.input": floats([2, 3], mask) },
    );
    expect(numbersOf(found)).toEqual([0, 2, 6, 12, 0, 3]);
  });

  it("holds a row's mask over all time steps", async () => {
    const graph = new Graph();
    const noise = declareNoise(two, "sentence");
    const [steps, mask] = [3, [0, 1, 2, 3, 4, 5]];
    const y = noise.inTime.dropout("input", graph.input("x", [2 * steps, 3]), 0.5);
    expect(noise.masks[0]!.shape).toEqual([2, 3]);
    const ones = floats([2 * steps, 3], Array<number>(18).fill(1));
    const { y: found } = await runGraph(graph, { y }, { x: ones, "mask.input": floats([2, 3], mask) });
    expect(found!.shape).toEqual([6, 3]);
    expect(numbersOf(found)).toEqual([...mask, ...mask, ...mask]);
  });

  it("holds a row's mask over its steps where they follow each other", async () => {
    const graph = new Graph();
    const noise = declareNoise(two, "sentence");
    const y = noise.byPicture.dropout("output", graph.input("x", [6, 2]), 0.5);
    const ones = floats([6, 2], Array<number>(12).fill(1));
    const { y: found } = await runGraph(graph, { y }, { x: ones, "mask.output": floats([2, 2], [1, 2, 3, 4]) });
    expect(numbersOf(found)).toEqual([1, 2, 1, 2, 1, 2, 3, 4, 3, 4, 3, 4]);
  });

  it("is one mask for all the steps that ask for it by one name", () => {
    const graph = new Graph();
    const noise = declareNoise(two, "sentence");
    const steps = [1, 2, 3].map((step) => noise.inTime.dropout("state", graph.input(`x${step}`, [2, 5]), 0.5));
    expect(noise.masks).toHaveLength(1);
    expect(new Set(steps).size).toBe(3);
    expect(() => noise.once.dropout("state", graph.input("x4", [3, 5]), 0.5)).toThrow(
      expect.objectContaining({ code: "GRAPH_SHAPE" }),
    );
  });

  it("draws a mask for each token where masks belong to tokens, and a further one where a name comes again", async () => {
    const graph = new Graph();
    const noise = declareNoise(two, "token");
    const mask = [0, 1, 2, 3, 4, 5, 6, 7];
    const y = noise.inTime.dropout("input", graph.input("x", [4, 2]), 0.5);
    noise.inTime.dropout("state", graph.input("first", [2, 2]), 0.5);
    noise.inTime.dropout("state", graph.input("second", [2, 2]), 0.5);
    noise.byPicture.dropout("output", graph.input("z", [6, 5]), 0.25);
    expect(noise.masks).toEqual([
      { name: "mask.input", shape: [4, 2], rate: 0.5 },
      { name: "mask.state", shape: [2, 2], rate: 0.5 },
      { name: "mask.state.2", shape: [2, 2], rate: 0.5 },
      { name: "mask.output", shape: [6, 5], rate: 0.25 },
    ]);
    const ones = floats([4, 2], Array<number>(8).fill(1));
    const { y: found } = await runGraph(graph, { y }, { x: ones, "mask.input": floats([4, 2], mask) });
    expect(numbersOf(found)).toEqual(mask);
  });

  it("takes a mask of its own for every row of what is there once a picture", () => {
    const noise = declareNoise(tokenOrder({ images: 2, lengths: [4, 4, 4, 4, 4] }), "sentence");
    noise.once.dropout("features", new Graph().input("features", [2, 5]), 0.5);
    noise.once.dropout("grid", new Graph().input("grid", [98, 5]), 0.5);
    expect(noise.masks.map(({ shape }) => shape)).toEqual([
      [2, 5],
      [98, 5],
    ]);
  });

  it("declares nothing at rate 0", () => {
    const noise = declareNoise(two, "sentence");
    const x = new Graph().input("x", [2, 3]);
    expect(noise.once.dropout("input", x, 0)).toBe(x);
    expect(noise.masks).toEqual([]);
  });

  it.each([1, -0.1, 1.5, NaN])("refuses a rate of %d, naming it", (rate) => {
    const x = new Graph().input("x", [2, 3]);
    expect(() => declareNoise(two, "sentence").once.dropout("input", x, rate)).toThrow(
      expect.objectContaining({ code: "ARGUMENT", message: `dropout rate ${rate} of "input" is not in 0 … 1` }),
    );
  });
});

/** A mask drawn from a seed. */
function drawnMask(rate: number, seed: number, length: number): number[] {
  const into = new Float32Array(length);
  drawMask(rate, seededRandom(seed), into);
  return Array.from(into);
}

describe("a drawn mask", () => {
  it.each([0.1, 0.5, 0.8])("drops elements at rate %d, and scales the others so that the mean stays 1", (rate) => {
    const values = drawnMask(rate, 1, 100_000);
    expect(new Set(values)).toEqual(new Set([0, Math.fround(1 / (1 - rate))]));
    const dropped = values.filter((value) => value === 0).length / values.length;
    expect(Math.abs(dropped - rate)).toBeLessThan(5 * Math.sqrt((rate * (1 - rate)) / values.length));
  });

  it("drops neighbours, and the two of one draw, independently of each other", () => {
    const values = drawnMask(0.5, 2, 100_000);
    for (const distance of [1, 2]) {
      const both = values.filter((value, i) => i >= distance && value === 0 && values[i - distance] === 0).length;
      expect(Math.abs(both / values.length - 0.25)).toBeLessThan(0.01);
    }
  });

  it("depends on the seed alone, and fills arrays of odd length", () => {
    expect(drawnMask(0.3, 7, 1001)).toEqual(drawnMask(0.3, 7, 1001));
    expect(drawnMask(0.3, 7, 1001)).not.toEqual(drawnMask(0.3, 8, 1001));
    expect(drawnMask(0.3, 7, 1001)).toEqual(drawnMask(0.3, 7, 1002).slice(0, 1001));
    const stale = floats([3], [9, 9, 9]);
    drawMask(0.3, seededRandom(1), stale.data);
    expect(stale.data.includes(9)).toBe(false);
  });
});
