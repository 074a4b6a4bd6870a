// The catalogue of decoders: a closed table. Adding one is a file and its lines here, see docs/add-a-decoder.md.
import { z } from "zod";
import type { Architecture } from "../plot/architecture.ts";
import type { AdaptiveAttentionSpec } from "./adaptive-attention.ts";
import { adaptiveAttention } from "./adaptive-attention.ts";
import type { DecoderEntry, DecoderSizes } from "./decoder.ts";
import type { ParallelAttentionSpec } from "./parallel-attention.ts";
import { parallelAttention } from "./parallel-attention.ts";
import type { ShowAndTellSpec } from "./show-and-tell.ts";
import { showAndTell } from "./show-and-tell.ts";
import type { SoftAttentionSpec } from "./soft-attention.ts";
import { softAttention } from "./soft-attention.ts";
import type { TopDownSpec } from "./top-down.ts";
import { topDown } from "./top-down.ts";
import type { TransformerSpec } from "./transformer.ts";
import { transformer } from "./transformer.ts";

/** The specification of any decoder. */
export type DecoderSpec =
  | ShowAndTellSpec
  | SoftAttentionSpec
  | AdaptiveAttentionSpec
  | TopDownSpec
  | ParallelAttentionSpec
  | TransformerSpec;

/** The name of a decoder. */
export type DecoderKind = DecoderSpec["kind"];

const decoders: { readonly [Kind in DecoderKind]: DecoderEntry<Extract<DecoderSpec, { kind: Kind }>> } = {
  "show-and-tell": showAndTell,
  "soft-attention": softAttention,
  "adaptive-attention": adaptiveAttention,
  "top-down": topDown,
  "parallel-attention": parallelAttention,
  transformer,
};

/** Names of all decoders. */
export const decoderKinds: readonly DecoderKind[] = Object.keys(decoders) as DecoderKind[];

/** What every entry has, seen without its own kind of specification. */
type AnyEntry = DecoderEntry<DecoderSpec & DecoderSizes>;

/** The decoder of a kind. */
export function decoderNamed(kind: DecoderKind): AnyEntry {
  // Each entry takes the specifications of its own kind, and is only ever given those.
  return decoders[kind];
}

/** The decoder of a specification. */
export function decoderOf(spec: DecoderSpec): AnyEntry {
  return decoderNamed(spec.kind);
}

/** The blocks of a decoder; its first arrow comes from a block "features", which the caller adds. */
export function decoderBlocks(spec: DecoderSpec): Architecture {
  return decoderOf(spec).blocks(spec);
}

/** Checks a decoder's specification. Strict: a field that this release does not know could change what the model computes. */
export const decoderSpecSchema: z.ZodType<DecoderSpec> = z
  .looseObject({ kind: z.enum(decoderKinds) })
  .transform((value, context): DecoderSpec => {
    const parsed = decoderNamed(value.kind).schema.safeParse(value);
    if (parsed.success) return parsed.data;
    context.issues.push(...parsed.error.issues.map((issue) => ({ ...issue, input: value, code: "custom" as const })));
    return z.NEVER;
  });
