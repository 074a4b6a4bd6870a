// What a run's steps are timed by: a few of them, and its teacher, who is asked about all pictures only where that is soon done. No run is trained:
// its news are told.
import { beforeEach, expect, test, vi } from "vitest";
import { ShowtellError } from "../../src/base/errors.ts";
import { timeSteps } from "../../src/node/timed-steps.ts";
import { trainCaptioner } from "../../src/node/training.ts";
import type { TrainingNews, TrainingRequest } from "../../src/node/training-request.ts";
import { colourRun } from "./training-fixture.ts";

vi.mock(import("../../src/node/training.ts"), () => ({ trainCaptioner: vi.fn() }));

const asked: TrainingRequest[] = [];
let now = 0;

const distil = { models: "teacher.safetensors", share: 0.5, captions: 2 };
const words = { wordDistillation: { share: 0.5, width: 4 } };
const plain = colourRun("folder", "student");
const taught = { ...plain, distil, training: { ...plain.training, ...words } };

/** A run whose teacher sees a picture in so many seconds, in two rounds where it is asked for words and captions; each step takes two seconds. */
function runsWith(secondsAPicture: number, pictures: number): void {
  vi.mocked(trainCaptioner).mockImplementation(async (request, { onNews, signal } = {}) => {
    asked.push(request);
    const tell = (seconds: number, news: TrainingNews): void => {
      now += 1000 * seconds;
      onNews!(news);
      if (signal!.aborted) throw new ShowtellError("CANCELLED", "stopped");
    };
    const rounds = request.distil === undefined ? 0 : 1 + Number(request.training.wordDistillation !== undefined);
    for (let round = 0; round < rounds; round++) {
      for (let done = 0; done <= pictures; done += 50) {
        tell(done === 0 ? 7 : 50 * secondsAPicture, { kind: "teaching", done, total: pictures });
      }
    }
    const ended = { steps: 120, epoch: 1, loss: 3, gradientNorm: 1, learningRate: 0.02, captionsPerSecond: 1 };
    for (let step = 1; step <= 120; step++) tell(2, { kind: "step", step, ...ended });
    throw new Error("steps were not stopped");
  });
}

beforeEach(() => {
  asked.length = 0;
  vi.spyOn(performance, "now").mockImplementation(() => now);
});

// 120 steps of 12 epochs at two seconds.
const perEpoch = 20;

test("a teacher who is soon done is waited for, in both of its rounds", async () => {
  runsWith(0.1, 100);
  expect(await timeSteps(taught)).toEqual({ kind: "steps", perEpoch, before: 10 + 10 });
  expect(asked).toHaveLength(1);
});

test("one who takes long is foretold by its first pictures, and the steps are timed without it", async () => {
  runsWith(0.1, 1000);
  expect(await timeSteps(taught)).toEqual({ kind: "steps", perEpoch, before: 100 });
  expect(asked.map(({ distil: teacher }) => teacher)).toEqual([distil, undefined]);
  expect(asked[1]!.training.wordDistillation).toBeUndefined();
});

test("without a teacher nothing comes before the steps", async () => {
  runsWith(0.1, 1000);
  expect(await timeSteps(plain)).toEqual({ kind: "steps", perEpoch, before: 0 });
});
