// Which view of each picture an epoch is trained on: drawn anew for each epoch and picture. Knows rows, and nothing of pictures.
import { seededRandom } from "../base/random.ts";
import type { FeatureReader } from "./learner.ts";
import type { TrainingSet } from "./lessons.ts";

/** Features of pictures in several views: the row of a picture in view v is v · pictures + its own row. */
export interface ViewedRows {
  readonly pictures: number;
  readonly views: number;
}

/** Draws a view for each picture; the result maps a picture's row to that of its view. */
export function drawViews({ pictures, views }: ViewedRows, seed: number, epoch: number): Int32Array {
  const random = seededRandom(seed, `views ${epoch}`);
  return Int32Array.from({ length: pictures }, (_, row) => random.below(views) * pictures + row);
}

/** The features of a set as an epoch sees them: each picture, by its own row, in the view that was drawn for it. */
export function featuresOfEpoch({ features, views }: TrainingSet, seed: number, epoch: number): FeatureReader {
  if (views === undefined) return features;
  const drawn = drawViews(views, seed, epoch);
  return {
    size: features.size,
    read: (rows, into) =>
      features.read(
        rows.map((row) => drawn[row]!),
        into,
      ),
  };
}
