// From the tensors of Keras's published ResNet-50 to those of resnet50.ts: layouts turned, batch norm folded in.
import { ShowtellError } from "../base/errors.ts";
import type { Tensor } from "../base/tensor.ts";
import { tensor, zeros } from "../base/tensor.ts";
import { resnet50 } from "./resnet50.ts";

/** Batch norm's ε in this network. */
const epsilon = 1e-3;

const branches: Readonly<Record<string, string>> = { a: "2a", b: "2b", c: "2c", projection: "1" };

/** Keras's names of a convolution and its batch norm: `conv3.2.b` is `res3b_branch2b` with `bn3b_branch2b`. */
function kerasNames(name: string): { readonly convolution: string; readonly norm: string } {
  if (name === "conv1") return { convolution: "conv1", norm: "bn_conv1" };
  const [stage, block, branch] = name.split(".") as [string, string, string];
  const place = `${stage.slice(-1)}${"abcdef"[Number(block) - 1]}_branch${branches[branch]}`;
  return { convolution: `res${place}`, norm: `bn${place}` };
}

/** A kernel [height, width, inputs, outputs] as [outputs, inputs, height, width], each output scaled. */
function turnedKernel(kernel: Float32Array, shape: readonly number[], scale: Float64Array): Tensor<"float32"> {
  const [outputs, inputs, height, width] = shape as [number, number, number, number];
  const result = zeros("float32", shape);
  for (let position = 0; position < height * width; position++) {
    for (let input = 0; input < inputs; input++) {
      const from = (position * inputs + input) * outputs;
      for (let output = 0; output < outputs; output++) {
        result.data[(output * inputs + input) * height * width + position] = kernel[from + output]! * scale[output]!;
      }
    }
  }
  return result;
}

/**
 * The encoder's tensors from Keras's: w' = w · γ / √(σ² + ε), b' = (b − μ) · γ / √(σ² + ε) + β.
 * @throws ShowtellError `BUNDLE_TENSORS` if one is missing or has another size.
 */
export function resnet50FromKeras(source: ReadonlyMap<string, Tensor>): ReadonlyMap<string, Tensor<"float32">> {
  const take = (name: string, size: number): Float32Array => {
    const found = source.get(name);
    if (found?.dtype !== "float32" || found.data.length !== size) {
      throw new ShowtellError(
        "BUNDLE_TENSORS",
        `the published weights have no float32 tensor "${name}" of ${size} elements`,
      );
    }
    return found.data as Float32Array;
  };
  const result = new Map<string, Tensor<"float32">>();
  for (const [name, shape] of Object.entries(resnet50.tensors)) {
    if (!name.endsWith(".weight")) continue;
    const unit = name.slice(0, -".weight".length);
    const { convolution, norm } = kerasNames(unit);
    const [outputs, inputs, height, width] = shape as [number, number, number, number];
    const [gamma, beta, mean, variance] = ["gamma", "beta", "moving_mean", "moving_variance"].map((part) =>
      take(`${norm}/${part}`, outputs),
    ) as [Float32Array, Float32Array, Float32Array, Float32Array];
    const scale = Float64Array.from(gamma, (value, i) => value / Math.sqrt(variance[i]! + epsilon));
    const bias = take(`${convolution}/bias`, outputs);
    const kernel = take(`${convolution}/kernel`, outputs * inputs * height * width);
    result.set(name, turnedKernel(kernel, shape, scale));
    const folded = Float32Array.from(bias, (value, i) => (value - mean[i]!) * scale[i]! + beta[i]!);
    result.set(`${unit}.bias`, tensor("float32", [outputs], folded));
  }
  return result;
}
