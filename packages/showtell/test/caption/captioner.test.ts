// Captions of a tiny decoder through the real engine: what comes out is what the decoder gives, whatever the search, batch or seed.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeFloat16 } from "../../src/base/float16.ts";
import { tensor } from "../../src/base/tensor.ts";
import type { BundlePart } from "../../src/bundle/bundle.ts";
import type { DecoderManifest } from "../../src/bundle/manifest.ts";
import { asFloat32 } from "../../src/bundle/precision.ts";
import type { CaptionOptions } from "../../src/caption/caption-options.ts";
import type { Candidate, FeatureCaptioner } from "../../src/caption/captioner.ts";
import { openFeatureCaptioner } from "../../src/caption/captioner.ts";
import type { FeatureBatch } from "../../src/caption/decoder-stepper.ts";
import { decoderOf } from "../../src/models/catalogue.ts";
import { scoringGraph } from "../../src/models/training-graph.ts";
import { openSession } from "../../src/node/ort-session.ts";
import { endId, startId } from "../../src/text/vocabulary.ts";
import { tinyBundle, tinySpec, tinyWords } from "../bundle/tiny-decoder.ts";
import { drawn, floats, integers, scalar } from "../tensors.ts";

const images = 6;
const size = tinySpec.features[0]!;

/** Features as a cache holds them. */
const batch: FeatureBatch = { images, data: encodeFloat16(drawn([images, size], "pictures", 2).data) };

function alone(image: number): FeatureBatch {
  return { images: 1, data: batch.data.slice(image * size, (image + 1) * size) };
}

let part: BundlePart<DecoderManifest>;
let captioner: FeatureCaptioner;

beforeAll(async () => {
  part = (await tinyBundle()).decoder!;
  captioner = await openFeatureCaptioner(part, openSession, { threads: 1 });
});

afterAll(() => captioner.dispose());

/** A caption's log-probability by the graph that training uses, which reads the true words instead of searching. */
async function rescored(image: number, { tokens, truncated }: Candidate): Promise<number> {
  const ids = tokens.map((token) => tinyWords.indexOf(token));
  const targets = truncated ? ids : [...ids, endId];
  const steps = targets.length;
  const session = await openSession(scoringGraph(tinySpec, { images: 1, lengths: [steps] }), { threads: 1 });
  const names = Object.keys(decoderOf(tinySpec).parameters(tinySpec));
  const { loss } = await session.run({
    ...Object.fromEntries(names.map((name) => [name, asFloat32(part.tensors, name)])),
    features: tensor("float16", [1, size], alone(image).data),
    words: integers([startId, ...ids].slice(0, steps)),
    targets: integers(targets),
    weights: floats([steps], new Float32Array(steps).fill(1)),
    normaliser: scalar(1),
  });
  await session.dispose();
  return -Number(loss!.data[0]);
}

async function captions(options?: CaptionOptions): Promise<readonly string[]> {
  return (await captioner.caption(batch, options)).map(({ caption }) => caption);
}

describe.each<[string, CaptionOptions]>([
  ["greedy", { beam: 1 }],
  ["a beam of 3", { beam: 3, candidates: 3 }],
  ["sampling", { temperature: 1.2, candidates: 4, seed: 3 }],
])("%s", (_, options) => {
  test("gives a caption for each picture, with the probability that the decoder gives it", async () => {
    const found = await captioner.caption(batch, options);
    expect(found).toHaveLength(images);
    for (const [image, { candidates }] of found.entries()) {
      for (const candidate of candidates) {
        const { logProbability, tokenLogProbabilities, tokens, truncated, score } = candidate;
        expect(logProbability).toBeCloseTo(await rescored(image, candidate), 4);
        expect(tokenLogProbabilities.reduce((sum, value) => sum + value, 0)).toBeCloseTo(logProbability, 6);
        expect(tokenLogProbabilities).toHaveLength(tokens.length + (truncated ? 0 : 1));
        expect(score).toBeCloseTo(logProbability / tokenLogProbabilities.length ** 0.7, 6);
      }
    }
  });

  test("gives a picture the same captions alone and in a batch", async () => {
    const together = await captioner.caption(batch, options);
    for (let image = 0; image < images; image++) {
      const [one] = await captioner.caption(alone(image), options);
      expect(one!.candidates.map(({ caption }) => caption)).toEqual(
        together[image]!.candidates.map(({ caption }) => caption),
      );
      expect(one!.logProbability).toBeCloseTo(together[image]!.logProbability, 4);
    }
  });

  test("says words of the vocabulary only: no special ones", async () => {
    for (const { candidates } of await captioner.caption(batch, options)) {
      for (const { tokens, caption } of candidates) {
        for (const token of tokens) expect(tinyWords.slice(4)).toContain(token);
        expect(caption.toLowerCase()).toBe(tokens.join(" "));
      }
    }
  });

  test("can be cancelled, before it begins and between two words", async () => {
    let asked = 0;
    const later = {
      get aborted() {
        return ++asked > 2;
      },
    };
    for (const signal of [{ aborted: true }, later]) {
      await expect(captioner.caption(batch, { ...options, signal })).rejects.toMatchObject({ code: "CANCELLED" });
    }
    expect(asked).toBe(3);
    // Nothing is left behind that could disturb the next caption.
    expect(await captioner.caption(batch, options)).toEqual(await captioner.caption(batch, options));
  });
});

describe("searching", () => {
  test("finds different captions for different features", async () => {
    expect(new Set(await captions({ beam: 1 })).size).toBeGreaterThan(1);
  });

  test("uses the bundle's beam, and returns one caption, where nothing is said", async () => {
    const found = await captioner.caption(batch);
    expect(found).toEqual(await captioner.caption(batch, { beam: 3, candidates: 1 }));
    for (const { candidates } of found) expect(candidates).toHaveLength(1);
  });

  test("gives different candidates, best first; the first is the caption", async () => {
    const found = await captioner.caption(batch, { beam: 3, candidates: 3 });
    expect(found.some(({ candidates }) => candidates.length === 3)).toBe(true);
    for (const { candidates, ...best } of found) {
      expect(best).toEqual(candidates[0]);
      expect(new Set(candidates.map(({ caption }) => caption)).size).toBe(candidates.length);
      const scores = candidates.map(({ score }) => score);
      expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    }
  });

  test("finds captions as good as greedy search or better with a wide beam", async () => {
    const wide = await captioner.caption(batch, { beam: 50 });
    const gains = (await captioner.caption(batch, { beam: 1 })).flatMap(({ score, truncated }, image) =>
      truncated ? [] : [wide[image]!.score - score],
    );
    expect(gains.length).toBeGreaterThan(0);
    expect(Math.min(...gains)).toBeGreaterThan(-1e-6);
    expect(Math.max(...gains)).toBeGreaterThan(1e-3);
  });

  test("cuts a caption at the bundle's greatest length, end included, and says so", async () => {
    const decoding = { ...part.manifest.decoding, maximumLength: 2 };
    const short = await openFeatureCaptioner({ ...part, manifest: { ...part.manifest, decoding } }, openSession);
    const found = await short.caption(batch, { beam: 1 });
    await short.dispose();
    expect(found.some(({ truncated }) => truncated)).toBe(true);
    for (const { tokens, truncated } of found) expect(tokens.length).toBeLessThanOrEqual(truncated ? 2 : 1);
  });

  test("refuses more candidates than hypotheses", async () => {
    await expect(captioner.caption(batch, { beam: 2, candidates: 3 })).rejects.toMatchObject({ code: "ARGUMENT" });
  });
});

describe("sampling", () => {
  const options = { temperature: 1.5, candidates: 3 };

  test("gives the same captions for the same seed, and others for another", async () => {
    expect(await captions({ ...options, seed: 5 })).toEqual(await captions({ ...options, seed: 5 }));
    expect(await captions({ ...options, seed: 5 })).not.toEqual(await captions({ ...options, seed: 6 }));
    expect(await captions(options)).toEqual(await captions({ ...options, seed: 1 }));
  });

  test("at a temperature near 0 is greedy search", async () => {
    expect(await captions({ temperature: 1e-4 })).toEqual(await captions({ beam: 1 }));
  });

  test("ranks by the bundle's length exponent", async () => {
    const decoding = { ...part.manifest.decoding, lengthExponent: 0 };
    const plain = await openFeatureCaptioner({ ...part, manifest: { ...part.manifest, decoding } }, openSession);
    for (const { candidates } of await plain.caption(batch, options)) {
      for (const { score, logProbability } of candidates) expect(score).toBeCloseTo(logProbability, 10);
    }
    await plain.dispose();
  });

  test("refuses a temperature that is none", async () => {
    for (const temperature of [0, -1, Number.NaN]) {
      await expect(captioner.caption(batch, { temperature })).rejects.toMatchObject({ code: "ARGUMENT" });
    }
  });
});

describe("features", () => {
  test("that do not fit the number of pictures are refused", async () => {
    const cut = { images, data: batch.data.subarray(1) };
    await expect(captioner.caption(cut)).rejects.toMatchObject({ code: "ARGUMENT" });
  });

  test("of no picture give no caption", async () => {
    expect(await captioner.caption({ images: 0, data: new Uint16Array(0) })).toEqual([]);
  });
});

describe("weighing given tokens", () => {
  test("agrees with the search on every candidate, picture by picture", async () => {
    for (const [image, { candidates }] of (await captioner.caption(batch, { candidates: 3 })).entries()) {
      for (const { tokens, tokenLogProbabilities } of candidates) {
        const weights = (await captioner.weigh(batch, tokens))[image]!;
        tokenLogProbabilities.forEach((expected, i) => expect(weights[i]).toBeCloseTo(expected, 5));
        expect(weights).toHaveLength(tokens.length + 1);
      }
    }
  });

  test("refuses a token that the model does not know, naming it", async () => {
    const message = expect.stringContaining('"xylograph"') as string;
    await expect(captioner.weigh(batch, ["a", "xylograph"])).rejects.toMatchObject({ code: "WORD_UNKNOWN", message });
  });
});
