// Word vectors as GloVe, word2vec and fastText write them in text: a line for each word, the word and its numbers between spaces.
// Format: Pennington et al. 2014 (no header); word2vec's and fastText's first line holds the number of words and the size.
import { ShowtellError } from "../base/errors.ts";
import { type TextChunks, linesOf } from "./chunks.ts";
import type { WordVectors } from "./word-vectors.ts";

/**
 * The vectors of the wanted words in a text file that arrives in pieces; nothing else of it is kept. `where` names it in messages.
 * @throws ShowtellError `VECTORS_FORMAT`, with the line, if the first line or that of a wanted word is not a word and its numbers.
 */
export async function parseGloveText(
  chunks: TextChunks,
  wanted: ReadonlySet<string>,
  where = "word vectors",
): Promise<WordVectors> {
  const vectors = new Map<string, Float32Array>();
  let size = 0;
  let number = 0;
  for await (const lines of linesOf(chunks, where)) {
    for (const line of lines) {
      number++;
      if (line === "" || (number === 1 && isHeader(line))) continue;
      const isFirst = size === 0;
      if (isFirst) size = line.trimEnd().split(" ").length - 1;
      else if (!wanted.has(line.slice(0, line.indexOf(" ")))) continue;
      const { word, vector } = parseLine(line, size, `${where}: line ${number}`);
      if (wanted.has(word)) vectors.set(word, vector);
    }
  }
  if (size === 0) throw new ShowtellError("VECTORS_FORMAT", `${where}: there is no line with a word and its vector`);
  return { size, vectors };
}

function isHeader(line: string): boolean {
  return /^\d+ \d+ *$/.test(line);
}

/** The numbers are the last `size` fields: in large GloVe files some "words" contain spaces. */
function parseLine(line: string, size: number, place: string): { word: string; vector: Float32Array } {
  const fields = line.trimEnd().split(" ");
  const word = fields.slice(0, -size).join(" ");
  const vector = Float32Array.from(fields.slice(-size), Number);
  if (size < 1 || fields.length <= size || !vector.every(Number.isFinite)) {
    throw new ShowtellError("VECTORS_FORMAT", `${place} is no word with ${size} numbers: "${line.slice(0, 60)}"`);
  }
  return { word, vector };
}
