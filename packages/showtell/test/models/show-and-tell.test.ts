// What is particular to Show and Tell: its parameters, where it drops, and that the picture is the LSTM's first input.
import { describe, expect, it } from "vitest";
import type { Tensor } from "../../src/base/tensor.ts";
import { decoderOf } from "../../src/models/catalogue.ts";
import type { ConditioningKind } from "../../src/models/conditioning.ts";
import type { ShowAndTellSpec } from "../../src/models/show-and-tell.ts";
import { trainingGraph } from "../../src/models/training-graph.ts";
import { evenShape } from "./teacher-forcing.ts";
import { expectClose, floats, numbersOf } from "../tensors.ts";
import { drawnFeatures, drawnParameters, openSteps } from "./tiny-decoders.ts";

const spec: ShowAndTellSpec = {
  kind: "show-and-tell",
  features: [7],
  words: 70,
  embeddingSize: 5,
  vectorSize: 5,
  vectors: "random",
  hiddenSize: 4,
  dropout: { features: 0.1, input: 0.2, output: 0.3 },
};
const parametersOf = (changes: Partial<ShowAndTellSpec> = {}): ReturnType<ReturnType<typeof decoderOf>["parameters"]> =>
  decoderOf(spec).parameters({ ...spec, ...changes });

/** Numbers less their mean, by their deviation. */
function standardised(values: readonly number[]): readonly number[] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return values.map((value) => (value - mean) / Math.sqrt(variance + 1e-5));
}

/** A row times a weight [inputs, width]. */
function product(row: readonly number[], weight: Tensor, width: number): readonly number[] {
  const factors = numbersOf(weight);
  return Array.from({ length: width }, (_, j) =>
    row.reduce((sum, value, i) => sum + value * factors[i * width + j]!, 0),
  );
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

describe("the parameters", () => {
  it("have the shapes that the sizes ask for, the vocabulary padded to 64", () => {
    const shapes = Object.fromEntries(Object.entries(parametersOf()).map(([name, { shape }]) => [name, shape]));
    expect(shapes).toEqual({
      "words.vectors": [70, 5],
      "image.weight": [7, 5],
      "image.bias": [5],
      "lstm.input": [5, 16],
      "lstm.recurrent": [4, 16],
      "lstm.bias": [16],
      "output.weight": [4, 128],
      "output.bias": [128],
    });
  });

  it("include a projection where word vectors have another size than the LSTM's inputs", () => {
    const parameters = parametersOf({ vectorSize: 3 });
    expect(parameters["words.vectors"]!.shape).toEqual([70, 3]);
    expect(parameters["words.projection"]!.shape).toEqual([3, 5]);
  });

  it("decay if they are weights, not if they are biases or word vectors", () => {
    const decaying = Object.entries(parametersOf({ vectorSize: 3 })).flatMap(([name, { decay }]) =>
      decay ? [name] : [],
    );
    expect(decaying).toEqual(["words.projection", "image.weight", "lstm.input", "lstm.recurrent", "output.weight"]);
  });

  it("start word vectors at random, or from given ones, which a frozen table keeps", () => {
    const tables = (["random", "given", "frozen"] as const).map(
      (vectors) => parametersOf({ vectors })["words.vectors"],
    );
    expect(tables).toMatchObject([
      { init: { kind: "normal" }, frozen: false },
      { init: { kind: "vectors" }, frozen: false },
      { init: { kind: "vectors" }, frozen: true },
    ]);
  });

  it("start the forget gate open: ones in its quarter of the bias", () => {
    expect(parametersOf()["lstm.bias"]!.init).toEqual({ kind: "ones-in", start: 4, end: 8 });
  });
});

describe("dropout", () => {
  it("is on the features of pictures, the inputs of words and the output, each mask held over time", () => {
    const { masks } = trainingGraph(spec, evenShape(3, 2, 4), { adam: {}, smoothing: 0 });
    expect(masks.toSorted((a, b) => a.rate - b.rate)).toEqual([
      { name: "mask.features", shape: [3, 7], rate: 0.1 },
      { name: "mask.input", shape: [6, 5], rate: 0.2 },
      { name: "mask.output", shape: [6, 4], rate: 0.3 },
    ]);
  });
});

describe("the picture", () => {
  it("is read like a word: a word whose vector is the picture's embedding would leave the same state", async () => {
    const parameters = drawnParameters(spec);
    const features = drawnFeatures(spec, 1);
    const steps = await openSteps(spec, parameters);
    const begun = await steps.begin(features);
    await steps.dispose();

    // Standardised features · weight + bias, put into the table as word 9.
    const image = product(standardised(numbersOf(features)), parameters["image.weight"]!, 5);
    const embedded = numbersOf(parameters["image.bias"]).map((bias, j) => bias + image[j]!);
    const table = numbersOf(parameters["words.vectors"]);
    table.splice(9 * 5, 5, ...embedded);
    const withWord = await openSteps(spec, { ...parameters, "words.vectors": floats([70, 5], table) });
    const zero = { "state.hidden": floats([1, 4], [0, 0, 0, 0]), "state.cell": floats([1, 4], [0, 0, 0, 0]) };
    const { position } = await withWord.step({ memory: {}, state: zero }, [0], [9]);
    await withWord.dispose();
    for (const name of ["state.hidden", "state.cell"]) {
      expectClose(numbersOf(position.state[name]), numbersOf(begun.state[name]), 1e-5);
    }
  });
});

/** The hidden states of two pictures, [2 · hidden]: at first, and after the same word. */
async function hiddenStates(conditioning: ConditioningKind): Promise<readonly (readonly number[])[]> {
  const other: ShowAndTellSpec = { ...spec, conditioning };
  const steps = await openSteps(other, drawnParameters(other));
  const begun = await steps.begin(drawnFeatures(other, 2));
  const { position } = await steps.step(begun, [0, 1], [5, 5]);
  await steps.dispose();
  return [begun, position].map(({ state }) => numbersOf(state["state.hidden"]));
}

/** Whether the second half of some numbers is another than the first. */
function halvesDiffer(states: readonly number[]): boolean {
  return states.slice(states.length / 2).some((value, i) => value !== states[i]);
}

describe("a picture that enters elsewhere", () => {
  it.each([
    ["pre", true, true],
    ["init", true, true],
    ["par", false, true],
    ["merge", false, false],
  ] as const)("%s: is it in the first state: %s, in the state after a word: %s", async (way, atFirst, later) => {
    const states = await hiddenStates(way);
    expect(states.map(halvesDiffer)).toEqual([atFirst, later]);
    if (!atFirst) expect(states[0]!.every((value) => value === 0)).toBe(true);
  });
});

it("beside every word, is bounded and has its own weights into the gates, besides the word's", async () => {
  const beside: ShowAndTellSpec = { ...spec, conditioning: "par" };
  const parameters = drawnParameters(beside);
  const word = numbersOf(parameters["words.vectors"]).slice(9 * 5, 10 * 5);
  const steps = await openSteps(beside, parameters);
  const begun = await steps.begin(drawnFeatures(beside, 1));
  const { position } = await steps.step(begun, [0], [9]);
  await steps.dispose();

  const image = product(standardised(numbersOf(drawnFeatures(beside, 1))), parameters["image.weight"]!, 5);
  const bounded = image.map((value, j) => Math.tanh(value + numbersOf(parameters["image.bias"])[j]!));
  const shares = [product(word, parameters["lstm.input"]!, 16), product(bounded, parameters["lstm.image"]!, 16)];
  const gates = numbersOf(parameters["lstm.bias"]).map((bias, j) => bias + shares[0]![j]! + shares[1]![j]!);
  // Without a state before, no recurrent share: cell = σ(input) · tanh(candidate), hidden = σ(output) · tanh(cell).
  const cell = [0, 1, 2, 3].map((j) => sigmoid(gates[j]!) * Math.tanh(gates[12 + j]!));
  const hidden = cell.map((value, j) => sigmoid(gates[8 + j]!) * Math.tanh(value));
  expectClose(numbersOf(position.state["state.cell"]), cell, 1e-5);
  expectClose(numbersOf(position.state["state.hidden"]), hidden, 1e-5);
});
