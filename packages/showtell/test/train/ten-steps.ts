// Ten steps of training a tiny decoder, on whichever engine: what platforms must agree on. Knows no runtime.
import { toFloat16Bits } from "../../src/base/float16.ts";
import { seededRandom } from "../../src/base/random.ts";
import type { OpenSession } from "../../src/engine/session.ts";
import type { ShowAndTellSpec } from "../../src/models/show-and-tell.ts";
import type { Example } from "../../src/train/batches.ts";
import { makeBatches, planBatches } from "../../src/train/batches.ts";
import type { FeatureReader } from "../../src/train/learner.ts";
import { createLearner, initialState } from "../../src/train/learner.ts";
import { defaultTrainingOptions } from "../../src/train/options.ts";

const featureSize = 16;
const pictures = 6;

const spec: ShowAndTellSpec = {
  kind: "show-and-tell",
  features: [featureSize],
  words: 24,
  embeddingSize: 12,
  vectorSize: 12,
  vectors: "random",
  hiddenSize: 20,
  dropout: { features: 0.1, input: 0.2, output: 0.3 },
};

/** The loss of each of ten steps, in nats a token. */
export async function tenLosses(openSession: OpenSession): Promise<number[]> {
  const random = seededRandom(9);
  const features = Uint16Array.from({ length: pictures * featureSize }, () => toFloat16Bits(random.normal()));
  const reader: FeatureReader = {
    size: featureSize,
    async read(rows, into) {
      rows.forEach((row, i) =>
        into.set(features.subarray(featureSize * row, featureSize * (row + 1)), featureSize * i),
      );
    },
  };
  const examples: readonly Example[] = Array.from({ length: 18 }, (_, i) => ({
    picture: i % pictures,
    words: Array.from({ length: 2 + (i % 5) }, (__, step) => 4 + ((3 * i + step) % 20)),
  }));
  const batches = makeBatches(examples, planBatches(examples, { rows: 6, group: 1 }, 20, 2), seededRandom(2)).map(
    (make) => make(),
  );
  const options = { ...defaultTrainingOptions, batchSize: 6 };
  const learner = createLearner(spec, options, initialState(spec, 1), openSession);
  const losses: number[] = [];
  for (let step = 1; step <= 10; step++) {
    const { loss, tokens } = await learner.learn(batches[step % batches.length]!, reader, step, 0.01);
    losses.push(loss / tokens);
  }
  await learner.dispose();
  return losses;
}
