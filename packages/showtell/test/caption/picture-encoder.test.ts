// Encoder bundles and what they make of pictures: ResNet-50 with weights drawn from a seed, in float32, int8 and integers. The published
// weights are held against golden answers elsewhere.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeFloat16 } from "../../src/base/float16.ts";
import { seededRandom } from "../../src/base/random.ts";
import { bytesOf, tensor, zeros } from "../../src/base/tensor.ts";
import type { Tensor } from "../../src/base/tensor.ts";
import type { Bundle } from "../../src/bundle/bundle.ts";
import { encoderIdentity, readBundle } from "../../src/bundle/bundle.ts";
import { withEncoder } from "../../src/bundle/decoder-bundle.ts";
import { integerEncoder, makeEncoderBundle, quantisedEncoder } from "../../src/bundle/encoder-bundle.ts";
import type { EncoderManifest } from "../../src/bundle/manifest.ts";
import { checkDecoder, checkEncoder } from "../../src/bundle/self-test.ts";
import type { PictureEncoder } from "../../src/caption/picture-encoder.ts";
import { openPictureEncoder } from "../../src/caption/picture-encoder.ts";
import { createPixels } from "../../src/image/pixels.ts";
import type { Pixels } from "../../src/image/pixels.ts";
import { preprocess } from "../../src/image/preprocess.ts";
import { resnet50 } from "../../src/models/resnet50.ts";
import { openSession } from "../../src/node/ort-session.ts";
import { fileOf, tinyBundle, tinyInput } from "../bundle/tiny-decoder.ts";
import { drawnEncoder, plainCalibration } from "../small-encoder.ts";
import { floats } from "../tensors.ts";

/** A picture of coloured noise. */
function picture(width: number, height: number, purpose: string): Pixels {
  const random = seededRandom(2, purpose);
  return createPixels(
    width,
    height,
    Uint8Array.from({ length: 3 * width * height }, () => random.below(256)),
  );
}

const pictures = [
  picture(224, 224, "a"),
  picture(40, 30, "b"),
  picture(7, 300, "c"),
  picture(1, 1, "d"),
  picture(64, 64, "e"),
];

function cosine(a: Float32Array, b: Float32Array): number {
  let [product, squaresA, squaresB] = [0, 0, 0];
  for (const [i, x] of a.entries()) {
    product += x * b[i]!;
    squaresA += x * x;
    squaresB += b[i]! * b[i]!;
  }
  return product / Math.sqrt(squaresA * squaresB);
}

const licences = [{ part: "encoder", origin: "drawn from a seed", licence: "CC0-1.0" }];
const spec = { kind: "resnet50" } as const;
const description = { spec, preprocessing: resnet50.preprocessing };
const weights = drawnEncoder("resnet50");
let small: Omit<Bundle, "source">;
let file: Uint8Array;
/** The same network computing in integers. */
let integers: Omit<Bundle, "source">;
let calibration: ReadonlyMap<string, Tensor<"float32">>;

beforeAll(async () => {
  const made = { licences, writer: "test" };
  small = await makeEncoderBundle({ ...made, spec, tensors: quantisedEncoder(weights) }, openSession);
  file = fileOf(small);
  calibration = await plainCalibration("resnet50", weights, preprocessed());
  const tensors = integerEncoder(weights, calibration);
  integers = await makeEncoderBundle({ ...made, spec: { ...spec, arithmetic: "integer" }, tensors }, openSession);
});

/** The pictures as the network reads them. */
function preprocessed(): Tensor<"float32"> {
  const input = new Float32Array(3 * 224 * 224 * pictures.length);
  pictures.forEach((one, i) => preprocess(one, resnet50.preprocessing, input.subarray(150_528 * i, 150_528 * (i + 1))));
  return floats([pictures.length, 3, 224, 224], input);
}

describe("an encoder bundle with int8 weights", () => {
  test("takes a byte a weight, and is read back as it was", () => {
    const count = [...weights.values()].reduce((sum, { data }) => sum + data.length, 0);
    expect(file.length).toBeLessThan(1.02 * count);
    const { encoder, manifest } = readBundle(file, "encoder");
    expect(manifest).toEqual(small.manifest);
    expect(encoder?.manifest.preprocessing).toEqual(resnet50.preprocessing);
    expect([...encoder!.tensors.keys()].toSorted()).toEqual([...small.encoder!.tensors.keys()].toSorted());
    for (const [name, { dtype, shape, data }] of small.encoder!.tensors) {
      const found = encoder!.tensors.get(name)!;
      expect([name, found.dtype, found.shape]).toEqual([name, dtype, shape]);
      expect(Buffer.compare(bytesOf(found), bytesOf({ dtype, shape, data })), name).toBe(0);
    }
  });

  test("is another encoder than the one with float32 weights", () => {
    expect(encoderIdentity(weights, description)).not.toBe(small.encoder?.manifest.identity);
    expect(encoderIdentity(small.encoder!.tensors, description)).toBe(small.encoder?.manifest.identity);
  });

  test("passes its self-test, and not with other weights", async () => {
    const { encoder } = readBundle(file, "encoder");
    await checkEncoder(encoder!, openSession, "encoder");
    const tensors = new Map(encoder!.tensors).set("conv1.weight", zeros("int8", resnet50.tensors["conv1.weight"]!));
    await expect(checkEncoder({ ...encoder!, tensors }, openSession, "encoder")).rejects.toMatchObject({
      code: "BUNDLE_SELF_TEST",
      message: expect.stringContaining("the encoder") as string,
    });
  });

  test("is refused with a weight changed, another rule for its pictures, or one that can't be followed", () => {
    const changed = file.slice();
    changed[changed.length - 1_000_000]! ^= 1;
    expect(() => readBundle(changed, "encoder")).toThrow(
      expect.objectContaining({ code: "BUNDLE_FORMAT", message: expect.stringContaining("its hash") as string }),
    );
    const { resize } = resnet50.preprocessing;
    for (const [preprocessing, what] of [
      [{ ...resnet50.preprocessing, channels: "RGB" }, "its hash"],
      [{ ...resnet50.preprocessing, resize: { ...resize, kind: "crop" } }, '"encoder": field "preprocessing.resize'],
    ] as const) {
      const manifest = { ...small.encoder!.manifest, preprocessing } as EncoderManifest;
      const bytes = fileOf({ ...small, encoder: { ...small.encoder!, manifest } });
      expect(() => readBundle(bytes, "encoder")).toThrow(
        expect.objectContaining({ code: "BUNDLE_FORMAT", message: expect.stringContaining(what) as string }),
      );
    }
  });

  test("can be joined with the decoder that was trained on it, and with no other", async () => {
    const stranger = await tinyBundle();
    expect(() => withEncoder(stranger, small.encoder!, [])).toThrow(
      expect.objectContaining({ code: "ENCODER_MISMATCH" }),
    );
    const { identity } = small.encoder!.manifest;
    const decoder = { ...tinyInput.decoder, encoder: { identity, name: "drawn", layer: "pooled" as const } };
    const own = await tinyBundle({ decoder });
    const bytes = fileOf(withEncoder(own, small.encoder!, licences));
    const both = readBundle(bytes, "both");
    expect(both.encoder?.manifest.identity).toBe(identity);
    expect(both.decoder?.manifest.identity).toBe(own.decoder?.manifest.identity);
    expect(both.manifest.licences).toEqual([...own.manifest.licences, ...licences]);
    await checkDecoder(both.decoder!, openSession, "both");
  });
});

describe("an encoder bundle that computes in integers", () => {
  test("is another encoder, takes a byte a weight, and passes its self-test when it is read back", async () => {
    const bytes = fileOf(integers);
    expect(bytes.length).toBeLessThan(1.005 * file.length);
    const { encoder } = readBundle(bytes, "encoder");
    expect(encoder!.manifest.spec).toEqual({ kind: "resnet50", arithmetic: "integer" });
    expect(encoder!.manifest.identity).not.toBe(small.encoder!.manifest.identity);
    await checkEncoder(encoder!, openSession, "encoder");
  });

  test("is refused without its ranges or a shift, and without integers", async () => {
    const { manifest, tensors } = integers.encoder!;
    for (const left of ["ranges", "conv1.shift"]) {
      const without = new Map([...tensors].filter(([name]) => name !== left));
      expect(() => readBundle(fileOf({ ...integers, encoder: { manifest, tensors: without } }), "encoder")).toThrow(
        expect.objectContaining({
          code: "BUNDLE_TENSORS",
          message: expect.stringContaining(`"${left}" is missing`) as string,
        }),
      );
    }
    const wide = new Map([...weights, ["ranges", tensors.get("ranges")!] as const]);
    await expect(openPictureEncoder({ manifest, tensors: wide }, "pooled", openSession)).rejects.toMatchObject({
      code: "BUNDLE_TENSORS",
      message: expect.stringMatching(/"\S+\.weight" is float32/) as string,
    });
  });

  test("keeps a bias that is far larger than its kernel", () => {
    const faint = weights.get("conv1.weight")!.data.map((value) => value * 1e-9);
    const kernels = new Map(weights).set("conv1.weight", tensor("float32", [64, 3, 7, 7], faint));
    const tensors = integerEncoder(kernels, calibration);
    const scales = tensors.get("conv1.weight.scale")!.data as Float32Array;
    const biases = weights.get("conv1.bias")!.data;
    expect(Math.max(...biases.map((bias, i) => Math.abs(bias / scales[i]!)))).toBeLessThan(1.01 * 2 ** 20);
  });
});

describe.each([
  ["pooled", "int8 weights", () => small],
  ["grid", "int8 weights", () => small],
  ["pooled", "integers", () => integers],
  ["grid", "integers", () => integers],
] as const)("%s features by %s", (layer, _, bundle) => {
  let encoder: PictureEncoder;

  beforeAll(async () => {
    encoder = await openPictureEncoder(bundle().encoder!, layer, openSession);
  });

  afterAll(() => encoder.dispose());

  test("have the encoder's shape, are finite, and differ from picture to picture", async () => {
    const size = encoder.shape.reduce((product, dimension) => product * dimension, 1);
    expect(encoder.shape).toEqual(layer === "pooled" ? [2048] : [49, 2048]);
    expect(encoder.identity).toBe(bundle().encoder?.manifest.identity);
    const features = decodeFloat16(await encoder.encode(pictures));
    expect(features).toHaveLength(pictures.length * size);
    expect(features.every((value) => Number.isFinite(value) && value >= 0)).toBe(true);
    expect(features.subarray(0, size)).not.toEqual(features.subarray(size, 2 * size));
  });

  test("are bit for bit the same alone and in batches of any size", async () => {
    const alone: Uint16Array[] = [];
    for (const one of pictures) alone.push(await encoder.encode([one]));
    for (const count of [2, 3, 5]) {
      const together = await encoder.encode(pictures.slice(0, count));
      const size = together.length / count;
      for (let i = 0; i < count; i++) {
        expect(Buffer.compare(bits(together.subarray(i * size, (i + 1) * size)), bits(alone[i]!)), `${i}`).toBe(0);
      }
    }
    // After a larger batch, too: nothing of it is left in the buffers.
    expect(Buffer.compare(bits(await encoder.encode([pictures[4]!])), bits(alone[4]!))).toBe(0);
  });
});

function bits(features: Uint16Array): Uint8Array {
  return bytesOf({ dtype: "float16", shape: [features.length], data: features });
}

test("pooled features are the mean of the grid's positions", async () => {
  const part = readBundle(file, "encoder").encoder!;
  const found: Float32Array[] = [];
  for (const layer of ["pooled", "grid"] as const) {
    const encoder = await openPictureEncoder(part, layer, openSession);
    found.push(decodeFloat16(await encoder.encode([pictures[1]!])));
    await encoder.dispose();
  }
  const [pooled, grid] = found as [Float32Array, Float32Array];
  const means = Float32Array.from({ length: 2048 }, (_, channel) => {
    let sum = 0;
    for (let position = 0; position < 49; position++) sum += grid[position * 2048 + channel]!;
    return sum / 49;
  });
  expect(cosine(means, pooled)).toBeGreaterThan(0.999999);
});

test.each([
  ["int8 weights", () => small, 0.999],
  ["integers", () => integers, 0.99],
] as const)("%s give nearly the features of the float32 weights", async (_, bundle, least) => {
  const found: Float32Array[] = [];
  for (const part of [{ manifest: small.encoder!.manifest, tensors: weights }, bundle().encoder!]) {
    const encoder = await openPictureEncoder(part, "pooled", openSession);
    found.push(decodeFloat16(await encoder.encode([pictures[0]!])));
    await encoder.dispose();
  }
  expect(found[0]).not.toEqual(found[1]);
  expect(cosine(found[0]!, found[1]!)).toBeGreaterThan(least);
});
