// Tables of training neighbours: what is packed is unpacked, and what is damaged or something else is refused by name.
import { describe, expect, test } from "vitest";
import { utf8Bytes } from "../../src/base/bytes.ts";
import { encodeFloat16 } from "../../src/base/float16.ts";
import { tensor } from "../../src/base/tensor.ts";
import type { NeighbourFile, NeighbourTable } from "../../src/bundle/neighbour-table.ts";
import { packNeighbours, pooledLayer, unpackNeighbours } from "../../src/bundle/neighbour-table.ts";
import { readSafetensors } from "../../src/safetensors/read.ts";
import { writeSafetensors } from "../../src/safetensors/write.ts";
import { drawnMatcher } from "./drawn-matcher.ts";

const table: NeighbourTable = {
  version: 1,
  writer: "showtell test",
  encoder: { identity: "e".repeat(64), name: "resnet50" },
  layer: "pooled",
  data: { name: "Kürbisse", split: "train" },
  pictures: [
    { image: "a.jpg", captions: ["A line\nbreak", "“quotes” and 🦊"] },
    { image: "b.jpg", captions: [] },
  ],
  vectors: tensor("float16", [2, 3], encodeFloat16(Float32Array.of(1, 0, 0, 0, 0.6, 0.8))),
};

const matched: NeighbourTable = { ...table, matcher: drawnMatcher(3, ["line", "“quotes”"]) };

test.each([
  ["without a matcher", table],
  ["with a matcher", matched],
])("a table %s comes back from its file as it was", (_, own) => {
  const { tensors, metadata } = packNeighbours(own);
  expect(unpackNeighbours(readSafetensors(writeSafetensors(tensors, metadata)), "table")).toEqual(own);
});

test("a grid's features count as pooled ones, others as themselves", () => {
  expect(["grid", "pooled", "conv4"].map(pooledLayer)).toEqual(["pooled", "pooled", "conv4"]);
});

/** The table with another tensor of the matcher. */
function withMatcher(name: string, shape: readonly number[]): NeighbourFile {
  const packed = packNeighbours(matched);
  const other = tensor("float16", shape, new Uint16Array(shape.reduce((a, b) => a * b)));
  return { ...packed, tensors: new Map([...packed.tensors, [name, other]]) };
}

describe("is refused, naming the file and what is wrong:", () => {
  const { tensors, metadata } = packNeighbours(table);
  const described = JSON.parse(metadata["neighbours"]!) as object;
  const withTensor = (name: string, value: ReturnType<typeof tensor>): NeighbourFile => ({
    tensors: new Map([...tensors, [name, value]]),
    metadata,
  });
  const withText = (text: string): NeighbourFile => ({ tensors, metadata: { neighbours: text } });
  test.each<[string, NeighbourFile, RegExp]>([
    ["another file", { tensors, metadata: {} }, /no metadata "neighbours"/],
    ["another version", withText(JSON.stringify({ ...described, version: 2 })), /version/],
    ["a description that is no JSON", withText("{"), /JSON/],
    ["no vectors", { tensors: new Map([...tensors].slice(1)), metadata }, /tensor "vectors"/],
    [
      "vectors of another type",
      withTensor("vectors", tensor("float32", [2, 3], new Float32Array(6))),
      /tensor "vectors"/,
    ],
    [
      "pictures of another type",
      withTensor("pictures", tensor("float32", [2], new Float32Array(2))),
      /tensor "pictures"/,
    ],
    [
      "more vectors than pictures",
      withTensor("vectors", tensor("float16", [3, 3], new Uint16Array(9))),
      /2 pictures and 3 vectors/,
    ],
    [
      "a matcher of fewer words than it lists",
      withMatcher("matcher.words", [1, 512]),
      /"matcher\.words" is no float16/,
    ],
    ["a matcher of other pictures", withMatcher("matcher.picture", [2, 512]), /"matcher\.picture".*\[3, 512\]/],
    ["a word that is none", withTensor("matcher.list", tensor("uint8", [2], Uint8Array.of(49, 10))), /string/],
    [
      "a matcher without weights",
      withTensor("matcher.list", tensor("uint8", [5], utf8Bytes('"ab"\n'))),
      /"matcher\.picture"/,
    ],
    ["a line that is no picture", withTensor("pictures", tensor("uint8", [3], Uint8Array.of(123, 125, 10))), /image/],
  ])("%s", (_, file, what) => {
    expect(() => unpackNeighbours(file, "my.table")).toThrow(
      expect.objectContaining({ code: "NEIGHBOURS_FORMAT", message: expect.stringMatching(what) as string }),
    );
    expect(() => unpackNeighbours(file, "my.table")).toThrow(/"my\.table"/);
  });
});
