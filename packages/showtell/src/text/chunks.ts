// Text that arrives in pieces, as a file stream gives it: decoding the pieces and cutting them into lines. Never holds more than one line.
import { ShowtellError } from "../base/errors.ts";

declare const TextDecoder: new (label: string) => {
  decode(bytes?: Uint8Array, options?: { readonly stream: boolean }): string;
};

/** Pieces of a text: strings, or bytes of UTF-8 cut anywhere. */
export type TextChunks = AsyncIterable<string | Uint8Array>;

/** Longer lines are a sign that the file is something else; without a limit it would end up in memory as one string. */
const maximumLine = 1_000_000;

/** The pieces as strings; a character that lies across two pieces of bytes comes out whole. */
export async function* decodeChunks(chunks: TextChunks): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8");
  for await (const chunk of chunks) {
    yield typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
  }
  yield decoder.decode();
}

/**
 * The lines of a text without their ends (LF or CRLF), in groups, as they become complete.
 * @throws ShowtellError `VECTORS_FORMAT` if a line has more than a million characters; `where` names the file.
 */
export async function* linesOf(chunks: TextChunks, where: string): AsyncGenerator<readonly string[]> {
  let rest = "";
  for await (const text of decodeChunks(chunks)) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    if (rest.length > maximumLine)
      throw new ShowtellError(
        "VECTORS_FORMAT",
        `${where}: a line of more than ${maximumLine} characters: this is no text of word vectors`,
      );
    yield lines.map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
  }
  if (rest !== "") yield [rest];
}
