// A teacher's distributions: the likeliest words at each token after the true ones before, laid into batches, and followed by the loss.
import { expect, it } from "vitest";
import { toFloat16Bits } from "../../src/base/float16.ts";
import { sessionsWith } from "../../src/node/ort-session.ts";
import { endId } from "../../src/text/vocabulary.ts";
import type { Batch, Group } from "../../src/train/batches.ts";
import { batchOf } from "../../src/train/batches.ts";
import type { FeatureReader } from "../../src/train/learner.ts";
import { createLearner, initialState } from "../../src/train/learner.ts";
import { defaultTrainingOptions } from "../../src/train/options.ts";
import { softTargetsOf } from "../../src/train/soft-targets.ts";
import { tinySpec } from "../bundle/tiny-decoder.ts";
import { randomTable, toyStepper } from "../search/toy-stepper.ts";
import { expectClose } from "../tensors.ts";

const words = tinySpec.words;
const table = randomTable(words, 3);
const width = 3;
const maximumWords = 4;
const groups: readonly Group[] = [
  [
    { picture: 1, words: [5, 6] },
    { picture: 1, words: [4, 3, 4, 7, 8, 9] },
  ],
  [{ picture: 0, words: [8] }],
];

const taught = () => softTargetsOf(toyStepper(words, table), ["one", "two"], groups, { words, maximumWords, width });

/** The likeliest words after a prefix, with their probabilities among each other. */
function likeliest(image: string, prefix: readonly number[]): readonly (readonly [number, number])[] {
  const best = [...table(image, prefix).entries()].toSorted((a, b) => b[1] - a[1]).slice(0, width);
  const sum = best.reduce((total, [, each]) => total + Math.exp(each), 0);
  return best.map(([id, each]) => [id, Math.exp(each) / sum]);
}

it("soft targets are the likeliest words after the true ones before, for each token and the end, and of a cut caption for its words", async () => {
  const found = await taught();
  for (const [i, group] of found.entries()) {
    for (const [j, { soft, words: own, ...rest }] of group.entries()) {
      expect({ ...rest, words: own }).toEqual(groups[i]![j]);
      const targets = own.length > maximumWords ? own.slice(0, maximumWords) : [...own, endId];
      expect(soft!.ids).toHaveLength(targets.length * width);
      for (const step of targets.keys()) {
        const expected = likeliest(["one", "two"][i]!, targets.slice(0, step));
        const [start, end] = [step * width, (step + 1) * width];
        expect([...soft!.ids.subarray(start, end)]).toEqual(expected.map(([id]) => id));
        expectClose(
          soft!.probabilities.subarray(start, end),
          expected.map(([, probability]) => probability),
          1e-6,
        );
      }
    }
  }
});

it("a batch has them beside its tokens, and the target alone where there is none", async () => {
  const [first, [second]] = (await taught()) as [Group, Group];
  const { soft: _soft, ...bare } = second!;
  const steps = 5;
  const { soft } = batchOf([first, [bare]], { images: 2, maximumWords }, [steps, steps], width);
  const at = (row: number, step: number) => (4 * step + row) * width;
  const idsAt = (start: number) => Array.from(soft!.ids.subarray(start, start + width), Number);
  // The longer caption stands first.
  for (const [row, example] of [first[1]!, first[0]!].entries()) {
    for (let step = 0; step < 3; step++) {
      expect(idsAt(at(row, step))).toEqual([...example.soft!.ids.subarray(step * width, (step + 1) * width)]);
    }
  }
  expect(idsAt(at(2, 0))).toEqual([8, 0, 0]);
  expect(idsAt(at(2, 1))).toEqual([endId, 0, 0]);
  expect([...soft!.probabilities.subarray(at(2, 1), at(2, 1) + width)]).toEqual([1, 0, 0]);
  expect(
    soft!.probabilities
      .subarray(at(1, 3))
      .slice(0, width)
      .every((each) => each === 0),
  ).toBe(true);
  expect(batchOf(groups, { images: 2, maximumWords }, [steps, steps])).not.toHaveProperty("soft");
});

it("learning follows them: as without a teacher where they are the targets, and else towards what they say", async () => {
  const features: FeatureReader = { size: 5, read: async (_, into) => void into.fill(toFloat16Bits(0.5)) };
  const spec = { ...tinySpec, dropout: { features: 0, input: 0, output: 0 } };
  const losses = async (batch: Batch, share: number): Promise<readonly number[]> => {
    const options = { ...defaultTrainingOptions, ...(share > 0 && { wordDistillation: { share, width } }) };
    const learner = createLearner(spec, options, initialState(spec, 1), sessionsWith(1));
    const found: number[] = [];
    for (let step = 1; step <= 60; step++) {
      const { loss, tokens } = await learner.learn(batch, features, step, 0.03);
      found.push(loss / tokens);
    }
    await learner.dispose();
    return found;
  };
  const size = { images: 2, maximumWords };
  const plain = await losses(batchOf(groups, size, [5, 5]), 0);
  const targetsAlone = await losses(batchOf(groups, size, [5, 4], width), 0.7);
  for (const [i, loss] of plain.slice(0, 5).entries()) expect(targetsAlone[i]).toBeCloseTo(loss, 4);
  // A teacher of one mind, that is another than the targets': with a share of 1 only it is learnt.
  const soft = { ids: Int32Array.from([9, 0, 0, 9, 0, 0]), probabilities: Float32Array.from([1, 0, 0, 1, 0, 0]) };
  const stubborn = batchOf([[{ picture: 0, words: [8], soft }]], size, [2, 2], width);
  expect((await losses(stubborn, 1)).at(-1)).toBeLessThan(0.2);
  expect((await losses(stubborn, 0.5)).at(-1)).toBeGreaterThan(0.6);
});
