// Plain tensors: element type, shape and a typed array. Knows nothing of files, graphs or engines.
import { ShowtellError } from "./errors.ts";

/** Element types and the typed array that holds each (float16 as its bits, bool as bytes). */
export interface DTypeArrays {
  float32: Float32Array;
  float64: Float64Array;
  float16: Uint16Array;
  int64: BigInt64Array;
  int32: Int32Array;
  int8: Int8Array;
  uint8: Uint8Array;
  bool: Uint8Array;
}

/** The name of an element type. */
export type DType = keyof DTypeArrays;

/** A dense row-major tensor; `data.length` is the product of `shape` (1 for a scalar, whose shape is `[]`). */
export interface Tensor<D extends DType = DType> {
  readonly dtype: D;
  readonly shape: readonly number[];
  readonly data: DTypeArrays[D];
}

interface ArrayConstructorOf<D extends DType> {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): DTypeArrays[D];
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): DTypeArrays[D];
}

const arrayConstructors: { readonly [D in DType]: ArrayConstructorOf<D> } = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  int64: BigInt64Array,
  int32: Int32Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
};

/** Bytes of one element. */
export function bytesPerElement(dtype: DType): number {
  return arrayConstructors[dtype].BYTES_PER_ELEMENT;
}

/** Number of elements of a shape: the product, 1 for a scalar. */
export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (const dimension of shape) size *= dimension;
  return size;
}

/**
 * A tensor over existing data (not copied).
 * @throws ShowtellError `ARGUMENT` if the number of elements does not fit the shape.
 */
export function tensor<D extends DType>(dtype: D, shape: readonly number[], data: DTypeArrays[D]): Tensor<D> {
  if (data.length !== sizeOf(shape)) {
    throw new ShowtellError(
      "ARGUMENT",
      `a tensor of shape [${shape.join(", ")}] needs ${sizeOf(shape)} elements, got ${data.length}`,
    );
  }
  return { dtype, shape, data };
}

/** A tensor of zeros. */
export function zeros<D extends DType>(dtype: D, shape: readonly number[]): Tensor<D> {
  return { dtype, shape, data: new arrayConstructors[dtype](sizeOf(shape)) };
}

/** A view of bytes as elements of a type; copies only where the bytes are not aligned. */
export function viewAs<D extends DType>(dtype: D, bytes: Uint8Array): DTypeArrays[D] {
  const constructor = arrayConstructors[dtype];
  const width = constructor.BYTES_PER_ELEMENT;
  if (bytes.byteLength % width !== 0) {
    throw new ShowtellError("ARGUMENT", `${bytes.byteLength} bytes are no whole number of ${dtype} elements`);
  }
  // Not `bytes.slice()`: that of Node's Buffer gives a view.
  const aligned = bytes.byteOffset % width === 0 ? bytes : new Uint8Array(bytes);
  return new constructor(aligned.buffer, aligned.byteOffset, aligned.byteLength / width);
}

/** The bytes of a tensor's data, as a view (not copied). */
export function bytesOf(value: Tensor): Uint8Array {
  return new Uint8Array(value.data.buffer, value.data.byteOffset, value.data.byteLength);
}
