// Every decoder can learn ten captions by heart and say them: training and captioning together, end to end.
import { expect, it } from "vitest";
import { decodeFloat16, encodeFloat16 } from "../../src/base/float16.ts";
import type { Tensor } from "../../src/base/tensor.ts";
import { tensor } from "../../src/base/tensor.ts";
import type { DecoderKind, DecoderSpec } from "../../src/models/catalogue.ts";
import { decoderKinds, decoderNamed } from "../../src/models/catalogue.ts";
import type { DecoderOptions } from "../../src/models/decoder-options.ts";
import { openSession } from "../../src/node/ort-session.ts";
import { endId, startId } from "../../src/text/vocabulary.ts";
import { makeBatches, planBatches } from "../../src/train/batches.ts";
import { createLearner, initialState } from "../../src/train/learner.ts";
import { defaultTrainingOptions } from "../../src/train/options.ts";
import type { Steps } from "./tiny-decoders.ts";
import { choicesOf, drawnFeatures, nameOfChoices, openSteps } from "./tiny-decoders.ts";

/** Large enough, without dropout. */
function roomy(kind: DecoderKind, choices: Partial<DecoderOptions>, attributes?: readonly number[]): DecoderSpec {
  const decoder = decoderNamed(kind);
  const features = decoder.layer === "pooled" ? [16] : [4, 16];
  const sizes = { features, words: 20, embeddingSize: 24, vectorSize: 24, vectors: "random", attributes } as const;
  const dropout = { features: 0, input: 0, output: 0 };
  return decoder.specOf(sizes, { hiddenSize: 32, attentionSize: 16, dropout, ...choices });
}

const cases = [
  ...decoderKinds.flatMap((kind) =>
    choicesOf(kind).map((choices) => [kind, nameOfChoices(choices), roomy(kind, choices)] as const),
  ),
  ["parallel-attention", "with attributes", roomy("parallel-attention", {}, [4, 6, 9])] as const,
];

/** Different captions of one to six words. */
const captions: readonly (readonly number[])[] = [
  [4],
  [4, 5],
  [5, 4, 6],
  [7, 7, 7, 7],
  [8, 9, 10, 11, 12, 13],
  [8, 9, 10, 12, 11, 13],
  [14, 4, 15, 4, 16],
  [17, 18, 19],
  [19, 18, 17],
  [6, 5, 4, 6, 5],
];

/** The likeliest word, again and again, until the end. */
async function sayGreedily(steps: Steps, features: Tensor): Promise<number[]> {
  const said: number[] = [];
  let [position, word] = [await steps.begin(features), startId];
  while (said.length < 10) {
    const next = await steps.step(position, [0], [word]);
    const [scores] = next.logProbabilities;
    word = scores!.indexOf(Math.max(...scores!));
    if (word === endId) break;
    said.push(word);
    position = next.position;
  }
  return said;
}

it.each(cases)("%s, %s, learns ten captions by heart and says each at its picture", async (_kind, _variant, spec) => {
  const bits = encodeFloat16(drawnFeatures(spec, captions.length).data);
  const size = bits.length / captions.length;
  const reader = {
    size,
    async read(rows: Int32Array, into: Uint16Array) {
      rows.forEach((row, i) => into.set(bits.subarray(row * size, (row + 1) * size), i * size));
    },
  };
  const examples = captions.map((words, picture) => ({ picture, words }));
  const [batch] = makeBatches(examples, planBatches(examples, { rows: captions.length, group: 1 }, 20, 8)).map((make) =>
    make(),
  );
  const options = { ...defaultTrainingOptions, batchSize: captions.length };
  const learner = createLearner(spec, options, initialState(spec, 1), openSession);
  let step = 0;
  while (step < 200) await learner.learn(batch!, reader, ++step, 0.02);
  const { loss, correct, tokens } = await learner.score(batch!, reader);
  expect(loss / tokens).toBeLessThan(0.05);
  expect(correct).toBe(tokens);

  const steps = await openSteps(spec, learner.state());
  for (const [picture, words] of captions.entries()) {
    const features = decodeFloat16(bits.subarray(picture * size, (picture + 1) * size));
    expect(await sayGreedily(steps, tensor("float32", [1, ...spec.features], features))).toEqual(words);
  }
  await steps.dispose();
  await learner.dispose();
});
