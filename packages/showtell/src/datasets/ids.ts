// Captions that name their image by an id, as JSON: ids as text, and errors that name file, place and value. Knows neither side's form.
import { messageOf, ShowtellError } from "../base/errors.ts";
import { jsonFlaw } from "../base/json.ts";
import { lineError } from "./record.ts";

/** A line of a JSONL file, with its number from 1. */
export interface IdentifiedLine {
  readonly line: string;
  readonly number: number;
}

/** Deeper than anything in COCO's files, segmentations included. */
const maximumDepth = 64;
/** Where a line may name its image, in the order in which they are looked for. */
const idFields = ["id", "image_id", "image"];
const shownCharacters = 60;

/**
 * The value of a whole JSON text.
 * @throws ShowtellError `DATA_FORMAT` if it is none, `DATA_IDS` if an object has a key twice (the last would win in silence).
 */
export function parseJsonText(text: string, file: string): unknown {
  const json = text.replace(/^\uFEFF/, "");
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    const remedy = isJsonLines(json)
      ? '; it looks like JSON lines: let its name end in ".jsonl"'
      : "; captions and references are JSON or JSON lines (docs/formats.md)";
    throw new ShowtellError("DATA_FORMAT", `${file}: no JSON: ${messageOf(cause)}${remedy}`, { cause });
  }
  // A key twice matters where keys are ids; in COCO's lists they are field names, and there are millions.
  const flaw = Array.isArray(value) ? undefined : jsonFlaw(json, maximumDepth);
  if (flaw?.kind === "depth")
    throw new ShowtellError("DATA_FORMAT", `${file}: ${flaw.text}: no captions lie that deep`);
  if (flaw !== undefined) throw new ShowtellError("DATA_IDS", `${file}: ${flaw.text}: keep one of them`);
  return value;
}

function isJsonLines(text: string): boolean {
  const first = /\S.*/.exec(text)?.[0] ?? "";
  try {
    return isRecord(JSON.parse(first));
  } catch {
    return false;
  }
}

/**
 * A line's object, and the id that it names its image by.
 * @throws ShowtellError `DATA_FORMAT` naming the line.
 */
export function withId(
  { line, number }: IdentifiedLine,
  file: string,
): { readonly id: string; readonly fields: Record<string, unknown>; readonly where: string } {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw lineError(file, number, `no JSON: ${messageOf(cause)}`);
  }
  const where = `line ${number}`;
  if (!isRecord(value)) throw valueError(file, where, value, "each line is an object");
  const name = idFields.find((field) => field in value);
  if (name === undefined) throw valueError(file, where, value, `it has none of ${idFields.join(", ")}`);
  return { id: idOf(value[name], file, `${where}, "${name}"`), fields: value, where };
}

/** An image's id as text: the number 7 and "7" are the same image. @throws ShowtellError `DATA_FORMAT` for anything else. */
export function idOf(value: unknown, file: string, where: string): string {
  if (typeof value === "string" && value !== "") return value;
  if (typeof value === "number") return String(value);
  throw valueError(file, where, value, "an id is a number or a text that is not empty");
}

/** A caption. @throws ShowtellError `DATA_FORMAT` for what is no text. */
export function captionOf(value: unknown, file: string, where: string): string {
  if (typeof value === "string") return value;
  throw valueError(file, where, value, `a caption is a text, not ${typeNameOf(value)}`);
}

/** Whether a value is an object and no list. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What a value is, in a word. */
export function typeNameOf(value: unknown): string {
  if (value === undefined) return "missing";
  if (value === null) return "null";
  return Array.isArray(value) ? "a list" : typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function shownText(value: unknown): string {
  try {
    return JSON.stringify(value) ?? "nothing";
  } catch {
    return typeNameOf(value); // nested deeper than the stack
  }
}

/** The `DATA_FORMAT` error for a value somewhere in a file. */
export function valueError(file: string, where: string, value: unknown, rule: string): ShowtellError {
  const text = shownText(value);
  const shown = text.length > shownCharacters ? `${text.slice(0, shownCharacters)}…` : text;
  return new ShowtellError("DATA_FORMAT", `${file}: ${where} is ${shown}: ${rule}`);
}
