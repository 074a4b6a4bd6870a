// How parameters start: bounds, deviations, and that the seed decides.
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../src/base/random.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { Initialisation } from "../../src/nn/parameters.ts";
import { declareParameters, initialise } from "../../src/nn/parameters.ts";
import { numbersOf } from "../tensors.ts";

const started = (shape: readonly number[], init: Initialisation, seed = 1): number[] =>
  numbersOf(initialise({ shape, init, decay: true }, seededRandom(seed)));

function deviation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

describe("a parameter starts", () => {
  it("at zeros", () => {
    expect(started([2, 3], { kind: "zeros" })).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it("normally distributed around 0 with its deviation", () => {
    const values = started([100, 200], { kind: "normal", deviation: 0.1 });
    expect(Math.abs(deviation(values) - 0.1)).toBeLessThan(0.003);
    expect(Math.abs(values.reduce((sum, value) => sum + value, 0) / values.length)).toBeLessThan(0.003);
    const beyond = values.filter((value) => Math.abs(value) > 0.2).length / values.length;
    expect(Math.abs(beyond - 0.0455)).toBeLessThan(0.008); // two deviations leave out 4.55 %
  });

  it("uniform in ± √(6 / (inputs + outputs)) by Glorot's rule", () => {
    const values = started([50, 100], { kind: "glorot" });
    const bound = Math.sqrt(6 / 150);
    expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(Math.fround(bound));
    expect(Math.max(...values)).toBeGreaterThan(0.99 * bound);
    expect(Math.min(...values)).toBeLessThan(-0.99 * bound);
    expect(Math.abs(deviation(values) - bound / Math.sqrt(3))).toBeLessThan(0.01 * bound);
  });

  it("with ones in a stretch, such as the forget gate's bias", () => {
    expect(started([6], { kind: "ones-in", start: 2, end: 4 })).toEqual([0, 0, 1, 1, 0, 0]);
  });

  it.each<Initialisation>([{ kind: "normal", deviation: 1 }, { kind: "glorot" }])(
    "the same from the same seed only: $kind",
    (init) => {
      expect(started([3, 4], init, 5)).toEqual(started([3, 4], init, 5));
      expect(started([3, 4], init, 5)).not.toEqual(started([3, 4], init, 6));
    },
  );
});

describe("declared parameters", () => {
  it("are values of the graph with their names and shapes", () => {
    const graph = new Graph();
    const p = declareParameters(graph, { weight: { shape: [2, 3], init: { kind: "zeros" }, decay: true } });
    expect(graph.parameters).toEqual([p["weight"]]);
    expect(p["weight"]).toMatchObject({ shape: [2, 3], source: { kind: "parameter", name: "weight" } });
  });
});
