// Small tensors for tests: written out, or drawn from a seed; and comparisons within a tolerance. Knows no graph.
import { expect } from "vitest";
import { seededRandom } from "../src/base/random.ts";
import type { Tensor } from "../src/base/tensor.ts";
import { sizeOf, tensor } from "../src/base/tensor.ts";

/** A float32 tensor of the given elements. */
export function floats(shape: readonly number[], elements: Iterable<number>): Tensor<"float32"> {
  return tensor("float32", shape, Float32Array.from(elements));
}

/** A float32 scalar. */
export function scalar(value: number): Tensor<"float32"> {
  return floats([], [value]);
}

/** An int64 tensor of the given elements; one-dimensional unless a shape is given. */
export function integers(elements: readonly number[], shape: readonly number[] = [elements.length]): Tensor<"int64"> {
  return tensor("int64", shape, BigInt64Array.from(elements, BigInt));
}

/** A float32 tensor drawn uniformly from ± scale; the same purpose gives the same tensor. */
export function drawn(shape: readonly number[], purpose: string, scale = 1): Tensor<"float32"> {
  const random = seededRandom(1, purpose);
  return floats(
    shape,
    Array.from({ length: sizeOf(shape) }, () => scale * (2 * random.uniform() - 1)),
  );
}

/** A tensor's elements as numbers. */
export function numbersOf(value: Tensor | undefined): number[] {
  return Array.from(value!.data as Float32Array, Number);
}

/** Expects equally many elements, each within `tolerance` of what it should be (relative above 1). */
export function expectClose(actual: Iterable<number>, expected: Iterable<number>, tolerance = 1e-5): void {
  const [found, wanted] = [Array.from(actual), Array.from(expected)];
  expect(found).toHaveLength(wanted.length);
  const worst = found.reduce((most, value, i) => {
    const difference = Math.abs(value - wanted[i]!) / Math.max(1, Math.abs(wanted[i]!));
    return Number.isNaN(difference) ? Infinity : Math.max(most, difference);
  }, 0);
  expect(worst, `${found.join(" ")} should be ${wanted.join(" ")}`).toBeLessThanOrEqual(tolerance);
}
