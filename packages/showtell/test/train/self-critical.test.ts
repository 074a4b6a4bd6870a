// Self-critical training: the same draws at the same step, advantages against a baseline, and a reward that rises to its maximum.
import { describe, expect, it } from "vitest";
import { toFloat16Bits } from "../../src/base/float16.ts";
import { seededRandom } from "../../src/base/random.ts";
import type { DecoderSpec } from "../../src/models/catalogue.ts";
import { tokenOrder } from "../../src/nn/token-order.ts";
import { sessionsWith } from "../../src/node/ort-session.ts";
import { endId, neverSaid, specialWords } from "../../src/text/vocabulary.ts";
import type { FeatureReader, Learner, LearnerState } from "../../src/train/learner.ts";
import { createLearner, initialState, learntState } from "../../src/train/learner.ts";
import type { TrainingOptions } from "../../src/train/options.ts";
import { defaultTrainingOptions, requireSoundMethods, selfCriticalOptions } from "../../src/train/options.ts";
import type { RewardWeights } from "../../src/train/rewards.ts";
import type { Baseline, RewardedBatch, SelfCritic } from "../../src/train/self-critical.ts";
import { advantagesOf, createSelfCritic } from "../../src/train/self-critical.ts";
import { expectClose, numbersOf } from "../tensors.ts";

const openSingle = sessionsWith(1);

const words = [...specialWords, "a", "red", "blue", "dog", "cat", "runs", "sits"];
const spec: DecoderSpec = {
  kind: "show-and-tell",
  features: [8],
  words: words.length,
  embeddingSize: 12,
  vectorSize: 12,
  vectors: "random",
  hiddenSize: 24,
  dropout: { features: 0, input: 0, output: 0 },
};
const references = [
  [["a", "red", "dog", "runs"]],
  [["a", "blue", "cat", "sits"]],
  [["a", "red", "cat", "runs"]],
  [["a", "blue", "dog", "sits"]],
];
const random = seededRandom(3);
const bits = Uint16Array.from({ length: references.length * 8 }, () => toFloat16Bits(random.normal()));
const features: FeatureReader = {
  size: 8,
  async read(rows, into) {
    rows.forEach((row, i) => into.set(bits.subarray(8 * row, 8 * (row + 1)), 8 * i));
  },
};

function optionsWith(baseline: Baseline, captionsPerPicture = 5): TrainingOptions {
  return {
    ...defaultTrainingOptions,
    ...selfCriticalOptions,
    objective: { kind: "self-critical", baseline, sharpening: 1 },
    captionsPerPicture,
    maximumWords: 5,
  };
}

async function withCritic<T>(
  use: (critic: SelfCritic, learner: Learner) => Promise<T>,
  {
    options = optionsWith("others"),
    first = initialState(spec, 1),
  }: { options?: TrainingOptions; first?: LearnerState },
): Promise<T> {
  const learner = createLearner(spec, options, first, openSingle);
  const weights = (): LearnerState => learner.state();
  const rewards = { references, words };
  const input = { spec, options, rewards, images: references.length, weights, openSession: openSingle };
  const critic = await createSelfCritic(input);
  try {
    return await use(critic, learner);
  } finally {
    await critic.dispose();
    await learner.dispose();
  }
}

const pictures = Int32Array.from(references.keys());

/** The captions of a drawn batch, as ids with their weight. */
function captionsIn({ batch }: RewardedBatch): { readonly ids: number[]; readonly weight: number }[] {
  const { lengths } = batch;
  const order = tokenOrder(batch);
  return Array.from({ length: order.rows }, (_, row) => {
    const [image, place] = [Math.floor(row / order.group), row % order.group];
    const at = Array.from({ length: lengths[place]! }, (__, step) => order.at(step, image, place));
    const said = at.filter((i) => batch.targets[i] !== 0n);
    const weights = new Set(said.map((i) => batch.weights[i]!));
    expect(weights.size).toBe(1);
    return { ids: said.map((i) => Number(batch.targets[i])), weight: [...weights][0]! };
  });
}

describe("drawn captions", () => {
  it("are the same at the same step with the same weights, and others at another", async () => {
    await withCritic(async (critic) => {
      const [first, again, other] = [
        await critic.draw(pictures, features, 1),
        await critic.draw(pictures, features, 1),
        await critic.draw(pictures, features, 2),
      ];
      expect(again).toEqual(first);
      expect(captionsIn(other)).not.toEqual(captionsIn(first));
    }, {});
  });

  it("never hold what captions can't say, and weigh nothing together where they are held against each other", async () => {
    await withCritic(async (critic) => {
      const captions = captionsIn(await critic.draw(pictures, features, 1));
      expect(captions).toHaveLength(20);
      expect(captions.flatMap(({ ids }) => ids).some((id) => neverSaid.includes(id))).toBe(false);
      for (const picture of pictures) {
        const own = captions.slice(5 * picture, 5 * picture + 5).map(({ weight }) => weight);
        expectClose([own.reduce((sum, weight) => sum + weight, 0)], [0], 1e-5);
        expect(own.some((weight) => weight !== 0)).toBe(true);
      }
    }, {});
  });

  it("follow the weights as they are learnt", async () => {
    await withCritic(async (critic, learner) => {
      const before = await critic.draw(pictures, features, 1);
      for (let step = 1; step <= 5; step++) await learner.learn(before.batch, features, step, 0.05);
      expect(captionsIn(await critic.draw(pictures, features, 1))).not.toEqual(captionsIn(before));
    }, {});
  });

  it("of fewer pictures than a batch has are padded with what weighs nothing", async () => {
    await withCritic(async (critic) => {
      const { batch } = await critic.draw(Int32Array.of(2, 1), features, 1);
      expect(batch).toMatchObject({ images: 4, captions: 10 });
      expect(batch.lengths).toHaveLength(5);
      expect(Array.from(batch.pictures.subarray(0, 2))).toEqual([2, 1]);
      // Tokens are in time: of each step the rows of the two pictures come first.
      const weights = Array.from(batch.weights);
      expect(weights.filter((_, i) => batch.targets[i] === 0n && weights[i] !== 0)).toEqual([]);
      expect(weights.some((weight) => weight !== 0)).toBe(true);
    }, {});
  });

  it("are worth what the run's rewards weigh", async () => {
    const drawWith = (rewards: RewardWeights): Promise<RewardedBatch> => {
      const objective = { kind: "self-critical", baseline: "others", sharpening: 1, rewards } as const;
      return withCritic((critic) => critic.draw(pictures, features, 1), {
        options: { ...optionsWith("others"), objective },
      });
    };
    const cider = await drawWith({ "cider-d": 1 });
    const bleu = await drawWith({ "bleu-4": 1 });
    const mixed = await drawWith({ "cider-d": 2, "bleu-4": 3 });
    expect(cider).toEqual(await withCritic((critic) => critic.draw(pictures, features, 1), {}));
    expect(mixed.reward).toBeCloseTo(2 * cider.reward + 3 * bleu.reward, 10);
    for (const [i, weight] of mixed.batch.weights.entries())
      expect(weight).toBeCloseTo(2 * cider.batch.weights[i]! + 3 * bleu.batch.weights[i]!, 4);
    expect(bleu.batch.weights.some((weight) => weight !== 0)).toBe(true);
  });

  it.each([1, 2, 3])("may have as many words as true ones, and end after them: %d", async (maximumWords) => {
    await withCritic(
      async (critic) => {
        const captions = captionsIn(await critic.draw(pictures, features, 1));
        const ended = captions.filter(({ ids }) => ids.at(-1) === endId);
        expect(Math.max(...ended.map(({ ids }) => ids.length - 1))).toBe(maximumWords);
      },
      { options: { ...optionsWith("others", 50), maximumWords } },
    );
  });

  it("can't be held against others if there is only one", () => {
    expect(() => requireSoundMethods(optionsWith("others", 1))).toThrow(/captionsPerPicture is 1.*draw 2 or more/);
    requireSoundMethods(optionsWith("others", 2));
    requireSoundMethods(optionsWith("greedy", 1));
  });
});

describe("advantages", () => {
  it("are what a reward is above the mean of the others, or above the baseline", () => {
    expectClose(advantagesOf([1, 2, 6]), [-3, -1.5, 4.5], 1e-12);
    expect(advantagesOf([1, 2, 6], 2)).toEqual([-1, 0, 4]);
  });
});

describe("sharpening", () => {
  it("divides the output layer and nothing else", () => {
    const state = initialState(spec, 1);
    const sharp = learntState(spec, (name) => state[name]!, 0.5);
    for (const name of ["output.weight", "output.bias"]) {
      expectClose(
        numbersOf(sharp[name]),
        numbersOf(state[name]).map((value) => 2 * value),
        1e-7,
      );
    }
    expect(sharp["lstm.input"]).toEqual(state["lstm.input"]);
    expect(Object.keys(sharp)).toEqual(Object.keys(state));
  });
});

it("opens nothing if there is nothing to be held against", async () => {
  let opened = 0;
  const counting: typeof openSingle = (...given) => {
    opened++;
    return openSingle(...given);
  };
  const input = { spec, options: optionsWith("others"), images: 1, weights: () => initialState(spec, 1) };
  const critic = createSelfCritic({ ...input, rewards: { references: [[]], words }, openSession: counting });
  await expect(critic).rejects.toThrow();
  expect(opened).toBe(0);
});

it.each(["others", "greedy"] as const)("the reward rises to its maximum, held against %s", async (baseline) => {
  const steps = 1000;
  await withCritic(
    async (critic, learner) => {
      const meanReward = async (step: number): Promise<number> => {
        const { batch, reward } = await critic.draw(pictures, features, step);
        // Faster, it may settle for three sentences and the greater part of the fourth.
        await learner.learn(batch, features, step, 0.003);
        return reward / batch.captions;
      };
      const first = await meanReward(1);
      let last = 0;
      for (let step = 2; step <= steps; step++) last = await meanReward(step);
      // Only the one reference of each picture, ended, scores 10.
      expect(first).toBeLessThan(2);
      expect(last).toBeGreaterThan(9);
    },
    { options: { ...optionsWith(baseline), seed: 2 }, first: initialState(spec, 2) },
  );
});
