// Folding batch norm into a convolution, and turning kernels: each by its definition. The networks' own conversions are in the golden tests.
import { describe, expect, it } from "vitest";
import { Graph } from "../../src/graph/graph.ts";
import { batchNorm, conv } from "../../src/graph/operators/vision.ts";
import { samePadding } from "../../src/models/convolution.ts";
import { foldBatchNorm, published, turnedKernel } from "../../src/models/folding.ts";
import { runGraph } from "../graph/run.ts";
import { drawn, expectClose, floats, numbersOf } from "../tensors.ts";

describe("a folded convolution", () => {
  const shape = [4, 3, 2, 3];
  const [kernel, beta, mean] = [drawn(shape, "kernel"), drawn([4], "beta"), drawn([4], "mean")];
  const variance = floats([4], [0.1, 1, 2.5, 0.7]);
  const parts = { beta: beta.data, mean: mean.data, variance: variance.data, epsilon: 1e-3 };

  it.each([
    ["with γ and a bias", drawn([4], "gamma"), drawn([4], "bias")],
    ["without either", undefined, undefined],
  ])("does what the convolution and its batch norm do, %s", async (_, gamma, bias) => {
    const graph = new Graph();
    const x = graph.input("x", [1, 3, 4, 5]);
    const plain = conv(x, graph.constant(kernel), bias === undefined ? {} : { bias: graph.constant(bias) });
    const statistics = {
      scale: graph.constant(gamma ?? floats([4], [1, 1, 1, 1])),
      shift: graph.constant(beta),
      mean: graph.constant(mean),
      variance: graph.constant(variance),
    };
    const folded = foldBatchNorm(kernel.data, shape, { ...parts, ...(gamma && { gamma: gamma.data }) }, bias?.data);
    const ours = conv(x, graph.constant(folded.weight), { bias: graph.constant(folded.bias) });
    const outputs = { wanted: batchNorm(plain, statistics, 1e-3), ours };
    const found = await runGraph(graph, outputs, { x: drawn([1, 3, 4, 5], "x") });
    expectClose(numbersOf(found["ours"]), numbersOf(found["wanted"]), 1e-5);
  });

  it("needs every tensor in its size", () => {
    const source = new Map([["a", drawn([4], "a")]]);
    expect(published(source, "a", 4)).toHaveLength(4);
    for (const [name, size] of [
      ["a", 5],
      ["b", 4],
    ] as const) {
      const message = `the published weights have no float32 tensor "${name}" of ${size} elements`;
      expect(() => published(source, name, size)).toThrow(expect.objectContaining({ code: "BUNDLE_TENSORS", message }));
    }
  });
});

describe("a turned kernel", () => {
  it("has [height, width, inputs, outputs] as [outputs, inputs, height, width]", () => {
    // Two rows, one column, three inputs, two outputs; elements spell row, input and output.
    const kernel = [0, 1, 10, 11, 20, 21, 1000, 1001, 1010, 1011, 1020, 1021];
    const turned = turnedKernel(Float32Array.from(kernel), [2, 3, 2, 1]);
    expect([...turned]).toEqual([0, 1000, 10, 1010, 20, 1020, 1, 1001, 11, 1011, 21, 1021]);
  });
});

describe("TensorFlow's SAME padding", () => {
  it.each([
    { size: [224, 7], window: [3, 3], stride: 2, padding: [0, 1, 1, 1] },
    { size: [5, 5], window: [3, 5], stride: 1, padding: [1, 2, 1, 2] },
    { size: [6, 9], window: [1, 1], stride: 2, padding: [0, 0, 0, 0] },
    { size: [8, 10], window: [5, 2], stride: 2, padding: [1, 0, 2, 0] },
  ] as const)("of $window over $size at stride $stride is $padding", ({ size, window, stride, padding }) => {
    const x = new Graph().input("x", ["batch", 1, ...size]);
    expect(samePadding(x, window, stride)).toEqual(padding);
    const kernel = x.graph.constant(drawn([1, 1, ...window], "kernel"));
    const y = conv(x, kernel, { stride: [stride, stride], padding });
    expect(y.shape.slice(2)).toEqual(size.map((extent) => Math.ceil(extent / stride)));
  });
});
