// One caption an image, as captioners and evaluation servers write them: an object by id, COCO results, or JSON lines. Opens no file.
import { ShowtellError } from "../base/errors.ts";
import { captionOf, type IdentifiedLine, idOf, isRecord, parseJsonText, valueError, withId } from "./ids.ts";

/** An image's caption. */
export interface Hypothesis {
  readonly id: string;
  readonly caption: string;
}

/**
 * Captions by image id, from `{id: caption}`, from `{id: [caption]}`, or from COCO results: `[{"image_id": …, "caption": …}]`.
 * @throws ShowtellError `DATA_FORMAT` naming file and id (or place) if it is something else, `DATA_IDS` if an image stands there twice.
 */
export function parseHypotheses(text: string, file: string): Map<string, string> {
  const content = parseJsonText(text, file);
  const captions = new Map<string, string>();
  for (const { id, caption } of Array.isArray(content) ? resultsOf(content, file) : captionsById(content, file)) {
    addHypothesis(captions, { id, caption }, file);
  }
  return captions;
}

/**
 * The caption of a JSONL line: an object with `caption` and the image's `id`, `image_id` or `image` (as `showtell caption --json` has it).
 * @throws ShowtellError `DATA_FORMAT` naming file and line.
 */
export function parseHypothesisLine(line: IdentifiedLine, file: string): Hypothesis {
  const { id, fields, where } = withId(line, file);
  return { id, caption: captionOf(fields["caption"], file, `${where}, "caption" of image "${id}"`) };
}

/** Adds a caption. @throws ShowtellError `DATA_IDS` if its image has one. */
export function addHypothesis(captions: Map<string, string>, { id, caption }: Hypothesis, file: string): void {
  if (captions.has(id)) {
    throw new ShowtellError("DATA_IDS", `${file}: image "${id}" stands there twice: keep one caption an image`);
  }
  captions.set(id, caption);
}

function resultsOf(content: readonly unknown[], file: string): Hypothesis[] {
  return content.map((entry, index) => {
    const where = `entry ${index}`;
    if (!isRecord(entry)) {
      throw valueError(file, where, entry, 'COCO results are [{"image_id": …, "caption": …}, …]');
    }
    const id = idOf(entry["image_id"], file, `${where}, "image_id"`);
    return { id, caption: captionOf(entry["caption"], file, `${where}, "caption" of image "${id}"`) };
  });
}

function captionsById(content: unknown, file: string): Hypothesis[] {
  if (!isRecord(content)) {
    throw valueError(file, "the whole", content, "give {id: caption}, COCO results or JSON lines");
  }
  return Object.entries(content).map(([id, value]) => ({ id, caption: onlyCaption(value, file, id) }));
}

/** A caption, or the list of one that the reference toolkit takes. */
function onlyCaption(value: unknown, file: string, id: string): string {
  const where = `image "${id}"`;
  if (!Array.isArray(value)) return captionOf(value, file, where);
  if (value.length === 1) return captionOf(value[0], file, where);
  const what = `has a list of ${value.length} captions, where one is scored: keep one, or name this file as the references`;
  throw new ShowtellError("DATA_FORMAT", `${file}: ${where} ${what}`);
}
