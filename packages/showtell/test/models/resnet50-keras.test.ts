// Folding Keras's batch normalisation into the convolutions: a folded unit computes what the published one does.
import { describe, expect, it } from "vitest";
import type { Tensor } from "../../src/base/tensor.ts";
import { zeros } from "../../src/base/tensor.ts";
import { Graph } from "../../src/graph/graph.ts";
import { batchNorm, conv } from "../../src/graph/operators/vision.ts";
import { resnet50 } from "../../src/models/resnet50.ts";
import { resnet50FromKeras } from "../../src/models/resnet50-keras.ts";
import { runGraph } from "../graph/run.ts";
import { drawn, expectClose, floats, numbersOf } from "../tensors.ts";

/** Units by our name, with Keras's names of their convolution and batch norm and the convolution's shape [h, w, in, out]. */
const units = [
  ["conv1", "conv1", "bn_conv1", [7, 7, 3, 64]],
  ["conv2.1.b", "res2a_branch2b", "bn2a_branch2b", [3, 3, 64, 64]],
  ["conv3.1.projection", "res3a_branch1", "bn3a_branch1", [1, 1, 256, 512]],
  ["conv4.6.a", "res4f_branch2a", "bn4f_branch2a", [1, 1, 1024, 256]],
  ["conv5.3.c", "res5c_branch2c", "bn5c_branch2c", [1, 1, 512, 2048]],
] as const;

/** Tensors of zeros under all of Keras's names, in the shapes of the network as it was published. */
function publishedWeights(): Map<string, Tensor> {
  const result = new Map<string, Tensor>();
  const unit = (convolution: string, norm: string, size: number, inputs: number, outputs: number): void => {
    result.set(`${convolution}/kernel`, zeros("float32", [size, size, inputs, outputs]));
    result.set(`${convolution}/bias`, zeros("float32", [outputs]));
    for (const part of ["gamma", "beta", "moving_mean", "moving_variance"]) {
      result.set(`${norm}/${part}`, zeros("float32", [outputs]));
    }
  };
  unit("conv1", "bn_conv1", 7, 3, 64);
  let before = 64;
  for (const [stage, blocks] of [3, 4, 6, 3].entries()) {
    const width = 64 * 2 ** stage;
    for (const letter of "abcdef".slice(0, blocks)) {
      const branch = (name: string, size: number, inputs: number, outputs: number): void => {
        const place = `${stage + 2}${letter}_branch${name}`;
        unit(`res${place}`, `bn${place}`, size, inputs, outputs);
      };
      if (letter === "a") branch("1", 1, before, 4 * width);
      branch("2a", 1, before, width);
      branch("2b", 3, width, width);
      branch("2c", 1, width, 4 * width);
      before = 4 * width;
    }
  }
  return result;
}

/** Zeros everywhere but in the units under test. */
function source(): Map<string, Tensor> {
  const weights = publishedWeights();
  for (const [, convolution, norm, [height, width, inputs, outputs]] of units) {
    weights.set(`${convolution}/kernel`, drawn([height, width, inputs, outputs], `${convolution} kernel`));
    for (const name of [`${convolution}/bias`, `${norm}/gamma`, `${norm}/beta`, `${norm}/moving_mean`]) {
      weights.set(name, drawn([outputs], name));
    }
    const variances = numbersOf(drawn([outputs], `${norm} variance`)).map((value) => 0.01 + value * value);
    weights.set(`${norm}/moving_variance`, floats([outputs], variances));
  }
  return weights;
}

describe("ResNet-50 from Keras's tensors", () => {
  const weights = source();
  const folded = resnet50FromKeras(weights);

  it("has all tensors of the encoder in their shapes, and no other", () => {
    const shapes = Object.fromEntries([...folded].map(([name, { shape }]) => [name, shape]));
    expect(shapes).toEqual(resnet50.tensors);
  });

  it.each(units)(
    "computes %s as %s followed by %s",
    async (unit, convolution, norm, [height, width, inputs, outputs]) => {
      const graph = new Graph();
      const x = graph.input("x", [1, inputs, height + 1, width]);
      const constant = (name: string): ReturnType<Graph["constant"]> => graph.constant(weights.get(name)!);
      const plain = conv(x, graph.constant(turned(weights.get(`${convolution}/kernel`)!)), {
        bias: constant(`${convolution}/bias`),
      });
      const statistics = {
        scale: constant(`${norm}/gamma`),
        shift: constant(`${norm}/beta`),
        mean: constant(`${norm}/moving_mean`),
        variance: constant(`${norm}/moving_variance`),
      };
      const ours = conv(x, graph.constant(folded.get(`${unit}.weight`)!), {
        bias: graph.constant(folded.get(`${unit}.bias`)!),
      });
      const found = await runGraph(
        graph,
        { published: batchNorm(plain, statistics, 1e-3), ours },
        { x: drawn([1, inputs, height + 1, width], "x") },
      );
      expect(found["ours"]!.shape).toEqual([1, outputs, 2, 1]);
      expectClose(numbersOf(found["ours"]), numbersOf(found["published"]), 1e-4);
    },
  );

  it("refuses weights that lack a tensor or have one of another size, naming it", () => {
    const without = new Map(weights);
    without.delete("bn4c_branch2b/moving_variance");
    expect(() => resnet50FromKeras(without)).toThrow(
      expect.objectContaining({
        code: "BUNDLE_TENSORS",
        message: 'the published weights have no float32 tensor "bn4c_branch2b/moving_variance" of 256 elements',
      }),
    );
    const another = new Map(weights).set("conv1/kernel", zeros("float32", [3, 3, 3, 64]));
    expect(() => resnet50FromKeras(another)).toThrow(/no float32 tensor "conv1\/kernel" of 9408 elements/);
  });
});

/** A kernel [height, width, in, out] as [out, in, height, width], element by element. */
function turned({ shape, data }: Tensor): Tensor<"float32"> {
  const [height, width, inputs, outputs] = shape as [number, number, number, number];
  const result = zeros("float32", [outputs, inputs, height, width]);
  for (let from = 0; from < data.length; from++) {
    const output = from % outputs;
    const input = Math.floor(from / outputs) % inputs;
    const position = Math.floor(from / (outputs * inputs));
    result.data[(output * inputs + input) * height * width + position] = Number(data[from]);
  }
  return result;
}
