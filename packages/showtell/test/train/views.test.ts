// Views of an epoch: each picture in one of its views, drawn evenly, the same for the same seed and epoch.
import { describe, expect, it } from "vitest";
import type { FeatureReader } from "../../src/train/learner.ts";
import { drawViews, featuresOfEpoch } from "../../src/train/views.ts";

/** What a reader gives for three pictures. */
async function read(reader: FeatureReader): Promise<readonly number[]> {
  const into = new Uint16Array(3);
  await reader.read(Int32Array.of(5, 0, 999), into);
  return [...into];
}

const rows = { pictures: 1000, views: 3 };

describe("views of an epoch", () => {
  it("keep every picture's place, and take each view about as often", () => {
    const drawn = drawViews(rows, 1, 1);
    const counts = [0, 0, 0];
    drawn.forEach((row, picture) => {
      expect(row % 1000).toBe(picture);
      counts[Math.floor(row / 1000)]!++;
    });
    for (const count of counts) expect(Math.abs(count - 1000 / 3)).toBeLessThan(60);
  });

  it("are the same for a seed and an epoch, and others in the next one", () => {
    expect(drawViews(rows, 1, 2)).toEqual(drawViews(rows, 1, 2));
    expect(drawViews(rows, 1, 3)).not.toEqual(drawViews(rows, 1, 2));
    expect(drawViews(rows, 2, 2)).not.toEqual(drawViews(rows, 1, 2));
  });

  it("decide which features are read for a picture's row; without views those are its own", async () => {
    // A row's only number is the row itself.
    const features: FeatureReader = {
      size: 1,
      read(wanted, into) {
        into.set(wanted);
        return Promise.resolve();
      },
    };
    const drawn = drawViews(rows, 1, 4);
    const viewed = featuresOfEpoch({ examples: [], features, views: rows }, 1, 4);
    expect(await read(viewed)).toEqual([drawn[5], drawn[0], drawn[999]]);
    expect(await read(featuresOfEpoch({ examples: [], features }, 1, 4))).toEqual([5, 0, 999]);
  });
});
