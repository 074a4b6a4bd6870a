// The antialiased resize: against hand-computed values, against Pillow, and its invariants.
import * as fc from "fast-check";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Pixels, createPixels } from "../../src/image/pixels.ts";
import { resize } from "../../src/image/resize.ts";

interface Golden {
  readonly input: { readonly width: number; readonly height: number; readonly data: readonly number[] };
  readonly cases: readonly { readonly width: number; readonly height: number; readonly data: readonly number[] }[];
}
const golden: Golden = JSON.parse(readFileSync(new URL("../golden/resize.json", import.meta.url), "utf8"));

const gray = (width: number, height: number, values: readonly number[]): Pixels =>
  createPixels(width, height, Uint8Array.from(values.flatMap((value) => [value, value, value])));
const red = (picture: Pixels): number[] => Array.from(picture.data.filter((_, i) => i % 3 === 0));

/** Turned by half a circle. */
const turn = ({ width, height, data }: Pixels): Pixels => ({
  width,
  height,
  data: data.map((_, i) => data[data.length - 3 - i + 2 * (i % 3)]!),
});

const pictures = fc
  .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }))
  .chain(([width, height]) =>
    fc
      .uint8Array({ minLength: width * height * 3, maxLength: width * height * 3 })
      .map((data) => createPixels(width, height, data)),
  );
const sides = fc.integer({ min: 1, max: 20 });

describe("resize", () => {
  it("halves with the weights 1 3 3 1 of a triangle two pixels wide on each side", () => {
    // The second output has its centre at 3, so it reads pixels 1 … 4; the first one loses its left neighbour to the border.
    const halved = resize(gray(8, 1, [0, 0, 80, 160, 240, 240, 0, 0]), 4, 1);
    expect(red(halved)[1]).toBe((3 * 80 + 3 * 160 + 240) / 8); // pixels 1 … 4
    expect(red(halved)[0]).toBe(Math.round(80 / 7)); // pixels 0 … 2, weights 3 3 1: renormalised at the border
  });

  it("doubles with half-pixel centres: a quarter of the neighbour, and the border is held", () => {
    expect(red(resize(gray(2, 1, [0, 100]), 4, 1))).toEqual([0, 25, 75, 100]);
    expect(red(resize(gray(1, 2, [0, 100]), 1, 4))).toEqual([0, 25, 75, 100]);
  });

  it.each(golden.cases)("gives Pillow's bytes for 13×9 → $width×$height", ({ width, height, data }) => {
    const { input } = golden;
    const picture = createPixels(input.width, input.height, Uint8Array.from(input.data));
    expect([...resize(picture, width, height).data]).toEqual(data);
  });

  it("copies a picture that already has the size, byte for byte and into other memory", () => {
    fc.assert(
      fc.property(pictures, (picture) => {
        const same = resize(picture, picture.width, picture.height);
        expect(same).toEqual(picture);
        expect(same.data.buffer).not.toBe(picture.data.buffer);
      }),
    );
  });

  it("stays within the range of each channel, and so keeps one colour exactly", () => {
    fc.assert(
      fc.property(pictures, sides, sides, (picture, width, height) => {
        const resized = resize(picture, width, height);
        expect(resized.data.length).toBe(width * height * 3);
        for (const channel of [0, 1, 2]) {
          const before = picture.data.filter((_, i) => i % 3 === channel);
          const after = resized.data.filter((_, i) => i % 3 === channel);
          expect(Math.min(...after)).toBeGreaterThanOrEqual(Math.min(...before));
          expect(Math.max(...after)).toBeLessThanOrEqual(Math.max(...before));
        }
      }),
    );
  });

  it("treats both directions alike: a turned picture gives the turned result", () => {
    fc.assert(
      fc.property(pictures, sides, sides, (picture, width, height) => {
        const one = resize(turn(picture), width, height).data;
        const other = turn(resize(picture, width, height)).data;
        // The sums run in another order, so a tie may round the other way.
        for (let i = 0; i < one.length; i++) expect(Math.abs(one[i]! - other[i]!)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it.each([
    [0, 5],
    [5, -1],
    [2.5, 5],
    [Number.NaN, 5],
  ])("refuses %d×%d with a coded error that names the sides", (width, height) => {
    const refusal = expect.objectContaining({
      code: "ARGUMENT",
      message: expect.stringContaining(`${width}×${height}`),
    });
    expect(() => resize(gray(1, 1, [0]), width, height)).toThrow(refusal);
  });
});

describe("createPixels", () => {
  it("refuses bytes that do not fit the sides, saying how many are needed", () => {
    const refusal = expect.objectContaining({ code: "ARGUMENT", message: expect.stringContaining("24 bytes") });
    expect(() => createPixels(4, 2, new Uint8Array(32))).toThrow(refusal); // RGBA by mistake
  });
});
