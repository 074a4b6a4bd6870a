// Word vectors as one tensor and two word lists.
import { describe, expect, it } from "vitest";
import { tensor } from "../../src/base/tensor.ts";
import { type VectorTableFile, coversWords, packVectors, unpackVectors } from "../../src/text/vector-table.ts";

const vectors = {
  size: 2,
  vectors: new Map([
    ["dog", Float32Array.of(0.1, -2)],
    ["cat", Float32Array.of(1024.3, 0)],
  ]),
};
const packed = packVectors(vectors, new Set(["unicorn", "dog", "cat", "kraken"]));

const rows = (shape: readonly number[]): VectorTableFile["tensors"] =>
  new Map([["vectors", tensor("float16", shape, new Uint16Array(shape.reduce((a, b) => a * b, 1)))]]);

describe("packVectors and unpackVectors", () => {
  it("bring back all vectors, rounded to half precision, and the words that have none", () => {
    const table = unpackVectors(packed);
    expect(table.size).toBe(2);
    expect([...table.vectors.keys()]).toEqual(["cat", "dog"]);
    expect([...table.vectors.get("cat")!]).toEqual([1024, 0]); // a half has 11 significant bits
    expect([...table.vectors.get("dog")!]).toEqual([0.0999755859375, -2]);
    expect(table.absent).toEqual(new Set(["kraken", "unicorn"]));
  });

  it("do not depend on the order in which the words were found", () => {
    const reversed = { size: 2, vectors: new Map([...vectors.vectors].toReversed()) };
    expect(packVectors(reversed, new Set(["kraken", "unicorn", "cat", "dog"]))).toEqual(packed);
  });

  it.each([
    ["a file without a tensor", { ...packed, tensors: new Map() }, "found none"],
    ["another number of rows", { ...packed, tensors: rows([3, 2]) }, "found float16 [3, 2]"],
    ["rows of no numbers", { ...packed, tensors: rows([2, 0]) }, "[2, 0]"],
    ["one dimension too many", { ...packed, tensors: rows([2, 1, 2]) }, "[2, 1, 2]"],
    [
      "another type",
      { ...packed, tensors: new Map([["vectors", tensor("float32", [2, 2], new Float32Array(4))]]) },
      "found float32",
    ],
    ["no list of words", { ...packed, metadata: { absent: "[]" } }, `"words"`],
    ["a list that is none", { ...packed, metadata: { ...packed.metadata, absent: "{}" } }, `"absent"`],
  ])("refuse %s", (_, file, part) => {
    const refusal = expect.objectContaining({ code: "VECTORS_FORMAT", message: expect.stringContaining(part) });
    expect(() => unpackVectors(file, "glove.safetensors")).toThrow(refusal);
  });
});

describe("coversWords", () => {
  it("says whether every word was looked up where the table comes from", () => {
    const table = unpackVectors(packed);
    expect(coversWords(table, ["dog", "unicorn"])).toBe(true);
    expect(coversWords(table, ["dog", "bird"])).toBe(false);
  });
});
