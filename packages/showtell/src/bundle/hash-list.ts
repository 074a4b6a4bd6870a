// Lists of hashes as a manifest has them, of pictures or captions: the first digits of each, joined. A thousand are 16 kB.
import { z } from "zod";

/** Hexadecimal digits that are kept of a hash. */
const digits = 16;

/** What is kept of a hash. */
export function shortHash(hash: string): string {
  return hash.slice(0, digits);
}

/** A list of hashes. */
export function hashList(hashes: readonly string[]): string {
  return hashes.map(shortHash).join("");
}

/** The short hashes in a list. */
export function hashesIn(list: string): ReadonlySet<string> {
  const hashes = new Set<string>();
  for (let at = 0; at < list.length; at += digits) hashes.add(list.slice(at, at + digits));
  return hashes;
}

/** How many hashes a list has. */
export function hashCount(list: string): number {
  return list.length / digits;
}

/** A list in a file. */
export const hashListSchema: z.ZodType<string> = z
  .string()
  // Not /^([0-9a-f]{16})*$/: over the hashes of half a million captions that overflows the engine's stack.
  .refine((text) => text.length % digits === 0 && !/[^0-9a-f]/.test(text), "not 8-byte hashes in lower-case hex");
