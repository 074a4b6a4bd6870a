// The perplexity of captions under a decoder, held against the probabilities that captioning gives its words.
import { expect, test } from "vitest";
import { toFloat16Bits } from "../../src/base/float16.ts";
import { seededRandom } from "../../src/base/random.ts";
import { openDecoderStepper } from "../../src/caption/decoder-stepper.ts";
import { decoderNamed } from "../../src/models/catalogue.ts";
import { openSession } from "../../src/node/ort-session.ts";
import { endId, unknownId } from "../../src/text/vocabulary.ts";
import { perplexityOf } from "../../src/train/perplexity.ts";
import { drawnWeights, tinyInput, tinySpec } from "../bundle/tiny-decoder.ts";

const random = seededRandom(8);
const size = tinySpec.features[0]!;
const features = Uint16Array.from({ length: 2 * size }, () => toFloat16Bits(random.normal()));
const examples = [
  { picture: 0, words: [4, 5, 7] },
  { picture: 1, words: [unknownId] },
  { picture: 1, words: Array.from({ length: 30 }, (_, i) => 4 + (i % 6)) },
  { picture: 0, words: [9, 8] },
];
const set = {
  examples,
  features: {
    size,
    read: async (rows: Int32Array, into: Uint16Array) =>
      rows.forEach((row, i) => into.set(features.subarray(row * size, (row + 1) * size), i * size)),
  },
};
const open = (model: Uint8Array) => openSession(model, { threads: 1 });
const weights = drawnWeights(tinySpec);

test("is exp of the mean loss of words and ends, without cutting long captions", async () => {
  const manifest = { ...tinyInput.decoder, identity: "", selfTest: { seed: 0, values: [], ids: [] } };
  const stepper = await openDecoderStepper({ manifest, tensors: weights }, open);
  let loss = 0;
  for (const { picture, words } of examples) {
    let step = await stepper.start({ images: 1, data: features.slice(picture * size, (picture + 1) * size) });
    for (const word of [...words, endId]) {
      loss -= step.logProbabilities[word]!;
      step = await stepper.next(step.state, Int32Array.of(0), Int32Array.of(word));
    }
  }
  await stepper.dispose();
  const told: number[] = [];
  const found = await perplexityOf(tinySpec, Object.fromEntries(weights), set, open, {
    onProgress: (done) => told.push(done),
  });
  expect(found.words).toBe(4 + 2 + 31 + 3);
  expect(found.unknown).toBeCloseTo(1 / 40, 12);
  expect(found.value).toBeCloseTo(Math.exp(loss / 40), 3);
  expect(told.length).toBeGreaterThan(0);
});

test("is that of a caption of any length, of a Transformer too, which knows 256 places", async () => {
  const sizes = { features: [2, 4], words: 10, embeddingSize: 6, vectorSize: 6, vectors: "random" } as const;
  const dropout = { features: 0, input: 0, output: 0 };
  const spec = decoderNamed("transformer").specOf(sizes, { hiddenSize: 8, heads: 2, dropout });
  const words = Array.from({ length: 300 }, (_, i) => 4 + (i % 6));
  const grid = { size: 8, read: async (_rows: Int32Array, into: Uint16Array) => void into.fill(0) };
  const long = { examples: [{ picture: 0, words }], features: grid };
  const found = await perplexityOf(spec, Object.fromEntries(drawnWeights(spec)), long, open);
  expect(found.words).toBe(301);
  expect(found.value).toBeGreaterThan(1);
});

test("can be cancelled", async () => {
  const stopped = perplexityOf(tinySpec, Object.fromEntries(weights), set, open, { signal: { aborted: true } });
  await expect(stopped).rejects.toMatchObject({ code: "CANCELLED" });
});
