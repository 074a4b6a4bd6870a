// Judgments that were made elsewhere, as CSV (RFC 4180) with the columns image, caption, rater, score and perhaps system. Parses only.
import { parseTable } from "./csv.ts";
import { lineError, safeImageName } from "./record.ts";

/** What a rater said of a caption. */
export interface ForeignJudgment {
  readonly image: string;
  readonly caption: string;
  /** Undefined where nobody knows who judged; a file of this kind always tells. */
  readonly rater?: string;
  readonly score: number;
  /** Who said the caption; undefined if the file has no such column, or nothing in it. */
  readonly system?: string;
  /** Where it stands in its file, counted from 1. */
  readonly line: number;
}

const columns = ["image", "caption", "rater", "score"] as const;

/** @throws ShowtellError `DATA_FORMAT`, with file and line, if a column is missing or a score is no number. */
export function parseJudgmentsCsv(text: string, file: string): readonly ForeignJudgment[] {
  const { names, rows } = parseTable(text, file);
  const missing = columns.filter((name) => !names.includes(name));
  if (missing.length > 0) {
    throw lineError(file, 1, `the columns ${missing.join(", ")} are missing: the first line names ${names.join(", ")}`);
  }
  return rows.map(({ fields, line }) => {
    const field = (name: string): string => fields[names.indexOf(name)]?.trim() ?? "";
    const score = Number(field("score"));
    if (field("score") === "" || !Number.isFinite(score)) {
      throw lineError(file, line, `the score "${field("score")}" is no number`);
    }
    if (field("rater") === "") throw lineError(file, line, "the rater is not named");
    const system = field("system");
    return {
      image: safeImageName(field("image"), file, line),
      caption: field("caption"),
      rater: field("rater"),
      score,
      ...(system !== "" && { system }),
      line,
    };
  });
}
