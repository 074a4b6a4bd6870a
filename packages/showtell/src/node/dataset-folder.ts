// A data set on disk: finds its caption file, pictures and split lists in the layouts people have, and never invents a split.
import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { ShowtellError, quoted } from "../base/errors.ts";
import { parseSplitList } from "../datasets/flickr.ts";
import { type DatasetKind, captionParsers } from "../datasets/kinds.ts";
import type { CaptionRecord } from "../datasets/record.ts";
import { readText } from "./caption-files.ts";
import { isThere, unreadable } from "./files.ts";

/** An opened data set. */
export interface Dataset {
  /** The name of its folder, or of its caption file. */
  readonly name: string;
  readonly kind: DatasetKind;
  readonly captionFile: string;
  readonly imageFolder: string;
  /** Every picture that has captions, in the caption file's order. */
  readonly records: readonly CaptionRecord[];
  /** The names of the splits that are there, besides "all". */
  readonly splits: readonly string[];
  /** The pictures that a split lists, whether they have captions or not. @throws ShowtellError `DATA_SPLIT` as `split` does. */
  readonly listed: (split: string) => readonly string[];
  /**
   * The records of a split in the order of its list; "all" is every record.
   * @throws ShowtellError `DATA_SPLIT` if there is no list for it (the message names the file), `DATA_FORMAT` if a listed picture has
   *   no captions.
   */
  readonly split: (split: string) => readonly CaptionRecord[];
}

/** Settings of {@link openDataset}. */
export interface OpenDatasetOptions {
  /** The folder of the pictures; default: found beside the captions. */
  readonly images?: string;
  /** Only the captions are wanted: pictures are not sought, and `imageFolder` is where they would lie. Default: false. */
  readonly captionsOnly?: boolean;
}

/** Where caption files lie in a folder, in the order in which they are sought; a single file of `loneFiles` comes last. */
const captionFiles: readonly (readonly [file: string, kind: DatasetKind])[] = [
  ["Flickr8k.token.txt", "flickr"],
  ["Flickr8k_text/Flickr8k.token.txt", "flickr"],
  ["captions.txt", "csv"],
];
/** What a caption file is by its name, where it is named itself. */
const captionNames: readonly (readonly [pattern: RegExp, kind: DatasetKind])[] = [
  [/\.token\.txt$/, "flickr"],
  [/captions\.txt$/, "csv"],
  [/\.csv$/, "csv"],
  [/\.jsonl$/, "jsonl"],
  [/^dataset[^/\\]*\.json$/, "karpathy"],
  [/^captions[^/\\]*\.json$/, "coco"],
];
const knownNames = "*.token.txt, captions.txt, *.csv, *.jsonl, dataset*.json (Karpathy) or captions*.json (COCO)";
/** Kinds of which a folder may hold one file, under any name of that kind. */
const loneKinds: ReadonlySet<DatasetKind> = new Set(["jsonl", "karpathy", "coco"]);
/** Kinds whose splits are told by lists beside the captions; the others tell them themselves. */
const listedKinds: ReadonlySet<DatasetKind> = new Set(["flickr", "csv"]);
/** Where pictures lie: "Flicker8k" is how the original archive spells it; "." is for those beside their captions. */
const imageFolders = ["images", "Images", "Flicker8k_Dataset", "Flickr8k_Dataset", "."];
const splitListPattern = /^Flickr_8k\.(\w+)Images\.txt$/;
/** Pictures sought in a folder before it is taken for the wrong one: a copy of a data set often lacks some. */
const probedPictures = 100;

/**
 * Opens a data set: a folder in one of Flickr8k's layouts or with one .jsonl or .json file, or a caption file itself.
 * @throws ShowtellError `FILE_NOT_FOUND` (no captions, no pictures), `DATA_FORMAT` (a file is not what it should be), `DATA_EMPTY`,
 *   `ARGUMENT` (several such files, or a file of a kind that is not known).
 * @example
 * const dataset = await openDataset("flickr8k");
 * const records = dataset.split("train");
 */
export async function openDataset(source: string, options: OpenDatasetOptions = {}): Promise<Dataset> {
  const { file, kind } = await findCaptions(source);
  const records = captionParsers[kind](await readText(file), file);
  if (records.length === 0) throw new ShowtellError("DATA_EMPTY", `"${file}" has no captions`);
  requireEachOnce(records, file);
  const folders = [...new Set([path.dirname(file), file === source ? path.dirname(file) : source])];
  const lists = listedKinds.has(kind) ? await readSplitLists(folders) : listsOfRecords(records);
  const listed = (split: string): readonly string[] => {
    const list = lists.get(split);
    if (list === undefined) throw missingSplit(split, file, kind, [...lists.keys()]);
    return list;
  };
  return {
    name: path.basename(path.resolve(source)),
    kind,
    captionFile: file,
    imageFolder: options.captionsOnly
      ? (options.images ?? folders[0]!)
      : options.images === undefined
        ? await findImages(folders, imageFolders, records)
        : await findImages([options.images], [".", ...imageFolders], records),
    records,
    splits: [...lists.keys()],
    listed,
    split: (split) => (split === "all" ? records : recordsOf(listed(split), records, split, file)),
  };
}

/** Refuses a picture with two entries: one would win over the other in silence, whatever their splits. @throws ShowtellError `DATA_FORMAT`. */
function requireEachOnce(records: readonly CaptionRecord[], file: string): void {
  const seen = new Set<string>();
  for (const { image } of records) {
    if (seen.has(image))
      throw new ShowtellError(
        "DATA_FORMAT",
        `${file}: picture "${image}" has two entries: join them, or name each file once`,
      );
    seen.add(image);
  }
}

/** The path of a record's picture. */
export function picturePath(dataset: Dataset, image: string): string {
  return path.join(dataset.imageFolder, image);
}

async function findCaptions(source: string): Promise<{ file: string; kind: DatasetKind }> {
  const stats = await stat(source).catch((error: unknown) => {
    throw unreadable(source, error);
  });
  if (stats.isFile()) return { file: source, kind: kindOfFile(source) };
  for (const [name, kind] of captionFiles) {
    const file = path.join(source, name);
    if (await isThere(file)) return { file, kind };
  }
  const names = (await readdir(source)).sort();
  const [first, ...others] = names.filter((name) => loneKinds.has(kindByName(name)!));
  if (others.length > 0) {
    const found = [first, ...others].join(", ");
    throw new ShowtellError("ARGUMENT", `"${source}" holds several caption files (${found}): name the one you mean`);
  }
  if (first !== undefined) return { file: path.join(source, first), kind: kindByName(first)! };
  const sought = captionFiles.map(([name]) => name).join(", ");
  const lone = "a file *.jsonl, dataset*.json or captions*.json";
  throw new ShowtellError("FILE_NOT_FOUND", `no captions in "${source}": looked for ${sought} and ${lone}`);
}

function kindOfFile(file: string): DatasetKind {
  const kind = kindByName(path.basename(file));
  if (kind !== undefined) return kind;
  throw new ShowtellError("ARGUMENT", `"${file}" is no caption file of a known kind: it must be named ${knownNames}`);
}

function kindByName(name: string): DatasetKind | undefined {
  return captionNames.find(([pattern]) => pattern.test(name))?.[1];
}

async function findImages(
  folders: readonly string[],
  names: readonly string[],
  records: readonly CaptionRecord[],
): Promise<string> {
  const probes = records.slice(0, probedPictures);
  for (const base of folders) {
    for (const name of names) {
      const folder = path.join(base, name);
      if ((await isThere(folder)) && (await holdsAny(folder, probes))) return folder;
    }
  }
  throw new ShowtellError(
    "FILE_NOT_FOUND",
    `no pictures of the data set (such as "${records[0]!.image}") in ${quoted(folders)} ` +
      `or the folders ${imageFolders.slice(0, -1).join(", ")} there: name the folder (--images)`,
  );
}

async function holdsAny(folder: string, records: readonly CaptionRecord[]): Promise<boolean> {
  for (const { image } of records) if (await isThere(path.join(folder, image))) return true;
  return false;
}

async function readSplitLists(folders: readonly string[]): Promise<Map<string, readonly string[]>> {
  const lists = new Map<string, readonly string[]>();
  for (const folder of folders) {
    for (const name of (await readdir(folder)).sort()) {
      const split = splitListPattern.exec(name)?.[1];
      if (split === undefined || lists.has(split)) continue;
      const file = path.join(folder, name);
      lists.set(split, parseSplitList(await readText(file), file));
    }
  }
  return lists;
}

function listsOfRecords(records: readonly CaptionRecord[]): Map<string, readonly string[]> {
  const lists = new Map<string, string[]>();
  for (const { image, split } of records) {
    if (split === undefined) continue;
    const list = lists.get(split);
    if (list === undefined) lists.set(split, [image]);
    else list.push(image);
  }
  return lists;
}

function missingSplit(split: string, file: string, kind: DatasetKind, present: readonly string[]): ShowtellError {
  const missing = !listedKinds.has(kind)
    ? `no picture of "${file}" has "split": "${split}"`
    : `the list of split "${split}" is missing: "${path.join(path.dirname(file), `Flickr_8k.${split}Images.txt`)}"`;
  const remedy =
    kind === "coco"
      ? "; a COCO file is one split: for several in one file there are Karpathy's dataset_coco.json, and JSON lines"
      : "";
  return new ShowtellError("DATA_SPLIT", `${missing}; there are ${[...present, "all"].join(", ")}${remedy}`);
}

function recordsOf(
  list: readonly string[],
  records: readonly CaptionRecord[],
  split: string,
  file: string,
): CaptionRecord[] {
  const byImage = new Map(records.map((record) => [record.image, record]));
  return list.map((image) => {
    const record = byImage.get(image);
    if (record !== undefined) return record;
    throw new ShowtellError("DATA_FORMAT", `"${image}" of split "${split}" has no captions in "${file}"`);
  });
}
