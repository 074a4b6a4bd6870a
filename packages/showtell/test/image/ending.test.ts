// Whether a picture file has its end: real files, cut off and appended to, and what could be taken for an end.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { hasEnding } from "../../src/image/ending.ts";
import { root } from "../source-files.ts";

const fixtures = join(root, "packages/showtell/test/fixtures/photos");
const photos = join(root, "examples/photos");

describe.each([
  ["a JPEG", "jpeg", join(photos, "chelsea.jpg")],
  ["a JPEG with Exif data", "jpeg", join(fixtures, "chelsea-exif6.jpg")],
  ["a progressive JPEG, which has several scans", "jpeg", join(fixtures, "coffee-progressive.jpg")],
  ["a PNG", "png", join(photos, "camera.png")],
] as const)("%s", (_, format, path) => {
  const bytes = readFileSync(path);

  it("has its end, whatever is appended to it", () => {
    expect(hasEnding(format, bytes)).toBe(true);
    expect(hasEnding(format, Buffer.concat([bytes, new Uint8Array(100_000)]))).toBe(true);
  });

  it("has none where it was cut off", () => {
    const lengths = [3, 4, 20, 21, 22, 23, 1000, Math.floor(bytes.length / 2), bytes.length - 20];
    for (const length of lengths) expect(hasEnding(format, bytes.subarray(0, length)), `${length}`).toBe(false);
  });
});

/** Whether a JPEG of some bytes after its first marker has its end. */
function isWhole(...bytes: readonly number[]): boolean {
  return hasEnding("jpeg", Uint8Array.of(0xff, 0xd8, ...bytes));
}

describe("a JPEG's end", () => {
  const thumbnail = [0xff, 0xe1, 0, 6, 0xff, 0xd9, 0xff, 0xd9];
  const scan = [0xff, 0xda, 0, 3, 1, 0x12, 0xff, 0, 0xd9, 0xff, 0xd0, 0x34, 0xff, 0xff];

  it("is not that of a thumbnail", () => {
    expect(isWhole(...thumbnail)).toBe(false);
    expect(isWhole(...thumbnail, 0xff, 0xd9)).toBe(true);
  });

  it("comes after a scan with stuffed bytes, restarts and padding", () => {
    expect(isWhole(...thumbnail, ...scan)).toBe(false);
    expect(isWhole(...thumbnail, ...scan, 0xd9)).toBe(true);
  });
});

it("formats that are not known here are not judged", () => {
  expect(hasEnding("webp", new Uint8Array(3))).toBe(true);
});
