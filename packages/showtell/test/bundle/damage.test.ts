// A damaged bundle is refused with a code that says why. The only changes that pass are those that leave the model as it was,
// in a licence's text, say; its identity is then the same.
import { beforeAll, describe, expect, test } from "vitest";
import { ShowtellError } from "../../src/base/errors.ts";
import { seededRandom } from "../../src/base/random.ts";
import type { DType, Tensor } from "../../src/base/tensor.ts";
import { bytesPerElement, bytesOf, viewAs } from "../../src/base/tensor.ts";
import type { Bundle } from "../../src/bundle/bundle.ts";
import { readBundle } from "../../src/bundle/bundle.ts";
import { manifestKey } from "../../src/bundle/manifest.ts";
import { checkDecoder } from "../../src/bundle/self-test.ts";
import { openSession } from "../../src/node/ort-session.ts";
import { safetensorsDataStart } from "../../src/safetensors/header.ts";
import { readSafetensors } from "../../src/safetensors/read.ts";
import { writeSafetensors } from "../../src/safetensors/write.ts";
import { fileOf, tinyBundle } from "./tiny-decoder.ts";

/** The codes with which a damaged file may be refused. */
const codes = [
  "SAFETENSORS_FORMAT",
  "BUNDLE_FORMAT",
  "BUNDLE_VERSION",
  "BUNDLE_TENSORS",
  "VOCABULARY",
  "BUNDLE_SELF_TEST",
] as const;
type Code = (typeof codes)[number];

let whole: Bundle;
let file: Uint8Array;
let tensors: ReadonlyMap<string, Tensor>;
let manifestText: string;

beforeAll(async () => {
  file = fileOf(await tinyBundle());
  whole = readBundle(file, "whole");
  const { metadata, tensors: all } = readSafetensors(file);
  tensors = all;
  manifestText = metadata[manifestKey]!;
});

/** The code with which a file is refused; undefined if it is loaded, and then it is the same model. */
async function refusal(bytes: Uint8Array): Promise<Code | undefined> {
  try {
    const { decoder } = readBundle(bytes, "damaged");
    expect(decoder?.manifest.identity).toBe(whole.decoder?.manifest.identity);
    const sameTest = JSON.stringify(decoder?.manifest.selfTest) === JSON.stringify(whole.decoder?.manifest.selfTest);
    if (!sameTest) await checkDecoder(decoder!, (model) => openSession(model, { threads: 1 }), "damaged");
    return undefined;
  } catch (thrown) {
    // Anything else, such as a TypeError, fails the test.
    if (!(thrown instanceof ShowtellError)) throw thrown;
    expect(codes).toContain(thrown.code);
    expect(thrown.message).toContain("damaged");
    return thrown.code as Code;
  }
}

/** A file with another manifest, given as text, and other tensors. */
function fileWith(manifest: string, content: ReadonlyMap<string, Tensor> = tensors): Uint8Array {
  return writeSafetensors(content, { [manifestKey]: manifest });
}

type Json = Record<string, unknown>;

/** The manifest's JSON with one field changed; the path is dotted. */
function edited(path: string, change: (value: unknown) => unknown): string {
  const manifest = JSON.parse(manifestText) as Json;
  const steps = path.split(".");
  let place = manifest;
  for (const step of steps.slice(0, -1)) place = place[step] as Json;
  const last = steps.at(-1)!;
  place[last] = change(place[last]);
  return JSON.stringify(manifest);
}

/** Paths of all values in JSON, those of objects and lists included. */
function pathsIn(value: unknown, prefix = ""): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    [`${prefix}${key}`].concat(pathsIn(inner, `${prefix}${key}.`)),
  );
}

test("the undamaged file is loaded, however its manifest's JSON is spaced", async () => {
  expect(await refusal(file)).toBeUndefined();
  expect(await refusal(fileWith(JSON.stringify(JSON.parse(manifestText), undefined, 2)))).toBeUndefined();
});

describe("by chance", () => {
  test("2,000 bytes changed, one at a time: every one among the weights is noticed", async () => {
    const random = seededRandom(1, "bundle bytes");
    const dataStart = safetensorsDataStart(file);
    const counts = new Map<Code | undefined, number>();
    for (let i = 0; i < 2000; i++) {
      const at = i % 4 === 0 ? dataStart + random.below(file.length - dataStart) : random.below(dataStart);
      const changed = file.slice();
      changed[at]! ^= 1 + random.below(255);
      const code = await refusal(changed);
      if (at >= dataStart) expect(code, `byte ${at}`).toBe("BUNDLE_FORMAT");
      counts.set(code, (counts.get(code) ?? 0) + 1);
    }
    for (const code of ["SAFETENSORS_FORMAT", "BUNDLE_FORMAT", "BUNDLE_TENSORS", undefined] as const) {
      expect(counts.get(code), code).toBeGreaterThan(0);
    }
    expect(counts.get(undefined)).toBeLessThan(500);
  });

  test("digits and letters exchanged in the manifest, 1,000 times", async () => {
    const random = seededRandom(2, "bundle text");
    const letters = '0123456789abcdef-.,:"{}[] \\\u00e9';
    const seen = new Set<Code | undefined>();
    for (let i = 0; i < 1000; i++) {
      const at = random.below(manifestText.length);
      const letter = letters[random.below(letters.length)]!;
      seen.add(await refusal(fileWith(manifestText.slice(0, at) + letter + manifestText.slice(at + 1))));
    }
    for (const code of ["BUNDLE_FORMAT", "VOCABULARY", "BUNDLE_SELF_TEST"] as const) expect([...seen]).toContain(code);
  });

  test("runs of bytes zeroed, repeated or moved, 500 times", async () => {
    const random = seededRandom(3, "bundle runs");
    for (let i = 0; i < 500; i++) {
      const [from, to] = [random.below(file.length), random.below(file.length)];
      const length = 1 + random.below(64);
      const changed = file.slice();
      if (i % 2 === 0) changed.fill(0, from, from + length);
      else changed.copyWithin(to, from, from + length);
      if (Buffer.compare(changed, file) !== 0) await refusal(changed);
    }
  });

  test("cut off at 300 places, or longer than it should be", async () => {
    const random = seededRandom(4, "bundle cuts");
    const lengths = [0, 1, 7, 8, 9, file.length - 1, ...Array.from({ length: 300 }, () => random.below(file.length))];
    for (const length of lengths) expect(await refusal(file.slice(0, length))).toBe("SAFETENSORS_FORMAT");
    for (const extra of [1, 8, 4096]) {
      const longer = new Uint8Array(file.length + extra);
      longer.set(file);
      expect(await refusal(longer)).toBe("SAFETENSORS_FORMAT");
    }
  });

  test("each field of the manifest removed, or replaced by anything", async () => {
    // What the identity covers must be noticed; the rest is for people, or for the self-test.
    const covered = /^(version|decoder(\.(spec|vocabulary|identity)(\..*)?|\.encoder(\.(identity|layer))?)?)$/;
    const others = [undefined, null, true, -1, 0, 0.5, 1e300, "", "x", [], {}, [null], { x: 1 }];
    const paths = pathsIn(JSON.parse(manifestText));
    expect(paths.length).toBeGreaterThan(50);
    for (const path of paths) {
      for (const other of others) {
        const text = edited(path, () => other);
        if (text === manifestText) continue;
        const code = await refusal(fileWith(text));
        if (covered.test(path)) expect(code, `${path}: ${JSON.stringify(other)}`).toBeDefined();
      }
    }
  });
});

describe("the manifest", () => {
  const cases: readonly (readonly [string, Code, string, (text: string) => string])[] = [
    ["is no JSON", "BUNDLE_FORMAT", "is not JSON", () => "{"],
    ["is empty", "BUNDLE_FORMAT", "is not JSON", () => ""],
    ["is null", "BUNDLE_FORMAT", "it: Invalid input", () => "null"],
    ["is a list", "BUNDLE_FORMAT", "it: Invalid input", (text) => `[${text}]`],
    ["is of a newer version", "BUNDLE_VERSION", "version 2; this release reads 1", () => edited("version", () => 2)],
    ["is of version 0", "BUNDLE_VERSION", "version 0; this release reads 1", () => edited("version", () => 0)],
    ["has half a version", "BUNDLE_FORMAT", '"version"', () => edited("version", () => 1.5)],
    ["has its version as text", "BUNDLE_FORMAT", '"version"', () => edited("version", () => "1")],
    ["holds no model", "BUNDLE_FORMAT", "neither an encoder nor a decoder", () => edited("decoder", () => undefined)],
    ["has an unknown kind of decoder", "BUNDLE_FORMAT", "decoder.spec", () => edited("decoder.spec.kind", () => "gpt")],
    [
      "has a field in its specification that this release does not know",
      "BUNDLE_FORMAT",
      "decoder.spec",
      () => edited("decoder.spec", (spec) => ({ ...(spec as Json), layers: 2 })),
    ],
    ["has sizes beyond reason", "BUNDLE_FORMAT", "hiddenSize", () => edited("decoder.spec.hiddenSize", () => 1e12)],
    [
      "has other sizes than the tensors",
      "BUNDLE_TENSORS",
      "lstm.input",
      () => edited("decoder.spec.hiddenSize", () => 7),
    ],
    ["has another dropout rate", "BUNDLE_FORMAT", "its hash", () => edited("decoder.spec.dropout.output", () => 0.4)],
    ["has one word less", "BUNDLE_FORMAT", "9 words", () => edited("decoder.vocabulary.words", dropLast)],
    ["has a word twice", "VOCABULARY", "is word 4 already", () => edited("decoder.vocabulary.words.5", () => "a")],
    ["has an empty word", "VOCABULARY", "is empty", () => edited("decoder.vocabulary.words.5", () => "")],
    ["has no end word", "VOCABULARY", '"<end>"', () => edited("decoder.vocabulary.words.2", () => "</s>")],
    ["has another word", "BUNDLE_FORMAT", "its hash", () => edited("decoder.vocabulary.words.5", () => "wolf")],
    [
      "has half a character in a word",
      "BUNDLE_FORMAT",
      "its hash",
      () => edited("decoder.vocabulary.words.5", () => "d\ud800g"),
    ],
    ["names another encoder", "BUNDLE_FORMAT", "its hash", () => edited("decoder.encoder.identity", turned)],
    ["has another identity", "BUNDLE_FORMAT", "its hash", () => edited("decoder.identity", turned)],
    ["has an identity that is none", "BUNDLE_FORMAT", "decoder.identity", () => edited("decoder.identity", dropLast)],
    ["has hashes cut off", "BUNDLE_FORMAT", "pictureHashes", () => edited("training.pictureHashes", dropLast)],
    ["has an empty self-test", "BUNDLE_FORMAT", "selfTest.values", () => edited("decoder.selfTest.values", () => [])],
    ["was tested with other features", "BUNDLE_SELF_TEST", "compute", () => edited("decoder.selfTest.seed", () => 2)],
    [
      "was tested with another result",
      "BUNDLE_SELF_TEST",
      "compute",
      () => edited("decoder.selfTest.values.5", (value) => (value as number) + 0.1),
    ],
    [
      "was tested with other words",
      "BUNDLE_SELF_TEST",
      "compute",
      () => edited("decoder.selfTest.ids", (ids) => (ids as number[]).map((id) => (id + 1) % 10)),
    ],
  ];

  test.each(cases)("that %s is refused: %s, %s", async (_, code, what, change) => {
    const bytes = fileWith(change(manifestText));
    expect(await refusal(bytes)).toBe(code);
    if (code !== "BUNDLE_SELF_TEST") expect(() => readBundle(bytes, "damaged")).toThrow(what);
  });

  test("that is not there makes the file no bundle", async () => {
    expect(await refusal(writeSafetensors(tensors))).toBe("BUNDLE_FORMAT");
    expect(await refusal(writeSafetensors(tensors, { manifest: manifestText }))).toBe("BUNDLE_FORMAT");
  });
});

function dropLast(value: unknown): unknown {
  return (value as string | unknown[]).slice(0, -1);
}

/** A hash that is another one. */
function turned(value: unknown): unknown {
  return (value as string).split("").toReversed().join("");
}

describe("the tensors", () => {
  test("each of them missing", async () => {
    for (const name of tensors.keys()) {
      const fewer = new Map(tensors);
      fewer.delete(name);
      expect(await refusal(fileWith(manifestText, fewer)), name).toBe("BUNDLE_TENSORS");
    }
  });

  test.each(["decoder.more", "decoder.output.bias.scale", "encoder.conv1.bias", "output.bias", "decoder."])(
    "with one more, called %s",
    async (name) => {
      const more = new Map(tensors).set(name, tensors.get("decoder.output.bias")!);
      expect(await refusal(fileWith(manifestText, more))).toBe("BUNDLE_TENSORS");
    },
  );

  test("any two of them exchanged", async () => {
    const names = [...tensors.keys()];
    let exchanged = 0;
    for (const a of names) {
      for (const b of names.slice(names.indexOf(a) + 1)) {
        const swapped = new Map(tensors).set(a, tensors.get(b)!).set(b, tensors.get(a)!);
        expect(["BUNDLE_TENSORS", "BUNDLE_FORMAT"], `${a}, ${b}`).toContain(
          await refusal(fileWith(manifestText, swapped)),
        );
        exchanged++;
      }
    }
    expect(exchanged).toBeGreaterThan(30);
  });

  test("any of them with another element type, its bytes unchanged", async () => {
    const dtypes: readonly DType[] = ["float64", "float32", "float16", "int64", "int32", "int8", "uint8", "bool"];
    for (const [name, stored] of tensors) {
      for (const dtype of dtypes.filter((other) => other !== stored.dtype)) {
        const bytes = bytesOf(stored);
        if (bytes.length % bytesPerElement(dtype) !== 0) continue;
        const data = viewAs(dtype, bytes.slice());
        // Where the width is the same the shape still fits, and only the type is wrong.
        const shape = bytesPerElement(dtype) === bytesPerElement(stored.dtype) ? stored.shape : [data.length];
        const other = new Map(tensors).set(name, { dtype, shape, data });
        expect(await refusal(fileWith(manifestText, other)), `${name} as ${dtype}`).toBe("BUNDLE_TENSORS");
      }
    }
  });

  test("any of them with another shape", async () => {
    for (const [name, stored] of tensors) {
      for (const shape of [[1, ...stored.shape], [...stored.shape].toReversed(), [stored.data.length, 1]]) {
        if (shape.join() === stored.shape.join()) continue;
        const other = new Map(tensors).set(name, { ...stored, shape });
        const code = await refusal(fileWith(manifestText, other));
        // Scales are taken by their number; that they are not as they were written, the identity says.
        expect(code, name).toBe(name.endsWith(".scale") ? "BUNDLE_FORMAT" : "BUNDLE_TENSORS");
      }
    }
  });

  test("one of them in full precision where the manifest's decoder has it in half", async () => {
    const wide = new Float32Array(tensors.get("decoder.output.weight")!.data.length);
    const { shape } = tensors.get("decoder.output.weight")!;
    const other = new Map(tensors).set("decoder.output.weight", { dtype: "float32", shape, data: wide });
    expect(await refusal(fileWith(manifestText, other))).toBe("BUNDLE_FORMAT");
  });
});

test("a file of something else is refused", async () => {
  for (const text of ["", "\u0089PNG\r\n\u001a\n", "<!doctype html>", '{"version":1}', "version https://git-lfs"]) {
    expect(await refusal(new TextEncoder().encode(text))).toBe("SAFETENSORS_FORMAT");
  }
});
