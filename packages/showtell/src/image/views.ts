// Views of a picture: the picture itself, its mirror image, and crops of it, as augmentation in training. Knows no model.
import type { Pixels } from "./pixels.ts";

/** How a picture is looked at: a name from the table below. */
export type PictureView =
  | "plain"
  | "flipped"
  | "crop-centre"
  | "crop-top-left"
  | "crop-top-right"
  | "crop-bottom-left"
  | "crop-bottom-right";

/** The side of a crop, as a share of the picture's. */
const cropShare = 7 / 8;

const views: Readonly<Record<PictureView, (picture: Pixels) => Pixels>> = {
  plain: (picture) => picture,
  flipped,
  "crop-centre": (picture) => cropped(picture, 0.5, 0.5),
  "crop-top-left": (picture) => cropped(picture, 0, 0),
  "crop-top-right": (picture) => cropped(picture, 1, 0),
  "crop-bottom-left": (picture) => cropped(picture, 0, 1),
  "crop-bottom-right": (picture) => cropped(picture, 1, 1),
};

/** Names of all views, the plain one first. */
export const pictureViews: readonly PictureView[] = Object.keys(views) as PictureView[];

/** A picture in a view; the plain one is the picture itself. */
export function viewOf(picture: Pixels, view: PictureView): Pixels {
  return views[view](picture);
}

/** Left and right exchanged. */
function flipped({ width, height, data }: Pixels): Pixels {
  const result = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = (y * width + x) * 3;
      const to = (y * width + width - 1 - x) * 3;
      result[to] = data[from]!;
      result[to + 1] = data[from + 1]!;
      result[to + 2] = data[from + 2]!;
    }
  }
  return { width, height, data: result };
}

/** A part of ⅞ of each side; `right` and `down` say where, from 0 (left, top) to 1 (right, bottom). */
function cropped({ width, height, data }: Pixels, right: number, down: number): Pixels {
  const [columns, rows] = [Math.max(1, Math.round(width * cropShare)), Math.max(1, Math.round(height * cropShare))];
  const left = Math.round((width - columns) * right);
  const top = Math.round((height - rows) * down);
  const result = new Uint8Array(columns * rows * 3);
  for (let y = 0; y < rows; y++) {
    const from = ((top + y) * width + left) * 3;
    result.set(data.subarray(from, from + columns * 3), y * columns * 3);
  }
  return { width: columns, height: rows, data: result };
}
