// Judgments made elsewhere, brought into the form of ours. Reads no file.
import { ShowtellError } from "../base/errors.ts";
import type { ForeignJudgment } from "../datasets/judgments-csv.ts";
import { lineError } from "../datasets/record.ts";
import type { JudgedItem, Judgment, Judgments } from "./judgments.ts";

/** The only scale of judgments from elsewhere. */
const scale = "score";

/**
 * @param file What messages call the file that they are from.
 * @param referencesOf What people wrote about a picture; empty if that is not known, and then no metric is computed.
 * @throws ShowtellError `DATA_EMPTY` without any judgment, `DATA_FORMAT` if a rater judged a caption of a picture twice.
 */
export function foreignJudgments(
  lines: readonly ForeignJudgment[],
  file: string,
  referencesOf: ReadonlyMap<string, readonly string[]>,
): Judgments {
  if (lines.length === 0)
    throw new ShowtellError("DATA_EMPTY", `"${file}" has no judgment to report on: name a file with a line for each`);
  const items: JudgedItem[] = [];
  const places = new Map<string, number>();
  const seen = new Map<string, number>();
  const judgments = lines.map(({ image, caption, rater, score, system, line }): Judgment => {
    const key = JSON.stringify([image, caption, system]);
    if (!places.has(key)) {
      places.set(key, items.length);
      items.push({ image, captions: [{ caption, systems: system === undefined ? [] : [system] }] });
    }
    const item = places.get(key)!;
    const values = { [scale]: score };
    if (rater === undefined) return { item, values };
    const own = JSON.stringify([item, rater]);
    const first = seen.get(own);
    if (first !== undefined) {
      const what = `"${rater}" judged "${caption}" of "${image}" in line ${first} already`;
      throw lineError(file, line, `${what}: leave one out`);
    }
    seen.set(own, line);
    return { item, rater, values };
  });
  const images = [...new Set(items.map(({ image }) => image))];
  return {
    kind: "ratings",
    scales: [scale],
    systems: [...new Set(items.flatMap(({ captions }) => captions[0]!.systems))],
    pictures: images.map((image) => ({ image, references: referencesOf.get(image) ?? [] })),
    items,
    judgments,
    raters: [...new Set(lines.flatMap(({ rater }) => rater ?? []))].map((rater) => ({
      rater,
      checks: 0,
      checksPassed: 0,
      open: 0,
    })),
    same: 0,
  };
}
