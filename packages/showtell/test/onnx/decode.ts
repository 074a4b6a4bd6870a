// A reader of Protocol Buffers' wire format, written for the tests alone and sharing nothing with the writer under test.

/** A field as it stands in a message: its number and its content by wire type. */
export type Field =
  | { readonly field: number; readonly kind: "varint"; readonly value: bigint }
  | { readonly field: number; readonly kind: "fixed32"; readonly value: number }
  | { readonly field: number; readonly kind: "bytes"; readonly value: Uint8Array };

/** The fields of a message in order. Throws if the bytes end inside one. */
export function decodeMessage(bytes: Uint8Array): readonly Field[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;

  const varint = (): bigint => {
    for (let value = 0n, shift = 0n; ; shift += 7n) {
      const byte = view.getUint8(at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const slice = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw new RangeError(`${length} bytes at ${at} of ${bytes.length}`);
    at += length;
    return bytes.subarray(at - length, at);
  };

  const fields: Field[] = [];
  while (at < bytes.length) {
    const tag = Number(varint());
    const field = tag >>> 3;
    const wireType = tag & 7;
    if (wireType === 0) fields.push({ field, kind: "varint", value: BigInt.asIntN(64, varint()) });
    else if (wireType === 2) fields.push({ field, kind: "bytes", value: slice(Number(varint())) });
    else if (wireType === 5) {
      fields.push({ field, kind: "fixed32", value: view.getFloat32(at, true) });
      slice(4);
    } else throw new RangeError(`wire type ${wireType} at ${at}`);
  }
  return fields;
}

/** All contents of a field of a message; numbers stay numbers, texts and messages are bytes. */
export function all(message: Uint8Array, field: number): readonly Field["value"][] {
  return decodeMessage(message).flatMap((found) => (found.field === field ? [found.value] : []));
}

/** All contents of a field that holds messages. */
export function messages(message: Uint8Array, field: number): readonly Uint8Array[] {
  return all(message, field) as readonly Uint8Array[];
}

/** The one message in a field. */
export function only(message: Uint8Array, field: number): Uint8Array {
  const found = messages(message, field);
  if (found.length !== 1) throw new RangeError(`field ${field} is there ${found.length} times`);
  return found[0]!;
}

/** All texts of a field. */
export function texts(message: Uint8Array, field: number): readonly string[] {
  return messages(message, field).map((bytes) => new TextDecoder("utf-8", { fatal: true }).decode(bytes));
}
