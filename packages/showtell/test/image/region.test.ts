// Hiding a region: the mean colour there, everything else as it was.
import { describe, expect, test } from "vitest";
import { createPixels } from "../../src/image/pixels.ts";
import { hideRegion } from "../../src/image/region.ts";

/** 4×4, red grows to the right, green downwards. */
const picture = createPixels(
  4,
  4,
  Uint8Array.from({ length: 48 }, (_, i) => [20 * (Math.floor(i / 3) % 4), 40 * Math.floor(i / 12), 9][i % 3]!),
);

describe("a hidden region", () => {
  test("has the picture's mean colour, and the rest is as it was", () => {
    const before = Uint8Array.from(picture.data);
    const { data, width, height } = hideRegion(picture, { left: 0.5, top: 0, right: 1, bottom: 0.25 });
    expect([width, height]).toEqual([4, 4]);
    expect([...data.subarray(6, 12)]).toEqual([30, 60, 9, 30, 60, 9]);
    expect([...data.subarray(0, 6), ...data.subarray(12)]).toEqual([...before.subarray(0, 6), ...before.subarray(12)]);
    expect(picture.data).toEqual(before);
  });

  test("may be all of the picture or nothing", () => {
    expect(new Set(hideRegion(picture, { left: 0, top: 0, right: 1, bottom: 1 }).data)).toEqual(new Set([30, 60, 9]));
    expect(hideRegion(picture, { left: 0.5, top: 0.5, right: 0.5, bottom: 0.5 }).data).toEqual(picture.data);
  });

  test.each([
    { left: -0.1, top: 0, right: 1, bottom: 1 },
    { left: 0, top: 0, right: 1.01, bottom: 1 },
    { left: 0.6, top: 0, right: 0.5, bottom: 1 },
    { left: 0, top: Number.NaN, right: 1, bottom: 1 },
  ])("that lies outside or ends before it begins is refused: %o", (region) => {
    expect(() => hideRegion(picture, region)).toThrow(expect.objectContaining({ code: "ARGUMENT" }));
  });
});
