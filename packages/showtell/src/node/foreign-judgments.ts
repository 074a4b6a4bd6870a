// Judgments from a CSV file or one of Flickr8k's own, with the references of a data set if one is named. Computes nothing.
import { basename } from "node:path";
import { utf8Text } from "../base/bytes.ts";
import { ShowtellError } from "../base/errors.ts";
import { isFlickrJudgments, parseFlickrJudgments } from "../datasets/flickr-judgments.ts";
import type { FlickrJudgments } from "../datasets/flickr-judgments.ts";
import { parseJudgmentsCsv } from "../datasets/judgments-csv.ts";
import type { CaptionRecord } from "../datasets/record.ts";
import { foreignJudgments } from "../study/foreign-judgments.ts";
import type { Judgments } from "../study/judgments.ts";
import type { JudgmentSource } from "../study/report.ts";
import { openDataset } from "./dataset-folder.ts";
import { readBytes } from "./files.ts";

/** Where references are. */
export interface ReferenceSource {
  /** Folder or file of a data set; default: none, and then no metric can be computed. */
  readonly data?: string | undefined;
  readonly images?: string | undefined;
}

/**
 * Reads judgments made elsewhere: a CSV file, or Flickr8k's ExpertAnnotations.txt or CrowdFlowerAnnotations.txt, known by their names.
 * @throws ShowtellError `FILE_NOT_FOUND`, `DATA_FORMAT`, `DATA_EMPTY`; `DATA_IDS` if the data set does not have what was judged; `ARGUMENT`
 *   if one of Flickr8k's own files comes without a data set, because it names captions by number only.
 */
export async function readForeignJudgments(
  file: string,
  { data, images }: ReferenceSource = {},
): Promise<{ readonly judgments: Judgments; readonly source: JudgmentSource }> {
  const name = basename(file);
  const text = textOf(await readBytes(file), file);
  const records =
    data === undefined ? undefined : (await openDataset(data, images === undefined ? {} : { images })).records;
  const { judgments, ...left } = isFlickrJudgments(name)
    ? flickrJudgments(text, file, records)
    : { judgments: parseJudgmentsCsv(text, file) };
  const references = new Map(records?.map(({ image, captions }) => [image, captions]));
  const missing = records && judgments.find(({ image }) => !references.has(image));
  if (missing !== undefined) {
    throw new ShowtellError(
      "DATA_IDS",
      `"${missing.image}" was judged in "${file}", but "${data}" has no such picture`,
    );
  }
  return { judgments: foreignJudgments(judgments, file, references), source: { kind: "file", name, ...left } };
}

function flickrJudgments(text: string, file: string, records: readonly CaptionRecord[] | undefined): FlickrJudgments {
  if (records !== undefined) return parseFlickrJudgments(text, basename(file), file, records);
  throw new ShowtellError("ARGUMENT", `"${file}" names captions by number only: name Flickr8k's folder, too (--data)`);
}

function textOf(bytes: Uint8Array, file: string): string {
  try {
    return utf8Text(bytes);
  } catch (cause) {
    throw new ShowtellError("DATA_FORMAT", `${file}: is not UTF-8 text: convert it`, { cause });
  }
}
