// Captions as JSON lines: `{"image": "a.jpg", "captions": ["…"], "split": "train"}`, the split being optional.
import { z } from "zod";
import { messageOf } from "../base/errors.ts";
import { type CaptionRecord, lineError, numberedLines, safeImageName } from "./record.ts";

// Further fields are allowed: people keep ids and sources there.
const lineSchema = z.object({ image: z.string(), captions: z.array(z.string()), split: z.string().min(1).optional() });

/**
 * Records of a JSONL file, a picture a line.
 * @throws ShowtellError `DATA_FORMAT`, with file and line, if a line is no such object or a picture stands there twice.
 */
export function parseJsonl(text: string, file: string): CaptionRecord[] {
  const lines = new Map<string, number>();
  const records: CaptionRecord[] = [];
  for (const { line, number } of numberedLines(text)) {
    const record = parseLine(line, file, number);
    const earlier = lines.get(record.image);
    if (earlier !== undefined) {
      throw lineError(file, number, `"${record.image}" stands on line ${earlier} already: join the two`);
    }
    lines.set(record.image, number);
    records.push(record);
  }
  return records;
}

function parseLine(line: string, file: string, number: number): CaptionRecord {
  const parsed = lineSchema.safeParse(parseJson(line, file, number));
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    const what = `expected {"image": …, "captions": […]}; ${path.length === 0 ? "" : `"${path.join(".")}": `}${message}`;
    throw lineError(file, number, what);
  }
  const { image, captions, split } = parsed.data;
  const record = {
    image: safeImageName(image, file, number),
    captions: captions.map((caption) => caption.trim()),
  };
  return split === undefined ? record : { ...record, split };
}

function parseJson(line: string, file: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw lineError(file, number, `no JSON: ${messageOf(error)}`);
  }
}
