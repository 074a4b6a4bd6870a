// What is written to a bundle is read back; its identity follows what the model computes and nothing else.
import { beforeAll, describe, expect, test } from "vitest";
import type { Tensor } from "../../src/base/tensor.ts";
import type { Bundle } from "../../src/bundle/bundle.ts";
import { decoderIdentity, encoderIdentity, readBundle } from "../../src/bundle/bundle.ts";
import { readingThrough, withPrecision } from "../../src/bundle/decoder-bundle.ts";
import type { DecoderManifest } from "../../src/bundle/manifest.ts";
import { manifestKey, parseManifest } from "../../src/bundle/manifest.ts";
import { asFloat32 } from "../../src/bundle/precision.ts";
import { checkDecoder } from "../../src/bundle/self-test.ts";
import { summariseBundle } from "../../src/bundle/summary.ts";
import { resnet50 } from "../../src/models/resnet50.ts";
import { openSession } from "../../src/node/ort-session.ts";
import { readSafetensors } from "../../src/safetensors/read.ts";
import { writeSafetensors } from "../../src/safetensors/write.ts";
import { expectClose, floats, numbersOf } from "../tensors.ts";
import {
  drawnWeights,
  fileOf,
  mixedWeights,
  tinyBundle,
  tinyCalibration,
  tinyInput,
  tinySpec,
} from "./tiny-decoder.ts";

let bundle: Omit<Bundle, "source">;
let file: Uint8Array;

beforeAll(async () => {
  bundle = await tinyBundle();
  file = fileOf(bundle);
});

/** The manifest in a file, as it stands there. */
function manifestOf(bytes: Uint8Array): unknown {
  return JSON.parse(readSafetensors(bytes).metadata[manifestKey]!);
}

/** The file with its manifest changed. */
function withManifest(change: (manifest: Record<string, unknown>) => object): Uint8Array {
  const { tensors } = readSafetensors(file);
  const manifest = change(manifestOf(file) as Record<string, unknown>);
  return writeSafetensors(tensors, { [manifestKey]: JSON.stringify(manifest) });
}

describe("a bundle that was written", () => {
  test("is read back with the same manifest and tensors, under the name it was given", () => {
    const read = readBundle(file, "models/tiny.safetensors");
    expect(read.source).toBe("models/tiny.safetensors");
    expect(read.manifest).toEqual(bundle.manifest);
    expect(read.decoder?.manifest).toEqual(bundle.decoder?.manifest);
    expect(Object.fromEntries(read.decoder!.tensors)).toEqual(Object.fromEntries(bundle.decoder!.tensors));
    expect(read).not.toHaveProperty("encoder");
  });

  test("gives the same bytes when it is read and written again", () => {
    expect(fileOf(readBundle(file, "tiny"))).toEqual(file);
  });

  test("keeps the attributes of its decoder: their words, the detector and what it computes", async () => {
    const spec = { ...tinySpec, attributes: [5, 7, 9] };
    const told = await tinyBundle({ decoder: { ...tinyInput.decoder, spec }, tensors: drawnWeights(spec) });
    const read = readBundle(fileOf(told), "told");
    expect(read.decoder!.manifest.spec).toEqual(spec);
    expect(summariseBundle(read).decoder!.attributes).toEqual(["dog", "runs", "grass"]);
    await checkDecoder(read.decoder!, openSession, "told");
    const half = await withPrecision(told, "float16", openSession);
    await checkDecoder(readBundle(fileOf(half), "half").decoder!, openSession, "half");
    // Other words make another model.
    const other = { ...told.decoder!.manifest, spec: { ...spec, attributes: [5, 7, 8] } };
    expect(decoderIdentity(told.decoder!.tensors, other)).not.toBe(read.decoder!.manifest.identity);
  });

  test("keeps fields that only a newer release knows when it is rewritten, wherever they stand", () => {
    const newer = withManifest((manifest) => {
      const decoder = manifest["decoder"] as Record<string, object>;
      return {
        ...manifest,
        review: { kind: "votes", value: 1.25 },
        licences: [{ ...(manifest["licences"] as object[])[0], url: "https://example.org" }],
        training: { ...(manifest["training"] as object), scores: { CIDEr: 0.5 } },
        decoder: {
          ...decoder,
          hint: null,
          encoder: { ...decoder["encoder"], size: 25 },
          vocabulary: { ...decoder["vocabulary"], counts: [1, 2] },
          decoding: { ...decoder["decoding"], temperature: 1 },
          selfTest: { ...decoder["selfTest"], engine: "1.30" },
        },
      };
    });
    const rewritten = fileOf(readBundle(newer, "newer"));
    expect(manifestOf(rewritten)).toEqual(manifestOf(newer));
    expect(manifestOf(rewritten)).not.toEqual(manifestOf(file));
    expect(readBundle(rewritten, "rewritten").decoder?.manifest.identity).toBe(bundle.decoder?.manifest.identity);
  });

  test("may carry the hashes of a data set as large as COCO", () => {
    const captionHashes = "0123456789abcdef".repeat(600_000);
    const large = withManifest((manifest) => ({ ...manifest, training: { captionHashes } }));
    expect(readBundle(large, "large").manifest.training?.captionHashes).toHaveLength(captionHashes.length);
  });
});

function identity(
  tensors: ReadonlyMap<string, Tensor> = tinyInput.tensors,
  changes: Partial<DecoderManifest> = {},
): string {
  return decoderIdentity(tensors, { ...tinyInput.decoder, ...changes });
}

describe("the identity of a decoder", () => {
  test("is a SHA-256 that equal decoders share, whatever the order of their tensors or fields", () => {
    const { spec } = tinyInput.decoder;
    const turned = Object.fromEntries(Object.entries(spec).toReversed()) as unknown as typeof spec;
    expect(identity()).toMatch(/^[0-9a-f]{64}$/);
    expect(identity(mixedWeights())).toBe(identity());
    expect(identity(new Map([...tinyInput.tensors].toReversed()))).toBe(identity());
    expect(identity(undefined, { spec: turned })).toBe(identity());
  });

  test("does not change with scores, licences, decoding defaults or names for people", async () => {
    const { encoder } = tinyInput.decoder;
    expect(identity(undefined, { encoder: { ...encoder, name: "another name" } })).toBe(identity());
    expect(identity(undefined, { decoding: { beam: 5, lengthExponent: 1, maximumLength: 9 } })).toBe(identity());
    const scored = await tinyBundle({ training: { CIDEr: 0.5 }, licences: [], writer: "somebody else" });
    expect(scored.decoder?.manifest.identity).toBe(identity());
  });

  test.each([...tinyInput.tensors.keys()])("changes with one element of %s", (name) => {
    const changed = mixedWeights();
    const data = changed.get(name)!.data as Float32Array;
    data[data.length - 1]! += 1;
    expect(identity(changed)).not.toBe(identity());
  });

  test("changes with the type, shape or name of a tensor, and with a tensor more", () => {
    const [name, { shape, data }] = [...drawnWeights(tinySpec)].at(-1)!;
    const wide = mixedWeights().set(name, { dtype: "float32", shape, data });
    const others: readonly (readonly [string, Tensor])[] = [
      [name, { dtype: "int32", shape, data: new Int32Array(data.buffer) }],
      [name, { dtype: "float32", shape: [1, ...shape], data }],
      ["more", floats([0], [])],
    ];
    const all = [wide, ...others.map(([at, value]) => new Map(wide).set(at, value))];
    const renamed = new Map([...wide].map(([at, value]) => [at === name ? `${name}.` : at, value]));
    expect(new Set([...all, renamed].map((tensors) => identity(tensors))).size).toBe(5);
  });

  test("changes with the specification, the words, their order, and the features that it reads", () => {
    const { spec, vocabulary, encoder } = tinyInput.decoder;
    const { words } = vocabulary;
    const changes: readonly Partial<DecoderManifest>[] = [
      {},
      { spec: { ...spec, hiddenSize: 7 } },
      { spec: { ...spec, vectors: "frozen" } },
      { spec: { ...spec, dropout: { ...spec.dropout, output: 0.4 } } },
      { vocabulary: { words: [...words, "more"] } },
      { vocabulary: { words: words.with(4, "the") } },
      { vocabulary: { words: words.with(4, words[5]!).with(5, words[4]!) } },
      { vocabulary: { words: words.with(4, `${words[4]}","${words[5]}`).toSpliced(5, 1) } },
      { encoder: { ...encoder, identity: "0".repeat(64) } },
      { encoder: { ...encoder, layer: "grid" } },
    ];
    expect(new Set(changes.map((change) => identity(undefined, change))).size).toBe(changes.length);
  });
});

test("the identity of an encoder changes with its preprocessing", () => {
  const { preprocessing } = resnet50;
  const tensors = new Map([["conv1.bias", floats([2], [1, 2])]]);
  const identities = [
    preprocessing,
    { ...preprocessing, channels: "RGB" as const },
    { ...preprocessing, resize: { ...preprocessing.resize, width: 225 } },
    { ...preprocessing, mean: [0, 0, 0] as const },
    { ...preprocessing, scale: [1, 1, 2] as const },
  ].map((rule) => encoderIdentity(tensors, { spec: { kind: "resnet50" }, preprocessing: rule }));
  expect(new Set(identities).size).toBe(identities.length);
});

describe("another precision", () => {
  test("gives another decoder that computes nearly the same and can be written and read", async () => {
    const wide = await withPrecision(bundle, "float32", openSession);
    const half = await withPrecision(wide, "float16", openSession);
    for (const [changed, dtype] of [
      [wide, "float32"],
      [half, "float16"],
    ] as const) {
      const { decoder } = readBundle(fileOf(changed), "changed");
      expect(new Set([...decoder!.tensors.values()].map((value) => value.dtype))).toEqual(new Set([dtype]));
      expect(decoder!.manifest.identity).not.toBe(bundle.decoder?.manifest.identity);
      await checkDecoder(decoder!, openSession, "changed");
      expectClose(decoder!.manifest.selfTest.values, bundle.decoder!.manifest.selfTest.values, 0.01);
    }
    expect(fileOf(half).length).toBeLessThan(fileOf(wide).length);
    // From int8 and float16 to float32 nothing is lost.
    for (const name of wide.decoder!.tensors.keys()) {
      expect(numbersOf(wide.decoder!.tensors.get(name))).toEqual(numbersOf(asFloat32(tinyInput.tensors, name)));
    }
  });

  test("or another encoder's features leave no calibration, which is of the decoder as it was", async () => {
    const decoder = bundle.decoder!.manifest.identity;
    const told = { ...bundle, manifest: { ...bundle.manifest, calibration: { ...tinyCalibration, decoder } } };
    expect(summariseBundle({ ...told, source: "told" })).toHaveProperty("calibration");
    const wide = await withPrecision(told, "float32", openSession);
    expect(wide.manifest).not.toHaveProperty("calibration");
    expect(readingThrough(told, "ab".repeat(32)).manifest).not.toHaveProperty("calibration");
    const foreign = {
      ...told,
      manifest: { ...told.manifest, calibration: { ...tinyCalibration, decoder: "cd".repeat(32) } },
    };
    expect(summariseBundle({ ...foreign, source: "foreign" })).not.toHaveProperty("calibration");
  });

  test("is refused where there is no decoder", async () => {
    const { decoder: _, ...none } = bundle;
    await expect(withPrecision(none, "float16", openSession)).rejects.toMatchObject({ code: "BUNDLE_KIND" });
  });
});

test("a training checkpoint is named as one", () => {
  expect(() => parseManifest({ [manifestKey]: '{"version":1,"checkpoint":{}}' }, "last.safetensors")).toThrow(
    expect.objectContaining({ code: "BUNDLE_KIND", message: expect.stringContaining("best.safetensors") as string }),
  );
});
