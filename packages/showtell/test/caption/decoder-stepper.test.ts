// A decoder as a stepper: what searches see of it.
import { afterAll, beforeAll, expect, test } from "vitest";
import { ShowtellError } from "../../src/base/errors.ts";
import { encodeFloat16 } from "../../src/base/float16.ts";
import type { BundlePart } from "../../src/bundle/bundle.ts";
import type { DecoderManifest } from "../../src/bundle/manifest.ts";
import type { DecoderStepper, FeatureBatch } from "../../src/caption/decoder-stepper.ts";
import { openDecoderStepper } from "../../src/caption/decoder-stepper.ts";
import { openEnsembleCaptioner } from "../../src/caption/captioner.ts";
import type { OpenSession } from "../../src/engine/session.ts";
import { openSession } from "../../src/node/ort-session.ts";
import { tinyBundle, tinySpec, tinyWords } from "../bundle/tiny-decoder.ts";
import { drawn, expectClose } from "../tensors.ts";

let part: BundlePart<DecoderManifest>;
let stepper: DecoderStepper;

beforeAll(async () => {
  part = (await tinyBundle()).decoder!;
  stepper = await openDecoderStepper(part, openSession, { threads: 1 });
});

afterAll(() => stepper.dispose());

test.each([1, 2, 3, 4])("what was opened of an ensemble is disposed of if session %i can't be", async (failing) => {
  let opened = 0;
  let disposed = 0;
  const counted: OpenSession = async (...given) => {
    if (++opened === failing) throw new ShowtellError("ENGINE", "no memory");
    const session = await openSession(...given);
    return { ...session, run: session.run.bind(session), dispose: () => (disposed++, session.dispose()) };
  };
  const member = { source: "tiny", decoder: part };
  await expect(openEnsembleCaptioner([member, member], counted)).rejects.toMatchObject({ code: "ENGINE" });
  expect(disposed).toBe(failing - 1);
});

const images = 2;
const bits = encodeFloat16(drawn([images, tinySpec.features[0]!], "pictures", 2).data);
const batch: FeatureBatch = { images, data: bits };

/** The row of log-probabilities of one hypothesis. */
function rowOf(logProbabilities: Float32Array, row: number): Float32Array {
  return logProbabilities.subarray(row * stepper.width, (row + 1) * stepper.width);
}

test("its rows are distributions over the words; padding columns have no part in them", async () => {
  const { logProbabilities } = await stepper.start(batch);
  expect(stepper.width).toBe(64);
  expect(logProbabilities).toHaveLength(images * 64);
  for (let image = 0; image < images; image++) {
    const probabilities = rowOf(logProbabilities, image).map(Math.exp);
    expect(probabilities.subarray(0, tinyWords.length).reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5);
    expect(new Set(probabilities.subarray(tinyWords.length))).toEqual(new Set([0]));
  }
  expect(rowOf(logProbabilities, 0)).not.toEqual(rowOf(logProbabilities, 1));
});

test("a state may be continued any number of times, by any parents, and stays as it was", async () => {
  const { state } = await stepper.start(batch);
  const words = Int32Array.of(4, 5, 4, 5);
  const parents = Int32Array.of(0, 0, 1, 1);
  const first = await stepper.next(state, parents, words);
  const turned = await stepper.next(state, parents.toReversed(), words.toReversed());
  const again = await stepper.next(state, parents, words);
  expect(again.logProbabilities).toEqual(first.logProbabilities);
  for (let row = 0; row < 4; row++) {
    expectClose(rowOf(turned.logProbabilities, 3 - row), rowOf(first.logProbabilities, row), 1e-6);
  }
  // The second step knows the first: after other words the same word has another probability.
  const on = (parent: number) => stepper.next(first.state, Int32Array.of(parent, parent), Int32Array.of(6, 6));
  expect((await on(0)).logProbabilities).not.toEqual((await on(1)).logProbabilities);
});

test("a picture's rows do not depend on the batch, nor on how often its features were read", async () => {
  const { logProbabilities } = await stepper.start(batch);
  const second = { images: 1, data: bits.subarray(bits.length / 2) };
  expectClose((await stepper.start(second)).logProbabilities, rowOf(logProbabilities, 1), 1e-6);
  expect((await stepper.start(batch)).logProbabilities).toEqual(logProbabilities);
});
