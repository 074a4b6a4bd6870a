// Document frequencies in a bundle: they come back as they were, change no identity, survive rewriting, and damage is noticed.
import { beforeAll, describe, expect, test } from "vitest";
import { tensor } from "../../src/base/tensor.ts";
import type { Bundle } from "../../src/bundle/bundle.ts";
import { readBundle } from "../../src/bundle/bundle.ts";
import { withoutEncoder, withPrecision, withReferences } from "../../src/bundle/decoder-bundle.ts";
import type { ReferencesManifest } from "../../src/bundle/manifest.ts";
import { frequencyTableOf } from "../../src/bundle/references.ts";
import { summariseBundle } from "../../src/bundle/summary.ts";
import { openSession } from "../../src/node/ort-session.ts";
import { frequencyTable } from "../../src/text/frequency-table.ts";
import { fileOf, tinyBundle } from "./tiny-decoder.ts";

const table = frequencyTable([[["a", "dog", "runs"]], [["a", "dog"]], [["grass"]]]);

let bundle: Omit<Bundle, "source">;

/** The bundle's file with another manifest of its references. */
function withReferencesManifest(references: ReferencesManifest): Uint8Array {
  const { tensors } = bundle.references!;
  return fileOf({
    ...bundle,
    manifest: { ...bundle.manifest, references },
    references: { manifest: references, tensors },
  });
}

beforeAll(async () => {
  bundle = await tinyBundle({ references: table });
});

describe("document frequencies in a bundle", () => {
  test("are read as they were written, and the decoder is the same", async () => {
    const read = readBundle(fileOf(bundle), "tiny");
    expect(frequencyTableOf(read.references!)).toEqual(table);
    expect(read.decoder!.manifest).toEqual((await tinyBundle()).decoder!.manifest);
    expect(summariseBundle(read).references).toEqual({ images: 3, ngrams: table.ngrams.length });
    expect(summariseBundle({ source: "tiny", ...(await tinyBundle()) })).not.toHaveProperty("references");
  });

  test("survive another precision and taking the encoder out, and can be put in later", async () => {
    const later = withReferences(await tinyBundle(), table);
    for (const changed of [await withPrecision(bundle, "float32", openSession), withoutEncoder(bundle), later]) {
      expect(frequencyTableOf(readBundle(fileOf(changed), "tiny").references!)).toEqual(table);
    }
    expect(fileOf(later)).toEqual(fileOf(bundle));
  });

  test.each([
    ["does not rise", [7, 7], [2, 2], "entry 1"],
    ["stands in one picture", [7, 9], [2, 1], "entry 1"],
    ["stands in more pictures than there are", [7, 9], [4, 2], "entry 0"],
  ])("of which one %s are refused", async (_, ngrams, counts, entry) => {
    const wrong = { images: 3, ngrams: Int32Array.from(ngrams), counts: Int32Array.from(counts) };
    const file = fileOf(withReferences(await tinyBundle(), wrong));
    expect(() => readBundle(file, "tiny")).toThrow(expect.objectContaining({ code: "BUNDLE_TENSORS" }));
    expect(() => readBundle(file, "tiny")).toThrow(entry);
  });

  test("of which a bit has turned are refused, if the file has their hash, as all new ones have", () => {
    const { manifest, tensors } = bundle.references!;
    const turned = Int32Array.from(tensors.get("ngrams")!.data, Number);
    turned[0]! ^= 1;
    const wrong = new Map([...tensors, ["ngrams", tensor("int32", [turned.length], turned)]]);
    const damaged = fileOf({ ...bundle, references: { manifest, tensors: wrong } });
    expect(() => readBundle(damaged, "tiny")).toThrow(expect.objectContaining({ code: "BUNDLE_FORMAT" }));
    const { identity: _, ...before } = manifest;
    const unhashed = withReferencesManifest(before);
    expect(frequencyTableOf(readBundle(unhashed, "tiny").references!)).toEqual(table);
  });

  test("that are no two lists of whole numbers are refused", () => {
    const { manifest, tensors } = bundle.references!;
    const counts = tensors.get("counts")!;
    const damaged = [
      new Map([...tensors].slice(0, 1)),
      new Map([...tensors, ["more", counts]]),
      new Map([...tensors, ["counts", tensor("int32", [1], Int32Array.of(2))]]),
      new Map([...tensors, ["counts", tensor("float32", counts.shape, Float32Array.from(counts.data, Number))]]),
    ];
    for (const wrong of damaged) {
      const file = fileOf({ ...bundle, references: { manifest, tensors: wrong } });
      expect(() => readBundle(file, "tiny")).toThrow(expect.objectContaining({ code: "BUNDLE_TENSORS" }));
    }
  });
});
