// Pictures for tests: noise of a few colours, each its own, written as files of several formats and sizes.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { seededRandom } from "../../src/base/random.ts";

const sizes = [
  [320, 240],
  [224, 224],
  [200, 300],
] as const;
const endings = ["jpg", "png", "webp"] as const;

/** Writes pictures into a folder, which is made, and gives their paths. */
export async function writePictures(folder: string, count: number): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  return Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const [width, height] = sizes[i % sizes.length]!;
      const random = seededRandom(i, "picture");
      const coarse = Buffer.from(Array.from({ length: 5 * 4 * 3 }, () => random.below(256)));
      const path = join(folder, `picture-${String(i).padStart(2, "0")}.${endings[i % endings.length]!}`);
      await sharp(coarse, { raw: { width: 5, height: 4, channels: 3 } })
        .resize(width, height, { fit: "fill" })
        .toFile(path);
      return path;
    }),
  );
}
