// The self-test of a bundle: a seeded input, and what the model must compute for it. Runs the real engine, which is handed in.
import { ShowtellError } from "../base/errors.ts";
import { seededRandom } from "../base/random.ts";
import type { Tensor } from "../base/tensor.ts";
import { sizeOf, tensor } from "../base/tensor.ts";
import type { OpenSession, Session } from "../engine/session.ts";
import { inferenceGraphs, nextState } from "../models/inference-graphs.ts";
import { encoderOf } from "../models/encoder-graph.ts";
import { startId } from "../text/vocabulary.ts";
import type { BundlePart } from "./bundle.ts";
import { encoderModel } from "./encoder-model.ts";
import type { DecoderManifest, EncoderManifest, SelfTest } from "./manifest.ts";
import { parameterContent } from "./precision.ts";

/** Outputs that are compared, and greedy words that are taken. */
const compared = 8;

/** Largest difference that counts as equal, relative to the largest recorded magnitude (at least 1). */
const tolerance = 1e-3;

function randomInput(seed: number, shape: readonly number[], spread: number): Tensor<"float32"> {
  const random = seededRandom(seed, "self-test");
  return tensor(
    "float32",
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => spread * random.normal()),
  );
}

function largestIndex(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}

async function withSession<T>(
  openSession: OpenSession,
  model: Uint8Array,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await openSession(model);
  try {
    return await use(session);
  } finally {
    await session.dispose();
  }
}

/** What an encoder computes for a seeded picture of noise: pooled features spread over all channels, and the largest. */
export async function encoderSelfTest(
  { manifest, tensors }: BundlePart<Pick<EncoderManifest, "spec">>,
  openSession: OpenSession,
  seed = 1,
): Promise<SelfTest> {
  const { width, height } = encoderOf(manifest.spec).preprocessing.resize;
  const pictures = randomInput(seed, [1, 3, height, width], 60);
  const model = encoderModel({ manifest, tensors }, ["pooled"]);
  const { pooled } = await withSession(openSession, model, (session) => session.run({ pictures }));
  const values = pooled!.data as Float32Array;
  const stride = Math.floor(values.length / compared);
  return { seed, values: Array.from({ length: compared }, (_, i) => values[i * stride]!), ids: [largestIndex(values)] };
}

/** What a decoder computes for seeded features: greedy words, and log-probabilities of the first of them. */
export async function decoderSelfTest(
  { manifest, tensors }: BundlePart<Pick<DecoderManifest, "spec">>,
  openSession: OpenSession,
  seed = 1,
): Promise<SelfTest> {
  const graphs = inferenceGraphs(manifest.spec, (name) => parameterContent(tensors, name));
  const features = randomInput(seed, [1, ...manifest.spec.features], 1);
  const begun = await withSession(openSession, graphs.begin, (session) => session.run({ features }));
  return withSession(openSession, graphs.step, async (session) => {
    const parents = tensor("int64", [1], new BigInt64Array(1));
    const ids: number[] = [];
    let values: number[] = [];
    let state: Record<string, Tensor> = begun;
    let word = startId;
    for (let i = 0; i < compared; i++) {
      const words = tensor("int64", [1], BigInt64Array.of(BigInt(word)));
      const outputs = await session.run({ ...begun, ...state, parents, words });
      const scores = outputs["logProbabilities"]!.data as Float32Array;
      // Without the padding columns: near −1e9, they would make any difference between real words look small.
      if (i === 0) values = Array.from(scores.subarray(0, Math.min(compared, manifest.spec.words)));
      word = largestIndex(scores);
      ids.push(word);
      state = nextState(outputs);
    }
    return { seed, values, ids };
  });
}

function checkEqual(found: SelfTest, recorded: SelfTest, part: string, source: string): void {
  const scale = Math.max(1, ...recorded.values.map(Math.abs));
  const close = recorded.values.every((value, i) => Math.abs(value - found.values[i]!) <= tolerance * scale);
  const sameIds = recorded.ids.every((id, i) => id === found.ids[i]);
  if (close && sameIds) return;
  throw new ShowtellError(
    "BUNDLE_SELF_TEST",
    `"${source}": the ${part} does not compute what it did when it was packed: pack or fetch it again, and report it if that does not help`,
  );
}

/** @throws ShowtellError `BUNDLE_SELF_TEST` if an encoder does not compute what its manifest says. */
export async function checkEncoder(
  part: BundlePart<EncoderManifest>,
  openSession: OpenSession,
  source: string,
): Promise<void> {
  const recorded = part.manifest.selfTest;
  checkEqual(await encoderSelfTest(part, openSession, recorded.seed), recorded, "encoder", source);
}

/** @throws ShowtellError `BUNDLE_SELF_TEST` if a decoder does not compute what its manifest says. */
export async function checkDecoder(
  part: BundlePart<DecoderManifest>,
  openSession: OpenSession,
  source: string,
): Promise<void> {
  const recorded = part.manifest.selfTest;
  checkEqual(await decoderSelfTest(part, openSession, recorded.seed), recorded, "decoder", source);
}
