// The paraphrase table in the cache: packed once, from a table's text, into a safetensors file that opens at once. Knows no network.
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createParaphrasePacker, openParaphrases, type PackedParaphrases, type Paraphrases } from "caption-metrics";
import { utf8Bytes, utf8Text } from "../base/bytes.ts";
import { messageOf, ShowtellError } from "../base/errors.ts";
import type { Tensor } from "../base/tensor.ts";
import { safetensorsParts } from "../safetensors/write.ts";
import { cacheFolder } from "./cache-folder.ts";
import { systemCodeOf, unwritable, writeFileAtomically } from "./files.ts";
import type { DownloadProgress } from "./package-download.ts";
import { type PublishedTable, publishedTable, type TableSource, withTableText } from "./paraphrase-source.ts";
import { readSafetensorsFile } from "./safetensors-file.ts";
import { version } from "./version.ts";

/** How the table is made. */
export interface TableRequest extends TableSource {
  /** Takes a table other than the published one from a file; its signature then shows its hash. */
  readonly anyTable?: boolean | undefined;
  /** Keeps only pairs of phrases of these words (as METEOR has them); default: all. */
  readonly vocabulary?: ReadonlySet<string> | undefined;
  /** How much of the text has been packed, once the download, if any, is over. */
  readonly onPacked?: ((progress: DownloadProgress) => void) | undefined;
  /** The table that is expected; default: the reference toolkit's. */
  readonly table?: PublishedTable | undefined;
}

/** What is in the cache. */
export interface TableDescription {
  readonly file: string;
  /** As signatures name it: "en-1.5", the beginning of another table's hash, with "-restricted" if pairs were left out. */
  readonly name: string;
  readonly pairs: number;
  /** SHA-256 of the text that it was made from. */
  readonly sha256: string;
}

/** The form of the file's arrays; another one is not read. */
const formatVersion = "1";
const arrayNames = ["lastWords", "firstChildren", "firstPartners", "partners"] as const;

/** Where the packed table lies, whether it is there or not. */
export function paraphraseFile(environment?: NodeJS.ProcessEnv): string {
  return join(cacheFolder(environment), "metrics", "paraphrases-en.safetensors");
}

/**
 * Packs the paraphrase table into the cache; a table that is there stays whole until the new one replaces it.
 * @throws ShowtellError `DOWNLOAD`, `INTEGRITY` (not the published table), `DATA_FORMAT` (no table at all), `FILE_NOT_FOUND`, `FILE_WRITE`,
 *   `CANCELLED`.
 */
export async function addParaphrases(request: TableRequest = {}): Promise<TableDescription> {
  const { from, table = publishedTable, vocabulary } = request;
  const file = paraphraseFile(request.environment);
  await mkdir(dirname(file), { recursive: true }).catch((cause: unknown) => {
    throw unwritable(file, cause);
  });
  return withTableText(table, request, async (text) => {
    const { packed, pairs } = await pack(text.chunks, from ?? table.wheel.name, request);
    const sha256 = text.sha256();
    checkTable(sha256, pairs, request);
    const origin = sha256 === publishedTable.sha256 ? "en-1.5" : sha256.slice(0, 8);
    const name = vocabulary === undefined ? origin : `${origin}-restricted`;
    const metadata = { version: formatVersion, writer: `showtell ${version}`, name, pairs: `${pairs}`, sha256 };
    await writeFileAtomically(file, safetensorsParts(tensorsOf(packed), metadata));
    return { file, name, pairs, sha256 };
  });
}

function checkTable(sha256: string, pairs: number, { from, table = publishedTable, anyTable }: TableRequest): void {
  const source = from === undefined ? table.wheel.name : `"${from}"`;
  if (sha256 !== table.sha256 && (from === undefined || anyTable !== true)) {
    throw new ShowtellError(
      "INTEGRITY",
      `the table in ${source} has the SHA-256 ${sha256}, the published one ${table.sha256}: fetch it again, or take a file as it is with --any-table`,
    );
  }
  if (pairs === 0) {
    throw new ShowtellError(
      "DATA_EMPTY",
      `no pair of the table in ${source} has only words of the vocabulary: name other files`,
    );
  }
}

async function pack(
  chunks: AsyncIterable<Uint8Array>,
  source: string,
  { vocabulary, table = publishedTable, onPacked }: TableRequest,
): Promise<{ readonly packed: PackedParaphrases; readonly pairs: number }> {
  const packer = createParaphrasePacker();
  const text = createEntryReader(source);
  let bytes = 0;
  let pairs = 0;
  const take = (first: string, second: string): void => {
    if (vocabulary !== undefined && !(isOf(first, vocabulary) && isOf(second, vocabulary))) return;
    packer.add(first, second);
    pairs++;
  };
  for await (const chunk of chunks) {
    text.read(chunk, take);
    bytes += chunk.length;
    onPacked?.({ bytes: Math.min(bytes, table.bytes), totalBytes: table.bytes });
  }
  text.finish(take);
  return { packed: packer.finish(), pairs };
}

function tensorsOf({ words, ...arrays }: PackedParaphrases): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>([["words", vectorOf("uint8", utf8Bytes(words))]]);
  for (const name of arrayNames) tensors.set(name, vectorOf("int32", arrays[name]));
  return tensors;
}

function vectorOf<D extends "uint8" | "int32">(dtype: D, data: Tensor<D>["data"]): Tensor<D> {
  return { dtype, shape: [data.length], data };
}

function isOf(phrase: string, vocabulary: ReadonlySet<string>): boolean {
  return phrase.split(" ").every((word) => vocabulary.has(word));
}

/** Reads a table's entries from pieces of its text: a line with a probability, which METEOR never uses, and two lines of phrases. */
function createEntryReader(source: string): {
  read(chunk: Uint8Array, take: (first: string, second: string) => void): void;
  finish(take: (first: string, second: string) => void): void;
} {
  const decoder = new TextDecoder();
  let lines: string[] = []; // fewer than an entry's
  let tail = "";
  let entries = 0;
  const takeAll = (take: (first: string, second: string) => void): void => {
    let at = 0;
    for (; at + 2 < lines.length; at += 3) {
      entries++;
      const [probability, first, second] = [lines[at]!, lines[at + 1]!, lines[at + 2]!];
      if (probability === "" || first === "" || second === "" || !Number.isFinite(Number(probability))) {
        throw noTable(source, entries, probability);
      }
      take(first, second);
    }
    lines = lines.slice(at);
  };
  return {
    read(chunk, take) {
      const found = (tail + decoder.decode(chunk, { stream: true })).split("\n");
      tail = found.pop()!;
      lines = lines.concat(found);
      takeAll(take);
    },
    finish(take) {
      if (tail !== "") lines.push(tail);
      takeAll(take);
      if (entries === 0 || lines.length > 0) throw noTable(source, entries + 1, lines[0] ?? "");
    },
  };
}

function noTable(source: string, entry: number, line: string): ShowtellError {
  return new ShowtellError(
    "DATA_FORMAT",
    `${source} is no paraphrase table: entry ${entry} is not a probability and two phrases, a line each, but begins "${line.slice(0, 40)}"`,
  );
}

/**
 * The table in the cache, or undefined if there is none.
 * @throws ShowtellError `CACHE_FORMAT` if it is damaged.
 */
export async function cachedParaphrases(environment?: NodeJS.ProcessEnv): Promise<Paraphrases | undefined> {
  const file = paraphraseFile(environment);
  try {
    const { tensors, metadata } = await readSafetensorsFile(file);
    if (metadata["version"] !== formatVersion) throw new Error(`its version is "${metadata["version"]}"`);
    const array = (name: string): Int32Array => {
      const { dtype, data } = tensors.get(name) ?? {};
      if (dtype !== "int32") throw new Error(`it has no int32 array "${name}"`);
      return data as Int32Array;
    };
    const words = utf8Text(tensors.get("words")?.data as Uint8Array);
    const arrays = Object.fromEntries(arrayNames.map((name) => [name, array(name)]));
    return openParaphrases({ words, ...arrays } as PackedParaphrases, metadata["name"]);
  } catch (cause) {
    if (cause instanceof ShowtellError && systemCodeOf(cause.cause) === "ENOENT") return undefined;
    throw new ShowtellError(
      "CACHE_FORMAT",
      `the paraphrase table "${file}" can't be used: ${messageOf(cause)}; make it again with "showtell metrics add-paraphrases", or delete it`,
      { cause },
    );
  }
}
