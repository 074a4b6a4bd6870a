// Pictures in a browser: a file's bytes or pixels of a canvas → Pixels. Upright (EXIF), sRGB, alpha over white; resizing is the core's work.
import { ShowtellError, messageOf } from "../base/errors.ts";
import { hasEnding } from "../image/ending.ts";
import { pictureFormat } from "../image/format.ts";
import type { Pixels } from "../image/pixels.ts";
import { createPixels } from "../image/pixels.ts";

/** A picture: a file (what an `<input>`, a drop or a `fetch` gives), or pixels as a canvas gives them. */
export type WebImageSource = Blob | ImageData;

/** Most pixels, as in Node.js. */
const maxPixels = 100_000_000;
/** What a canvas can hold in every browser that can hold much. */
const maxSide = 16_384;

/** Bytes that tell the format of a picture. */
const headBytes = 1024;

function nameOf(source: WebImageSource): string {
  return source instanceof File && source.name !== "" ? source.name : "picture";
}

/**
 * Reads a picture in whatever format the browser decodes (JPEG, PNG, WebP, GIF, AVIF as a rule).
 * @throws ShowtellError `IMAGE_EMPTY`, `IMAGE_FORMAT`, `IMAGE_DECODE` (broken or cut off), `IMAGE_TOO_LARGE`; each names the picture.
 */
export async function readImage(source: WebImageSource): Promise<Pixels> {
  const name = nameOf(source);
  if (source instanceof Blob) await checkFile(name, source);
  const bitmap = await bitmapOf(name, source);
  try {
    return pixelsOf(name, bitmap);
  } finally {
    bitmap.close();
  }
}

async function checkFile(name: string, file: Blob): Promise<void> {
  if (file.size === 0) throw new ShowtellError("IMAGE_EMPTY", `picture "${name}" is empty: fetch or export it again`);
  const format = pictureFormat(await bytesIn(file.slice(0, headBytes)));
  if (format === undefined) {
    throw new ShowtellError(
      "IMAGE_FORMAT",
      `"${name}" is not a picture that can be read (JPEG, PNG, WebP, GIF, AVIF): convert it to JPEG or PNG`,
    );
  }
  if (format === "svg") {
    throw new ShowtellError(
      "IMAGE_FORMAT",
      `"${name}" is an SVG drawing, which is not rendered: export it as PNG first`,
    );
  }
  // Browsers show what there is of a picture that was cut off; a caption of half a picture would be a silent mistake.
  if (hasEnding(format, await bytesIn(file))) return;
  throw new ShowtellError(
    "IMAGE_DECODE",
    `picture "${name}" is broken or cut off (its end is missing): fetch or export it again`,
  );
}

async function bytesIn(part: Blob): Promise<Uint8Array> {
  return new Uint8Array(await part.arrayBuffer());
}

async function bitmapOf(name: string, source: WebImageSource): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(source, { imageOrientation: "from-image", colorSpaceConversion: "default" });
  } catch (cause) {
    throw new ShowtellError(
      "IMAGE_DECODE",
      `picture "${name}" is broken, or of a kind that this browser can't decode (${messageOf(cause)}): convert it to JPEG or PNG`,
      { cause },
    );
  }
}

function pixelsOf(name: string, bitmap: ImageBitmap): Pixels {
  const { width, height } = bitmap;
  if (width * height > maxPixels || width > maxSide || height > maxSide) {
    throw new ShowtellError(
      "IMAGE_TOO_LARGE",
      `picture "${name}" has ${width}×${height} pixels; the limit is ${maxPixels} pixels and ${maxSide} on a side: scale it down`,
    );
  }
  const canvas = new OffscreenCanvas(width, height);
  // Read back from memory, never from the graphics processor, whose drivers round each in their own way.
  const context = canvas.getContext("2d", { willReadFrequently: true, colorSpace: "srgb" })!;
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0);
  return createPixels(width, height, withoutAlpha(context.getImageData(0, 0, width, height).data));
}

/** [pixels, 4] → [pixels, 3]. */
function withoutAlpha(data: Uint8ClampedArray): Uint8Array {
  const pixels = data.length / 4;
  const colours = new Uint8Array(3 * pixels);
  for (let i = 0; i < pixels; i++) {
    colours[3 * i] = data[4 * i]!;
    colours[3 * i + 1] = data[4 * i + 1]!;
    colours[3 * i + 2] = data[4 * i + 2]!;
  }
  return colours;
}
