// Where a JPEG ends: after its own scans, whatever its segments hold and whatever follows.
import { expect, test } from "vitest";
import sharp from "sharp";
import { isWholeJpeg } from "../../src/image/jpeg-end.ts";

const noise = Uint8Array.from({ length: 3 * 64 * 48 }, (_, i) => (i * i * 31) % 251);
const picture = async (progressive: boolean): Promise<Uint8Array> =>
  sharp(noise, { raw: { width: 64, height: 48, channels: 3 } })
    .jpeg({ progressive, quality: 90 })
    .toBuffer();

/** The picture with a segment after its start that holds a whole JPEG, as previews do. */
function withPreview(jpeg: Uint8Array, preview: Uint8Array): Uint8Array {
  const length = preview.length + 2;
  return Uint8Array.from([
    ...jpeg.subarray(0, 2),
    0xff,
    0xe1,
    length >> 8,
    length & 255,
    ...preview,
    ...jpeg.subarray(2),
  ]);
}

test.each([false, true])("a JPEG is whole with its end, and not without (progressive: %s)", async (progressive) => {
  const jpeg = await picture(progressive);
  expect(isWholeJpeg(jpeg)).toBe(true);
  for (const share of [0.3, 0.6, 0.95])
    expect(isWholeJpeg(jpeg.subarray(0, Math.floor(share * jpeg.length)))).toBe(false);
  expect(isWholeJpeg(jpeg.subarray(0, -2))).toBe(false);
  expect(isWholeJpeg(jpeg.subarray(0, -1))).toBe(false);
});

test("what a camera appends does not hide the end, and the end of a preview is not the picture's", async () => {
  const jpeg = await picture(false);
  expect(isWholeJpeg(Uint8Array.from([...jpeg, ...new Uint8Array(20_000)]))).toBe(true);
  const both = withPreview(jpeg, jpeg);
  expect(isWholeJpeg(both)).toBe(true);
  expect(isWholeJpeg(both.subarray(0, -2))).toBe(false);
  expect(isWholeJpeg(Uint8Array.from([...both.subarray(0, both.length - 400), ...new Uint8Array(5000)]))).toBe(false);
});

test("a fill byte before a marker is passed over", async () => {
  const jpeg = await picture(false);
  expect(isWholeJpeg(Uint8Array.from([...jpeg.subarray(0, 2), 0xff, ...jpeg.subarray(2)]))).toBe(true);
});
