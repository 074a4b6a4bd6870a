// From the tensors of Keras's published ResNet-50 to those of resnet50.ts: layouts turned, batch norm folded in.
import type { Tensor } from "../base/tensor.ts";
import { sizeOf } from "../base/tensor.ts";
import { foldBatchNorm, published, turnedKernel } from "./folding.ts";
import type { PublishedTensors } from "./folding.ts";
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

/**
 * The encoder's tensors from Keras's.
 * @throws ShowtellError `BUNDLE_TENSORS` if one is missing or has another size.
 */
export function resnet50FromKeras(source: PublishedTensors): ReadonlyMap<string, Tensor<"float32">> {
  const result = new Map<string, Tensor<"float32">>();
  for (const [name, shape] of Object.entries(resnet50.tensors)) {
    if (!name.endsWith(".weight")) continue;
    const unit = name.slice(0, -".weight".length);
    const { convolution, norm } = kerasNames(unit);
    const part = (of: string): Float32Array => published(source, of, shape[0]!);
    const batchNorm = {
      gamma: part(`${norm}/gamma`),
      beta: part(`${norm}/beta`),
      mean: part(`${norm}/moving_mean`),
      variance: part(`${norm}/moving_variance`),
      epsilon,
    };
    const kernel = turnedKernel(published(source, `${convolution}/kernel`, sizeOf(shape)), shape);
    const { weight, bias } = foldBatchNorm(kernel, shape, batchNorm, part(`${convolution}/bias`));
    result.set(name, weight).set(`${unit}.bias`, bias);
  }
  return result;
}
