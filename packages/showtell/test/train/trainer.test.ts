// The training loop: which epoch is the best, when it stops, and where it goes on. What judges captions is handed in.
import { describe, expect, test } from "vitest";
import { ShowtellError } from "../../src/base/errors.ts";
import type { ErrorCode } from "../../src/base/errors.ts";
import { toFloat16Bits } from "../../src/base/float16.ts";
import { seededRandom } from "../../src/base/random.ts";
import type { CaptionQuality } from "../../src/evaluate/caption-quality.ts";
import { openSession } from "../../src/node/ort-session.ts";
import { defaultTrainingOptions } from "../../src/train/options.ts";
import { initialState } from "../../src/train/learner.ts";
import { firstProgress, train } from "../../src/train/trainer.ts";
import type { TrainingSet } from "../../src/train/lessons.ts";
import type { Training, TrainingEvent } from "../../src/train/trainer.ts";
import { tinySpec } from "../bundle/tiny-decoder.ts";

const random = seededRandom(5);
const features = Uint16Array.from({ length: 5 * 4 }, () => toFloat16Bits(random.normal()));
const set: TrainingSet = {
  examples: Array.from({ length: 8 }, (_, i) => ({ picture: i % 4, words: [4 + (i % 6), 5, 4] })),
  features: {
    size: 5,
    read: async (rows, into) => rows.forEach((row, i) => into.set(features.subarray(5 * row, 5 * row + 5), 5 * i)),
  },
};

function training(changes: Partial<Training> = {}): Training {
  return {
    spec: tinySpec,
    options: {
      ...defaultTrainingOptions,
      batchSize: 4,
      epochs: 6,
      patience: 2,
      schedule: { kind: "constant", peak: 0.01 },
    },
    train: set,
    dev: set,
    from: { progress: firstProgress, state: initialState(tinySpec, 1) },
    openSession: (model) => openSession(model, { threads: 1 }),
    now: () => performance.now(),
    ...changes,
  };
}

/** A judge that gives these CIDErs, one after the other. */
function judging(ciders: readonly number[]): () => Promise<CaptionQuality> {
  const values = ciders.values();
  return async () => ({ CIDEr: values.next().value!, "BLEU-4": 0.1 });
}

/** A judge that fails with this code. */
function failing(code: ErrorCode): () => Promise<never> {
  return () => Promise.reject(new ShowtellError(code, "by the test"));
}

/** An event without what takes time. */
function untimed(event: TrainingEvent): unknown {
  return JSON.parse(JSON.stringify(event, (key, value: unknown) => (/second/i.test(key) ? 0 : value)));
}

async function eventsOf(given: Training): Promise<readonly TrainingEvent[]> {
  const events: TrainingEvent[] = [];
  for await (const event of train(given)) events.push(event);
  return events;
}

function bestEpochs(events: readonly TrainingEvent[]): readonly number[] {
  return events.flatMap((event) => (event.kind === "epoch" && event.best ? [event.epoch] : []));
}

describe("the best epoch", () => {
  test("is that with the highest CIDEr, and training stops when there was no higher one for a while", async () => {
    const events = await eventsOf(training({ judge: judging([0.2, 0.5, 0.4, 0.3, 0.9]) }));
    expect(bestEpochs(events)).toEqual([1, 2]);
    expect(events.at(-1)).toMatchObject({
      kind: "end",
      reason: "early stop",
      progress: { epoch: 4, best: { epoch: 2, scores: { CIDEr: 0.5, "BLEU-4": 0.1 } } },
    });
    // The loss falls all the while: it would have chosen the last.
    const losses = events.flatMap((event) => (event.kind === "epoch" ? [event.dev.loss] : []));
    expect(losses).toEqual(losses.toSorted((a, b) => b - a));
  });

  test("is of those with the same CIDEr the one with the lowest loss, as if nothing were captioned", async () => {
    const same = await eventsOf(training({ judge: judging([0, 0, 0, 0, 0, 0]) }));
    expect(bestEpochs(same)).toEqual([1, 2, 3, 4, 5, 6]);
    const unjudged = await eventsOf(training());
    expect(bestEpochs(unjudged)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(unjudged.some((event) => event.kind === "epoch" && "scores" in event)).toBe(false);
  });
});

test("cancelled while captions are judged, it ends with a checkpoint from which the epoch is judged anew", async () => {
  const events = await eventsOf(training({ judge: failing("CANCELLED") }));
  const checkpoint = events.at(-2)!;
  expect(events.at(-1)).toMatchObject({ kind: "end", reason: "cancelled", progress: { epoch: 0, batch: 2 } });
  if (checkpoint.kind !== "checkpoint") throw new Error("no checkpoint");
  const resumed = await eventsOf(training({ from: checkpoint, judge: judging([1, 0, 0]) }));
  const whole = await eventsOf(training({ judge: judging([1, 0, 0]) }));
  expect(resumed.map(untimed)).toEqual(whole.slice(2).map(untimed));
});

test("an error of the judge's is passed on", async () => {
  await expect(eventsOf(training({ judge: failing("ENGINE") }))).rejects.toMatchObject({ code: "ENGINE" });
});
