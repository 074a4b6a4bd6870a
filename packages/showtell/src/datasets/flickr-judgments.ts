// Flickr8k's own judgments (Hodosh, Young and Hockenmaier 2013): captions shown with pictures that they were not always written for,
// judged by three experts each, or by a crowd. Parses only.
import type { ForeignJudgment } from "./judgments-csv.ts";
import { type CaptionRecord, lineError, numberedLines, safeImageName } from "./record.ts";

/** What people said of a caption, before its words are known. */
type Said = readonly Pick<ForeignJudgment, "rater" | "score">[];

/** How the last three columns of a line are read; undefined if they are something else. */
interface Layout {
  readonly expected: string;
  readonly read: (columns: readonly number[]) => Said | undefined;
}

/** By the names of the two files. */
const layouts: ReadonlyMap<string, Layout> = new Map([
  [
    "ExpertAnnotations.txt",
    {
      expected: "three numbers from 1 to 4",
      read: (grades) =>
        grades.every((grade) => [1, 2, 3, 4].includes(grade))
          ? grades.map((score, i) => ({ rater: `expert ${i + 1}`, score }))
          : undefined,
    },
  ],
  [
    "CrowdFlowerAnnotations.txt",
    {
      expected: "the share of Yes, and how often people said Yes and No",
      read: ([share, yes, no]) => {
        const counts = [yes!, no!].every((count) => Number.isInteger(count) && count >= 0) && yes! + no! > 0;
        if (!counts || Math.abs(share! - yes! / (yes! + no!)) > 1e-6) return undefined;
        return Array.from({ length: yes! + no! }, (_, i) => ({ score: i < yes! ? 1 : 0 }));
      },
    },
  ],
]);

/** Whether a file's name is one of the two: ExpertAnnotations.txt and CrowdFlowerAnnotations.txt. */
export function isFlickrJudgments(name: string): boolean {
  return layouts.has(name);
}

/** The judgments of such a file. */
export interface FlickrJudgments {
  readonly judgments: readonly ForeignJudgment[];
  /** Captions that were shown with the picture that they were written for, and are left out: they are among its references. */
  readonly ownCaptions: number;
}

/**
 * Reads one of the two files: picture, caption (`picture.jpg#2`: the third one of that picture) and what people said, between tabs. Experts
 * grade from 1 to 4; the crowd, of which nobody is told from another, says Yes (1) or No (0).
 * @param name The file's own name, one of the two.
 * @param records The data set, with the captions.
 * @throws ShowtellError `DATA_FORMAT`, with file and line; `DATA_IDS` if the data set lacks a picture or a caption.
 */
export function parseFlickrJudgments(
  text: string,
  name: string,
  file: string,
  records: readonly CaptionRecord[],
): FlickrJudgments {
  const layout = layouts.get(name)!;
  const captionsOf = new Map(records.map(({ image, captions }) => [image, captions]));
  let ownCaptions = 0;
  const judgments = numberedLines(text).flatMap(({ line, number }): ForeignJudgment[] => {
    const [first = "", id = "", ...columns] = line.split("\t").map((column) => column.trim());
    const said = columns.length === 3 && !columns.includes("") ? layout.read(columns.map(Number)) : undefined;
    const written = /^(.+)#(\d+)$/.exec(id);
    if (said === undefined || written === null) {
      const what = `expected a picture, a caption such as "picture.jpg#2" and ${layout.expected}, between tabs`;
      throw lineError(file, number, `${what}, found "${line.slice(0, 80)}"`);
    }
    const image = safeImageName(first, file, number);
    if (written[1] === image) {
      ownCaptions++;
      return [];
    }
    const caption = captionsOf.get(written[1]!)?.[Number(written[2])];
    if (caption === undefined) throw lineError(file, number, `the data set has no caption "${id}"`, "DATA_IDS");
    return said.map((one) => ({ image, caption, ...one, line: number }));
  });
  return { judgments, ownCaptions };
}
