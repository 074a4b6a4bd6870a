// Records of runs in a folder: a JSON file a run and its table of captions beside it, read all at once and written one by one.
import { readFile, readdir } from "node:fs/promises";
import { availableParallelism, cpus, totalmem } from "node:os";
import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { ShowtellError } from "../base/errors.ts";
import type { CaptionTable } from "../compare/caption-table.ts";
import { captionTableText, parseCaptionTable } from "../compare/caption-table.ts";
import type { Machine, RunRecord } from "../compare/record.ts";
import { parseRecord } from "../compare/record.ts";
import { systemCodeOf, unreadable, unwritable, writeFileAtomically } from "./files.ts";
import { defaultThreads } from "./threads.ts";

const ending = ".json";

/** All records in a folder, in order of their names; none if there is no such folder. @throws ShowtellError `RECORD_FORMAT`, `FILE_NOT_FOUND`. */
export async function readRecords(folder: string): Promise<readonly RunRecord[]> {
  const names = await readdir(folder).catch((cause: unknown) => {
    if (systemCodeOf(cause) === "ENOENT") return [];
    throw unreadable(folder, cause);
  });
  const records: RunRecord[] = [];
  for (const file of names.filter((name) => name.endsWith(ending)).toSorted()) {
    const path = join(folder, file);
    const record = parseRecord(parsedJson(await textOf(path), path), path);
    if (`${record.name}${ending}` !== file)
      throw new ShowtellError("RECORD_FORMAT", `record "${path}": name is "${record.name}": call the file so`);
    records.push(record);
  }
  return records;
}

async function textOf(path: string): Promise<string> {
  return readFile(path, "utf8").catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
}

function parsedJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ShowtellError("RECORD_FORMAT", `record "${path}" is no JSON`, { cause });
  }
}

/** Paths of a record's two files. */
export function recordFiles(folder: string, name: string): { readonly record: string; readonly captions: string } {
  return { record: join(folder, `${name}${ending}`), captions: join(folder, `${name}.tsv`) };
}

/** A record's table of captions. @throws ShowtellError `RECORD_FORMAT`, `FILE_NOT_FOUND`. */
export async function readCaptionTable(folder: string, { name, evaluation }: RunRecord): Promise<CaptionTable> {
  const { captions: path } = recordFiles(folder, name);
  const table = parseCaptionTable(await textOf(path), path);
  if (table.captions.length === evaluation.pictures) return table;
  throw new ShowtellError(
    "RECORD_FORMAT",
    `"${path}" has ${table.captions.length} captions, its record ${evaluation.pictures} pictures`,
  );
}

/** Writes a record; its JSON comes last, so that where it is all of it is. @throws ShowtellError `FILE_WRITE`. */
export async function writeRecord(folder: string, record: RunRecord, table: CaptionTable): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw unwritable(folder, cause);
  });
  const files = recordFiles(folder, record.name);
  await writeFileAtomically(files.captions, captionTableText(table));
  await writeFileAtomically(files.record, `${JSON.stringify(record, undefined, 2)}\n`);
}

const engineName = "onnxruntime-node";

/** This machine, as records describe it. */
export function thisMachine(threads: number = defaultThreads()): Machine {
  const { version } = createRequire(import.meta.url)(`${engineName}/package.json`) as { readonly version: string };
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    threads,
    memoryBytes: totalmem(),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    engine: `${engineName} ${version}`,
  };
}
