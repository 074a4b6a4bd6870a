// Decoders that caption together: through the real engine, and what is said when they can't.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeFloat16 } from "../../src/base/float16.ts";
import type { BundlePart } from "../../src/bundle/bundle.ts";
import type { DecoderManifest } from "../../src/bundle/manifest.ts";
import type { FeatureCaptioner } from "../../src/caption/captioner.ts";
import { openEnsembleCaptioner, openFeatureCaptioner } from "../../src/caption/captioner.ts";
import { planEnsemble } from "../../src/caption/ensemble.ts";
import { openSession } from "../../src/node/ort-session.ts";
import { mixedWeights, tinyBundle, tinyInput, tinySpec, tinyWords } from "../bundle/tiny-decoder.ts";
import { drawn } from "../tensors.ts";

const images = 6;
const size = tinySpec.features[0]!;
const batch = { images, data: encodeFloat16(drawn([images, size], "pictures", 2).data) };
const other = { images, data: encodeFloat16(drawn([images, size], "other pictures", 2).data) };

type Decoder = BundlePart<DecoderManifest>;

async function decoderOf(seed: number, changes: Partial<(typeof tinyInput)["decoder"]> = {}): Promise<Decoder> {
  const { decoder } = await tinyBundle({ tensors: mixedWeights(seed), decoder: { ...tinyInput.decoder, ...changes } });
  return decoder!;
}

const named = (...decoders: readonly Decoder[]) =>
  decoders.map((decoder, i) => ({ source: `${"abc"[i]}.safetensors`, decoder }));

/** What each picture's candidates begin with, and the probability of that. */
async function firstWords(captioner: FeatureCaptioner): Promise<Map<string, number>[]> {
  const all = await captioner.caption(batch, { beam: 50, candidates: 50 });
  return all.map(
    ({ candidates }) =>
      new Map(candidates.map(({ tokens, tokenLogProbabilities: [first] }) => [tokens[0] ?? "", first!])),
  );
}

let decoders: readonly Decoder[];
let ensemble: FeatureCaptioner;

beforeAll(async () => {
  decoders = [await decoderOf(2), await decoderOf(3), await decoderOf(4)];
  ensemble = await openEnsembleCaptioner(named(...decoders), openSession, { threads: 1 });
});

afterAll(() => ensemble.dispose());

describe("an ensemble of decoders", () => {
  test("gives the first word the mean of the probabilities that its members give it", async () => {
    const alone = [];
    for (const decoder of decoders) {
      const member = await openFeatureCaptioner(decoder, openSession, { threads: 1 });
      alone.push(await firstWords(member));
      await member.dispose();
    }
    let compared = 0;
    for (const [image, words] of (await firstWords(ensemble)).entries()) {
      for (const [word, logProbability] of words) {
        const own = alone.map((each) => each[image]!.get(word));
        if (own.includes(undefined)) continue;
        const mean = own.reduce<number>((sum, value) => sum + Math.exp(value!) / own.length, 0);
        expect(Math.exp(logProbability)).toBeCloseTo(mean, 5);
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(2 * images);
  });

  test("reads features of each different encoder and layer once, and gives every member its own", async () => {
    const encoder = { identity: "f".repeat(64), name: "another", layer: "pooled" } as const;
    const foreign = await decoderOf(3, { encoder });
    const mixed = await openEnsembleCaptioner(named(decoders[0]!, foreign, decoders[2]!), openSession, { threads: 1 });
    expect(mixed.inputs).toEqual([tinyInput.decoder.encoder, encoder]);
    const captions = await mixed.caption([batch, other]);
    // With the same features for both it is the ensemble above, though it is another model.
    expect(await mixed.caption([batch, batch])).toEqual(await ensemble.caption(batch));
    expect(captions).not.toEqual(await ensemble.caption(batch));
    expect(mixed.identity).not.toBe(ensemble.identity);
    for (const wrong of [batch, [batch], [batch, { images: 1, data: other.data.subarray(0, size) }]]) {
      await expect(mixed.caption(wrong)).rejects.toMatchObject({
        code: "ARGUMENT",
        message: expect.stringContaining("pooled of some-encoder, pooled of another") as string,
      });
    }
    await mixed.dispose();
  });
});

describe("a plan", () => {
  test("has the identity of a lone member, and one that the order of several does not change", async () => {
    const [a, b, c] = named(...decoders);
    const identities = [[a!], [a!, b!], [b!, a!], [a!, c!], [a!, b!, c!], [a!, a!]].map(
      (members) => planEnsemble(members).identity,
    );
    expect(identities[0]).toBe(decoders[0]!.manifest.identity);
    expect(identities[1]).toBe(identities[2]);
    expect(new Set(identities).size).toBe(5);
    for (const identity of identities) expect(identity).toMatch(/^[0-9a-f]{64}$/);
  });

  test("is refused, naming the member, where a vocabulary differs", async () => {
    const words = tinyWords.with(5, "hound");
    const renamed = await decoderOf(3, { vocabulary: { words } });
    expect(() => planEnsemble(named(decoders[0]!, decoders[1]!, renamed))).toThrow(
      expect.objectContaining({
        code: "ENSEMBLE_MISMATCH",
        message: expect.stringMatching(/"c\.safetensors".*word 5 is "hound".*"a\.safetensors" has "dog"/) as string,
      }),
    );
    const { manifest, tensors } = decoders[1]!;
    const longer = { manifest: { ...manifest, vocabulary: { words: [...tinyWords, "sky"] } }, tensors };
    expect(() => planEnsemble(named(decoders[0]!, longer))).toThrow(
      /"b\.safetensors".*has 11 words, "a\.safetensors" 10/,
    );
    expect(() => planEnsemble([])).toThrow(expect.objectContaining({ code: "ARGUMENT" }));
  });
});
