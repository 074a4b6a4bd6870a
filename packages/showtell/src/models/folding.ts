// From published convolutions with batch norm to one convolution with a bias. Knows no network and no file.
import { ShowtellError } from "../base/errors.ts";
import type { Tensor } from "../base/tensor.ts";
import { sizeOf, tensor, zeros } from "../base/tensor.ts";

/** Published tensors by their own names. */
export type PublishedTensors = ReadonlyMap<string, Tensor>;

/** Batch norm after a convolution, each [outputs]: y = (x − mean) · γ / √(variance + ε) + β; γ is 1 where there is none. */
export interface BatchNorm {
  readonly gamma?: Float32Array;
  readonly beta: Float32Array;
  readonly mean: Float32Array;
  readonly variance: Float32Array;
  readonly epsilon: number;
}

/**
 * The elements of a published tensor.
 * @throws ShowtellError `BUNDLE_TENSORS` if it is missing or has another size.
 */
export function published(source: PublishedTensors, name: string, size: number): Float32Array {
  const found = source.get(name);
  if (found?.dtype === "float32" && found.data.length === size) return found.data as Float32Array;
  throw new ShowtellError(
    "BUNDLE_TENSORS",
    `the published weights have no float32 tensor "${name}" of ${size} elements`,
  );
}

/** A kernel [height, width, inputs, outputs] as [outputs, inputs, height, width], which is the shape given. */
export function turnedKernel(kernel: Float32Array, shape: readonly number[]): Float32Array {
  const [outputs, inputs, height, width] = shape as [number, number, number, number];
  const result = new Float32Array(kernel.length);
  for (let position = 0; position < height * width; position++) {
    for (let input = 0; input < inputs; input++) {
      const from = (position * inputs + input) * outputs;
      for (let output = 0; output < outputs; output++) {
        result[(output * inputs + input) * height * width + position] = kernel[from + output]!;
      }
    }
  }
  return result;
}

/**
 * A convolution that does what one with batch norm after it does: w' = w · γ / √(σ² + ε), b' = (b − μ) · γ / √(σ² + ε) + β.
 * @param kernel [outputs, …], elements of the shape given.
 * @param bias [outputs]; default 0.
 */
export function foldBatchNorm(
  kernel: Float32Array,
  shape: readonly number[],
  { gamma, beta, mean, variance, epsilon }: BatchNorm,
  bias?: Float32Array,
): { readonly weight: Tensor<"float32">; readonly bias: Tensor<"float32"> } {
  const outputs = shape[0]!;
  const length = sizeOf(shape.slice(1));
  const weight = zeros("float32", shape);
  const folded = new Float32Array(outputs);
  for (let output = 0; output < outputs; output++) {
    const scale = (gamma?.[output] ?? 1) / Math.sqrt(variance[output]! + epsilon);
    for (let i = output * length; i < (output + 1) * length; i++) weight.data[i] = kernel[i]! * scale;
    folded[output] = ((bias?.[output] ?? 0) - mean[output]!) * scale + beta[output]!;
  }
  return { weight, bias: tensor("float32", [outputs], folded) };
}
