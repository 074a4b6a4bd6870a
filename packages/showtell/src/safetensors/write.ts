// Writes safetensors: header and tensor bytes, the largest elements first. Knows nothing of files or of what metadata means.
import { utf8Bytes } from "../base/bytes.ts";
import { ShowtellError } from "../base/errors.ts";
import { bytesOf, bytesPerElement, sizeOf } from "../base/tensor.ts";
import type { Tensor } from "../base/tensor.ts";
import { headerNames } from "./dtype-names.ts";
import { hasLoneSurrogate, maximumHeaderBytes, metadataKey, nameFlaw, prefixBytes } from "./header.ts";

/** Everything after the header begins at a multiple of this, so that a view of any element type is aligned. */
const alignment = 8;

/**
 * A safetensors file in pieces, in order: the header, then each tensor's bytes as a view of its data (not copied).
 * The same tensors and metadata give the same bytes whatever their order: tensors are sorted by element size, largest
 * first, then by name, and metadata by key.
 * @throws ShowtellError `ARGUMENT` if a name or text can't be written, data does not fit its shape, or the header
 *   would be longer than 16 MB.
 */
export function safetensorsParts(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array[] {
  const sorted = [...tensors].sort(([nameA, a], [nameB, b]) => {
    return bytesPerElement(b.dtype) - bytesPerElement(a.dtype) || (nameA < nameB ? -1 : 1);
  });
  const fields: string[] = [];
  const metadataJson = metadataText(metadata);
  if (metadataJson !== undefined) fields.push(metadataJson);
  let begin = 0;
  for (const [name, value] of sorted) {
    checkTensor(name, value);
    const end = begin + value.data.byteLength;
    const entry = { dtype: headerNames[value.dtype], shape: value.shape, data_offsets: [begin, end] };
    // Joined by hand: as an object's keys, names that look like numbers would come first.
    fields.push(`${JSON.stringify(name)}:${JSON.stringify(entry)}`);
    begin = end;
  }
  return [headerBytes(`{${fields.join(",")}}`), ...sorted.map(([, value]) => bytesOf(value))];
}

/** {@link safetensorsParts} in one array. */
export function writeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const parts = safetensorsParts(tensors, metadata);
  const file = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    file.set(part, at);
    at += part.length;
  }
  return file;
}

function checkTensor(name: string, { shape, data }: Tensor): void {
  const quoted = JSON.stringify(name);
  const flaw = name === metadataKey ? "it is the key of the metadata" : nameFlaw(name);
  if (flaw !== undefined) throw new ShowtellError("ARGUMENT", `a tensor can't be called ${quoted}: ${flaw}`);
  const isShape = shape.every((dimension) => Number.isSafeInteger(dimension) && dimension >= 0);
  if (!isShape || sizeOf(shape) !== data.length) {
    throw new ShowtellError(
      "ARGUMENT",
      `tensor ${quoted} has shape [${shape.join(", ")}] but ${data.length} elements: they can't be written`,
    );
  }
}

function metadataText(metadata: Readonly<Record<string, string>>): string | undefined {
  const pairs = Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1));
  if (pairs.length === 0) return undefined;
  for (const [key, value] of pairs) {
    const flaw = nameFlaw(key) ?? (hasLoneSurrogate(value) ? "its text holds half a character" : undefined);
    if (flaw !== undefined)
      throw new ShowtellError("ARGUMENT", `metadata ${JSON.stringify(key)} can't be written: ${flaw}`);
  }
  const fields = pairs.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
  return `${JSON.stringify(metadataKey)}:{${fields.join(",")}}`;
}

function headerBytes(json: string): Uint8Array {
  const text = utf8Bytes(json);
  const length = Math.ceil(text.length / alignment) * alignment;
  if (length > maximumHeaderBytes) {
    throw new ShowtellError(
      "ARGUMENT",
      `the safetensors header would have ${length} bytes, more than the ${maximumHeaderBytes} allowed: shorten the metadata or the names`,
    );
  }
  const header = new Uint8Array(prefixBytes + length).fill(0x20);
  header.set(text, prefixBytes);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  return header;
}
