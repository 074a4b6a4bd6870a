// The identity of a model: a hash of what it computes, so that scores or notes added later do not change it.
import { startSha256, utf8Bytes } from "../base/bytes.ts";
import type { Tensor } from "../base/tensor.ts";
import { bytesOf } from "../base/tensor.ts";

/** A value as JSON with sorted keys, so that equal values give equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/**
 * SHA-256 over the description (specification, vocabulary, preprocessing: what decides the graph and its words) and over
 * name, type, shape and bytes of all tensors in order of name.
 */
export function identityOf(tensors: ReadonlyMap<string, Tensor>, description: unknown): string {
  const hasher = startSha256().update(utf8Bytes(canonicalJson(description)));
  const sorted = [...tensors].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [name, value] of sorted) {
    hasher.update(utf8Bytes(`\n${name}\n${value.dtype}\n${value.shape.join()}\n`)).update(bytesOf(value));
  }
  return hasher.hex();
}
