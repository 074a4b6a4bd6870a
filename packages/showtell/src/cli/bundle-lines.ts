// A bundle in a few lines: which parts it has and what identifies them. Verifies nothing.
import type { Bundle, BundlePart } from "../bundle/bundle.ts";
import { bytesOf } from "../base/tensor.ts";
import type { DecoderManifest, EncoderManifest } from "../bundle/manifest.ts";
import { byteSize, fieldLines } from "./wording.ts";

/** The lines that `pack` and `verify` print of a bundle. */
export function bundleLines(
  { source, encoder, decoder }: Bundle,
  more: readonly (readonly [label: string, value: string])[] = [],
): readonly string[] {
  const fields: [string, string][] = [["file", source]];
  if (encoder !== undefined) fields.push(["encoder", partText(encoder)]);
  if (decoder !== undefined) {
    fields.push(["decoder", partText(decoder)]);
    const needed = decoder.manifest.encoder;
    if (encoder === undefined)
      fields.push(["needs", `${needed.identity} (encoder ${needed.name}, ${needed.layer} features)`]);
  }
  return fieldLines([...fields, ...more]);
}

function partText({ manifest, tensors }: BundlePart<DecoderManifest | EncoderManifest>): string {
  let bytes = 0;
  for (const tensor of tensors.values()) bytes += bytesOf(tensor).length;
  const types = new Set([...tensors.values()].map(({ dtype }) => dtype));
  return `${manifest.identity} (${manifest.spec.kind}, ${byteSize(bytes)}, ${[...types].sort().join(" and ")})`;
}
