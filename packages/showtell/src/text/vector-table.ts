// Word vectors as one float16 tensor and two word lists: what showtell ships for its own vocabulary. Knows nothing of the file they lie in.
import { z } from "zod";
import { ShowtellError, messageOf } from "../base/errors.ts";
import { decodeFloat16, encodeFloat16 } from "../base/float16.ts";
import { type Tensor, tensor } from "../base/tensor.ts";
import type { WordVectors } from "./word-vectors.ts";

/** Named tensors and texts, as a safetensors file holds them. */
export interface VectorTableFile {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Vectors, and the words that were looked up where they come from and are not there: for these it need not be asked again. */
export interface VectorTable extends WordVectors {
  readonly absent: ReadonlySet<string>;
}

/** The vectors found and the wanted words that were not, rounded to float16 and in alphabetical order. */
export function packVectors({ size, vectors }: WordVectors, wanted: ReadonlySet<string>): VectorTableFile {
  const words = [...vectors.keys()].sort();
  const rows = new Float32Array(words.length * size);
  for (const [i, word] of words.entries()) rows.set(vectors.get(word)!, i * size);
  const absent = [...wanted].filter((word) => !vectors.has(word)).sort();
  return {
    tensors: new Map([["vectors", tensor("float16", [words.length, size], encodeFloat16(rows))]]),
    metadata: { words: JSON.stringify(words), absent: JSON.stringify(absent) },
  };
}

/**
 * The vectors in a table; `where` names its file.
 * @throws ShowtellError `VECTORS_FORMAT` if its lists or its tensor are missing, damaged, or do not fit each other.
 */
export function unpackVectors({ tensors, metadata }: VectorTableFile, where = "word vectors"): VectorTable {
  const words = parseList(metadata["words"], "words", where);
  const absent = parseList(metadata["absent"], "absent", where);
  const rows = tensors.get("vectors");
  const [count, size, ...more] = rows?.shape ?? [];
  if (!isFloat16(rows) || count !== words.length || size === undefined || size === 0 || more.length > 0) {
    throw new ShowtellError(
      "VECTORS_FORMAT",
      `${where}: the tensor "vectors" must be float16 [${words.length} words, size], found ${rows?.dtype ?? "none"} [${rows?.shape.join(", ") ?? ""}]`,
    );
  }
  const values = decodeFloat16(rows.data);
  const vectors = new Map(words.map((word, i) => [word, values.subarray(i * size, (i + 1) * size)]));
  return { size, vectors, absent: new Set(absent) };
}

/** Whether a table answers for every word, so that nothing else needs to be read. */
export function coversWords({ vectors, absent }: VectorTable, wanted: Iterable<string>): boolean {
  return [...wanted].every((word) => vectors.has(word) || absent.has(word));
}

function isFloat16(value: Tensor | undefined): value is Tensor<"float16"> {
  return value?.dtype === "float16";
}

function parseList(json: string | undefined, name: string, where: string): string[] {
  try {
    return z.array(z.string()).parse(JSON.parse(json ?? ""));
  } catch (error) {
    const what = `${where}: its metadata has no list "${name}" of words: ${messageOf(error)}`;
    throw new ShowtellError("VECTORS_FORMAT", what, { cause: error });
  }
}
