// Word vectors in the JSON of the npm packages wink-embeddings-*: one object whose member "vectors" maps each word to its numbers.
// The file has 300 MB, so it is scanned as it arrives and never parsed as a whole.
import { ShowtellError } from "../base/errors.ts";
import { type TextChunks, decodeChunks } from "./chunks.ts";
import type { WordVectors } from "./word-vectors.ts";

const sizePattern = /"dimensions"\s*:\s*(\d{1,5})\s*[,}]/g;
const vectorsPattern = /"vectors"\s*:\s*\{/g;
/** One member of "vectors", or the brace that closes it. */
const entryPattern = /\s*(?:,\s*)?(?:(\})|("(?:[^"\\]|\\.)*")\s*:\s*\[([^\]]*)\])/y;

/** Longer than any match: what is kept while a pattern is sought. An entry has about a thousand characters. */
const maximumEntry = 1_000_000;

/**
 * The vectors of the wanted words in a file that arrives in pieces; nothing else of it is kept. "dimensions" (before "vectors")
 * is their size; further numbers of an entry (length and index) are left out. `where` names the file in messages.
 * @throws ShowtellError `VECTORS_FORMAT` if the file is something else, is cut off, or a wanted word's entry is no list of numbers.
 */
export async function parseVectorJson(
  chunks: TextChunks,
  wanted: ReadonlySet<string>,
  where = "word vectors",
): Promise<WordVectors> {
  const text = new Scanner(decodeChunks(chunks), where);
  const size = Number((await text.seek(sizePattern, `"dimensions"`))[1]);
  await text.seek(vectorsPattern, `"vectors"`);
  const vectors = new Map<string, Float32Array>();
  for (;;) {
    const [, closing, key, numbers] = await text.next(entryPattern, `an entry of "vectors"`);
    if (closing !== undefined) return { size, vectors };
    const word = parseKey(key!, where);
    if (wanted.has(word)) vectors.set(word, parseNumbers(numbers!, size, `${where}: the entry of "${word}"`));
  }
}

function parseKey(key: string, where: string): string {
  if (!key.includes("\\")) return key.slice(1, -1);
  try {
    return String(JSON.parse(key));
  } catch (error) {
    throw new ShowtellError("VECTORS_FORMAT", `${where}: the word ${key.slice(0, 60)} is no JSON string`, {
      cause: error,
    });
  }
}

function parseNumbers(text: string, size: number, place: string): Float32Array {
  const vector = Float32Array.from(text.split(",", size), (field) =>
    field.trim() === "" ? Number.NaN : Number(field),
  );
  if (size < 1 || vector.length < size || !vector.every(Number.isFinite)) {
    throw new ShowtellError("VECTORS_FORMAT", `${place} does not begin with ${size} numbers`);
  }
  return vector;
}

/** Matches patterns one after the other against a text that arrives in pieces. */
class Scanner {
  readonly #pieces: AsyncIterator<string>;
  readonly #where: string;
  #text = "";
  #at = 0;

  constructor(pieces: AsyncIterable<string>, where: string) {
    this.#pieces = pieces[Symbol.asyncIterator]();
    this.#where = where;
  }

  /** The next match of a sticky pattern right here. */
  async next(pattern: RegExp, what: string): Promise<RegExpExecArray> {
    for (;;) {
      const match = this.#match(pattern);
      if (match !== undefined) return match;
      if (this.#text.length - this.#at > maximumEntry) throw this.#failure(what);
      await this.#more(what);
    }
  }

  /** The next match of a global pattern anywhere further on. */
  async seek(pattern: RegExp, what: string): Promise<RegExpExecArray> {
    for (;;) {
      const match = this.#match(pattern);
      if (match !== undefined) return match;
      this.#at = Math.max(this.#at, this.#text.length - 200); // a match may lie across two pieces
      await this.#more(what);
    }
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match !== null) this.#at = pattern.lastIndex;
    return match ?? undefined;
  }

  async #more(what: string): Promise<void> {
    const { done, value } = await this.#pieces.next();
    if (done === true) throw this.#failure(what);
    this.#text = this.#text.slice(this.#at) + value;
    this.#at = 0;
  }

  #failure(what: string): ShowtellError {
    return new ShowtellError(
      "VECTORS_FORMAT",
      `${this.#where}: ${what} was not found: the file is cut off, or no JSON of word vectors`,
    );
  }
}
