// Reading picture files in Node: what each format becomes, and the coded error of each thing that is no readable picture.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import sharp, { type Sharp } from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Pixels } from "../../src/image/pixels.ts";
import { readImage } from "../../src/node/image-reader.ts";
import { chainedTiff } from "../image/chained-tiff.ts";

const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/photos/${name}`, import.meta.url));
const pixel = ({ width, data }: Pixels, x: number, y: number): number[] => [
  ...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3),
];
const failure = (code: string, part: string): unknown =>
  expect.objectContaining({ name: "ShowtellError", code, message: expect.stringContaining(part) });

const orange = [200, 100, 50] as const;
/** 40 × 20: the left half orange, the right half blue-grey. */
function twoHalves(): Sharp {
  const bytes = Uint8Array.from({ length: 40 * 20 * 3 }, (_, i) => {
    const left = Math.floor(i / 3) % 40 < 20;
    return left ? orange[i % 3]! : [60, 80, 120][i % 3]!;
  });
  return sharp(bytes, { raw: { width: 40, height: 20, channels: 3 } });
}
function expectTwoHalves(picture: Pixels, tolerance: number): void {
  expect([picture.width, picture.height, picture.data.length]).toEqual([40, 20, 2400]);
  for (const [x, colour] of [
    [5, orange],
    [34, [60, 80, 120]],
  ] as const) {
    for (const [channel, value] of pixel(picture, x, 10).entries()) {
      expect(Math.abs(value - colour[channel]!)).toBeLessThanOrEqual(tolerance);
    }
  }
}

/** A TIFF of one float32 sample: header, the sample, then one directory of (tag, type 3 = uint16, count, value). */
function floatTiff(): Buffer {
  const tags = { 256: 1, 257: 1, 258: 32, 259: 1, 262: 1, 273: 8, 277: 1, 278: 1, 279: 4, 339: 3 };
  const tiff = Buffer.alloc(14 + 10 * 12 + 4);
  tiff.write("II*\0\x0c\0\0\0", "latin1");
  tiff.writeFloatLE(0.5, 8);
  tiff.writeUInt16LE(10, 12);
  for (const [i, [tag, value]] of Object.entries(tags).entries()) {
    tiff.writeUInt16LE(Number(tag), 14 + i * 12);
    tiff.writeUInt16LE(3, 16 + i * 12);
    tiff.writeUInt32LE(1, 18 + i * 12);
    tiff.writeUInt16LE(value, 22 + i * 12);
  }
  return tiff;
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "showtell-image-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("readImage: formats", () => {
  it.each([
    ["PNG", () => twoHalves().png(), 0],
    ["PNG with a palette", () => twoHalves().png({ palette: true }), 2],
    ["PNG with 16 bits", () => twoHalves().toColourspace("rgb16").png(), 1],
    ["lossless WebP", () => twoHalves().webp({ lossless: true }), 0],
    ["GIF", () => twoHalves().gif(), 6],
    ["TIFF", () => twoHalves().tiff({ compression: "lzw" }), 0],
    ["AVIF", () => twoHalves().avif({ quality: 90 }), 6],
    ["JPEG", () => twoHalves().jpeg({ quality: 95 }), 4],
    ["progressive JPEG", () => twoHalves().jpeg({ quality: 95, progressive: true }), 4],
    ["CMYK JPEG (whose gamut is smaller)", () => twoHalves().toColourspace("cmyk").jpeg({ quality: 95 }), 30],
    ["JPEG in another colour space (Display P3)", () => twoHalves().withIccProfile("p3").jpeg({ quality: 95 }), 4],
  ])("%s becomes 8-bit sRGB", async (_, make, tolerance) => {
    expectTwoHalves(await readImage(await make().toBuffer()), tolerance);
  });

  it("goes by the content where the file's name lies", async () => {
    const file = path.join(folder, "actually-png.jpg");
    await writeFile(file, await twoHalves().png().toBuffer());
    expectTwoHalves(await readImage(file), 0);
  });

  it("makes three equal channels of a grey picture, with 8 or 16 bits", async () => {
    const grey = twoHalves().toColourspace("b-w");
    const eight = await readImage(await grey.clone().png().toBuffer());
    expect(new Set(pixel(eight, 5, 10)).size).toBe(1);
    const sixteen = await readImage(await grey.clone().toColourspace("grey16").png().toBuffer());
    expect(pixel(sixteen, 5, 10)).toEqual(pixel(eight, 5, 10));
  });

  it("lays a transparent picture over white", async () => {
    const half = twoHalves().ensureAlpha(0.5);
    const over = await readImage(await half.png().toBuffer());
    for (const [channel, value] of pixel(over, 5, 10).entries()) {
      expect(Math.abs(value - (orange[channel]! + 255) / 2)).toBeLessThanOrEqual(1);
    }
    const clear = await readImage(await twoHalves().ensureAlpha(0).png().toBuffer());
    expect(new Set(clear.data)).toEqual(new Set([255]));
  });

  it("takes the first frame of an animation", async () => {
    const frames = ["#c86432", "#0000ff"].map((background) => ({
      create: { width: 8, height: 8, channels: 3 as const, background },
    }));
    const pages = await Promise.all(frames.map((frame) => sharp(frame).png().toBuffer()));
    const gif = await sharp(pages, { join: { animated: true } })
      .gif()
      .toBuffer();
    const picture = await readImage(gif);
    expect([picture.width, picture.height]).toEqual([8, 8]);
    expect(pixel(picture, 0, 0)[0]).toBeGreaterThan(150);
  });

  it("turns a photo upright by its EXIF orientation", async () => {
    const photo = await readImage(fixture("chelsea-exif6.jpg"));
    expect([photo.width, photo.height]).toEqual([451, 300]);
    // Orientation 6: shown after a quarter turn clockwise, so the stored left column becomes the top row.
    const turned = await readImage(await twoHalves().withMetadata({ orientation: 6 }).png().toBuffer());
    expect([turned.width, turned.height]).toEqual([20, 40]);
    expect(pixel(turned, 10, 5)).toEqual([...orange]);
  });

  it.each([
    ["one-pixel.png", 1, 1],
    ["very-tall.jpg", 5, 2000],
    ["coffee-progressive.jpg", 600, 400],
    ["coffee.webp", 600, 400],
  ])("reads %s as %d×%d", async (name, width, height) => {
    const picture = await readImage(fixture(name));
    expect([picture.width, picture.height]).toEqual([width, height]);
    expect(picture.data.buffer.byteLength).toBe(width * height * 3); // bytes of its own: may be handed to a worker
  });
});

describe("readImage: what is no readable picture", () => {
  it("refuses a JPEG that is cut off instead of showing grey", async () => {
    await expect(readImage(fixture("coffee-truncated.jpg"))).rejects.toEqual(
      failure("IMAGE_DECODE", "coffee-truncated.jpg"),
    );
  });

  it("refuses one that is cut off but ends properly", async () => {
    const bytes = await sharp(fixture("coffee.webp")).jpeg().toBuffer();
    const cut = Buffer.concat([bytes.subarray(0, bytes.length / 2), Uint8Array.of(0xff, 0xd9)]);
    await expect(readImage(cut)).rejects.toEqual(failure("IMAGE_DECODE", "premature end"));
  });

  it.each(["jpeg", "png", "gif", "webp", "tiff", "avif"] as const)("refuses a %s cut at any place", async (format) => {
    const whole = await twoHalves().toFormat(format).toBuffer();
    for (const part of [0.1, 0.3, 0.5, 0.7, 0.9]) {
      const cut = whole.subarray(0, Math.floor(whole.length * part));
      await expect(readImage(cut, { name: `cut.${format}` })).rejects.toEqual(failure("IMAGE_DECODE", `cut.${format}`));
    }
  });

  it("says what to do about HEIC, whose codec (HEVC) cannot be shipped", async () => {
    // An AVIF whose brand says HEVC; the decoder reports the compression by the brand.
    const heic = await twoHalves().avif().toBuffer();
    heic.write("heic", heic.indexOf("ftypavif") + 4, "latin1");
    await expect(readImage(heic, { name: "IMG_1.HEIC" })).rejects.toEqual(
      failure("IMAGE_FORMAT", `"IMG_1.HEIC" is HEIC`),
    );
  });

  it("never renders an SVG, whatever its file is called", async () => {
    const svg = new TextEncoder().encode(`<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9"/>`);
    await expect(readImage(svg, { name: "star.png" })).rejects.toEqual(failure("IMAGE_FORMAT", "star.png"));
  });

  it("refuses samples that are no 8 or 16 bits, whose range nobody knows", async () => {
    const tiff = floatTiff();
    expect((await sharp(tiff).metadata()).depth).toBe("float");
    await expect(readImage(tiff)).rejects.toEqual(failure("IMAGE_FORMAT", "samples of type float"));
  });

  it("refuses what is no picture, and an empty file", async () => {
    await expect(readImage(new TextEncoder().encode("<html>"), { name: "404.jpg" })).rejects.toEqual(
      failure("IMAGE_FORMAT", "404.jpg"),
    );
    await expect(readImage(new Uint8Array(0), { name: "-" })).rejects.toEqual(failure("IMAGE_EMPTY", `"-"`));
    const file = path.join(folder, "empty.jpg");
    await writeFile(file, "");
    await expect(readImage(file)).rejects.toEqual(failure("IMAGE_EMPTY", file));
  });

  it("refuses a file that is not there, and a folder", async () => {
    const missing = path.join(folder, "nobody.jpg");
    await expect(readImage(missing)).rejects.toEqual(failure("FILE_NOT_FOUND", missing));
    await expect(readImage(folder)).rejects.toEqual(failure("FILE_NOT_FOUND", folder));
    await expect(readImage("nul\0byte.jpg")).rejects.toEqual(failure("FILE_NOT_FOUND", "nul"));
  });
});

describe("readImage: limits", () => {
  it("checks the pixels in the header, before anything is decoded", async () => {
    const png = await sharp({ create: { width: 12_000, height: 9_000, channels: 3, background: "red" } })
      .png()
      .toBuffer();
    await expect(readImage(png.subarray(0, 5000), { name: "huge.png" })).rejects.toEqual(
      failure("IMAGE_TOO_LARGE", "12000×9000"),
    );
  });

  it("takes other limits from the caller", async () => {
    await expect(readImage(fixture("coffee.webp"), { maxPixels: 239_999 })).rejects.toEqual(
      failure("IMAGE_TOO_LARGE", "239999"),
    );
    await expect(readImage(fixture("coffee.webp"), { maxBytes: 1000 })).rejects.toEqual(
      failure("IMAGE_TOO_LARGE", "1000"),
    );
    await expect(readImage(fixture("coffee.webp"), { maxPixels: 240_000 })).resolves.toMatchObject({ width: 600 });
  });

  it("refuses a TIFF of more pages than a decoder should walk", async () => {
    await expect(readImage(chainedTiff(1001))).rejects.toEqual(failure("IMAGE_TOO_LARGE", "more than 1000 pages"));
    // Of these pages none can be read.
    await expect(readImage(chainedTiff(1000))).rejects.toEqual(failure("IMAGE_DECODE", "broken"));
  });

  it("decodes large pictures one after the other: to turn one upright, all of it is held", async () => {
    const background = { r: 200, g: 100, b: 50, alpha: 1 };
    const bytes = await sharp({ create: { width: 4000, height: 4000, channels: 4, background } })
      .toColourspace("rgb16")
      .withMetadata({ orientation: 6 })
      .png({ compressionLevel: 1 })
      .toBuffer();
    const peakOf = async (count: number): Promise<number> => {
      const before = process.memoryUsage.rss();
      let peak = before;
      const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 5);
      const read = await Promise.all(Array.from({ length: count }, () => readImage(bytes).then(({ data }) => data[0])));
      clearInterval(timer);
      expect(new Set(read).size).toBe(1);
      return peak - before;
    };
    const one = await peakOf(1);
    expect(await peakOf(6)).toBeLessThan(2 * one);
  });

  it("refuses a side that no JPEG could have", async () => {
    const png = await sharp({ create: { width: 1, height: 70_000, channels: 3, background: "red" } })
      .png()
      .toBuffer();
    await expect(readImage(png)).rejects.toEqual(failure("IMAGE_TOO_LARGE", "1×70000"));
  });
});
