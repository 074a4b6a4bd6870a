// Bytes, UTF-8 and hashes. TextEncoder and TextDecoder exist on every platform, but not in the language's own library.
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";

declare const TextEncoder: new () => { encode(text: string): Uint8Array<ArrayBuffer> };
declare const TextDecoder: new (label: string, options: { fatal: boolean }) => { decode(bytes: Uint8Array): string };

const encoder = new TextEncoder();

/** UTF-8 bytes of a string. */
export function utf8Bytes(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

/** The string of UTF-8 bytes. @throws TypeError if the bytes are not valid UTF-8. */
export function utf8Text(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}

/** SHA-256 of bytes or of a string's UTF-8 bytes, in lower-case hex. */
export function sha256Hex(content: Uint8Array | string): string {
  return bytesToHex(sha256(typeof content === "string" ? utf8Bytes(content) : content));
}

/** A SHA-256 that is fed piece by piece, for what does not lie in one buffer. */
export interface Hasher {
  update(bytes: Uint8Array): Hasher;
  hex(): string;
}

/** Starts a {@link Hasher}. */
export function startSha256(): Hasher {
  const state = sha256.create();
  const hasher: Hasher = {
    update(bytes) {
      state.update(bytes);
      return hasher;
    },
    hex: () => bytesToHex(state.digest()),
  };
  return hasher;
}
