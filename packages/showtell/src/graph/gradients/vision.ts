// Gradients of convolutional networks. Convolution's are those of a linear map, of its input and of its kernel; pools are "none".
import { ShowtellError } from "../../base/errors.ts";
import type { GradientRule } from "../gradients.ts";
import type { Node, Value } from "../graph.ts";
import { describeCall } from "../graph.ts";
import { gemm, matmul, transpose } from "../operators/matrix.ts";
import { concat, reshape, slice } from "../operators/reshaping.ts";
import { reduceSum } from "../operators/reduction.ts";
import { conv, convTranspose } from "../operators/vision.ts";
import type { Padding, Pair } from "../operators/vision.ts";
import { zeroPadded } from "./reshaping.ts";

/** A convolution in backward: all sizes are numbers there. */
interface Convolution {
  readonly x: Value;
  readonly kernel: Value;
  readonly dy: Value;
  readonly stride: Pair;
  readonly padding: Padding;
}

type Four = readonly [number, number, number, number];

const sizesOf = (value: Value): Four => value.shape as Four;

const convRule: GradientRule = (node, [dy]) => {
  const [x, kernel, bias] = node.inputs as readonly [Value, Value, Value | undefined];
  checkUngrouped(node);
  const [stride, padding] = [node.attributes["strides"] as Pair, node.attributes["pads"] as Padding];
  const convolution = { x, kernel, dy: dy!, stride, padding };
  const [dx, dKernel] = isPointwise(convolution) ? pointwise(convolution) : windowed(convolution);
  return [dx, dKernel, bias === undefined ? undefined : reduceSum(dy!, { axes: [0, 2, 3] })];
};

function checkUngrouped({ operator, inputs, attributes }: Node): void {
  if (attributes["group"] === undefined && attributes["dilations"] === undefined) return;
  throw new ShowtellError(
    "GRAPH_GRADIENT",
    `${describeCall(operator, inputs)} is grouped or dilated, and such a convolution has no gradient: keep it frozen`,
  );
}

function isPointwise({ kernel, stride, padding }: Convolution): boolean {
  const [, , height, width] = sizesOf(kernel);
  return [height, width, ...stride].every((size) => size === 1) && padding.every((size) => size === 0);
}

/** A 1×1 convolution is a matrix product at each position: y[n] = K·x[n] with x[n] [in, positions], K [out, in]. */
function pointwise({ x, kernel, dy }: Convolution): readonly [Value, Value] {
  const [images, inputs, height, width] = sizesOf(x);
  const outputs = sizesOf(kernel)[0];
  const columns = transpose(reshape(kernel, [outputs, inputs]), [1, 0]);
  const dx = matmul(columns, reshape(dy, [images, outputs, height * width]));
  const dKernel = gemm(positions(dy), positions(x), { transposeA: true });
  return [reshape(dx, x.shape), reshape(dKernel, kernel.shape)];
}

/** [images, channels, rows, columns] → [images · rows · columns, channels] */
function positions(value: Value): Value {
  const [images, channels, height, width] = sizesOf(value);
  return reshape(transpose(value, [0, 2, 3, 1]), [images * height * width, channels]);
}

function windowed(convolution: Convolution): readonly [Value, Value] {
  const { x, kernel, dy, stride, padding } = convolution;
  const [rows, columns] = [unreached(convolution, 0), unreached(convolution, 1)];
  const dx = convTranspose(dy, kernel, { stride, padding, extra: [rows, columns] });
  const unit = stride.every((size) => size === 1);
  return [dx, unit ? kernelByShifts(x, kernel, dy, padding) : kernelOverBatch(convolution)];
}

/** Rows (axis 0) or columns (1) at the end of the padded input that no window reaches, since the stride leaves a rest. */
function unreached({ x, kernel, stride, padding }: Convolution, axis: 0 | 1): number {
  return (sizesOf(x)[axis + 2]! + padding[axis] + padding[axis + 2]! - sizesOf(kernel)[axis + 2]!) % stride[axis];
}

/**
 * The kernel's gradient at stride 1, one product for each of its elements: dK[·, ·, i, j] = dyᵀ · x shifted by (i, j), over all
 * positions of all images. Faster than {@link kernelOverBatch}: its products are large (bench/training/conv-gradients.mjs).
 * @public for that bench.
 */
export function kernelByShifts(x: Value, kernel: Value, dy: Value, [top, left, bottom, right]: Padding): Value {
  const [outputs, inputs, height, width] = sizesOf(kernel);
  const [images, , rows, columns] = sizesOf(dy);
  const padded = zeroPadded(zeroPadded(transpose(x, [0, 2, 3, 1]), 1, top, bottom), 2, left, right);
  const dyPositions = positions(dy);
  const products: Value[] = [];
  for (let i = 0; i < height; i++) {
    const band = slice(padded, 1, i, i + rows);
    for (let j = 0; j < width; j++) {
      const shifted = reshape(slice(band, 2, j, j + columns), [images * rows * columns, inputs]);
      products.push(reshape(gemm(dyPositions, shifted, { transposeA: true }), [outputs, inputs, 1]));
    }
  }
  return reshape(concat(products, 2), kernel.shape);
}

/**
 * The kernel's gradient at any stride, as a convolution that sums over the images: channels of x are its images, images its
 * channels, dy is its kernel, and the stride is the distance between that kernel's elements.
 * @public for that bench.
 */
export function kernelOverBatch({ x, kernel, dy, stride, padding }: Convolution): Value {
  const [, , height, width] = sizesOf(kernel);
  const [byChannel, dyByChannel] = [x, dy].map((value) => transpose(value, [1, 0, 2, 3])) as [Value, Value];
  const found = conv(byChannel, dyByChannel, { padding, dilation: stride }); // [in, out, ≥ kh, ≥ kw]
  // What no window reached gave further rows and columns, which belong to no element of the kernel.
  const cut = slice(slice(found, 2, 0, height), 3, 0, width);
  return transpose(cut, [1, 0, 2, 3]);
}

export const visionGradients: Readonly<
  Record<"Conv" | "ConvTranspose" | "MaxPool" | "AveragePool" | "BatchNormalization", GradientRule | "none">
> = {
  Conv: convRule,
  ConvTranspose: "none",
  MaxPool: "none",
  AveragePool: "none",
  BatchNormalization: "none",
};
