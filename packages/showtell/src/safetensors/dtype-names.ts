// Element types by their names in a safetensors header (https://github.com/huggingface/safetensors, section "Format"). Knows nothing of files.
import type { DType } from "../base/tensor.ts";

/** The header's name of each element type that showtell has. */
export const headerNames: { readonly [D in DType]: string } = {
  float64: "F64",
  float32: "F32",
  float16: "F16",
  int64: "I64",
  int32: "I32",
  int8: "I8",
  uint8: "U8",
  bool: "BOOL",
};

/** The element types that are read, by the header's name; BF16, unsigned and 8-bit float types are not among them. */
export const dtypesByHeaderName: ReadonlyMap<string, DType> = new Map<string, DType>([
  ["F64", "float64"],
  ["F32", "float32"],
  ["F16", "float16"],
  ["I64", "int64"],
  ["I32", "int32"],
  ["I8", "int8"],
  ["U8", "uint8"],
  ["BOOL", "bool"],
]);
