// Picture files in Node: bytes → Pixels, decoded by sharp. Upright (EXIF), sRGB, first frame, alpha over white; resizing is the core's work.
import { readFile, stat } from "node:fs/promises";
import sharp, { type Metadata, type Sharp } from "sharp";
import { ShowtellError, messageOf } from "../base/errors.ts";
import { type PictureFormat, pictureFormat } from "../image/format.ts";
import { type Pixels, createPixels } from "../image/pixels.ts";
import { tiffPages } from "../image/tiff.ts";
import { budget } from "../thread/budget.ts";
import { unreadable } from "./files.ts";

/** Settings of {@link readImage}. */
export interface ReadImageOptions {
  /** What messages call a picture given as bytes; default "picture". A file is called by its path. */
  readonly name?: string;
  /** Most pixels, checked in the header before anything is decoded; default 100 million. */
  readonly maxPixels?: number;
  /** Most bytes of a file; default 200 million. */
  readonly maxBytes?: number;
}

const defaultMaxPixels = 100_000_000;
/** Most bytes of a picture's file where nothing else is said. */
export const maximumPictureBytes = 200_000_000;
/** What a JPEG can hold; the resize takes time per row, however short the rows are. */
const maxSide = 65_535;

/** Most pages of a TIFF, all of which are walked though the first is read: 200,000 take 11 s. */
const maxPages = 1000;
/** Of the pictures that a thread decodes at a time: 50 million pixels of four channels, or one picture of more. */
const decodedAtOnce = budget(200_000_000);

/**
 * Reads a picture (JPEG, PNG, WebP, GIF, TIFF or AVIF; the content tells, not the name) from a file or from its bytes.
 * @throws ShowtellError `FILE_NOT_FOUND`, `IMAGE_EMPTY`, `IMAGE_FORMAT`, `IMAGE_DECODE` (broken or cut off), `IMAGE_TOO_LARGE`; each names the picture.
 * @example
 * const pixels = await readImage("dogs.jpg");
 */
export async function readImage(source: string | Uint8Array, options: ReadImageOptions = {}): Promise<Pixels> {
  const name = typeof source === "string" ? source : (options.name ?? "picture");
  const maxBytes = options.maxBytes ?? maximumPictureBytes;
  const bytes = typeof source === "string" ? await readPictureFile(source, maxBytes) : source;
  checkBytes(name, bytes.length, maxBytes);
  checkFormat(name, pictureFormat(bytes), bytes);
  // sharp's own limit is off because the check below says more; "warning" makes it refuse what is cut off or corrupt.
  const picture = sharp(bytes, { failOn: "warning", limitInputPixels: false });
  const header = await decoding(name, picture.metadata());
  checkHeader(name, header, options.maxPixels ?? defaultMaxPixels);
  return decodedAtOnce(decodedBytes(header), () => decode(name, picture));
}

async function readPictureFile(path: string, maxBytes: number): Promise<Uint8Array> {
  try {
    const stats = await stat(path); // before opening: to open a pipe would wait for its writer
    if (!stats.isFile()) {
      throw new ShowtellError("FILE_NOT_FOUND", `picture "${path}" is a folder or a device: name a file`);
    }
    checkBytes(path, stats.size, maxBytes);
    return await readFile(path);
  } catch (error) {
    throw error instanceof ShowtellError ? error : unreadable(path, error);
  }
}

function checkBytes(name: string, count: number, limit: number): void {
  if (count === 0) throw new ShowtellError("IMAGE_EMPTY", `picture "${name}" is empty: fetch or export it again`);
  if (count <= limit) return;
  throw new ShowtellError(
    "IMAGE_TOO_LARGE",
    `picture "${name}" has ${count} bytes, more than the limit of ${limit}: save it smaller, or raise the limit`,
  );
}

function checkFormat(name: string, format: PictureFormat | undefined, bytes: Uint8Array): void {
  if (format === undefined) {
    throw new ShowtellError(
      "IMAGE_FORMAT",
      `"${name}" is not a picture that can be read (JPEG, PNG, WebP, GIF, TIFF, AVIF): convert it to JPEG or PNG`,
    );
  }
  if (format === "svg") {
    throw new ShowtellError(
      "IMAGE_FORMAT",
      `"${name}" is an SVG drawing, which is not rendered: export it as PNG first`,
    );
  }
  if (format === "tiff" && tiffPages(bytes, maxPages) > maxPages) {
    throw new ShowtellError(
      "IMAGE_TOO_LARGE",
      `picture "${name}" is a TIFF of more than ${maxPages} pages: save the first one alone`,
    );
  }
}

function checkHeader(name: string, header: Metadata, maxPixels: number): void {
  const { width, height, compression, depth } = header;
  if (width * height > maxPixels || width > maxSide || height > maxSide) {
    throw new ShowtellError(
      "IMAGE_TOO_LARGE",
      `picture "${name}" has ${width}×${height} pixels; the limit is ${maxPixels} pixels and ${maxSide} on a side: scale it down`,
    );
  }
  if (header.format === "heif" && compression !== "av1") {
    throw new ShowtellError(
      "IMAGE_FORMAT",
      `picture "${name}" is HEIC (${compression ?? "HEVC"} inside), for which no free decoder ships with showtell: ` +
        `convert it to JPEG (a phone does that when it exports or shares the photo as "most compatible")`,
    );
  }
  if (depth !== "uchar" && depth !== "ushort") {
    throw new ShowtellError(
      "IMAGE_FORMAT",
      `picture "${name}" has samples of type ${depth}; 8 and 16 bits are read: convert it to JPEG or PNG`,
    );
  }
}

/** Bytes of a picture's samples: 8 or 16 bits for each channel of each pixel. */
function decodedBytes({ width, height, channels, depth }: Metadata): number {
  return width * height * channels * (depth === "ushort" ? 2 : 1);
}

async function decode(name: string, picture: Sharp): Promise<Pixels> {
  const upright = picture.autoOrient().flatten({ background: "white" }).toColourspace("srgb");
  const { data, info } = await decoding(name, upright.raw().toBuffer({ resolveWithObject: true }));
  // Bytes of their own (never a piece of Node's pool), so that they can be handed to another thread.
  const whole = data.byteLength === data.buffer.byteLength;
  return createPixels(info.width, info.height, whole ? new Uint8Array(data.buffer) : Uint8Array.from(data));
}

/** The result of a call to sharp; what it throws becomes an `IMAGE_DECODE` error. */
async function decoding<T>(name: string, result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    const [reason] = messageOf(error).split("\n");
    throw new ShowtellError(
      "IMAGE_DECODE",
      `picture "${name}" is broken or cut off (${reason ?? ""}): fetch or export it again`,
      { cause: error },
    );
  }
}
