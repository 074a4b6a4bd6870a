// The catalogue of decoders. What is in it is the list in decoders.ts; here it is looked up by name, and specifications are checked.
import { z } from "zod";
import type { Architecture } from "../plot/architecture.ts";
import { withAttributes } from "./attributes.ts";
import type { DecoderEntry, DecoderSizes } from "./decoder.ts";
import * as entries from "./decoders.ts";

type Entry = (typeof entries)[keyof typeof entries];
type SpecOf<E> = E extends DecoderEntry<infer Spec> ? Spec : never;

/** The specification of any decoder. */
export type DecoderSpec = SpecOf<Entry>;

/** The name of a decoder. */
export type DecoderKind = DecoderSpec["kind"];

/** What every entry has, seen without its own kind of specification. */
type AnyEntry = DecoderEntry<DecoderSpec & DecoderSizes>;

// Each entry takes the specifications of its own kind, and is only ever given those.
const decoders: ReadonlyMap<DecoderKind, AnyEntry> = new Map(
  Object.values(entries).map((entry: AnyEntry) => [entry.kind, withAttributes(entry)]),
);

/** Names of all decoders. */
export const decoderKinds: readonly DecoderKind[] = [...decoders.keys()];

/** The decoder of a kind. */
export function decoderNamed(kind: DecoderKind): AnyEntry {
  return decoders.get(kind)!;
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
