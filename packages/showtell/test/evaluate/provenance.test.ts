// What training records tell of the pictures that a model is scored on: leaks, choices, copies and seeds.
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { Row } from "../../src/evaluate/evaluation.ts";
import { marksOf, novelShare, seedGroups, trainedPictures } from "../../src/evaluate/provenance.ts";
import { tinyInput } from "../bundle/tiny-decoder.ts";

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const pictures = ["one", "two", "three", "four"].map(sha256);
const short = (...names: readonly string[]): string => names.map((name) => sha256(name).slice(0, 16)).join("");

describe("marks", () => {
  test("tell how many of the pictures a model was trained on and chosen by", () => {
    const record = { pictureHashes: short("zero", "two", "four"), selectionHashes: short("one", "five") };
    expect(trainedPictures(record, pictures)).toBe(2);
    expect(marksOf(record, pictures)).toEqual([
      { kind: "leak", text: "trained on 2 of the 4 pictures" },
      { kind: "selection", text: "chosen by 1 of the 4 pictures" },
    ]);
  });

  test("are none for a model that never saw the pictures, and say what a bundle does not", () => {
    expect(marksOf({ pictureHashes: short("five"), selectionHashes: "" }, pictures)).toEqual([]);
    expect(marksOf(undefined, pictures).map(({ kind }) => kind)).toEqual(["unknown", "unknown"]);
    expect(trainedPictures({}, pictures)).toBeUndefined();
  });

  test("do not take a hash for the end of one and the beginning of the next", () => {
    const [a, b] = [short("zero"), short("two")];
    expect(trainedPictures({ pictureHashes: a.slice(8) + b + a.slice(0, 8) }, pictures)).toBe(0);
  });
});

test("captions are novel that do not stand among the training captions", () => {
  const record = { captionHashes: short("a dog runs", "a cat") };
  expect(novelShare(record, [["a", "dog", "runs"], ["a", "dog"], ["a", "cat"], ["cats"]], sha256)).toBe(0.5);
  expect(novelShare({}, [["a"]], sha256)).toBeUndefined();
});

describe("seeds", () => {
  const decoder = { ...tinyInput.decoder, identity: "", selfTest: { seed: 0, values: [], ids: [] } };
  const model = (name: string, cider: number, options?: object) => ({
    row: { name, kind: "model", marks: [], scores: { CIDEr: { value: cider, low: 0, high: 1 } } } satisfies Row,
    decoder,
    training: options && { options, data: { hash: "x" } },
  });

  /** A model with an encoder of its own. */
  const tuned = (name: string, seed: number, options: object): ReturnType<typeof model> => ({
    ...model(name, 0.5, { seed, ...options }),
    decoder: { ...decoder, encoder: { ...decoder.encoder, identity: String(seed).repeat(64) } },
  });

  test("of one configuration become mean and sample deviation", () => {
    const models = [
      model("a", 0.5, { seed: 1, epochs: 4 }),
      model("b", 0.6, { epochs: 4, seed: 2 }),
      model("c", 0.4, { seed: 3, epochs: 4 }),
      model("other", 0.9, { seed: 4, epochs: 5 }),
      model("unknown", 0.9),
    ];
    expect(seedGroups(models, ["CIDEr"])).toEqual([
      {
        name: "3 seeds",
        rows: ["a", "b", "c"],
        scores: { CIDEr: { mean: expect.closeTo(0.5, 12) as number, deviation: expect.closeTo(0.1, 12) as number } },
      },
    ]);
  });

  test("have an encoder each where it was fine-tuned, and only there", () => {
    const stage = { fineTune: { stage: "conv5", learningRate: 1e-5 } };
    expect(seedGroups([tuned("a", 1, stage), tuned("b", 2, stage)], ["CIDEr"])).toMatchObject([{ rows: ["a", "b"] }]);
    expect(seedGroups([tuned("a", 1, {}), tuned("b", 2, {})], ["CIDEr"])).toEqual([]);
  });

  test("are not told apart where the same was trained twice, or more than the seed differs", () => {
    expect(seedGroups([model("a", 0.5, { seed: 1 }), model("b", 0.5, { seed: 1 })], ["CIDEr"])).toEqual([]);
    const wider = {
      ...model("b", 0.6, { seed: 2 }),
      decoder: { ...decoder, spec: { ...decoder.spec, hiddenSize: 7 } },
    };
    expect(seedGroups([model("a", 0.5, { seed: 1 }), wider], ["CIDEr"])).toEqual([]);
  });
});
