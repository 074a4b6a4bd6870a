// Word vectors from files: the formats by their ending, and GloVe from what ships or, for other words, from its package.
import { join } from "node:path";
import type { CancelSignal } from "../base/cancel.ts";
import { ShowtellError } from "../base/errors.ts";
import { parseGloveText } from "../text/glove-text.ts";
import { parseVectorJson } from "../text/vector-json.ts";
import { coversWords, unpackVectors } from "../text/vector-table.ts";
import type { WordVectors } from "../text/word-vectors.ts";
import { shippedModels } from "./shipped-models.ts";
import { chunksOf } from "./files.ts";
import { gloveFile } from "./glove-source.ts";
import type { PackageSource } from "./package-file.ts";
import { readSafetensorsFile } from "./safetensors-file.ts";

/** GloVe 6B, 100 dimensions, for the words of Flickr8k's captions. */
const shippedGlove = join(shippedModels, "glove-6b-100d-flickr8k.safetensors");

type VectorReader = (file: string, wanted: ReadonlySet<string>, signal?: CancelSignal) => Promise<WordVectors>;

/** How a file of vectors is read, by the ending of its name. */
const readers: Readonly<Record<string, VectorReader>> = {
  ".txt": (file, wanted, signal) => parseGloveText(chunksOf(file, signal), wanted, file),
  ".vec": (file, wanted, signal) => parseGloveText(chunksOf(file, signal), wanted, file),
  ".json": (file, wanted, signal) => parseVectorJson(chunksOf(file, signal), wanted, file),
  ".safetensors": async (file) => unpackVectors(await readSafetensorsFile(file), file),
};

/**
 * The vectors of the wanted words in a file: GloVe or fastText text (.txt, .vec), the JSON of wink-embeddings (.json), or a table that
 * showtell wrote (.safetensors; all its words). Text and JSON are read as a stream, so their size does not matter.
 * @throws ShowtellError `FILE_NOT_FOUND`, `VECTORS_FORMAT`, `SAFETENSORS_FORMAT`, `ARGUMENT` (another ending), `CANCELLED`.
 */
export async function readWordVectors(
  file: string,
  wanted: ReadonlySet<string>,
  signal?: CancelSignal,
): Promise<WordVectors> {
  const ending = Object.keys(readers).find((known) => file.endsWith(known));
  if (ending === undefined) {
    const known = Object.keys(readers).join(", ");
    throw new ShowtellError("ARGUMENT", `"${file}" is no file of word vectors: its name must end in ${known}`);
  }
  return readers[ending]!(file, wanted, signal);
}

/**
 * GloVe vectors (6B, 100 dimensions) of the wanted words: from the table that ships if it answers for all of them, else from
 * GloVe's package, which is fetched into the cache on first use (118 MB).
 * @throws ShowtellError what {@link gloveFile} and {@link readWordVectors} throw.
 */
export async function readGlove(wanted: ReadonlySet<string>, source: PackageSource = {}): Promise<WordVectors> {
  const shipped = unpackVectors(await readSafetensorsFile(shippedGlove), shippedGlove);
  if (coversWords(shipped, wanted)) return shipped;
  return readWordVectors(await gloveFile(source), wanted, source.signal);
}
