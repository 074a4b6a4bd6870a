// From a request to pictures and options, whichever of three ways they come: a form, JSON, or the bytes of one picture.
// Decodes no picture and fetches none.
import { z } from "zod";
import { ShowtellError } from "../base/errors.ts";
import { requireSoundSearch } from "../caption/caption-options.ts";
import type { Stay } from "./admission.ts";
import { readBody } from "./body.ts";
import { checked, onlyValue, parsedForm, valuesOf } from "./form.ts";
import { parsedJson } from "./json-body.ts";
import type { ServiceLimits } from "./limits.ts";
import type { RequestOptions } from "./schemas.ts";
import { captionForm, captionJson, captionQuery, mostPhrases, optionFields } from "./schemas.ts";

/** A picture that was sent, or where it is. */
export type SentPicture =
  | { readonly name: string; readonly bytes: Uint8Array }
  | { readonly name: string; readonly url: string };

/** What a client wants. */
export interface CaptionRequest {
  readonly pictures: readonly SentPicture[];
  readonly options: RequestOptions;
}

type Body = Uint8Array<ArrayBuffer>;
type ReadBody = (
  body: Body,
  type: string,
  query: RequestOptions,
  maxPictures: number,
) => CaptionRequest | Promise<CaptionRequest>;

/** The kinds of body, and how each is read. */
const readers: readonly { readonly type: RegExp; readonly read: ReadBody }[] = [
  { type: /^multipart\/form-data\b/i, read: fromForm },
  { type: /^application\/json\b/i, read: fromJson },
  { type: /^(?:image\/[\w.+-]+|application\/octet-stream)\b/i, read: fromBytes },
];

/**
 * Reads a caption request to its end.
 * @throws ShowtellError `REQUEST_TYPE`, `REQUEST_FORMAT`, `REQUEST_TOO_LARGE`, `BUSY`, `ARGUMENT`; the reason for which the stay ended.
 */
export async function readCaptionRequest(
  request: Request,
  { maxBodyBytes, maxPictures }: Pick<ServiceLimits, "maxBodyBytes" | "maxPictures">,
  stay: Stay,
): Promise<CaptionRequest> {
  const type = request.headers.get("content-type") ?? "";
  const reader = readers.find((one) => one.type.test(type));
  if (reader === undefined) {
    const taken = "multipart/form-data, application/json, application/octet-stream or image/…";
    throw new ShowtellError("REQUEST_TYPE", `the body is "${type.slice(0, 100)}"; what is taken is ${taken}`);
  }
  const query = typedFields(new URL(request.url).searchParams);
  const options = checked(captionQuery, query, "the query");
  const asked = await reader.read(await readBody(request, maxBodyBytes, stay), type, options, maxPictures);
  requireSoundSearch(asked.options);
  return asked;
}

/** Refuses lists by their lengths before what is in them is looked at: a schema notes what is wrong with each of millions. */
function requireShortLists(fields: unknown, maxPictures: number): void {
  const { image, images = image, must, avoid } = Object(fields) as Readonly<Record<string, unknown>>;
  if (Array.isArray(images) && images.length > maxPictures) {
    throw new ShowtellError(
      "REQUEST_TOO_LARGE",
      `the request has ${images.length} pictures; at most ${maxPictures} are taken: send several requests`,
    );
  }
  for (const [name, list] of Object.entries({ must, avoid })) {
    if (!Array.isArray(list) || list.length <= mostPhrases) continue;
    const message = `the field "${name}" has ${list.length} values; at most ${mostPhrases} are taken: leave some out`;
    throw new ShowtellError("ARGUMENT", message);
  }
}

function fromBytes(body: Body, _type: string, options: RequestOptions): CaptionRequest {
  return { pictures: [{ name: placeName(0), bytes: body }], options };
}

function fromJson(body: Body, _type: string, query: RequestOptions, maxPictures: number): CaptionRequest {
  const fields = parsedJson(body);
  requireShortLists(fields, maxPictures);
  const { images, ...options } = checked(captionJson, fields, "the body");
  const pictures = images.map((image, place) =>
    "url" in image
      ? { name: image.url, url: image.url }
      : { name: image.name ?? placeName(place), bytes: new Uint8Array(Buffer.from(image.data, "base64")) },
  );
  return { pictures, options: { ...query, ...options } };
}

async function fromForm(body: Body, type: string, query: RequestOptions, maxPictures: number): Promise<CaptionRequest> {
  const form = await parsedForm(body, type, maxPictures);
  const files = form.getAll("image");
  form.delete("image");
  const fields = { ...typedFields(form), image: files };
  requireShortLists(fields, maxPictures);
  const { image, ...options } = checked(captionForm, fields, "the form");
  const pictures = await Promise.all(
    image.map(async (file, place) => ({
      name: file.name === "" ? placeName(place) : file.name.slice(0, longestName),
      bytes: new Uint8Array(await file.arrayBuffer()),
    })),
  );
  return { pictures, options: { ...query, ...options } };
}

/** Characters of a file's name that an answer repeats. */
const longestName = 255;

/** What an answer calls a picture that has no name. */
function placeName(place: number): string {
  return `image ${place + 1}`;
}

/** Fields that are text, as what their schemas want; what can't be converted is left to the schema to refuse. */
function typedFields(fields: FormData | URLSearchParams): Record<string, unknown> {
  return Object.fromEntries([...valuesOf(fields)].map(([name, values]) => [name, typedField(name, values)]));
}

function typedField(name: string, values: readonly unknown[]): unknown {
  const schema: z.ZodType | undefined = Object.hasOwn(optionFields, name)
    ? optionFields[name as keyof typeof optionFields]
    : undefined;
  if (schema instanceof z.ZodArray) return values;
  const value = onlyValue(name, values);
  if (schema instanceof z.ZodBoolean && (value === "true" || value === "false")) return value === "true";
  const isNumber = schema instanceof z.ZodNumber && typeof value === "string" && value.trim() !== "";
  return isNumber ? Number(value) : value;
}
