// A region of a picture, and the picture without it. Knows nothing of why one would hide something.
import { ShowtellError } from "../base/errors.ts";
import type { Pixels } from "./pixels.ts";

/** A rectangle in fractions of a picture's sides, from its upper left corner. */
export interface Region {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** The mean of each channel. */
function meanColour({ data }: Pixels): readonly number[] {
  const sums = [0, 0, 0];
  for (let i = 0; i < data.length; i++) sums[i % 3]! += data[i]!;
  return sums.map((sum) => Math.round((3 * sum) / data.length));
}

/**
 * A copy of the picture whose region has the picture's mean colour: the colour that says least.
 * @throws ShowtellError `ARGUMENT` unless the region lies within the picture.
 */
export function hideRegion(pixels: Pixels, region: Region): Pixels {
  const { left, top, right, bottom } = region;
  if (!(0 <= left && left <= right && right <= 1 && 0 <= top && top <= bottom && bottom <= 1)) {
    throw new ShowtellError("ARGUMENT", `a region is given in fractions from 0 to 1, not ${JSON.stringify(region)}`);
  }
  const { width, height } = pixels;
  const mean = meanColour(pixels);
  const data = Uint8Array.from(pixels.data);
  const [firstColumn, lastColumn] = [Math.round(left * width), Math.round(right * width)];
  for (let row = Math.round(top * height); row < Math.round(bottom * height); row++) {
    for (let column = firstColumn; column < lastColumn; column++) data.set(mean, 3 * (row * width + column));
  }
  return { width, height, data };
}
