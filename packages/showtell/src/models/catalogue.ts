// The catalogue of decoders: a closed table. Adding one is a file and a line here.
import type { Decoder, DecoderSizes } from "./decoder.ts";
import { showAndTell } from "./show-and-tell.ts";
import type { ShowAndTellSpec } from "./show-and-tell.ts";

/** The specification of any decoder. */
export type DecoderSpec = ShowAndTellSpec;

const decoders: { readonly [Kind in DecoderSpec["kind"]]: Decoder<Extract<DecoderSpec, { kind: Kind }>> } = {
  "show-and-tell": showAndTell,
};

/** Names of all decoders. */
export const decoderKinds: readonly DecoderSpec["kind"][] = Object.keys(decoders) as DecoderSpec["kind"][];

/** The decoder of a specification. */
export function decoderOf<Spec extends DecoderSpec>(spec: Spec): Decoder<DecoderSizes & Spec> {
  return decoders[spec.kind];
}
