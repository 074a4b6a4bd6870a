// Self-critical sequence training (Rennie et al. 2017): captions are drawn from the model and learnt as their reward says, above a baseline
// more, below it less. Draws, scores and makes batches; the learner does the learning.
import { seededRandom } from "../base/random.ts";
import { openLearningStepper } from "../caption/decoder-stepper.ts";
import type { FeatureBatch } from "../caption/decoder-stepper.ts";
import type { OpenSession } from "../engine/session.ts";
import type { DecoderSpec } from "../models/catalogue.ts";
import type { GroupLengths } from "../nn/token-order.ts";
import { greedySearch } from "../search/greedy.ts";
import { sampleSentences } from "../search/sampling.ts";
import type { SearchTask } from "../search/task.ts";
import { endId, neverSaid } from "../text/vocabulary.ts";
import type { Batch } from "./batches.ts";
import { batchOf, fittingLengths, lengthsOf } from "./batches.ts";
import type { FeatureReader, LearnerState } from "./learner.ts";
import { selfCriticalOptions } from "./options.ts";
import type { TrainingOptions } from "./options.ts";
import { captionReward } from "./rewards.ts";
import type { RewardData } from "./rewards.ts";
import { trainingLengths } from "./sessions.ts";

/**
 * What a caption's reward is held against: that of the picture's greedy caption (Rennie et al. 2017), or the mean of the other captions
 * drawn for the picture (Luo 2020, "A better variant of self-critical sequence training").
 */
export type Baseline = "greedy" | "others";

/** A batch whose tokens weigh their caption's advantage, and what its captions were worth. */
export interface RewardedBatch {
  readonly batch: Batch;
  /** Sum of the captions' rewards, see rewards.ts. */
  readonly reward: number;
}

/** Draws captions with the weights that a learner has now. */
export interface SelfCritic {
  /** Captions of some pictures, given by their rows, from their features; the same step draws the same. */
  draw(pictures: Int32Array, features: FeatureReader, step: number): Promise<RewardedBatch>;
  dispose(): Promise<void>;
}

/**
 * Lengths that batches of drawn captions may have, rising to all that can be. Nobody knows before what is drawn: of a picture's captions each is
 * taken to be a word shorter than the one before, which a batch's longest ones are at least.
 */
function drawnLengths(maximumLength: number, group: number): readonly GroupLengths[] {
  const limit = trainingLengths;
  const places = [...Array(group).keys()];
  const longest = Array.from({ length: limit }, (_, i) => Math.ceil((maximumLength * (limit + i)) / (2 * limit - 1)));
  return [...new Set(longest)].map((length) =>
    places.map((place) => (length === maximumLength ? length : Math.max(1, length - place))),
  );
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

/** What each reward is above a baseline, or above the mean of the others where none is given. */
export function advantagesOf(rewards: readonly number[], baseline?: number): readonly number[] {
  const sum = total(rewards);
  return rewards.map((reward) => reward - (baseline ?? (sum - reward) / (rewards.length - 1)));
}

/** What a critic works with. */
export interface SelfCriticInput {
  readonly spec: DecoderSpec;
  /** Its objective, seed, captions a picture and greatest length count here. */
  readonly options: TrainingOptions;
  readonly rewards: RewardData;
  /** Pictures a batch; fewer are padded. */
  readonly images: number;
  /** The learner's weights; asked for at every word. */
  readonly weights: () => LearnerState;
  readonly openSession: OpenSession;
}

/** Prepares drawing, by options that {@link requireSoundMethods} has let pass. @throws ShowtellError `ENGINE`. */
export async function createSelfCritic(input: SelfCriticInput): Promise<SelfCritic> {
  const { spec, options, rewards, images, weights, openSession } = input;
  const { captionsPerPicture: group, maximumWords, seed } = options;
  const maximumLength = maximumWords + 1;
  const { baseline, rewards: rewardWeights } =
    options.objective.kind === "self-critical" ? options.objective : selfCriticalOptions.objective;
  const shapes = drawnLengths(maximumLength, group);
  const task: SearchTask = { end: endId, never: neverSaid, words: spec.words, maximumLength };
  const worthOf = captionReward(rewards, rewardWeights);
  const stepper = await openLearningStepper(spec, weights, openSession);

  return {
    async draw(pictures, features, step) {
      const data = new Uint16Array(pictures.length * features.size);
      await features.read(pictures, data);
      const batch: FeatureBatch = { images: pictures.length, data };
      const random = Array.from(pictures, (picture) => seededRandom(seed, `captions ${step} ${picture}`));
      const drawn = await sampleSentences(stepper, task, batch, { count: group, random });
      const greedy = baseline === "greedy" ? await greedySearch(stepper, task, batch) : undefined;
      let reward = 0;
      const groups = drawn.map((captions, image) => {
        const picture = pictures[image]!;
        const worth = captions.map((caption) => worthOf(picture, caption));
        reward += total(worth);
        const best = greedy?.[image]?.[0];
        const advantages = advantagesOf(worth, best && worthOf(picture, best));
        return captions.map(({ words, truncated }, i) => ({
          picture,
          words,
          ended: !truncated,
          weight: advantages[i]!,
        }));
      });
      const own = groups.map((captions) => lengthsOf(captions, maximumLength));
      const longest = own[0]!.map((_, place) => Math.max(...own.map((tokens) => tokens[place]!)));
      const lengths = fittingLengths(longest, shapes);
      return { batch: batchOf(groups, { images, maximumWords: maximumLength }, lengths), reward };
    },
    dispose: () => stepper.dispose(),
  };
}
