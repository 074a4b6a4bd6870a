// The header of a safetensors file: its length, its JSON and where each tensor lies; every rule of the format is held here.
// Follows https://github.com/huggingface/safetensors, section "Format". Knows nothing of tensor data or of what metadata means.
import { utf8Text } from "../base/bytes.ts";
import { messageOf, ShowtellError } from "../base/errors.ts";
import { jsonFlaw } from "../base/json.ts";
import { bytesPerElement } from "../base/tensor.ts";
import type { DType } from "../base/tensor.ts";
import { dtypesByHeaderName } from "./dtype-names.ts";

/** The longest header that is read or written: 16 MB. */
export const maximumHeaderBytes: number = 16 * 1024 * 1024;

/** Bytes before the header: its length, an unsigned 64-bit number with the low byte first. */
export const prefixBytes = 8;

/** The header's key that holds the metadata. */
export const metadataKey = "__metadata__";

/** Nothing in a header lies deeper than the numbers in `{ name: { shape: [ … ] } }`. */
const maximumDepth = 3;

/** Where one tensor lies: bytes `begin` (inclusive) to `end` (exclusive), counted from the header's end. */
export interface SafetensorsEntry {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** All that a file says about itself. */
export interface SafetensorsHeader {
  /** Tensors by name, in the order in which they lie in the file. */
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  readonly metadata: Readonly<Record<string, string>>;
  /** Where the tensors' bytes begin in the file. */
  readonly dataStart: number;
}

/** How the bytes are called in messages. */
export interface SafetensorsReading {
  /** Default: "safetensors data". */
  readonly source?: string;
}

/** The error for a file that breaks the format. */
function malformed(source: string, what: string, cause?: unknown): ShowtellError {
  return new ShowtellError("SAFETENSORS_FORMAT", `${source} is not a valid safetensors file: ${what}`, { cause });
}

/** Why a tensor's name or metadata key can't be used, or undefined. */
export function nameFlaw(name: string): string | undefined {
  // Records of tensors are plain objects elsewhere; a name that every object already has could be mistaken for a tensor.
  if (name in Object.prototype) return "every JavaScript object has a property of that name";
  if (hasLoneSurrogate(name)) return "it holds half a character (a lone surrogate)";
  return undefined;
}

/** Whether a string can't be written as UTF-8. */
export function hasLoneSurrogate(text: string): boolean {
  return /\p{Surrogate}/u.test(text);
}

/**
 * How many bytes of a file make up its header with the length before it, from the first 8 (or more) bytes.
 * @throws ShowtellError `SAFETENSORS_FORMAT` if there are fewer than 8, or the header would be longer than 16 MB.
 */
export function safetensorsDataStart(start: Uint8Array, options: SafetensorsReading = {}): number {
  const source = options.source ?? "safetensors data";
  if (start.length < prefixBytes) throw malformed(source, `it has ${start.length} bytes, and needs at least 8`);
  const length = new DataView(start.buffer, start.byteOffset, prefixBytes).getBigUint64(0, true);
  if (length > BigInt(maximumHeaderBytes)) {
    throw malformed(source, `its header would have ${length} bytes, more than the ${maximumHeaderBytes} allowed`);
  }
  return prefixBytes + Number(length);
}

/**
 * Reads the header from the beginning of a file and checks it against the file's whole length in bytes.
 * `start` holds at least {@link safetensorsDataStart} bytes; `fileBytes` defaults to its length.
 * @throws ShowtellError `SAFETENSORS_FORMAT` if anything breaks the format: bad JSON, duplicate keys, element types that
 *   showtell does not have, overlaps, holes, missing or trailing bytes.
 */
export function readSafetensorsHeader(
  start: Uint8Array,
  fileBytes: number = start.length,
  options: SafetensorsReading = {},
): SafetensorsHeader {
  const source = options.source ?? "safetensors data";
  const dataStart = safetensorsDataStart(start, options);
  if (start.length < dataStart) {
    throw malformed(source, `it is cut off: its header ends at byte ${dataStart}, the file at ${start.length}`);
  }
  const json = parseJson(start.subarray(prefixBytes, dataStart), source);
  const { [metadataKey]: metadata, ...tensors } = json;
  const entries = Object.entries(tensors).map(([name, value]) => [name, parseEntry(name, value, source)] as const);
  entries.sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  checkLayout(entries, fileBytes - dataStart, source);
  return { entries: new Map(entries), metadata: parseMetadata(metadata, source), dataStart };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseJson(bytes: Uint8Array, source: string): Record<string, unknown> {
  if (bytes[0] !== 0x7b) throw malformed(source, `its header does not begin with "{"`);
  let text: string;
  try {
    text = utf8Text(bytes);
  } catch (cause) {
    throw malformed(source, "its header is not UTF-8", cause);
  }
  const flaw = jsonFlaw(text, maximumDepth);
  if (flaw !== undefined) throw malformed(source, `in its header, ${flaw.text}`);
  try {
    const json: unknown = JSON.parse(text);
    return isRecord(json) ? json : {}; // always a record: the text begins with "{"
  } catch (cause) {
    throw malformed(source, `its header is not JSON (${messageOf(cause)})`, cause);
  }
}

function parseMetadata(value: unknown, source: string): Record<string, string> {
  if (value === undefined) return {};
  if (!isRecord(value)) throw malformed(source, `${metadataKey} is no object`);
  const metadata: Record<string, string> = {};
  for (const [key, text] of Object.entries(value)) {
    const flaw = nameFlaw(key);
    if (flaw !== undefined) throw malformed(source, `${metadataKey} has a key ${JSON.stringify(key)}: ${flaw}`);
    if (typeof text !== "string") throw malformed(source, `${metadataKey}.${key} is no string`);
    metadata[key] = text;
  }
  return metadata;
}

function parseEntry(name: string, value: unknown, source: string): SafetensorsEntry {
  const quoted = JSON.stringify(name);
  const fail = (what: string): ShowtellError => malformed(source, `tensor ${quoted}: ${what}`);
  const flaw = nameFlaw(name);
  if (flaw !== undefined) throw fail(`this name is refused, ${flaw}`);
  if (!isRecord(value)) throw fail("its entry is no object");

  const dtype = typeof value["dtype"] === "string" ? dtypesByHeaderName.get(value["dtype"]) : undefined;
  if (dtype === undefined) {
    const known = [...dtypesByHeaderName.keys()].join(", ");
    throw fail(`element type ${JSON.stringify(value["dtype"])} is not one of those that are read (${known})`);
  }
  const { shape, data_offsets: offsets } = value;
  if (!isCounts(shape)) throw fail("its shape is no list of whole numbers from 0 up");
  const [begin, end, ...more] = isCounts(offsets) ? offsets : [];
  if (begin === undefined || end === undefined || more.length > 0) {
    throw fail("its data_offsets are not two whole numbers from 0 up");
  }
  const needed = bytesOfShape(shape, bytesPerElement(dtype));
  if (needed === undefined) throw fail(`its shape [${shape.join(", ")}] is too large`);
  if (end - begin !== needed) {
    throw fail(
      `its shape [${shape.join(", ")}] needs ${needed} bytes, its offsets ${begin} to ${end} hold another number`,
    );
  }
  return { dtype, shape, begin, end };
}

/** Whole numbers from 0 up that a double holds exactly; −0 is not written by anyone and would survive as a dimension. */
function isCounts(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0 && !Object.is(item, -0));
}

function bytesOfShape(shape: readonly number[], width: number): number | undefined {
  let bytes = width;
  for (const dimension of shape) {
    bytes *= dimension;
    if (!Number.isSafeInteger(bytes)) return undefined;
  }
  return bytes;
}

/** Sorted entries must fill the data part without a gap or an overlap. */
function checkLayout(
  entries: readonly (readonly [string, SafetensorsEntry])[],
  dataBytes: number,
  source: string,
): void {
  let filled = 0;
  for (const [name, { begin, end }] of entries) {
    if (begin !== filled) {
      const what = begin < filled ? "overlaps the tensor before it" : "leaves a hole before it";
      throw malformed(
        source,
        `tensor ${JSON.stringify(name)} begins at byte ${begin} and ${what}, which ends at ${filled}`,
      );
    }
    filled = end;
  }
  if (filled > dataBytes)
    throw malformed(source, `it is cut off: ${filled} bytes of tensors are announced, ${dataBytes} are there`);
  if (filled < dataBytes) throw malformed(source, `${dataBytes - filled} bytes follow its last tensor`);
}
