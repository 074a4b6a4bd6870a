// The self-test: a bundle proves on loading that it computes here what it computed where it was packed. Only it can see what the
// identity can't: a file written with wrong weights, or an engine that computes something else.
import { describe, expect, test } from "vitest";
import { tensor } from "../../src/base/tensor.ts";
import type { BundlePart } from "../../src/bundle/bundle.ts";
import { decoderIdentity, readBundle } from "../../src/bundle/bundle.ts";
import type { DecoderManifest } from "../../src/bundle/manifest.ts";
import { checkDecoder, decoderSelfTest } from "../../src/bundle/self-test.ts";
import type { OpenSession, Session } from "../../src/engine/session.ts";
import { openSession } from "../../src/node/ort-session.ts";
import { expectClose } from "../tensors.ts";
import { drawnWeights, fileOf, mixedWeights, tinyBundle, tinyInput, tinySpec, tinyWords } from "./tiny-decoder.ts";

type Part = BundlePart<DecoderManifest>;

async function tinyPart(changes: Parameters<typeof tinyBundle>[0] = {}): Promise<Part> {
  const { decoder } = await tinyBundle(changes);
  return decoder!;
}

/** The part with other weights, as if it had been packed with them: only the recorded self-test is still the old one. */
function repacked({ manifest }: Part, tensors: Part["tensors"]): Part {
  return { manifest: { ...manifest, identity: decoderIdentity(tensors, manifest) }, tensors };
}

/** An engine that computes nothing usable. */
const broken: OpenSession = async (model) => {
  const session = await openSession(model);
  const run: Session["run"] = async (feeds) => {
    const outputs = await session.run(feeds);
    (outputs["logProbabilities"]?.data as Float32Array | undefined)?.fill(Number.NaN);
    return outputs;
  };
  return { inputNames: [], outputNames: [], run, dispose: () => session.dispose() };
};

describe("the self-test of a decoder", () => {
  test("passes on the bundle as it was made, and as it is read from its file", async () => {
    const bundle = await tinyBundle();
    await checkDecoder(bundle.decoder!, openSession, "tiny");
    await checkDecoder(readBundle(fileOf(bundle), "tiny").decoder!, openSession, "tiny");
  });

  test("records eight log-probabilities of the first step and eight greedy words", async () => {
    const { selfTest } = (await tinyPart()).manifest;
    expect(selfTest.values).toHaveLength(8);
    expect(selfTest.ids).toHaveLength(8);
    const total = selfTest.values.reduce((sum, value) => sum + Math.exp(value), 0);
    expect(total).toBeGreaterThan(0.1);
    expect(total).toBeLessThan(1);
    expect(Math.max(...selfTest.ids)).toBeLessThan(tinyWords.length);
  });

  test("depends on its seed alone", async () => {
    const part = { manifest: tinyInput.decoder, tensors: tinyInput.tensors };
    expect(await decoderSelfTest(part, openSession, 5)).toEqual(await decoderSelfTest(part, openSession, 5));
    expect((await decoderSelfTest(part, openSession, 5)).values).not.toEqual(
      (await decoderSelfTest(part, openSession, 6)).values,
    );
  });

  test.each([...drawnWeights(tinySpec).keys()])("sees other values of %s, although the file is whole", async (name) => {
    const part = await tinyPart({ tensors: drawnWeights(tinySpec) });
    const other = drawnWeights(tinySpec).set(name, drawnWeights(tinySpec, 3).get(name)!);
    const damaged = repacked(part, other);
    const manifest = { version: 1 as const, writer: "test", decoder: damaged.manifest, licences: [] };
    const { decoder } = readBundle(fileOf({ manifest, decoder: damaged }), "changed.safetensors");
    await expect(checkDecoder(decoder!, openSession, "changed.safetensors")).rejects.toMatchObject({
      code: "BUNDLE_SELF_TEST",
      message: expect.stringContaining('"changed.safetensors": the decoder') as string,
    });
  });

  test("sees wrong weights where the vocabulary is smaller than what is compared", async () => {
    const spec = { ...tinySpec, words: 5 };
    const decoder = { ...tinyInput.decoder, spec, vocabulary: { words: tinyWords.slice(0, 5) } };
    const part = await tinyPart({ decoder, tensors: drawnWeights(spec) });
    expect(part.manifest.selfTest.values).toHaveLength(5);
    await checkDecoder(part, openSession, "small");
    // A bias that moves no greedy word but every probability.
    const bias = drawnWeights(spec).get("output.bias")!;
    const steeper = tensor("float32", bias.shape, bias.data.slice());
    steeper.data[part.manifest.selfTest.ids[0]!]! += 0.5;
    const other = repacked(part, new Map(part.tensors).set("output.bias", steeper));
    await expect(checkDecoder(other, openSession, "small")).rejects.toMatchObject({ code: "BUNDLE_SELF_TEST" });
  });

  test("allows what another engine rounds otherwise, and no more", async () => {
    const { manifest, tensors } = await tinyPart();
    const { values } = manifest.selfTest;
    const largest = Math.max(1, ...values.map(Math.abs));
    const off = (share: number): Part => {
      const shifted = values.with(3, values[3]! + share * 1e-3 * largest);
      return { manifest: { ...manifest, selfTest: { ...manifest.selfTest, values: shifted } }, tensors };
    };
    await checkDecoder(off(0.9), openSession, "near");
    await expect(checkDecoder(off(1.1), openSession, "far")).rejects.toMatchObject({ code: "BUNDLE_SELF_TEST" });
  });

  test("sees an engine that gives no numbers", async () => {
    const part = await tinyPart();
    await expect(checkDecoder(part, broken, "tiny")).rejects.toMatchObject({ code: "BUNDLE_SELF_TEST" });
  });

  test("closes its sessions, also when the engine fails", async () => {
    const part = await tinyPart();
    let open = 0;
    const counted =
      (failing: boolean): OpenSession =>
      async (model) => {
        const session = await openSession(model);
        open++;
        return {
          inputNames: session.inputNames,
          outputNames: session.outputNames,
          run: (feeds) => (failing ? Promise.reject(new Error("no memory")) : session.run(feeds)),
          dispose: () => {
            open--;
            return session.dispose();
          },
        };
      };
    await checkDecoder(part, counted(false), "tiny");
    await expect(checkDecoder(part, counted(true), "tiny")).rejects.toThrow("no memory");
    expect(open).toBe(0);
  });
});

test("weights stored in three precisions compute what their float32 values compute", async () => {
  const stored = await tinyPart({ tensors: mixedWeights() });
  const wide = await tinyPart({ tensors: drawnWeights(tinySpec) });
  expectClose(stored.manifest.selfTest.values, wide.manifest.selfTest.values, 0.05);
  expect(stored.manifest.selfTest.values).not.toEqual(wide.manifest.selfTest.values);
});
