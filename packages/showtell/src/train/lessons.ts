// What an epoch consists of: batches of true captions, or of captions drawn by the model and rewarded. Knows no optimiser and no file.
import type { Random } from "../base/random.ts";
import { seededRandom } from "../base/random.ts";
import { ShowtellError } from "../base/errors.ts";
import type { OpenSession } from "../engine/session.ts";
import type { DecoderSpec } from "../models/catalogue.ts";
import type { Batch, BatchSize, Example } from "./batches.ts";
import { batchOf, gatherBatches, planBatches } from "./batches.ts";
import { examplesOfEpoch, taughtExamples } from "./distillation.ts";
import type { Taught } from "./distillation.ts";
import type { FeatureReader, LearnerState } from "./learner.ts";
import type { Objective, TrainingOptions } from "./options.ts";
import type { RewardData } from "./rewards.ts";
import { createInputSampler, sampledShare } from "./scheduled-sampling.ts";
import { createSelfCritic } from "./self-critical.ts";
import { trainingLengths } from "./sessions.ts";
import { featuresOfEpoch } from "./views.ts";
import type { ViewedRows } from "./views.ts";

/** Captions with the features of their pictures. */
export interface TrainingSet {
  readonly examples: readonly Example[];
  readonly features: FeatureReader;
  /** If the reader has several views of each picture: an epoch draws one for each. */
  readonly views?: ViewedRows;
  /** A teacher's captions of the pictures, which are learnt in place of some of the examples. */
  readonly taught?: Taught;
}

/** A batch to learn, and what its captions were worth together, if they were drawn and rewarded. */
export interface Lesson {
  readonly batch: Batch;
  readonly reward?: number;
}

/** The epochs of a run. */
export interface Lessons {
  /** Batches an epoch. */
  readonly perEpoch: number;
  /** The batches of an epoch, counted from 1; each is made when its turn comes, for a step counted from 1 over the whole run. */
  epoch(epoch: number): readonly ((step: number) => Promise<Lesson>)[];
  dispose(): Promise<void>;
}

/** What lessons are made of. */
export interface LessonInput {
  readonly spec: DecoderSpec;
  readonly options: TrainingOptions;
  readonly train: TrainingSet;
  /** What rewards are reckoned from; only rewarded captions need it. */
  readonly rewards?: RewardData | undefined;
  /** The learner's weights as they are. */
  readonly weights: () => LearnerState;
  readonly openSession: OpenSession;
}

/** Captions a batch, and how many of a picture stand together. */
export function batchSizeOf({ batchSize, captionsPerPicture }: TrainingOptions): BatchSize {
  return { rows: batchSize, group: captionsPerPicture };
}

/** The lessons of a run's objective. @throws ShowtellError `DATA_EMPTY`, `ARGUMENT`, `ENGINE`. */
export function lessonsOf(input: LessonInput): Promise<Lessons> {
  return makers[input.options.objective.kind](input);
}

const makers: { readonly [Kind in Objective["kind"]]: (input: LessonInput) => Promise<Lessons> } = {
  "cross-entropy": trueCaptions,
  "self-critical": drawnCaptions,
};

function orderOf({ options }: LessonInput, epoch: number): Random {
  return seededRandom(options.seed, `order ${epoch}`);
}

async function trueCaptions(input: LessonInput): Promise<Lessons> {
  const { train, options } = input;
  const { examples, taught } = train;
  const { seed, maximumWords, epochs, scheduledSampling: most = 0 } = options;
  const all = taught === undefined ? examples : [...examples, ...taughtExamples(taught)];
  const plan = planBatches(all, batchSizeOf(options), maximumWords, trainingLengths);
  const perEpoch = gatherBatches(examples, plan).length;
  const sampler = most > 0 ? await createInputSampler({ ...input, seed, maximumWords }) : undefined;
  return {
    perEpoch,
    epoch(epoch) {
      const features = featuresOfEpoch(train, seed, epoch);
      const own = examplesOfEpoch(examples, taught, seed, epoch);
      return gatherBatches(own, plan, orderOf(input, epoch)).map(({ groups, lengths }) => async (step) => {
        const share = sampledShare(most, step, perEpoch * epochs);
        const read = (await sampler?.mix(groups, features, step, share)) ?? groups;
        return { batch: batchOf(read, plan, lengths, options.wordDistillation?.width) };
      });
    },
    dispose: async () => sampler?.dispose(),
  };
}

async function drawnCaptions(input: LessonInput): Promise<Lessons> {
  const { options, train, rewards } = input;
  if (train.taught !== undefined)
    throw new ShowtellError(
      "ARGUMENT",
      "a teacher's captions replace true ones, and only drawn ones are learnt: leave it out",
    );
  if (rewards === undefined) throw new ShowtellError("INTERNAL", "captions are to be rewarded, but by no references");
  const images = Math.max(1, Math.floor(options.batchSize / options.captionsPerPicture));
  const critic = await createSelfCritic({ ...input, rewards, images });
  const pictures = [...new Set(train.examples.map(({ picture }) => picture))];
  const perEpoch = Math.ceil(pictures.length / images);
  return {
    perEpoch,
    epoch(epoch) {
      const features = featuresOfEpoch(train, options.seed, epoch);
      const order = orderOf(input, epoch).shuffle([...pictures]);
      return Array.from({ length: perEpoch }, (_, i) => {
        const rows = Int32Array.from(order.slice(i * images, (i + 1) * images));
        return (step) => critic.draw(rows, features, step);
      });
    },
    dispose: () => critic.dispose(),
  };
}
