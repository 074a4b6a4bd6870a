// Files of captions and of references that are to be scored: JSON read at once, JSON lines as a stream. Knows no metric.
import { utf8Text } from "../base/bytes.ts";
import type { CancelSignal } from "../base/cancel.ts";
import { ShowtellError } from "../base/errors.ts";
import { addHypothesis, parseHypotheses, parseHypothesisLine } from "../datasets/hypotheses.ts";
import { parseReferenceLine, parseReferences, type References } from "../datasets/references.ts";
import { chunksOf, readBytes } from "./files.ts";

/** References that can be read from their beginning as often as needed. */
export type ReferenceSource = () => Iterable<References> | AsyncIterable<References>;

/** V8 has no longer strings. */
const maximumCharacters = 2 ** 29 - 24;
/** A line that is longer is a sign that the file is not made of lines. */
const maximumLine = 2 ** 26;

/**
 * Captions by image id, in the file's order: JSON, or JSON lines where the name ends in `.jsonl` or `.ndjson`.
 * @throws ShowtellError `FILE_NOT_FOUND`, `FILE_TOO_LARGE` (JSON of 512 MB or more), `DATA_FORMAT`, `DATA_IDS`, `DATA_EMPTY`.
 */
export async function readHypotheses(file: string, signal?: CancelSignal): Promise<ReadonlyMap<string, string>> {
  const captions = isJsonLines(file) ? await collectLines(file, signal) : parseHypotheses(await readText(file), file);
  if (captions.size === 0) throw new ShowtellError("DATA_EMPTY", `${file}: there is no caption in it`);
  return captions;
}

/**
 * The references of a file. JSON is read once and kept; JSON lines are read anew each time, and never kept.
 * @throws ShowtellError as {@link readHypotheses}, for JSON lines while they are read.
 */
export async function openReferences(file: string, signal?: CancelSignal): Promise<ReferenceSource> {
  if (isJsonLines(file)) {
    return async function* () {
      for await (const line of linesOfFile(file, signal)) yield parseReferenceLine(line, file);
    };
  }
  const references = parseReferences(await readText(file), file);
  return () => references;
}

function isJsonLines(file: string): boolean {
  return /\.(?:jsonl|ndjson)$/i.test(file);
}

async function collectLines(file: string, signal?: CancelSignal): Promise<Map<string, string>> {
  const captions = new Map<string, string>();
  for await (const line of linesOfFile(file, signal)) addHypothesis(captions, parseHypothesisLine(line, file), file);
  return captions;
}

/** A whole JSON file. @throws ShowtellError `FILE_NOT_FOUND`, `FILE_TOO_LARGE`, `DATA_FORMAT` (not UTF-8). */
export async function readText(file: string): Promise<string> {
  const bytes = await readBytes(file);
  if (bytes.length > maximumCharacters) {
    throw new ShowtellError(
      "FILE_TOO_LARGE",
      `"${file}" has ${(bytes.length / 1e6).toFixed(0)} MB, and text of ${(maximumCharacters / 1e6).toFixed(0)} MB can be read at once: ` +
        "split it; captions to score may be JSON lines (.jsonl), one object an image, which are read as a stream",
    );
  }
  try {
    return utf8Text(bytes);
  } catch (cause) {
    throw notUtf8(file, cause);
  }
}

/**
 * The lines of a text file that are not blank, with their numbers; never more than a line and a piece of the file in memory.
 * @throws ShowtellError `FILE_NOT_FOUND`, `DATA_FORMAT` (not UTF-8, a line without end), `CANCELLED`.
 */
export async function* linesOfFile(
  file: string,
  signal?: CancelSignal,
): AsyncGenerator<{ readonly line: string; readonly number: number }> {
  let rest = "";
  let number = 0;
  for await (const text of decodedText(file, signal)) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    if (rest.length > maximumLine) {
      const what = `line ${number + lines.length + 1} has more than ${maximumLine} characters: is it JSON without lines? Name it .json`;
      throw new ShowtellError("DATA_FORMAT", `${file}: ${what}`);
    }
    for (const line of lines) {
      number++;
      if (line.trim() !== "") yield { line, number };
    }
  }
  if (rest.trim() !== "") yield { line: rest, number: number + 1 };
}

async function* decodedText(file: string, signal: CancelSignal | undefined): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    for await (const chunk of chunksOf(file, signal)) yield decoder.decode(chunk, { stream: true });
    yield decoder.decode();
  } catch (cause) {
    throw cause instanceof TypeError ? notUtf8(file, cause) : cause;
  }
}

function notUtf8(file: string, cause: unknown): ShowtellError {
  return new ShowtellError("DATA_FORMAT", `${file}: is not UTF-8 text: convert it`, { cause });
}
