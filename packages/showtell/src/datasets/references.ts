// The captions that others are scored against, several an image: an object by id, COCO annotations, or JSON lines. Opens no file.
import { ShowtellError } from "../base/errors.ts";
import {
  captionOf,
  type IdentifiedLine,
  idOf,
  isRecord,
  parseJsonText,
  typeNameOf,
  valueError,
  withId,
} from "./ids.ts";

/** An image's captions. */
export interface References {
  readonly id: string;
  /** The name of the image's file, where COCO annotations say it: results may go by that. */
  readonly name?: string;
  readonly captions: readonly string[];
}

/**
 * Captions of each image, from `{id: [captions]}` or from COCO annotations: `{"annotations": [{"image_id": …, "caption": …}]}`, or that list.
 * @throws ShowtellError `DATA_FORMAT` naming file and id (or place) if it is something else, `DATA_IDS` if an object has an id twice.
 */
export function parseReferences(text: string, file: string): readonly References[] {
  const content = parseJsonText(text, file);
  if (Array.isArray(content)) return annotatedCaptions(content, file);
  if (!isRecord(content)) {
    throw valueError(file, "the whole", content, "give {id: [captions]}, COCO annotations or JSON lines");
  }
  const { annotations, images } = content;
  if (Array.isArray(annotations) && annotations.every(isRecord)) {
    const names = fileNames(images);
    return annotatedCaptions(annotations, file).map((own) => ({
      ...own,
      ...(names.has(own.id) && { name: names.get(own.id)! }),
    }));
  }
  return Object.entries(content).map(([id, value]) => ({ id, captions: captionsOf(value, file, `image "${id}"`) }));
}

/** The names of files by their images' ids, as far as a COCO file's list of images has them. */
function fileNames(images: unknown): ReadonlyMap<string, string> {
  const listed: readonly unknown[] = Array.isArray(images) ? images : [];
  return new Map(
    listed
      .filter(isRecord)
      .flatMap(({ id, file_name: name }) => (typeof name === "string" ? [[String(id), name]] : [])),
  );
}

/**
 * The captions of a JSONL line: an object with `captions` or `references`, and the image's `id`, `image_id` or `image`.
 * @throws ShowtellError `DATA_FORMAT` naming file and line.
 */
export function parseReferenceLine(line: IdentifiedLine, file: string): References {
  const { id, fields, where } = withId(line, file);
  const name = "captions" in fields ? "captions" : "references";
  return { id, captions: captionsOf(fields[name], file, `${where}, "${name}" of image "${id}"`) };
}

function annotatedCaptions(annotations: readonly unknown[], file: string): readonly References[] {
  const captions = new Map<string, string[]>();
  annotations.forEach((entry, index) => {
    const where = `annotation ${index}`;
    if (!isRecord(entry)) {
      throw valueError(file, where, entry, 'COCO annotations are [{"image_id": …, "caption": …}, …]');
    }
    const id = idOf(entry["image_id"], file, `${where}, "image_id"`);
    const caption = captionOf(entry["caption"], file, `${where}, "caption" of image "${id}"`);
    const others = captions.get(id);
    if (others === undefined) captions.set(id, [caption]);
    else others.push(caption);
  });
  return Array.from(captions, ([id, own]) => ({ id, captions: own }));
}

function captionsOf(value: unknown, file: string, where: string): readonly string[] {
  if (!Array.isArray(value)) {
    throw valueError(file, where, value, `references are a list of captions, not ${typeNameOf(value)}`);
  }
  if (value.length === 0) {
    const what = "has no reference caption: give it one, or leave the image out";
    throw new ShowtellError("DATA_FORMAT", `${file}: ${where} ${what}`);
  }
  return value.map((caption: unknown, index) => captionOf(caption, file, `${where}, reference ${index}`));
}
