// A teacher's captions among the true ones: how many, whose, drawn by seed and epoch; and that they are learnt.
import { describe, expect, it } from "vitest";
import { toFloat16Bits } from "../../src/base/float16.ts";
import { sessionsWith } from "../../src/node/ort-session.ts";
import type { Example } from "../../src/train/batches.ts";
import { examplesOfEpoch, taughtExamples } from "../../src/train/distillation.ts";
import { initialState } from "../../src/train/learner.ts";
import { lessonsOf } from "../../src/train/lessons.ts";
import type { LessonInput } from "../../src/train/lessons.ts";
import { defaultTrainingOptions, selfCriticalOptions } from "../../src/train/options.ts";
import { tinySpec } from "../bundle/tiny-decoder.ts";

/** Pictures with three captions each, of word 4, and what a teacher says of all but the last. */
const pictures = 200;
const examples: readonly Example[] = Array.from({ length: 3 * pictures }, (_, i) => ({
  picture: i % pictures,
  words: [4],
}));
const captions = Array.from({ length: pictures - 1 }, (_, picture) => [[5, picture % 4], [6]]);

describe("an epoch's captions", () => {
  it("are the true ones without a teacher, and all the teacher's at a share of 1, its best for the first and so on", () => {
    expect(examplesOfEpoch(examples, undefined, 1, 1)).toBe(examples);
    const all = examplesOfEpoch(examples, { captions, share: 1 }, 1, 1);
    for (const [i, { picture, words }] of all.entries()) {
      expect(picture).toBe(i % pictures);
      const place = Math.floor(i / pictures);
      expect(words).toEqual(picture === pictures - 1 ? [4] : captions[picture]![place % 2]);
    }
  });

  it("are the teacher's in about the share that is asked for, others in each epoch, as many of each picture as before", () => {
    const of = (epoch: number, seed = 1) => examplesOfEpoch(examples, { captions, share: 0.3 }, seed, epoch);
    const share = of(1).filter(({ words }) => words[0] !== 4).length / examples.length;
    expect(Math.abs(share - 0.3)).toBeLessThan(0.06);
    expect(of(1).map(({ picture }) => picture)).toEqual(examples.map(({ picture }) => picture));
    expect(of(1)).toEqual(of(1));
    expect(of(2)).not.toEqual(of(1));
    expect(of(1, 2)).not.toEqual(of(1));
  });

  it("count all that a teacher says among what may come", () => {
    expect(taughtExamples({ captions, share: 0.1 })).toHaveLength(2 * (pictures - 1));
  });
});

describe("lessons with a teacher", () => {
  const few = examples.filter(({ picture }) => picture < 4);
  const taught = { captions: [[[5, 5, 5, 5, 5, 5]], [[6]], [[7, 7]], []], share: 0.5 };
  const input: LessonInput = {
    spec: tinySpec,
    options: { ...defaultTrainingOptions, batchSize: 2 },
    train: {
      examples: few,
      taught,
      features: { size: 5, read: async (_, into) => void into.fill(toFloat16Bits(0.5)) },
    },
    weights: () => initialState(tinySpec, 1),
    openSession: sessionsWith(1),
  };

  it("have batches that hold the teacher's longest caption, as many in every epoch", async () => {
    const lessons = await lessonsOf(input);
    const said = new Set<number>();
    for (let epoch = 1; epoch <= 4; epoch++) {
      const batches = lessons.epoch(epoch);
      expect(batches).toHaveLength(lessons.perEpoch);
      for (const make of batches) for (const id of (await make(1)).batch.targets) said.add(Number(id));
    }
    expect([...said].toSorted((a, b) => a - b)).toEqual([0, 2, 4, 5, 6, 7]);
    await lessons.dispose();
  });

  it("are refused where drawn captions are learnt", async () => {
    const options = { ...defaultTrainingOptions, ...selfCriticalOptions, captionsPerPicture: 2 };
    const rewards = { references: [], words: [] };
    await expect(lessonsOf({ ...input, options, rewards })).rejects.toMatchObject({
      code: "ARGUMENT",
      message: expect.stringContaining("teacher") as string,
    });
  });
});
