// The identity of a model: a hash of what it computes, so that scores or notes added later do not change it.
import { startSha256, utf8Bytes } from "../base/bytes.ts";
import { ShowtellError } from "../base/errors.ts";
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

/** @throws ShowtellError `BUNDLE_FORMAT` if a part of a bundle is not the one whose identity was recorded. */
export function checkIdentity(computed: string, recorded: string, part: string, source: string): void {
  if (computed === recorded) return;
  throw new ShowtellError(
    "BUNDLE_FORMAT",
    `"${source}": the ${part} is not the one its manifest describes (its hash differs): the file is damaged, fetch it again`,
  );
}
