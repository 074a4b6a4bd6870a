// Pages of a TIFF: chains as files have them, in both byte orders and both kinds, and chains that no writer makes.
import sharp from "sharp";
import { expect, test } from "vitest";
import { tiffPages } from "../../src/image/tiff.ts";
import { chainedTiff } from "./chained-tiff.ts";

test.each([
  [true, false],
  [false, false],
  [true, true],
  [false, true],
])("are counted: little-endian %s, BigTIFF %s", (little, isBig) => {
  for (const pages of [1, 2, 7]) expect(tiffPages(chainedTiff(pages, { little, isBig }), 100)).toBe(pages);
});

test("of a file that a library writes are as many as it has", async () => {
  const page = { create: { width: 4, height: 4, channels: 3, background: "red" } } as const;
  expect(tiffPages(await sharp(page).tiff().toBuffer(), 10)).toBe(1);
});

test("are counted to one more than wanted, also where they go in a circle", () => {
  expect(tiffPages(chainedTiff(50), 10)).toBe(11);
  const circle = chainedTiff(2);
  new DataView(circle.buffer).setUint32(8 + 6 + 2, 8, true); // the second points to the first
  expect(tiffPages(circle, 1000)).toBe(1001);
});

test("end where the chain leads out of the file, or nothing is one", () => {
  expect(tiffPages(chainedTiff(5).subarray(0, 20), 100)).toBe(3);
  expect(tiffPages(Uint8Array.of(0x49, 0x49, 42, 0), 100)).toBe(0);
  expect(tiffPages(new Uint8Array(0), 100)).toBe(0);
});
