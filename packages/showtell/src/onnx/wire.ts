// Protocol Buffers' wire format, writing only (protobuf.dev/programming-guides/encoding). Knows no message of ONNX.
import { utf8Bytes } from "../base/bytes.ts";

/** A piece of an encoded message whose size is known before it is written, so that a whole model needs one allocation. */
export interface Part {
  readonly size: number;
  write(target: Uint8Array): void;
}

const wireVarint = 0;
const wireBytes = 2;
const wireFixed32 = 5;

function varintSize(value: bigint): number {
  let size = 1;
  for (let rest = value >> 7n; rest > 0n; rest >>= 7n) size++;
  return size;
}

function varint(value: number | bigint): Part {
  // Negative numbers are written as their 64-bit two's complement.
  const unsigned = BigInt.asUintN(64, BigInt(value));
  return {
    size: varintSize(unsigned),
    write(target) {
      let rest = unsigned;
      let at = 0;
      for (; rest > 0x7fn; rest >>= 7n) target[at++] = Number(rest & 0x7fn) | 0x80;
      target[at] = Number(rest);
    },
  };
}

function joined(parts: readonly Part[]): Part {
  let size = 0;
  for (const part of parts) size += part.size;
  return {
    size,
    write(target) {
      let at = 0;
      for (const part of parts) {
        part.write(target.subarray(at, at + part.size));
        at += part.size;
      }
    },
  };
}

function tagged(field: number, wireType: number, ...content: readonly Part[]): Part {
  return joined([varint((field << 3) | wireType), ...content]);
}

/** Bytes as they are. */
export function rawPart(bytes: Uint8Array): Part {
  return { size: bytes.byteLength, write: (target) => target.set(bytes) };
}

/** A field holding a whole number. */
export function intField(field: number, value: number | bigint): Part {
  return tagged(field, wireVarint, varint(value));
}

/** A field holding a 32-bit float. */
export function floatField(field: number, value: number): Part {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return tagged(field, wireFixed32, rawPart(bytes));
}

/** A field holding UTF-8 text. */
export function textField(field: number, text: string): Part {
  return partField(field, rawPart(utf8Bytes(text)));
}

/** A field holding length-prefixed content: bytes, or a message. */
export function partField(field: number, content: Part): Part {
  return tagged(field, wireBytes, varint(content.size), content);
}

/** A message: its fields in order. */
export function message(...fields: readonly (Part | readonly Part[])[]): Part {
  return joined(fields.flat());
}

/** The bytes of a message. */
export function encode(part: Part): Uint8Array {
  const target = new Uint8Array(part.size);
  part.write(target);
  return target;
}
