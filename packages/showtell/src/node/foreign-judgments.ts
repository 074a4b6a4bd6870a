// Judgments from a CSV file, with the references of a data set if one is named. Computes nothing.
import { basename } from "node:path";
import { utf8Text } from "../base/bytes.ts";
import { ShowtellError } from "../base/errors.ts";
import { parseJudgmentsCsv } from "../datasets/judgments-csv.ts";
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
 * Reads judgments made elsewhere.
 * @throws ShowtellError `FILE_NOT_FOUND`, `DATA_FORMAT`, `DATA_EMPTY`; `DATA_IDS` if the data set does not have a picture that was judged.
 */
export async function readForeignJudgments(
  file: string,
  { data, images }: ReferenceSource = {},
): Promise<{ readonly judgments: Judgments; readonly source: JudgmentSource }> {
  const lines = parseJudgmentsCsv(textOf(await readBytes(file), file), file);
  const references = new Map<string, readonly string[]>();
  if (data !== undefined) {
    const { records } = await openDataset(data, images === undefined ? {} : { images });
    for (const { image, captions } of records) references.set(image, captions);
    const missing = lines.find(({ image }) => !references.has(image));
    if (missing !== undefined) {
      throw new ShowtellError(
        "DATA_IDS",
        `"${missing.image}" was judged in "${file}", but "${data}" has no such picture`,
      );
    }
  }
  return { judgments: foreignJudgments(lines, references), source: { kind: "file", name: basename(file) } };
}

function textOf(bytes: Uint8Array, file: string): string {
  try {
    return utf8Text(bytes);
  } catch (cause) {
    throw new ShowtellError("DATA_FORMAT", `${file}: is not UTF-8 text: convert it`, { cause });
  }
}
