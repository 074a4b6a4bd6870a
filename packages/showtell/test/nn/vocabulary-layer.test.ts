// The padded output layer: padding has exactly no probability and no gradient, and real words see the layer as if it were not padded.
import { describe, expect, it } from "vitest";
import type { Tensor } from "../../src/base/tensor.ts";
import { gradients } from "../../src/graph/backward.ts";
import { Graph } from "../../src/graph/graph.ts";
import { softmax } from "../../src/graph/operators/reduction.ts";
import { linear } from "../../src/nn/layers.ts";
import { crossEntropy } from "../../src/nn/losses.ts";
import { paddedWords, vocabularyLogits } from "../../src/nn/vocabulary-layer.ts";
import { runGraph } from "../graph/run.ts";
import { drawn, expectClose, floats, integers, numbersOf, scalar } from "../tensors.ts";

const [rows, size, words] = [3, 4, 70];
const x = drawn([rows, size], "x");
// Padding has weights and biases too, larger than any real word's.
const weight = drawn([size, 128], "weight", 2);
const bias = drawn([128], "bias", 50);

/** The first columns of each row. */
function cut({ shape, data }: Tensor, columns: number): Tensor<"float32"> {
  const width = shape.at(-1)!;
  const kept = Array.from(data as Float32Array).filter((_, i) => i % width < columns);
  return floats([...shape.slice(0, -1), columns], kept);
}

/** Loss, probabilities and gradients of the layer with `columns` columns, of which `words` are real. */
async function run(columns: number, smoothing: number): Promise<Record<string, Tensor>> {
  const graph = new Graph();
  const input = graph.input("x", [rows, size]);
  const [w, b] = [graph.parameter("weight", [size, columns]), graph.parameter("bias", [columns])];
  const logits = columns === words ? linear(input, w, b) : vocabularyLogits(input, w, b, words);
  const { loss } = crossEntropy({
    logits,
    targets: graph.input("targets", [rows], "int64"),
    weights: graph.input("weights", [rows]),
    normaliser: graph.input("normaliser", []),
    words,
    smoothing,
  });
  const [dx, dw, db] = gradients(loss, [input, w, b]);
  const feeds = {
    x,
    weight: cut(weight, columns),
    bias: cut(bias, columns),
    targets: integers([69, 0, 3]),
    weights: floats([rows], [1, 1, 0.5]),
    normaliser: scalar(2),
  };
  return runGraph(graph, { loss, p: softmax(logits), dx: dx!, dw: dw!, db: db! }, feeds);
}

function paddingOf(value: Tensor): number[] {
  return Array.from(value.data as Float32Array).filter((_, i) => i % 128 >= words);
}

describe.each([0, 0.2])("a vocabulary of 70 words in 128 columns, smoothing %d", (smoothing) => {
  it("gives padded words a probability of exactly 0", async () => {
    const { p } = await run(128, smoothing);
    expect(paddingOf(p!)).toHaveLength(rows * 58);
    expect(paddingOf(p!).every((value) => value === 0)).toBe(true);
  });

  it("gives the parameters of padded words a gradient of exactly 0", async () => {
    const { dw, db } = await run(128, smoothing);
    expect(paddingOf(dw!)).toHaveLength(size * 58);
    expect([...paddingOf(dw!), ...paddingOf(db!)].every((value) => value === 0)).toBe(true);
    expect(cut(db!, words).data.every((value) => value !== 0)).toBe(true);
  });

  it("has the loss and gradients of a layer without padding", async () => {
    const [padded, plain] = [await run(128, smoothing), await run(words, smoothing)];
    expectClose(numbersOf(padded["loss"]), numbersOf(plain["loss"]), 1e-6);
    expectClose(numbersOf(padded["dx"]), numbersOf(plain["dx"]), 1e-5);
    for (const name of ["dw", "db", "p"]) {
      expectClose(numbersOf(cut(padded[name]!, words)), numbersOf(plain[name]), 1e-5);
    }
  });
});

describe("the padded size", () => {
  it("is the next multiple of 64", () => {
    expect([1, 63, 64, 65, 2535, 2560].map(paddedWords)).toEqual([64, 64, 64, 128, 2560, 2560]);
  });

  it("adds nothing to the graph where the vocabulary needs no padding", () => {
    const graph = new Graph();
    const input = graph.input("x", [rows, size]);
    const [w, b] = [graph.parameter("weight", [size, 64]), graph.parameter("bias", [64])];
    expect(vocabularyLogits(input, w, b, 64)).toBe(linear(input, w, b));
  });
});
