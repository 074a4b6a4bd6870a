// The training loop as an async iterator of events: whoever listens decides what to draw, print or keep. Touches no file.
import type { CancelSignal } from "../base/cancel.ts";
import { ShowtellError } from "../base/errors.ts";
import type { OpenSession } from "../engine/session.ts";
import type { CaptionQuality } from "../evaluate/caption-quality.ts";
import type { DecoderSpec } from "../models/catalogue.ts";
import type { StageSpec } from "../models/encoder-stage.ts";
import { learningRate } from "../nn/schedules.ts";
import { judgedWeights } from "./averaging.ts";
import { makeBatches, planBatches } from "./batches.ts";
import type { BatchResult, Learner, LearnerState } from "./learner.ts";
import { createLearner } from "./learner.ts";
import type { Lessons, TrainingSet } from "./lessons.ts";
import { batchSizeOf, lessonsOf } from "./lessons.ts";
import { requireSoundMethods } from "./options.ts";
import type { TrainingOptions } from "./options.ts";
import type { RewardData } from "./rewards.ts";
import { compiledShapes, trainingLengths } from "./sessions.ts";
import { featuresOfEpoch } from "./views.ts";

/** Teacher-forced quality. */
export interface Quality {
  /**
   * Mean natural log-loss a token, as it was optimised (training: with dropout and smoothing). Of rewarded captions in training it is the mean of
   * what their tokens weigh times their log-loss, which may be below 0.
   */
  readonly loss: number;
  /** Share, of the tokens that weigh something, whose true word had the largest probability. */
  readonly accuracy: number;
  /** Mean reward of the captions, where they were drawn and rewarded: see rewards.ts. */
  readonly reward?: number;
}

/** Sums over a part of an epoch. */
export interface Sums {
  readonly loss: number;
  readonly correct: number;
  /** Tokens that weigh something; checkpoints of older releases lack them, and mean all. */
  readonly counted?: number;
  readonly tokens: number;
  readonly captions: number;
  /** Time spent, in seconds. */
  readonly seconds: number;
  /** Of captions that were drawn and rewarded. */
  readonly reward?: number;
}

/** Where a run stands: all that a checkpoint needs besides the tensors. */
export interface Progress {
  /** Epochs that are complete. */
  readonly epoch: number;
  /** Batches done in the next one. */
  readonly batch: number;
  /** Optimiser steps done in all. */
  readonly step: number;
  /** Sums over the batches done in the next epoch. */
  readonly sums: Sums;
  readonly best?: BestEpoch;
}

/** The best epoch so far, and what made it that. */
export interface BestEpoch {
  readonly epoch: number;
  readonly devLoss: number;
  /** Of the captions that it was chosen by; absent if it was chosen by its loss. */
  readonly scores?: CaptionQuality;
}

/** What happens in a run. */
export type TrainingEvent =
  | {
      readonly kind: "step";
      readonly epoch: number;
      readonly step: number;
      readonly steps: number;
      readonly loss: number;
      readonly gradientNorm: number;
      readonly learningRate: number;
      readonly captionsPerSecond: number;
    }
  | {
      readonly kind: "epoch";
      readonly epoch: number;
      readonly step: number;
      readonly train: Quality;
      readonly dev: Quality;
      /** Of dev captions, if epochs are chosen by them. */
      readonly scores?: CaptionQuality;
      readonly best: boolean;
      readonly learningRate: number;
      readonly captionsPerSecond: number;
      readonly seconds: number;
    }
  /** The state is valid until the next event is asked for. */
  | { readonly kind: "checkpoint"; readonly progress: Progress; readonly state: LearnerState; readonly best: boolean }
  | { readonly kind: "end"; readonly reason: "finished" | "early stop" | "cancelled"; readonly progress: Progress };

/** What a run needs. */
export interface Training {
  readonly spec: DecoderSpec;
  readonly options: TrainingOptions;
  readonly train: TrainingSet;
  readonly dev: TrainingSet;
  /** What rewards are reckoned from; only rewarded captions need it. */
  readonly rewards?: RewardData | undefined;
  readonly from: { readonly progress: Progress; readonly state: LearnerState };
  readonly openSession: OpenSession;
  /** The encoder's stage that learns with the decoder; the features are then those before it. Default: none. */
  readonly stage?: StageSpec | undefined;
  /**
   * Captions dev pictures with the weights as they are, or their averages where they are kept, and scores that; the epoch with the highest CIDEr is then the best. Without it
   * the dev loss decides. Rejects with `CANCELLED` if it was cancelled meanwhile.
   */
  readonly judge?: ((state: LearnerState) => Promise<CaptionQuality>) | undefined;
  /** Time in milliseconds, from any origin. */
  readonly now: () => number;
  readonly signal?: CancelSignal;
}

const scoringLengths = compiledShapes - trainingLengths;

const noSums: Sums = { loss: 0, correct: 0, tokens: 0, captions: 0, seconds: 0 };

/** The beginning of a run. */
export const firstProgress: Progress = { epoch: 0, batch: 0, step: 0, sums: noSums };

function addTo(sums: Sums, result: BatchResult, seconds: number, reward?: number): Sums {
  return {
    ...(reward !== undefined && { reward: (sums.reward ?? 0) + reward }),
    loss: sums.loss + result.loss,
    correct: sums.correct + result.correct,
    counted: (sums.counted ?? sums.tokens) + result.counted,
    tokens: sums.tokens + result.tokens,
    captions: sums.captions + result.captions,
    seconds: sums.seconds + seconds,
  };
}

function qualityOf({ loss, correct, tokens, counted = tokens, captions, reward }: Sums): Quality {
  const worth = reward === undefined ? {} : { reward: reward / captions };
  return { loss: loss / tokens, accuracy: counted === 0 ? 0 : correct / counted, ...worth };
}

async function scoreAll(
  learner: Learner,
  { examples, features }: TrainingSet,
  { options }: Pick<Training, "options">,
): Promise<Quality> {
  const plan = planBatches(examples, batchSizeOf(options), options.maximumWords, scoringLengths);
  let sums = noSums;
  for (const make of makeBatches(examples, plan)) sums = addTo(sums, await learner.score(make(), features), 0);
  return qualityOf(sums);
}

/** What an epoch is judged by; undefined if judging was cancelled. @throws ShowtellError `TRAINING_DIVERGED` before captions are sought that can't be found. */
async function measure(
  training: Training,
  learner: Learner,
  epoch: number,
): Promise<{ readonly dev: Quality; readonly scores?: CaptionQuality } | undefined> {
  const { dev, judge } = training;
  const quality = await scoreAll(learner, dev, training);
  if (!Number.isFinite(quality.loss)) throw diverged(`the dev loss after epoch ${epoch} is ${quality.loss}`);
  try {
    const scores = await judge?.(judgedWeights(learner.state()));
    return { dev: quality, ...(scores && { scores }) };
  } catch (error) {
    if (error instanceof ShowtellError && error.code === "CANCELLED") return undefined;
    throw error;
  }
}

function isBetter(now: BestEpoch, before: BestEpoch | undefined): boolean {
  if (before === undefined) return true;
  const gain = (now.scores?.CIDEr ?? 0) - (before.scores?.CIDEr ?? 0);
  return gain > 0 || (gain === 0 && now.devLoss < before.devLoss);
}

/**
 * Trains a decoder. After each epoch the dev loss is measured and, with a `judge`, dev captions are scored; training stops when
 * there was no better epoch for `options.patience` epochs. Cancelling finishes the step, gives a checkpoint and ends. With the same
 * seed, data and machine a run gives the same bits, whether it was interrupted or not.
 * @throws ShowtellError `ARGUMENT` for methods that do not go together, `DATA_EMPTY`, `TRAINING_DIVERGED`, `ENGINE`.
 */
export async function* train(training: Training): AsyncGenerator<TrainingEvent, void, undefined> {
  const { spec, options, dev, from, openSession, stage } = training;
  requireSoundMethods(options);
  if (dev.examples.length === 0)
    throw new ShowtellError("DATA_EMPTY", "the dev split has no caption with words: add some");
  const learner = createLearner(spec, options, from.state, openSession, stage);
  let lessons: Lessons | undefined;
  try {
    lessons = await lessonsOf({ ...training, weights: () => learner.state() });
    yield* epochs(training, lessons, learner);
  } finally {
    await lessons?.dispose();
    await learner.dispose();
  }
}

async function* epochs(
  training: Training,
  lessons: Lessons,
  learner: Learner,
): AsyncGenerator<TrainingEvent, void, undefined> {
  const { options, from } = training;
  const { perEpoch } = lessons;
  let progress = from.progress;
  while (progress.epoch < options.epochs && !stopsEarly(progress, options)) {
    progress = yield* learnEpoch(training, lessons, learner, progress);
    // An epoch whose measuring is cancelled has no batch left when the run is resumed, and is measured again.
    const measured = progress.batch < perEpoch ? undefined : await measure(training, learner, progress.epoch + 1);
    if (measured === undefined) {
      yield { kind: "checkpoint", progress, state: learner.state(), best: false };
      yield { kind: "end", reason: "cancelled", progress };
      return;
    }
    const epoch = progress.epoch + 1;
    const { dev, scores } = measured;
    const own: BestEpoch = { epoch, devLoss: dev.loss, ...(scores && { scores }) };
    const best = isBetter(own, progress.best);
    const { sums, step } = progress;
    const kept = best ? own : progress.best;
    progress = { epoch, batch: 0, step, sums: noSums, ...(kept && { best: kept }) };
    yield {
      kind: "epoch",
      epoch,
      step,
      train: qualityOf(sums),
      ...measured,
      best,
      learningRate: learningRate(options.schedule, step, perEpoch * options.epochs),
      captionsPerSecond: sums.captions / sums.seconds,
      seconds: sums.seconds,
    };
    yield { kind: "checkpoint", progress, state: learner.state(), best };
  }
  yield { kind: "end", reason: progress.epoch < options.epochs ? "early stop" : "finished", progress };
}

/** The steps that an epoch has left; ends sooner if cancelled. */
async function* learnEpoch(
  { options, train: set, now, signal }: Training,
  lessons: Lessons,
  learner: Learner,
  from: Progress,
): AsyncGenerator<TrainingEvent, Progress, undefined> {
  const epoch = from.epoch + 1;
  const { perEpoch } = lessons;
  const steps = perEpoch * options.epochs;
  const features = featuresOfEpoch(set, options.seed, epoch);
  let progress = from;
  for (const lesson of lessons.epoch(epoch).slice(from.batch)) {
    if (signal?.aborted === true) break;
    const started = now();
    const step = progress.step + 1;
    const rate = learningRate(options.schedule, step, steps);
    const { batch, reward } = await lesson(step);
    const result = await learner.learn(batch, features, step, rate);
    checkFinite(result, step);
    const sums = addTo(progress.sums, result, (now() - started) / 1000, reward);
    progress = { ...progress, batch: progress.batch + 1, step, sums };
    yield {
      kind: "step",
      epoch,
      step,
      steps,
      loss: result.loss / result.tokens,
      gradientNorm: result.gradientNorm,
      learningRate: rate,
      captionsPerSecond: sums.captions / sums.seconds,
    };
    if (step % options.checkpointSteps === 0 && progress.batch < perEpoch) {
      yield { kind: "checkpoint", progress, state: learner.state(), best: false };
    }
  }
  return progress;
}

function stopsEarly({ epoch, best }: Progress, { patience }: TrainingOptions): boolean {
  return best !== undefined && epoch - best.epoch >= patience;
}

function checkFinite({ loss, gradientNorm }: BatchResult, step: number): void {
  if (Number.isFinite(loss) && Number.isFinite(gradientNorm)) return;
  throw diverged(`the loss of step ${step} is ${loss}, its gradient ${gradientNorm}`);
}

function diverged(what: string): ShowtellError {
  return new ShowtellError("TRAINING_DIVERGED", `${what}: lower the learning rate`);
}
