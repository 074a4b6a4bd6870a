// Scheduled sampling: how many words are the model's own, that they are what it says after what was read before, and what stays true.
import { describe, expect, it } from "vitest";
import { toFloat16Bits } from "../../src/base/float16.ts";
import { seededRandom } from "../../src/base/random.ts";
import { openLearningStepper } from "../../src/caption/decoder-stepper.ts";
import { sessionsWith } from "../../src/node/ort-session.ts";
import { endId, neverSaid } from "../../src/text/vocabulary.ts";
import type { Group } from "../../src/train/batches.ts";
import { batchOf } from "../../src/train/batches.ts";
import type { FeatureReader, LearnerState } from "../../src/train/learner.ts";
import { initialState, learntState } from "../../src/train/learner.ts";
import { createInputSampler, sampledShare } from "../../src/train/scheduled-sampling.ts";
import { tinySpec } from "../bundle/tiny-decoder.ts";

const openSingle = sessionsWith(1);
const random = seededRandom(5);
const bits = Uint16Array.from({ length: 3 * 5 }, () => toFloat16Bits(random.normal()));
const features: FeatureReader = {
  size: 5,
  read: async (rows, into) => rows.forEach((row, i) => into.set(bits.subarray(5 * row, 5 * row + 5), 5 * i)),
};
const first = initialState(tinySpec, 1);
/** The same, but all but sure of each word. */
const sure = learntState(tinySpec, (name) => first[name]!, 1e-4);
const maximumWords = 6;
const groups: readonly Group[] = [
  [
    { picture: 2, words: [4, 5, 6, 7] },
    { picture: 2, words: [4, 9, 9, 9, 9, 9, 9, 9] },
  ],
  [{ picture: 0, words: [5, 3] }],
];

async function mixed(share: number, { step = 3, weights = first }: { step?: number; weights?: LearnerState } = {}) {
  const sampler = await createInputSampler({
    spec: tinySpec,
    seed: 1,
    maximumWords,
    weights: () => weights,
    openSession: openSingle,
  });
  const found = await sampler.mix(groups, features, step, share);
  await sampler.dispose();
  return found;
}

const inputsOf = (found: readonly Group[]) => found.map((group) => group.map(({ inputs }) => inputs));

describe("sampled inputs", () => {
  it("are as many as the words that are read, and the true ones where none is drawn", async () => {
    expect(await mixed(0)).toBe(groups);
    expect(inputsOf(await mixed(1e-9))).toEqual([
      [
        [4, 5, 6, 7],
        [4, 9, 9, 9, 9, 9],
      ],
      [[5, 3]],
    ]);
    const lengths = inputsOf(await mixed(1)).map((group) => group.map((inputs) => inputs!.length));
    expect(lengths).toEqual([[4, 6], [2]]);
  });

  it("are drawn anew at each step, the same at the same one, and never the end or what captions can't say", async () => {
    const drawn = await mixed(0.6);
    expect(await mixed(0.6)).toEqual(drawn);
    expect(await mixed(0.6, { step: 4 })).not.toEqual(drawn);
    const all = inputsOf(await mixed(1)).flat(2);
    expect(all.some((word) => word === endId || neverSaid.includes(word!))).toBe(false);
    let own = 0;
    let total = 0;
    for (let step = 1; step <= 20; step++) {
      for (const [i, group] of (await mixed(0.5, { step, weights: sure })).entries()) {
        for (const [j, { inputs }] of group.entries()) {
          total += inputs!.length;
          own += inputs!.filter((word, at) => word !== groups[i]![j]!.words[at]).length;
        }
      }
    }
    expect(own / total).toBeGreaterThan(0.3);
    expect(own / total).toBeLessThan(0.55);
  });

  it("are what a model that is sure says after the inputs before, its own among them", async () => {
    const stepper = await openLearningStepper(tinySpec, () => sure, openSingle);
    for (const group of await mixed(1, { weights: sure })) {
      for (const { picture, inputs } of group) {
        const data = bits.slice(5 * picture, 5 * picture + 5);
        let step = await stepper.start({ images: 1, data });
        for (const word of inputs!) {
          const allowed = [...step.logProbabilities.subarray(0, tinySpec.words).entries()].filter(
            ([id]) => id !== endId && !neverSaid.includes(id),
          );
          expect(word).toBe(allowed.toSorted((a, b) => b[1] - a[1])[0]![0]);
          step = await stepper.next(step.state, Int32Array.of(0), Int32Array.of(word));
        }
      }
    }
    await stepper.dispose();
  });

  it("are read in a batch in place of the true words, which are learnt all the same", async () => {
    const size = { images: 2, maximumWords };
    const [plain, batch] = [batchOf(groups, size, [7, 7]), batchOf(await mixed(1), size, [7, 7])];
    expect(batch.targets).toEqual(plain.targets);
    expect(batch.weights).toEqual(plain.weights);
    // The longer caption stands first.
    const [[, inputs]] = inputsOf(await mixed(1)) as [[unknown, readonly number[]]];
    const read = Array.from({ length: 6 }, (_, step) => Number(batch.words[4 * step]));
    expect(read).toEqual([1, ...inputs.slice(0, 5)]);
  });
});

it("the share rises from nothing to the most at the last step", () => {
  expect([1, 6, 11].map((step) => sampledShare(0.3, step, 11))).toEqual([0, 0.15, 0.3]);
  expect(sampledShare(0.3, 1, 1)).toBe(0);
});
