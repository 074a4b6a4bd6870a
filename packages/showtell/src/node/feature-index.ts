// The index of a feature cache: one JSON line a row, in row order. Knows nothing of the features themselves.
import { createReadStream } from "node:fs";
import { ShowtellError } from "../base/errors.ts";
import { systemCodeOf, unreadable } from "./files.ts";

/** What the index says of its rows; `hashes[row]` and `checksums[row]`. */
export interface FeatureIndex {
  readonly rowsByHash: Map<string, number>;
  readonly checksums: number[];
  /** Where the last of these rows' lines ends in the file; what follows is torn or belongs to no whole row. */
  readonly bytes: number;
}

/** A line of the index, its end included. */
export function indexLine(row: number, hash: string, checksum: number): string {
  return `${JSON.stringify({ row, hash, crc32: checksum })}\n`;
}

/** No line is longer; a file without line ends must not be gathered in memory. */
const maximumLineBytes = 4096;

const lineEnd = 0x0a;

/**
 * Reads the index up to `maximumRows` lines (the whole rows that there are); none if there is no such file. A last line without its end is
 * left out.
 * @throws ShowtellError `CACHE_FORMAT` naming file and line if a line is not what it should be.
 */
export async function readFeatureIndex(path: string, maximumRows: number): Promise<FeatureIndex> {
  const rowsByHash = new Map<string, number>();
  const checksums: number[] = [];
  let bytes = 0;
  for await (const line of linesOf(path)) {
    const row = checksums.length;
    if (row >= maximumRows) break;
    const { hash, checksum } = parseLine(line, row, path);
    if (rowsByHash.has(hash)) throw damaged(path, row, `the picture ${hash} occurs twice`);
    rowsByHash.set(hash, row);
    checksums.push(checksum);
    bytes += line.length + 1;
  }
  return { rowsByHash, checksums, bytes };
}

/** The lines of a file without their ends, each with its bytes; a last line that has no end is not among them. */
async function* linesOf(path: string): AsyncIterable<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) {
      const bytes = Buffer.concat([rest, chunk as Buffer]);
      let start = 0;
      for (let end = bytes.indexOf(lineEnd); end >= 0; end = bytes.indexOf(lineEnd, start)) {
        yield bytes.subarray(start, end);
        start = end + 1;
      }
      rest = bytes.subarray(start);
      if (rest.length > maximumLineBytes) {
        throw new ShowtellError(
          "CACHE_FORMAT",
          `"${path}" has a line of more than ${maximumLineBytes} bytes: it is no index`,
        );
      }
    }
  } catch (cause) {
    if (cause instanceof ShowtellError) throw cause;
    if (systemCodeOf(cause) !== "ENOENT") throw unreadable(path, cause);
  }
}

function parseLine(line: Buffer, row: number, path: string): { hash: string; checksum: number } {
  let value: unknown;
  try {
    value = JSON.parse(line.toString("utf8"));
  } catch {
    throw damaged(path, row, "it is not JSON");
  }
  if (typeof value !== "object" || value === null) throw damaged(path, row, "it is no object");
  if (!("row" in value) || value.row !== row) throw damaged(path, row, `it should be of row ${row}`);
  if (!("hash" in value) || typeof value.hash !== "string") throw damaged(path, row, "it has no hash");
  if (!("crc32" in value) || typeof value.crc32 !== "number") throw damaged(path, row, "it has no crc32");
  return { hash: value.hash, checksum: value.crc32 };
}

function damaged(path: string, row: number, what: string): ShowtellError {
  return new ShowtellError(
    "CACHE_FORMAT",
    `"${path}", line ${row + 1}: ${what}; delete the folder and extract the features again`,
  );
}
