// A detector of attributes: it learns which words are said of which pictures, alike with the same seed, and is kept as it was at its best.
import { describe, expect, test } from "vitest";
import { decodeFloat16, encodeFloat16 } from "../../src/base/float16.ts";
import { seededRandom } from "../../src/base/random.ts";
import { tensor } from "../../src/base/tensor.ts";
import { meanAveragePrecision } from "../../src/evaluate/average-precision.ts";
import { detectingGraph, seeingGraph } from "../../src/models/attribute-detector.ts";
import { openSession as openNodeSession } from "../../src/node/ort-session.ts";
import type { OpenSession } from "../../src/engine/session.ts";
import { trainDetector } from "../../src/train/attribute-detector.ts";
import type { DetectorTraining } from "../../src/train/attribute-detector.ts";
import { attributeTargets, lookAt } from "../../src/train/attribute-sight.ts";
import type { TrainingSet } from "../../src/train/lessons.ts";
import { expectClose } from "../tensors.ts";

const openSession: OpenSession = (model) => openNodeSession(model, { threads: 1 });
const features = [3, 24];
const words = [7, 4, 11, 9, 5];

/** Features of so many pictures, grids of noise. */
function drawnReader(pictures: number): TrainingSet["features"] {
  const random = seededRandom(3, "features");
  const size = 3 * 24;
  const bits = encodeFloat16(Float32Array.from({ length: pictures * size }, () => random.normal()));
  return {
    size,
    async read(rows, into) {
      rows.forEach((row, i) => into.set(bits.subarray(row * size, (row + 1) * size), i * size));
    },
  };
}

/** Ten pictures of noise; of each some words are said, in one caption or another. */
const set: TrainingSet = {
  features: drawnReader(10),
  examples: Array.from({ length: 10 }, (_, picture) => [
    { picture, words: words.filter((__, i) => (picture + 3 * i) % 4 === 0).concat(20) },
    { picture, words: words.filter((__, i) => (picture * (i + 1)) % 5 === 1) },
  ]).flat(),
};

function training(changes: Partial<DetectorTraining> = {}): DetectorTraining {
  return { features, words, train: set, dev: set, seed: 1, openSession, ...changes };
}

test("targets say which words stand in any caption of a picture", () => {
  const examples = [
    { picture: 1, words: [7, 20, 7] },
    { picture: 1, words: [5] },
    { picture: 0, words: [4] },
  ];
  expect([...attributeTargets(examples, words, 3)]).toEqual([0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0]);
});

describe("training a detector", () => {
  test("on a few pictures learns all their words by heart, and the weights it gives are those of its best pass", async () => {
    const told: number[] = [];
    const { weights, pass, averagePrecision } = await trainDetector(
      training({ onLearned: (_done, _total, precision) => told.push(precision) }),
    );
    expect(averagePrecision).toBe(1);
    expect(told[pass - 1]).toBe(1);
    expect(pass).toBeGreaterThan(1);
    expect(Math.max(...told.slice(0, pass - 1))).toBeLessThan(1);

    const { seen, targets } = await lookAt(set, { features, words: words.length }, words, { openSession });
    const session = await openSession(detectingGraph({ features, words: words.length }));
    const { probabilities } = await session.run({ ...weights, seen: tensor("float32", [10, 24], seen) });
    await session.dispose();
    const scores = probabilities!.data as Float32Array;
    expect(meanAveragePrecision({ labels: words.length, scores, truth: targets })).toBe(1);
  });

  test("gives the same bits with the same seed, and others with another", async () => {
    const [once, again, other] = [
      await trainDetector(training()),
      await trainDetector(training()),
      await trainDetector(training({ seed: 2 })),
    ];
    expect(again).toEqual(once);
    expect(other.weights).not.toEqual(once.weights);
  });

  test("learns from every view of a picture, and is judged by the plain one", async () => {
    // The second view of a picture is that of the next one: who trained on it can't tell pictures apart.
    const plain = drawnReader(10);
    const shifted: TrainingSet = {
      ...set,
      views: { pictures: 10, views: 2 },
      features: {
        size: plain.size,
        read: (rows, into) =>
          plain.read(
            rows.map((row) => (row + Math.floor(row / 10)) % 10),
            into,
          ),
      },
    };
    const { averagePrecision } = await trainDetector(training({ train: shifted }));
    expect(averagePrecision).toBeLessThan(1);
  });

  test("wants a picture with a caption", async () => {
    const none = trainDetector(training({ dev: { ...set, examples: [] } }));
    await expect(none).rejects.toMatchObject({ code: "DATA_EMPTY" });
  });

  test("leaves no session open where the second can't be opened", async () => {
    const open = new Set<number>();
    let opened = 0;
    const failing: OpenSession = async (model) => {
      const number = ++opened;
      if (number === 2) throw new Error("no memory");
      const session = await openSession(model);
      open.add(number);
      const dispose = session.dispose.bind(session);
      return Object.assign(session, {
        async dispose() {
          open.delete(number);
          await dispose();
        },
      });
    };
    await expect(trainDetector(training({ openSession: failing }))).rejects.toThrow("no memory");
    expect([opened, open.size]).toEqual([2, 0]);
  });

  test("can be cancelled", async () => {
    const signal = { aborted: false };
    const onLearned = (): void => void (signal.aborted = true);
    await expect(trainDetector(training({ signal, onLearned }))).rejects.toMatchObject({ code: "CANCELLED" });
  });
});

test("what is seen of a grid is the mean over its positions, standardised", async () => {
  const bits = new Uint16Array(3 * 24);
  await set.features.read(Int32Array.of(4), bits);
  const grid = decodeFloat16(bits);
  const mean = Array.from({ length: 24 }, (_, i) => (grid[i]! + grid[24 + i]! + grid[48 + i]!) / 3);
  const centre = mean.reduce((sum, value) => sum + value, 0) / 24;
  const deviation = Math.sqrt(mean.reduce((sum, value) => sum + (value - centre) ** 2, 0) / 24);
  const session = await openSession(seeingGraph({ features, words: 5 }));
  const { seen } = await session.run({ features: tensor("float32", [1, ...features], grid) });
  await session.dispose();
  const expected = mean.map((value) => (value - centre) / deviation);
  expectClose(seen!.data as Float32Array, expected, 1e-4);
});
