// A decoded picture as every platform hands it over: 8-bit RGB. Knows nothing of files, formats or models.
import { ShowtellError } from "../base/errors.ts";

/** A picture: rows from the top, pixels from the left, three bytes (red, green, blue) each; sRGB, upright, no alpha. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** [height, width, 3] */
  readonly data: Uint8Array;
}

/**
 * A picture over existing bytes (not copied).
 * @throws ShowtellError `ARGUMENT` if a side is not a positive whole number or the bytes do not fit the sides.
 */
export function createPixels(width: number, height: number, data: Uint8Array): Pixels {
  checkSides(width, height);
  if (data.length !== width * height * 3) {
    throw new ShowtellError(
      "ARGUMENT",
      `a picture of ${width}×${height} has ${width * height * 3} bytes (red, green, blue for each pixel), got ${data.length}`,
    );
  }
  return { width, height, data };
}

/** Throws an `ARGUMENT` error unless both sides are positive whole numbers. */
export function checkSides(width: number, height: number): void {
  if ([width, height].every((side) => Number.isSafeInteger(side) && side > 0)) return;
  throw new ShowtellError("ARGUMENT", `a picture's sides must be positive whole numbers, got ${width}×${height}`);
}
