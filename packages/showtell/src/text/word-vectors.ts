// Word vectors: what the parsers give, and the table of start values for a vocabulary's embedding. Knows no file format.
import { ShowtellError } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import { type Vocabulary, paddingId, specialWords } from "./vocabulary.ts";

/** Vectors of words, all of `size` numbers. */
export interface WordVectors {
  readonly size: number;
  readonly vectors: ReadonlyMap<string, Float32Array>;
}

/** Start values of an embedding. */
export interface EmbeddingTable {
  /** [vocabulary, size] */
  readonly table: Float32Array;
  /** The real words that have no vector, in the order of their ids. */
  readonly missing: readonly string[];
}

/**
 * A row for every word of a vocabulary: its vector; padding is zero; words without a vector, and start, end and unknown, are
 * drawn normally with each dimension's mean and deviation over the vectors found.
 * @throws ShowtellError `VECTORS_FORMAT` if no word of the vocabulary has a vector.
 */
export function embeddingTable(vocabulary: Vocabulary, { size, vectors }: WordVectors, random: Random): EmbeddingTable {
  const found = [...vocabulary.ids.keys()].flatMap((word) => vectors.get(word) ?? []);
  if (found.length === 0) {
    throw new ShowtellError(
      "VECTORS_FORMAT",
      `none of the vocabulary's ${vocabulary.ids.size} words has a vector: are the vectors of the same language, in lower case?`,
    );
  }
  const { mean, deviation } = momentsOf(found, size);
  const table = new Float32Array(vocabulary.words.length * size);
  const missing: string[] = [];
  for (const [id, word] of vocabulary.words.entries()) {
    if (id === paddingId) continue;
    const row = table.subarray(id * size, (id + 1) * size);
    const isReal = vocabulary.ids.has(word);
    const vector = isReal ? vectors.get(word) : undefined;
    if (vector !== undefined) row.set(vector);
    else for (let i = 0; i < size; i++) row[i] = mean[i]! + deviation[i]! * random.normal();
    if (isReal && vector === undefined) missing.push(word);
  }
  return { table, missing };
}

/**
 * Rows that follow those of a table for more words: their vectors; words without one are drawn normally with each dimension's mean and
 * deviation over the table's rows of real words, which may have learned since they were drawn or looked up.
 * @param table [words, size], special words first.
 */
export function furtherRows(
  table: Float32Array,
  size: number,
  words: readonly string[],
  vectors: ReadonlyMap<string, Float32Array>,
  random: Random,
): EmbeddingTable {
  const rows = Array.from({ length: table.length / size }, (_, id) => table.subarray(id * size, (id + 1) * size));
  const { mean, deviation } = momentsOf(rows.slice(specialWords.length), size);
  const further = new Float32Array(words.length * size);
  for (const [i, word] of words.entries()) {
    const drawn = (): Float64Array => mean.map((value, d) => value + deviation[d]! * random.normal());
    further.set(vectors.get(word) ?? drawn(), i * size);
  }
  return { table: further, missing: words.filter((word) => !vectors.has(word)) };
}

/** Mean and standard deviation of each dimension. */
function momentsOf(rows: readonly Float32Array[], size: number): { mean: Float64Array; deviation: Float64Array } {
  const mean = new Float64Array(size);
  const deviation = new Float64Array(size);
  for (const row of rows) for (let i = 0; i < size; i++) mean[i]! += row[i]! / rows.length;
  for (const row of rows) for (let i = 0; i < size; i++) deviation[i]! += (row[i]! - mean[i]!) ** 2 / rows.length;
  for (let i = 0; i < size; i++) deviation[i] = Math.sqrt(deviation[i]!);
  return { mean, deviation };
}
