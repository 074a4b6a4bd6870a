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
  // A teacher says words and captions in two rounds.
  const rounds: { readonly began: number; seconds: number }[] = [];
  let isTeacherSlow = false;
  let features: number | undefined;
  let last: Extract<TrainingNews, { kind: "step" }> | undefined;
  const onNews = (news: TrainingNews): void => {
    const now = performance.now();
    if (news.kind === "features" && (news.progress.secondsLeft ?? 0) > patienceSeconds) {
      features = news.progress.secondsLeft;
      enough.abort();
    }
    if (news.kind === "teaching" && news.done === 0) rounds.push({ began: now, seconds: 0 });
    else if (news.kind === "teaching") {
      const round = rounds.at(-1)!;
      const spent = (now - round.began) / 1000;
      round.seconds = (spent * news.total) / news.done;
      if (round.seconds - spent > patienceSeconds) {
        isTeacherSlow = true;
        enough.abort();
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
  const before = rounds.reduce((sum, { seconds }) => sum + seconds, 0);
  if (isTeacherSlow) {
    const time = await timeSteps(untaught(request), signal);
    return time.kind === "steps" ? { ...time, before } : time;
  }
  if (features !== undefined || last === undefined) return { kind: "features", seconds: features ?? 0 };
  const { batchSize, epochs } = request.training;
  const perEpoch = perStep(marks, batchSize, last.captionsPerSecond) * (last.steps / epochs);
  return { kind: "steps", perEpoch, before };
}

function untaught({ distil: _distil, training, ...request }: TrainingRequest): TrainingRequest {
  const { wordDistillation: _words, ...options } = training;
  return { ...request, training: options };
}
