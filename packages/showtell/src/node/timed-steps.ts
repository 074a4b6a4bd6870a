// How long a step of a training takes here: a few are done in a folder that is thrown away. Features that it computes are kept.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { throwIfCancelled } from "../base/cancel.ts";
import { plainError } from "../base/errors.ts";
import type { TrainingNews, TrainingRequest } from "./training-request.ts";
import { trainCaptioner } from "./training.ts";

/** What was measured, in seconds. */
export type StepTime =
  /** `before` is what its teacher takes before the first step, 0 if there is none. */
  | { readonly kind: "steps"; readonly perEpoch: number; readonly before: number }
  /** Features have to be computed first; steps were not timed. */
  | { readonly kind: "features"; readonly seconds: number };

/** Steps to time at most, and how long to go on at most: each of the first ones compiles a graph. */
const timedSteps = 14;
const timedMs = 40_000;

/** Features and teachers that take no longer are waited for. */
const patienceSeconds = 60;

interface Mark {
  readonly step: number;
  readonly at: number;
}

/** Marks of the later half: in the first one graphs are compiled. */
function perStep(marks: readonly Mark[], batch: number, captionsPerSecond: number): number {
  const last = marks.at(-1)!;
  const middle = marks.find(({ step }) => step >= last.step / 2)!;
  if (middle.step === last.step) return batch / captionsPerSecond;
  return (last.at - middle.at) / 1000 / (last.step - middle.step);
}

/**
 * Times a few steps of a run, whose folder stays untouched. A teacher that takes long is asked about its first pictures only, and the steps are
 * timed without it.
 * @throws ShowtellError `CANCELLED`, and as `trainCaptioner` does.
 */
export async function timeSteps(request: TrainingRequest, signal?: AbortSignal): Promise<StepTime> {
  const folder = await mkdtemp(join(tmpdir(), "showtell-timing-"));
  const enough = new AbortController();
  const either = signal === undefined ? enough.signal : AbortSignal.any([signal, enough.signal]);
  const marks: Mark[] = [];
  const teaching = { began: 0, known: 0, seconds: 0, isTooLong: false };
  let features: number | undefined;
  let last: Extract<TrainingNews, { kind: "step" }> | undefined;
  const onNews = (news: TrainingNews): void => {
    const now = performance.now();
    if (news.kind === "features" && (news.progress.secondsLeft ?? 0) > patienceSeconds) {
      features = news.progress.secondsLeft;
      enough.abort();
    }
    if (news.kind === "teaching") {
      // Its words and its captions are two rounds of their own.
      if (news.done === 0) Object.assign(teaching, { began: now, known: teaching.seconds });
      else {
        const spent = (now - teaching.began) / 1000;
        const whole = (spent * news.total) / news.done;
        teaching.seconds = teaching.known + whole;
        teaching.isTooLong ||= whole - spent > patienceSeconds;
        if (teaching.isTooLong) enough.abort();
      }
    }
    if (news.kind !== "step") return;
    last = news;
    marks.push({ step: news.step, at: now });
    if (news.step >= timedSteps || now - marks[0]!.at > timedMs) enough.abort();
  };
  try {
    const out = join(folder, "run");
    await trainCaptioner({ ...request, out, resume: false }, { onNews, signal: either });
  } catch (error) {
    throwIfCancelled(signal);
    if (plainError(error).code !== "CANCELLED") throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  throwIfCancelled(signal);
  if (teaching.isTooLong) {
    const time = await timeSteps(untaught(request), signal);
    return time.kind === "steps" ? { ...time, before: teaching.seconds } : time;
  }
  if (features !== undefined || last === undefined) return { kind: "features", seconds: features ?? 0 };
  const { batchSize, epochs } = request.training;
  const perEpoch = perStep(marks, batchSize, last.captionsPerSecond) * (last.steps / epochs);
  return { kind: "steps", perEpoch, before: teaching.seconds };
}

function untaught({ distil: _distil, training, ...request }: TrainingRequest): TrainingRequest {
  const { wordDistillation: _words, ...options } = training;
  return { ...request, training: options };
}
