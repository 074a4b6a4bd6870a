// The words of text files, as METEOR has them: those of captions, lists of words, or whatever JSON holds. Knows no vocabulary of models.
import { meteorWords, ptbTokens } from "caption-metrics";
import type { CancelSignal } from "../base/cancel.ts";
import { linesOfFile } from "./caption-files.ts";

/**
 * Every word of some text files that METEOR could meet when their captions are scored. In JSON and JSON lines each text is one;
 * elsewhere each line is. Words too many do no harm.
 * @throws ShowtellError `FILE_NOT_FOUND`, `DATA_FORMAT`, `CANCELLED`.
 */
export async function wordsOfFiles(files: readonly string[], signal?: CancelSignal): Promise<ReadonlySet<string>> {
  const words = new Set<string>();
  for (const file of files) {
    for await (const { line } of linesOfFile(file, signal)) {
      for (const word of textsOf(line).flatMap(wordsOf)) words.add(word);
    }
  }
  return words;
}

function wordsOf(text: string): string[] {
  return meteorWords(ptbTokens(text).join(" "));
}

/** The texts between a line's double quotes, and around them: where the line is JSON, its texts, else all of it. */
function textsOf(line: string): readonly string[] {
  return line
    .replaceAll(/\\u([0-9a-f]{4})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    .split(/\\?"/);
}
