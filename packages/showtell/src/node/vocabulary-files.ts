// The words of text files, as METEOR has them: those of captions, lists of words, or whatever JSON holds. Knows no vocabulary of models.
import { meteorWords, ptbTokens } from "caption-metrics";
import type { CancelSignal } from "../base/cancel.ts";
import { linesOfFile, readText } from "./caption-files.ts";

/**
 * Every word of some text files that METEOR could meet when their captions are scored. In JSON and JSON lines each text is one;
 * elsewhere each line is. Words too many do no harm.
 * @throws ShowtellError `FILE_NOT_FOUND`, `FILE_TOO_LARGE`, `DATA_FORMAT`, `CANCELLED`.
 */
export async function wordsOfFiles(files: readonly string[], signal?: CancelSignal): Promise<ReadonlySet<string>> {
  const words = new Set<string>();
  for (const file of files) {
    for await (const text of piecesOf(file, signal)) {
      for (const word of textsOf(text).flatMap(wordsOf)) words.add(word);
    }
  }
  return words;
}

/** The lines of a file; one of JSON in a piece, since it may be one line of any length. */
async function* piecesOf(file: string, signal: CancelSignal | undefined): AsyncGenerator<string> {
  if (file.toLowerCase().endsWith(".json")) yield await readText(file);
  else for await (const { line } of linesOfFile(file, signal)) yield line;
}

function wordsOf(text: string): string[] {
  return meteorWords(ptbTokens(text).join(" "));
}

/** What stands between double quotes, and around them: of JSON its texts, else all of it. */
function textsOf(piece: string): readonly string[] {
  return piece
    .replaceAll(/\\u([0-9a-f]{4})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    .split(/\\?"/);
}
