// Reads safetensors: the header, then each tensor as a view of the file's bytes. Knows nothing of bundles.
import { viewAs } from "../base/tensor.ts";
import type { Tensor } from "../base/tensor.ts";
import { readSafetensorsHeader } from "./header.ts";
import type { SafetensorsReading } from "./header.ts";

/** What a safetensors file holds; the tensors in file order. */
export interface Safetensors {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Reads a whole safetensors file. Tensors are views of `bytes`, copied only where an element would not be aligned; all sizes
 * are checked first. Numbers are little-endian, as on every platform that JavaScript engines run on today.
 * @throws ShowtellError `SAFETENSORS_FORMAT` if the bytes break the format in any way.
 */
export function readSafetensors(bytes: Uint8Array, options: SafetensorsReading = {}): Safetensors {
  const { entries, metadata, dataStart } = readSafetensorsHeader(bytes, bytes.length, options);
  const tensors = new Map<string, Tensor>();
  for (const [name, { dtype, shape, begin, end }] of entries) {
    // Not `subarray`: of a Node Buffer it is a Buffer again, whose `slice` would not copy misaligned data.
    const view = new Uint8Array(bytes.buffer, bytes.byteOffset + dataStart + begin, end - begin);
    tensors.set(name, { dtype, shape, data: viewAs(dtype, view) });
  }
  return { tensors, metadata };
}
