// ResNet-50 with its published weights against the answers of an independent implementation (test/golden/README.md).
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import type { Tensor } from "../../src/base/tensor.ts";
import { tensor } from "../../src/base/tensor.ts";
import type { Session } from "../../src/engine/session.ts";
import type { Pixels } from "../../src/image/pixels.ts";
import { createPixels } from "../../src/image/pixels.ts";
import { preprocess } from "../../src/image/preprocess.ts";
import { encoderGraph } from "../../src/models/encoder-graph.ts";
import { resnet50 } from "../../src/models/resnet50.ts";
import { resnet50FromKeras } from "../../src/models/resnet50-keras.ts";
import { readImage } from "../../src/node/image-reader.ts";
import { openSession } from "../../src/node/ort-session.ts";
import { loadResnet50Weights } from "../../src/node/resnet50-source.ts";
import { describeGroup } from "../groups.ts";
import { numbersOf } from "../tensors.ts";

const golden = new URL("../golden/", import.meta.url);
const numbers = z.array(z.number());
const answers = z
  .object({
    cases: z.array(
      z.object({
        name: z.string(),
        top5: z.array(z.object({ index: z.int(), probability: z.number() })),
        pooled: z.object({ first8: numbers, mean: z.number(), norm: z.number() }),
        grid: z.object({ mean: z.number(), corner8: numbers, center8: numbers }),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(new URL("resnet50.json", golden), "utf8")));

/** The cases whose pictures may be kept here. */
const pictures: Readonly<Record<string, () => Promise<Pixels>>> = {
  synthetic: async () => {
    const data = new Uint8Array(224 * 224 * 3);
    for (let i = 0; i < data.length; i++) {
      const [y, x, c] = [Math.floor(i / (224 * 3)), Math.floor(i / 3) % 224, i % 3];
      data[i] = (7 * y + 13 * x + 31 * c) % 256;
    }
    return createPixels(224, 224, data);
  },
  chelsea: () => readImage(readFileSync(new URL("resnet50/chelsea-224.png", golden))),
  coffee: () => readImage(readFileSync(new URL("resnet50/coffee-224.png", golden))),
};

/** Relative 1e-3, as the answers say; those below 1e-3 are given with few digits, and are held to 1e-6. */
function expectRelative(found: readonly number[], wanted: readonly number[]): void {
  expect(found).toHaveLength(wanted.length);
  found.forEach((value, i) => {
    const allowed = Math.max(1e-3 * Math.abs(wanted[i]!), 1e-6);
    expect(Math.abs(value - wanted[i]!), `${value} should be ${wanted[i]}`).toBeLessThanOrEqual(allowed);
  });
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

describeGroup("fp32-weights", () => {
  let source: ReadonlyMap<string, Tensor<"float32">>;
  let pooledSession: Session;
  let gridSession: Session;

  beforeAll(async () => {
    source = await loadResnet50Weights();
    const folded = resnet50FromKeras(source);
    const open = (layer: "pooled" | "grid"): Promise<Session> =>
      openSession(encoderGraph({ kind: "resnet50" }, [layer], (name) => folded.get(name)!));
    [pooledSession, gridSession] = [await open("pooled"), await open("grid")];
  });

  afterAll(async () => {
    await pooledSession.dispose();
    await gridSession.dispose();
  });

  /** The classifier, which captioning does not need: softmax of features · kernel + bias. */
  function probabilitiesOf(features: readonly number[]): number[] {
    const [kernel, bias] = [source.get("fc1000/kernel")!.data, source.get("fc1000/bias")!.data];
    const scores = Array.from(bias, (start, word) =>
      features.reduce((sum, feature, i) => sum + feature * kernel[i * 1000 + word]!, start),
    );
    const largest = Math.max(...scores);
    const powers = scores.map((score) => Math.exp(score - largest));
    const total = powers.reduce((sum, power) => sum + power, 0);
    return powers.map((power) => power / total);
  }

  test.each(Object.keys(pictures))(
    "%s has the features and classes of the independent implementation",
    async (name) => {
      const wanted = answers.cases.find((answer) => answer.name === name)!;
      const input = preprocess(await pictures[name]!(), resnet50.preprocessing);
      const feeds = { pictures: tensor("float32", [1, 3, 224, 224], input) };
      const pooled = numbersOf((await pooledSession.run(feeds))["pooled"]);
      const grid = numbersOf((await gridSession.run(feeds))["grid"]);

      expectRelative(pooled.slice(0, 8), wanted.pooled.first8);
      expectRelative([mean(pooled), Math.hypot(...pooled)], [wanted.pooled.mean, wanted.pooled.norm]);
      // Our grid is [position, channel]: the first position is the corner, the 25th of 49 the centre.
      expectRelative([mean(grid)], [wanted.grid.mean]);
      expectRelative(grid.slice(0, 8), wanted.grid.corner8);
      expectRelative(grid.slice(24 * 2048, 24 * 2048 + 8), wanted.grid.center8);

      const probabilities = probabilitiesOf(pooled);
      const ranked = [...probabilities.keys()].sort((a, b) => probabilities[b]! - probabilities[a]!);
      expect(ranked.slice(0, 5)).toEqual(wanted.top5.map(({ index }) => index));
      expectRelative(
        ranked.slice(0, 5).map((index) => probabilities[index]!),
        wanted.top5.map(({ probability }) => probability),
      );
    },
  );
});
