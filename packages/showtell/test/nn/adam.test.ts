// The optimiser in the engine against its published equations, over several steps with changing gradients.
import { describe, expect, it } from "vitest";
import type { Tensor } from "../../src/base/tensor.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { AdamOptions } from "../../src/nn/adam.ts";
import { adamScalarNames, adamScalars, adamStep, globalNorm, momentNames } from "../../src/nn/adam.ts";
import { runGraph } from "../graph/run.ts";
import { drawn, expectClose, floats, numbersOf, scalar } from "../tensors.ts";

/** Three parameters: a weight that decays, a bias that does not, and a scalar. */
const shapes = { weight: [2, 3], bias: [3], gate: [] } as const;
const names = Object.keys(shapes) as (keyof typeof shapes)[];
const decaying: ReadonlySet<string> = new Set(["weight"]);
const first = Object.fromEntries(names.map((name) => [name, drawn(shapes[name], `first ${name}`)]));

/** The gradients of a step; those of the third are large. */
function gradientsAt(step: number): Record<string, Tensor<"float32">> {
  return Object.fromEntries(
    names.map((name) => [name, drawn(shapes[name], `gradient ${name} ${step}`, step === 3 ? 30 : 1)]),
  );
}

interface Trace {
  readonly values: Readonly<Record<string, readonly number[]>>;
  readonly norms: readonly number[];
}

/** Runs the graph, each step's results being the next one's feeds. */
async function inEngine(options: AdamOptions, rates: readonly number[]): Promise<Trace> {
  const graph = new Graph();
  const learning = names.map((name) => ({
    name,
    parameter: graph.parameter(name, shapes[name]),
    gradient: graph.input(`gradient.${name}`, shapes[name]),
    decay: decaying.has(name),
  }));
  const { next, gradientNorm } = adamStep(graph, learning, options);
  const renamed = Object.fromEntries(Object.entries(next).map(([name, value]) => [`next.${name}`, value]));
  const zeroMoments = names.flatMap((name) =>
    momentNames(name).map((moment) => [moment, floats(shapes[name], numbersOf(first[name]).fill(0))] as const),
  );
  let state: Record<string, Tensor> = { ...first, ...Object.fromEntries(zeroMoments) };
  const norms: number[] = [];
  for (const [i, rate] of rates.entries()) {
    const gradients = Object.entries(gradientsAt(i + 1)).map(([name, value]) => [`gradient.${name}`, value] as const);
    const scalars = adamScalars(i + 1, rate, options).map(
      (value, at) => [adamScalarNames[at]!, scalar(value)] as const,
    );
    const feeds = { ...state, ...Object.fromEntries(gradients), ...Object.fromEntries(scalars) };
    const found = await runGraph(graph, { gradientNorm, ...renamed }, feeds);
    norms.push(numbersOf(found["gradientNorm"])[0]!);
    state = Object.fromEntries(Object.keys(next).map((name) => [name, found[`next.${name}`]!]));
  }
  return { values: Object.fromEntries(names.map((name) => [name, numbersOf(state[name])])), norms };
}

/** Algorithm 1 of Kingma and Ba (2015) after clipping by the global norm, with decay decoupled as in Loshchilov and Hutter (2019). */
function published(options: AdamOptions, rates: readonly number[]): Trace {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, clipNorm = Infinity, weightDecay = 0 } = options;
  const values: Record<string, number[]> = Object.fromEntries(names.map((name) => [name, numbersOf(first[name])]));
  const m = Object.fromEntries(names.map((name) => [name, values[name]!.map(() => 0)]));
  const v = Object.fromEntries(names.map((name) => [name, values[name]!.map(() => 0)]));
  const norms: number[] = [];
  for (const [i, rate] of rates.entries()) {
    const t = i + 1;
    const gradients = Object.entries(gradientsAt(t)).map(([name, value]) => [name, numbersOf(value)] as const);
    const norm = Math.hypot(...gradients.flatMap(([, slopes]) => slopes));
    norms.push(norm);
    const scale = Math.min(1, clipNorm / norm);
    for (const [name, slopes] of gradients) {
      slopes.forEach((slope, at) => {
        const g = slope * scale;
        const mean = beta1 * m[name]![at]! + (1 - beta1) * g;
        const square = beta2 * v[name]![at]! + (1 - beta2) * g * g;
        const update = mean / (1 - beta1 ** t) / (Math.sqrt(square / (1 - beta2 ** t)) + epsilon);
        [m[name]![at], v[name]![at]] = [mean, square];
        const decay = decaying.has(name) ? rate * weightDecay * values[name]![at]! : 0;
        values[name]![at] = values[name]![at]! - decay - rate * update;
      });
    }
  }
  return { values, norms };
}

const rates = [0.01, 0.02, 0.03, 0.02, 0.01];

describe("five steps of the optimiser equal the published equations", () => {
  const cases: Readonly<Record<string, AdamOptions>> = {
    "with defaults": {},
    "with other constants": { beta1: 0.5, beta2: 0.9, epsilon: 1e-2 },
    "with decoupled weight decay": { weightDecay: 0.5 },
    "with clipping, which only the third step's large gradients feel": { clipNorm: 10 },
    "with clipping that every step feels": { clipNorm: 0.1 },
    "with everything": { beta1: 0.8, beta2: 0.95, epsilon: 1e-3, clipNorm: 2, weightDecay: 0.1 },
  };

  it.each(Object.entries(cases))("%s", async (_, options) => {
    const [found, wanted] = [await inEngine(options, rates), published(options, rates)];
    for (const name of names) expectClose(found.values[name]!, wanted.values[name]!, 2e-6);
    expectClose(found.norms, wanted.norms, 1e-5);
  });
});

describe("the optimiser", () => {
  it("moves every element by the learning rate at the first step, whatever its gradient", async () => {
    const { values } = await inEngine({}, [0.01]);
    for (const name of names) {
      const expected = numbersOf(first[name]).map(
        (value, i) => value - 0.01 * Math.sign(numbersOf(gradientsAt(1)[name])[i]!),
      );
      expectClose(values[name]!, expected, 1e-6);
    }
  });

  it("decays what is marked for it only", async () => {
    const [with_, without] = [await inEngine({ weightDecay: 0.5 }, [0.01]), await inEngine({}, [0.01])];
    expect(with_.values["bias"]).toEqual(without.values["bias"]);
    expect(with_.values["gate"]).toEqual(without.values["gate"]);
    const decayed = without.values["weight"]!.map((value, i) => value - 0.005 * numbersOf(first["weight"])[i]!);
    expectClose(with_.values["weight"]!, decayed, 1e-6);
  });

  it("is bit for bit as without clipping where the norm is below the limit", async () => {
    const clipped = await inEngine({ clipNorm: 1000 }, rates);
    expect(clipped.values).toEqual((await inEngine({}, rates)).values);
  });

  it("leaves a parameter without gradient where it is", async () => {
    const graph = new Graph();
    const parameter = graph.parameter("idle", [2]);
    const learning = [{ name: "idle", parameter, gradient: graph.constant(floats([2], [0, 0])), decay: false }];
    const { next } = adamStep(graph, learning, { clipNorm: 1 });
    const zeros = floats([2], [0, 0]);
    const scalars = adamScalars(1, 0.1, {}).map((value, at) => [adamScalarNames[at]!, scalar(value)] as const);
    const [one, two] = momentNames("idle");
    const feeds = { idle: floats([2], [3, -4]), [one]: zeros, [two]: zeros, ...Object.fromEntries(scalars) };
    const found = await runGraph(graph, { next: next["idle"]! }, feeds);
    expect(numbersOf(found["next"])).toEqual([3, -4]);
  });
});

describe("the global norm", () => {
  it("is the root of the sum of all squares, scalars included", async () => {
    const graph = new Graph();
    const norm = globalNorm([graph.input("x", [2, 1]), graph.input("y", [])]);
    const { norm: found } = await runGraph(graph, { norm }, { x: floats([2, 1], [2, -4]), y: scalar(-4) });
    expect(numbersOf(found)).toEqual([6]);
  });
});
