// What every data set becomes: pictures, named relative to a folder, with their captions. Knows no file format.
import { ShowtellError } from "../base/errors.ts";

/** A picture and its captions as they were written (not tokenised). */
export interface CaptionRecord {
  /** The picture's file, relative to the data set's image folder, with `/` between folders; never outside of it. */
  readonly image: string;
  readonly captions: readonly string[];
  /** The split that the data set's own file puts it in; absent where lists beside the file do that. */
  readonly split?: string;
}

/** The error, `DATA_FORMAT` unless told otherwise, for a place in a file: a line, counted from 1, or a path such as "images[3]". */
export function lineError(
  file: string,
  place: number | string,
  what: string,
  code: "DATA_FORMAT" | "DATA_IDS" = "DATA_FORMAT",
): ShowtellError {
  return new ShowtellError(code, `${file}: ${typeof place === "number" ? `line ${place}` : place}: ${what}`);
}

/**
 * A picture's name from a data set's file, if it stays inside the image folder on every platform.
 * @throws ShowtellError `DATA_FORMAT` if it is empty, absolute, leads upward (`..`) or holds a NUL.
 */
export function safeImageName(name: string, file: string, place: number | string): string {
  const isSafe = name !== "" && !name.includes("\0") && !/^[/\\]|^[a-z]:|(?:^|[/\\])\.\.(?:[/\\]|$)/i.test(name);
  if (isSafe) return name;
  throw lineError(
    file,
    place,
    `"${name}" is no file inside the image folder: name pictures relative to it, without ".."`,
  );
}

/** Lines of a text with their numbers; ends may be LF or CRLF, and blank lines and a byte-order mark are left out. */
export function numberedLines(text: string): { readonly line: string; readonly number: number }[] {
  return text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .map((line, i) => ({ line, number: i + 1 }))
    .filter(({ line }) => line.trim() !== "");
}

/** Collects captions by picture; records come out in the order in which pictures first appeared. */
export class CaptionCollector {
  readonly #captions = new Map<string, string[]>();

  add(image: string, caption: string): void {
    const captions = this.#captions.get(image);
    if (captions === undefined) this.#captions.set(image, [caption]);
    else captions.push(caption);
  }

  records(): CaptionRecord[] {
    return Array.from(this.#captions, ([image, captions]) => ({ image, captions }));
  }
}
