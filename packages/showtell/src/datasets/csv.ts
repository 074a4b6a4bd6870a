// CSV (RFC 4180): captions with a header line `image,caption`, as Flickr8k's `captions.txt` is passed around, and tables of any cells as text.
import { type CaptionRecord, CaptionCollector, lineError, safeImageName } from "./record.ts";

/** A row of a CSV file. */
export interface CsvRow {
  readonly fields: readonly string[];
  /** The line on which the row begins. */
  readonly line: number;
}

/**
 * Captions of a CSV file with the columns `image` and `caption`, a caption a row.
 * @throws ShowtellError `DATA_FORMAT`, with file and line, if a column is missing, a row has another number of fields, or a quote is
 *   never closed.
 */
export function parseCaptionsCsv(text: string, file: string): CaptionRecord[] {
  const { names, rows } = parseTable(text, file);
  const [image, caption] = [names.indexOf("image"), names.indexOf("caption")];
  if (image < 0 || caption < 0) {
    throw lineError(file, 1, `the first line must name the columns "image" and "caption", found "${names.join(",")}"`);
  }
  const collector = new CaptionCollector();
  for (const { fields, line } of rows) {
    collector.add(safeImageName(fields[image]!.trim(), file, line), fields[caption]!.trim());
  }
  return collector.records();
}

/**
 * The rows of a CSV file below its first line, which names the columns.
 * @throws ShowtellError `DATA_FORMAT`, with file and line, if a row has another number of fields, or a quote is never closed.
 */
export function parseTable(
  text: string,
  file: string,
): { readonly names: readonly string[]; readonly rows: readonly CsvRow[] } {
  const [header, ...rows] = parseRows(text.replace(/^\uFEFF/, ""), file);
  const names = header?.fields.map((name) => name.trim().toLowerCase()) ?? [];
  for (const { fields, line } of rows) {
    if (fields.length === names.length) continue;
    const what = `${fields.length} fields, the header has ${names.length}: a caption with a comma must stand in quotes`;
    throw lineError(file, line, what);
  }
  return { names, rows };
}

/** A field in quotes (doubled inside) or without, and what ends it: a comma, a line end, or the end of the text. */
const fieldPattern = /(?:"([^"]*(?:""[^"]*)*)"|([^",\r\n][^,\r\n]*|))(,|\r?\n|$)/y;

function parseRows(text: string, file: string): CsvRow[] {
  const rows: CsvRow[] = [];
  let fields: string[] = [];
  let line = 1;
  let firstLine = 1;
  let at = 0;
  while (at < text.length || fields.length > 0) {
    fieldPattern.lastIndex = at;
    const match = fieldPattern.exec(text);
    if (match === null) throw lineError(file, line, "a quote is not closed, or text follows a closing quote");
    const [whole, quoted, bare, end] = match;
    fields.push(quoted === undefined ? bare! : quoted.replaceAll('""', '"'));
    at += whole.length;
    line += whole.split("\n").length - 1;
    if (end === ",") continue;
    if (fields.length > 1 || fields[0]!.trim() !== "") rows.push({ fields, line: firstLine });
    fields = [];
    firstLine = line;
  }
  return rows;
}

/** Lines of cells as the text of a file. */
export function csvText(lines: readonly (readonly string[])[]): string {
  return lines.map((cells) => `${cells.map(csvCell).join(",")}\r\n`).join("");
}

function csvCell(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
