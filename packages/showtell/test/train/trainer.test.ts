// The training loop: which epoch is the best, when it stops, and where it goes on. What judges captions is handed in.
import { describe, expect, test } from "vitest";
import { ShowtellError } from "../../src/base/errors.ts";
import type { ErrorCode } from "../../src/base/errors.ts";
import { toFloat16Bits } from "../../src/base/float16.ts";
import { seededRandom } from "../../src/base/random.ts";
import { tensor } from "../../src/base/tensor.ts";
import type { CaptionQuality } from "../../src/evaluate/caption-quality.ts";
import { sessionsWith } from "../../src/node/ort-session.ts";
import { defaultTrainingOptions, selfCriticalOptions, trueCaptionMethods } from "../../src/train/options.ts";
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
    openSession: sessionsWith(1),
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

test("tokens that weigh nothing have no part in accuracy, neither as right nor as wrong", async () => {
  const idle = set.examples.map(({ picture }) => ({ picture, words: [9, 8, 9, 7, 9], weight: 0 }));
  const accuracies = await Promise.all(
    [set, { ...set, examples: [...set.examples, ...idle] }].map(async (dev) => {
      const { options } = training();
      const events = await eventsOf(training({ dev, options: { ...options, epochs: 1 } }));
      return events.flatMap((event) => (event.kind === "epoch" ? [event.dev.accuracy] : []));
    }),
  );
  expect(accuracies[0]![0]).toBeGreaterThan(0);
  expect(accuracies[1]).toEqual(accuracies[0]);
});

test("without a dev caption with words, it is refused before the first step", async () => {
  const steps: TrainingEvent[] = [];
  const learning = async (): Promise<void> => {
    for await (const event of train(training({ dev: { ...set, examples: [] } }))) steps.push(event);
  };
  await expect(learning()).rejects.toMatchObject({ code: "DATA_EMPTY" });
  expect(steps).toEqual([]);
});

test("weights that no step told to be beyond all numbers end it before captions are sought, with what to do", async () => {
  const state = initialState(tinySpec, 1);
  const judge = failing("ENGINE");
  // So large a step that what comes of it is found by measuring only.
  const options = {
    ...training().options,
    batchSize: 8,
    epochs: 1,
    schedule: { kind: "constant", peak: 1e38 } as const,
  };
  await expect(eventsOf(training({ options, judge, from: { progress: firstProgress, state } }))).rejects.toMatchObject({
    code: "TRAINING_DIVERGED",
    message: expect.stringMatching(
      /^the dev loss after epoch 1 is (?:NaN|Infinity): lower the learning rate$/,
    ) as string,
  });
});

test("an error of the judge's is passed on", async () => {
  await expect(eventsOf(training({ judge: failing("ENGINE") }))).rejects.toMatchObject({ code: "ENGINE" });
});

/** The last checkpoint of a run, copied. */
function lastOf(events: readonly TrainingEvent[]): Training["from"] {
  const event = events.findLast(({ kind }) => kind === "checkpoint");
  if (event?.kind !== "checkpoint") throw new Error("no checkpoint");
  const state = Object.entries(event.state).map(([name, { shape, data }]) => [
    name,
    tensor("float32", shape, data.slice()),
  ]);
  return { progress: event.progress, state: Object.fromEntries(state) as Training["from"]["state"] };
}

function devLosses(all: readonly TrainingEvent[]): readonly number[] {
  return all.flatMap((one) => (one.kind === "epoch" ? [one.dev.loss] : []));
}

describe("methods", () => {
  const methods = { scheduledSampling: 0.5, averaging: 0.9, epochs: 2 };
  const own = training();
  const options = { ...own.options, ...methods };

  /** A run with these methods from where another stood, or from its beginning. */
  const runOf = (changes: Partial<Training> = {}): Promise<readonly TrainingEvent[]> =>
    eventsOf(training({ options, from: { progress: firstProgress, state: initialState(tinySpec, 1) }, ...changes }));

  test("that draw and average end in the same bits when a run is interrupted within an epoch", async () => {
    const whole = lastOf(await runOf());
    const signal = { aborted: false };
    const stopped: TrainingEvent[] = [];
    for await (const event of train(training({ options, signal }))) {
      stopped.push(event);
      if (event.kind === "step" && event.step === 3) signal.aborted = true;
    }
    const before = lastOf(stopped);
    expect(before.progress.step).toBe(3);
    const resumed = lastOf(await runOf({ from: before }));
    expect(resumed.state).toEqual(whole.state);
    expect(Object.keys(whole.state)).toContain("average.output.weight");
    // Each of both makes a difference.
    const plain = lastOf(await runOf({ options: { ...options, scheduledSampling: 0 } }));
    expect(plain.state["output.weight"]).not.toEqual(whole.state["output.weight"]);
    expect(whole.state["average.output.weight"]!.data).not.toEqual(whole.state["output.weight"]!.data);
  });

  test("judge by the averages where they are kept", async () => {
    const judged: number[] = [];
    const events = await runOf({
      judge: async (state) => {
        judged.push(state["output.weight"]!.data[0]!);
        return { CIDEr: 0.1, "BLEU-4": 0.1 };
      },
    });
    const { state } = lastOf(events);
    expect(judged.at(-1)).toBe(state["average.output.weight"]!.data[0]);
    expect(judged.at(-1)).not.toBe(state["output.weight"]!.data[0]);
    const averaged = await eventsOf(training({ options: { ...own.options, epochs: 2, averaging: 0.9 } }));
    const alone = await eventsOf(training({ options: { ...own.options, epochs: 2 } }));
    expect(devLosses(averaged)).not.toEqual(devLosses(alone));
  });

  test("of true captions are refused where drawn ones are rewarded", async () => {
    const objective = selfCriticalOptions.objective;
    for (const name of trueCaptionMethods) {
      await expect(eventsOf(training({ options: { ...own.options, objective, [name]: 0.1 } }))).rejects.toMatchObject({
        code: "ARGUMENT",
        message: expect.stringContaining(name) as string,
      });
    }
  });
});
