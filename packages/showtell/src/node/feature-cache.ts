// Features on disk: float16 rows of one size, found by the hash of their picture; whole after a kill at any moment.
// Knows nothing of pictures or networks.
//
//   features.json         what the rows are: encoder, preprocessing, layer, shape (feature-key.ts)
//   features.f16          the rows after each other, little-endian, all of the same size
//   features.index.jsonl  a line for each row: row, hash of the picture, CRC-32 of the row (feature-index.ts)
//
// Only ever appended to, rows before their lines. What a kill leaves (a torn row, rows without lines, a torn line) lies at the end;
// who reads passes over it, who appends cuts it off. Damage anywhere else is an error.
import { constants, mkdir, open, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { ShowtellError } from "../base/errors.ts";
import { sizeOf } from "../base/tensor.ts";
import { indexLine, readFeatureIndex } from "./feature-index.ts";
import type { FeatureIndex } from "./feature-index.ts";
import { describe, featureFolder, isDescribed } from "./feature-key.ts";
import type { FeatureKey } from "./feature-key.ts";
import { readScattered, syncFolder, systemCodeOf, unreadable, unwritable, writeAt } from "./files.ts";
import { lockFolder } from "./lock.ts";
import type { FolderLock } from "./lock.ts";

/** One picture's features, as the bits of float16 numbers, row-major. */
export interface FeatureRow {
  /** The hash of the picture file's content. */
  readonly hash: string;
  readonly data: Uint16Array;
}

const dataName = "features.f16";
const indexName = "features.index.jsonl";

/** Neighbouring rows are read in one call, but not more than this: systems limit the pieces of a call. */
const maximumRunRows = 256;

/**
 * Opens the features of a key, in a folder of their own below `root`, which need not exist. Opening changes nothing on the disk; the
 * first append makes the folder, cuts off what a kill left behind, and locks it until `release` or `close`. Any number of processes may read meanwhile.
 * @throws ShowtellError `CACHE_FORMAT` if the folder is damaged, `FILE_NOT_FOUND` if it can't be read, `ARGUMENT` for a key that can't be.
 */
export async function openFeatureCache(root: string, key: FeatureKey): Promise<FeatureCache> {
  const folder = featureFolder(root, key);
  const described = await isDescribed(folder, key);
  const index = await readIndex(folder, key);
  if (!described && index.checksums.length > 0) {
    throw new ShowtellError("CACHE_FORMAT", `"${folder}" has rows but no features.json; delete the folder`);
  }
  return new FeatureCache(folder, key, index);
}

function rowBytesOf(key: FeatureKey): number {
  return sizeOf(key.shape) * Uint16Array.BYTES_PER_ELEMENT;
}

async function readIndex(folder: string, key: FeatureKey): Promise<FeatureIndex> {
  // The rows first: who appends writes them before their lines, so that each line seen later has its row.
  const dataBytes = await fileSize(join(folder, dataName));
  return readFeatureIndex(join(folder, indexName), Math.floor(dataBytes / rowBytesOf(key)));
}

async function fileSize(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (cause) {
    if (systemCodeOf(cause) === "ENOENT") return 0;
    throw unreadable(path, cause);
  }
}

interface Writer {
  readonly lock: FolderLock;
  readonly data: FileHandle;
  readonly index: FileHandle;
}

/** An open cache, from {@link openFeatureCache}. After `close` nothing else may be called. */
export class FeatureCache {
  readonly folder: string;
  readonly key: FeatureKey;
  readonly #rowBytes: number;
  #index: FeatureIndex;
  #reader: FileHandle | undefined;
  #writer: Writer | undefined;
  #lastAppend: Promise<void> = Promise.resolve();

  constructor(folder: string, key: FeatureKey, index: FeatureIndex) {
    this.folder = folder;
    this.key = key;
    this.#rowBytes = rowBytesOf(key);
    this.#index = index;
  }

  /** How many rows there are. */
  get size(): number {
    return this.#index.checksums.length;
  }

  /** Whether there is a row for a picture. */
  has(hash: string): boolean {
    return this.#index.rowsByHash.has(hash);
  }

  /** The row of a picture, from 0. */
  rowOf(hash: string): number | undefined {
    return this.#index.rowsByHash.get(hash);
  }

  /**
   * Appends rows in the order given; pictures that have a row already are passed over. When it resolves, the rows survive a kill.
   * Calls that overlap are done one after the other.
   * @throws ShowtellError `ARGUMENT` if a row has another size, `LOCKED` if another process appends, `FILE_WRITE`; after any failure
   *   the rows are those of before, and appending may be tried again.
   */
  append(rows: readonly FeatureRow[]): Promise<void> {
    const appended = this.#lastAppend.then(() => this.#append(rows));
    this.#lastAppend = appended.catch(() => undefined);
    return appended;
  }

  /**
   * Reads the rows of pictures into an array, in the order asked for: [pictures, …shape].
   * @throws ShowtellError `ARGUMENT` if a picture has no row or the array another size, `CACHE_FORMAT` naming the row if its bytes
   *   are not those that were written, `FILE_NOT_FOUND` if the file can't be read.
   */
  async read(hashes: readonly string[], into: Uint16Array): Promise<void> {
    const rowBytes = this.#rowBytes;
    if (into.byteLength !== hashes.length * rowBytes) {
      const needed = (hashes.length * rowBytes) / Uint16Array.BYTES_PER_ELEMENT;
      throw new ShowtellError(
        "ARGUMENT",
        `${hashes.length} rows have ${needed} numbers, the array to read into ${into.length}`,
      );
    }
    const wanted = hashes.map((hash, i) => {
      const row = this.rowOf(hash);
      if (row === undefined)
        throw new ShowtellError("ARGUMENT", `the cache has no features of the picture with the hash ${hash}`);
      return { row, target: new Uint8Array(into.buffer, into.byteOffset + i * rowBytes, rowBytes) };
    });
    wanted.sort((a, b) => a.row - b.row);
    for (let start = 0; start < wanted.length;) {
      const end = endOfRun(wanted, start);
      await this.#readRun(wanted.slice(start, end));
      start = end;
    }
  }

  /** Lets other processes append; this one reads on, and may append again. */
  async release(): Promise<void> {
    await this.#lastAppend;
    await this.#stopWriting();
  }

  /** Closes the files and lets other processes append. */
  async close(): Promise<void> {
    await this.release();
    await this.#reader?.close();
    this.#reader = undefined;
  }

  async #append(rows: readonly FeatureRow[]): Promise<void> {
    for (const { hash, data } of rows) {
      if (data.byteLength === this.#rowBytes) continue;
      const shape = this.key.shape.join(", ");
      throw new ShowtellError(
        "ARGUMENT",
        `the row of ${hash} has ${data.length} numbers; this cache's rows are [${shape}]`,
      );
    }
    if (rows.every(({ hash }) => this.has(hash))) return;
    try {
      this.#writer ??= await this.#startWriting();
      await this.#write(this.#writer, rows);
    } catch (cause) {
      await this.#stopWriting(); // the next append starts by cutting off what this one left
      throw cause instanceof ShowtellError ? cause : unwritable(this.folder, cause);
    }
  }

  async #write({ data, index }: Writer, rows: readonly FeatureRow[]): Promise<void> {
    const { rowsByHash, checksums, bytes } = this.#index;
    const fresh = new Map(rows.filter(({ hash }) => !rowsByHash.has(hash)).map((row) => [row.hash, row.data]));
    const block = new Uint8Array(fresh.size * this.#rowBytes);
    const added: number[] = [];
    let lines = "";
    for (const [hash, { buffer, byteOffset, byteLength }] of fresh) {
      const content = block.subarray(added.length * byteLength, (added.length + 1) * byteLength);
      content.set(new Uint8Array(buffer, byteOffset, byteLength));
      const checksum = crc32(content);
      lines += indexLine(checksums.length + added.length, hash, checksum);
      added.push(checksum);
    }
    await writeAt(data, block, checksums.length * this.#rowBytes);
    await data.datasync();
    const text = Buffer.from(lines);
    await writeAt(index, text, bytes);
    for (const hash of fresh.keys()) rowsByHash.set(hash, rowsByHash.size);
    for (const checksum of added) checksums.push(checksum);
    this.#index = { rowsByHash, checksums, bytes: bytes + text.length };
  }

  async #startWriting(): Promise<Writer> {
    const { folder, key } = this;
    await mkdir(folder, { recursive: true });
    const lock = await lockFolder(folder);
    const opened: FileHandle[] = [];
    try {
      if (!(await isDescribed(folder, key))) await describe(folder, key);
      this.#index = await readIndex(folder, key); // another process may have appended since this one opened it
      const sizes = [this.size * this.#rowBytes, this.#index.bytes];
      for (const [i, name] of [dataName, indexName].entries()) {
        const file = await open(join(folder, name), constants.O_RDWR | constants.O_CREAT);
        opened.push(file);
        await file.truncate(sizes[i]);
      }
      await syncFolder(folder);
      const [data, index] = opened;
      return { lock, data: data!, index: index! };
    } catch (cause) {
      for (const file of opened) await file.close();
      await lock.release();
      throw cause;
    }
  }

  async #stopWriting(): Promise<void> {
    const writer = this.#writer;
    this.#writer = undefined;
    await writer?.data.close();
    await writer?.index.close();
    await writer?.lock.release();
  }

  async #readRun(run: readonly { readonly row: number; readonly target: Uint8Array }[]): Promise<void> {
    const path = join(this.folder, dataName);
    const first = run[0]!.row;
    try {
      this.#reader ??= await open(path, "r");
      await readScattered(
        this.#reader,
        run.map(({ target }) => target),
        first * this.#rowBytes,
      );
    } catch (cause) {
      throw unreadable(path, cause);
    }
    for (const { row, target } of run) {
      if (crc32(target) === this.#index.checksums[row]) continue;
      const what = `"${path}", row ${row}: its bytes are not those that were written; delete the folder and extract the features again`;
      throw new ShowtellError("CACHE_FORMAT", what);
    }
  }
}

/** Where a run of neighbouring rows ends that begins at `start`; rows are sorted. */
function endOfRun(rows: readonly { readonly row: number }[], start: number): number {
  let end = start + 1;
  while (end < rows.length && end - start < maximumRunRows && rows[end]!.row === rows[end - 1]!.row + 1) end++;
  return end;
}
