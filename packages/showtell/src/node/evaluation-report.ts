// The files of a report, and the small pictures in it. What the page says is evaluate/'s business.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import type { CancelSignal } from "../base/cancel.ts";
import { throwIfCancelled } from "../base/cancel.ts";
import { isFlickr8k, publishedResults } from "../evaluate/published-results.ts";
import { reportCsv } from "../evaluate/report-csv.ts";
import { reportDrawings } from "../evaluate/report-drawings.ts";
import { reportPage } from "../evaluate/report-page.ts";
import type { Report } from "../evaluate/report.ts";
import { shownPictures } from "../evaluate/report.ts";
import { requireOwnFile, requireWritable, unwritable, writeFileAtomically } from "./files.ts";

/** Names of the files in a report's folder. */
export const reportFiles = { page: "report.html", data: "report.json", table: "report.csv" } as const;

/** Pictures that are shown of each kind, and how wide they are: twice what a card is, for dense screens, is not worth its size. */
const shownOfEach = 8;
const thumbnailWidth = 360;

/** Makes the folder, and refuses one that can't be written to, before any work. @throws ShowtellError `FILE_WRITE`. */
export async function openReportFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw unwritable(folder, cause);
  });
  for (const name of Object.values(reportFiles)) await requireWritable(join(folder, name));
}

/** Refuses a folder where a report would be written over what is read for it. @throws ShowtellError `ARGUMENT`. */
export async function requireOwnReport(folder: string, read: readonly string[]): Promise<void> {
  for (const name of Object.values(reportFiles)) await requireOwnFile(join(folder, name), read, "the report");
}

/**
 * Writes the page, with small pictures in it, the data and the table.
 * @param paths The pictures' files, in the order of the report's pictures.
 * @param dataset What the data set and its caption file are called, to tell whether published results are of the same.
 * @throws ShowtellError `FILE_WRITE`, `CANCELLED`.
 */
export async function writeReport(
  folder: string,
  report: Report,
  paths: readonly string[],
  dataset: string,
  signal: CancelSignal,
): Promise<void> {
  const published = isFlickr8k(dataset) ? publishedResults : [];
  const shown = shownPictures(report.pictures, shownOfEach);
  const thumbnails = new Map<number, string>();
  for (const place of [...shown.best, ...shown.median, ...shown.worst]) {
    throwIfCancelled(signal);
    thumbnails.set(place, await thumbnail(paths[place]!));
  }
  const drawings = await reportDrawings(report);
  throwIfCancelled(signal);
  const page = reportPage(report, { drawings, shown, thumbnails, published });
  await writeFileAtomically(join(folder, reportFiles.page), page);
  await writeFileAtomically(join(folder, reportFiles.data), `${JSON.stringify(report, undefined, 2)}\n`);
  await writeFileAtomically(join(folder, reportFiles.table), reportCsv(report, published));
}

/** A picture as a small WebP in a `data:` address, upright and as wide as it is shown. */
async function thumbnail(path: string): Promise<string> {
  const picture = sharp(path, { limitInputPixels: false }).rotate();
  const bytes = await picture
    .resize({ width: thumbnailWidth, withoutEnlargement: true })
    .webp({ quality: 72 })
    .toBuffer();
  return `data:image/webp;base64,${bytes.toString("base64")}`;
}
