// The kinds of caption files, and the parser of each: a closed table. Files are found and read elsewhere.
import { parseCaptionsCsv } from "./csv.ts";
import { parseCoco } from "./coco.ts";
import { parseFlickrTokens } from "./flickr.ts";
import { parseJsonl } from "./jsonl.ts";
import { parseKarpathy } from "./karpathy.ts";
import type { CaptionRecord } from "./record.ts";

/** The name of a kind of caption file. */
export type DatasetKind = "flickr" | "csv" | "jsonl" | "karpathy" | "coco";

/** Records of a caption file's text; `file` names it in the `DATA_FORMAT` errors that are thrown. */
export type CaptionParser = (text: string, file: string) => CaptionRecord[];

/** The parser of each kind. */
export const captionParsers: Readonly<Record<DatasetKind, CaptionParser>> = {
  flickr: parseFlickrTokens,
  csv: parseCaptionsCsv,
  jsonl: parseJsonl,
  karpathy: parseKarpathy,
  coco: parseCoco,
};
