// Scheduled sampling (Bengio et al. 2015) in two passes (Mihaylova and Martins 2019): the model says words along the true captions, some of which
// are then read in place of the true ones, so that it learns to go on from its own slips. What it should say stays as it is, and so does
// the graph that learns.
import { seededRandom } from "../base/random.ts";
import type { Random } from "../base/random.ts";
import { openLearningStepper } from "../caption/decoder-stepper.ts";
import type { OpenSession } from "../engine/session.ts";
import type { DecoderSpec } from "../models/catalogue.ts";
import { defaultAlpha } from "../search/hypothesis.ts";
import type { Choice } from "../search/paths.ts";
import { followPaths } from "../search/paths.ts";
import type { SearchTask } from "../search/task.ts";
import { endId, neverSaid } from "../text/vocabulary.ts";
import type { Group } from "./batches.ts";
import type { FeatureReader, LearnerState } from "./learner.ts";

/** Gives captions words to read that the model said itself. */
export interface InputSampler {
  /**
   * The groups of a batch with `inputs`: each word is, with probability `share`, one drawn from the model after the inputs before it. The
   * same step draws the same with the same weights.
   */
  mix(groups: readonly Group[], features: FeatureReader, step: number, share: number): Promise<readonly Group[]>;
  dispose(): Promise<void>;
}

/** What a sampler works with. */
export interface InputSamplerInput {
  readonly spec: DecoderSpec;
  readonly seed: number;
  /** Longer captions are cut after so many words. */
  readonly maximumWords: number;
  /** The learner's weights; asked for at every word. */
  readonly weights: () => LearnerState;
  readonly openSession: OpenSession;
}

/** The share of words that are the model's own at a step counted from 1: from 0 straight up to `most` at the last one. */
export function sampledShare(most: number, step: number, steps: number): number {
  return (most * (step - 1)) / Math.max(1, steps - 1);
}

/** Prepares sampling. @throws ShowtellError `ENGINE`. */
export async function createInputSampler(input: InputSamplerInput): Promise<InputSampler> {
  const { spec, seed, maximumWords, weights, openSession } = input;
  const stepper = await openLearningStepper(spec, weights, openSession);
  const task: SearchTask = { end: endId, never: neverSaid, words: spec.words, maximumLength: maximumWords + 1 };

  return {
    async mix(groups, features, step, share) {
      if (share === 0) return groups;
      const pictures = Int32Array.from(groups, ([first]) => first!.picture);
      const data = new Uint16Array(pictures.length * features.size);
      await features.read(pictures, data);
      const group = Math.max(...groups.map((captions) => captions.length));
      const streams = Array.from({ length: groups.length * group }, (_, path) =>
        seededRandom(seed, `inputs ${step} ${path}`),
      );
      const choose = (choice: Choice): number => {
        // A group with fewer captions than others ends its further paths at once.
        const words = groups[choice.image]![choice.path]?.words.slice(0, maximumWords) ?? [];
        if (choice.step === words.length) return endId;
        const random = streams[choice.image * group + choice.path]!;
        const own = random.uniform() < share ? drawWord(choice, random) : -1;
        return own < 0 ? words[choice.step]! : own;
      };
      const images = { images: pictures.length, data };
      const read = await followPaths(stepper, task, images, { group, alpha: defaultAlpha, choose });
      return groups.map((captions, image) =>
        captions.map((caption, path) => ({ ...caption, inputs: read[image]![path]!.words })),
      );
    },
    dispose: () => stepper.dispose(),
  };
}

/** A word drawn from the model's distribution, never the end: the sentence goes on. −1 where no word has a probability. */
function drawWord({ logProbabilities, offset, mask }: Choice, random: Random): number {
  const probability = (word: number): number =>
    mask[word] === 1 || word === endId ? 0 : Math.exp(logProbabilities[offset + word]!);
  let sum = 0;
  for (let word = 0; word < mask.length; word++) sum += probability(word);
  const target = random.uniform() * sum;
  let cumulative = 0;
  for (let word = 0; word < mask.length; word++) {
    cumulative += probability(word);
    if (cumulative > target) return word;
  }
  return -1;
}
