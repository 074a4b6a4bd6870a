// Views of a picture: where each pixel comes from, in a small one whose pixels spell their place.
import { describe, expect, it } from "vitest";
import { createPixels } from "../../src/image/pixels.ts";
import { pictureViews, viewOf } from "../../src/image/views.ts";

/** Red is the column, green the row, blue 7. */
function placed(width: number, height: number): ReturnType<typeof createPixels> {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / (3 * width))];
    return [x, y, 7][i % 3]!;
  });
  return createPixels(width, height, data);
}

const picture = placed(16, 8);
const pixel = (view: ReturnType<typeof viewOf>, x: number, y: number): readonly number[] => {
  const at = (y * view.width + x) * 3;
  return [...view.data.subarray(at, at + 3)];
};

describe("a view", () => {
  it("that is plain is the picture itself", () => {
    expect(viewOf(picture, "plain")).toBe(picture);
    expect(pictureViews[0]).toBe("plain");
  });

  it("that is flipped has left and right exchanged, twice the picture again", () => {
    const flipped = viewOf(picture, "flipped");
    expect([flipped.width, flipped.height]).toEqual([16, 8]);
    expect([pixel(flipped, 0, 3), pixel(flipped, 15, 5)]).toEqual([
      [15, 3, 7],
      [0, 5, 7],
    ]);
    expect(viewOf(flipped, "flipped")).toEqual(picture);
  });

  it.each([
    ["crop-centre", 1, 1],
    ["crop-top-left", 0, 0],
    ["crop-top-right", 2, 0],
    ["crop-bottom-left", 0, 1],
    ["crop-bottom-right", 2, 1],
  ] as const)("%s is 14×7 of 16×8, from column %i and row %i on", (view, left, top) => {
    const crop = viewOf(picture, view);
    expect([crop.width, crop.height, crop.data.length]).toEqual([14, 7, 14 * 7 * 3]);
    expect([pixel(crop, 0, 0), pixel(crop, 13, 6)]).toEqual([
      [left, top, 7],
      [left + 13, top + 6, 7],
    ]);
  });

  it("of a single pixel is that pixel", () => {
    for (const view of pictureViews) expect(viewOf(placed(1, 1), view)).toEqual(placed(1, 1));
  });
});
