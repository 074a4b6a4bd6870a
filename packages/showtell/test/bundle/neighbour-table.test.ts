// Tables of training neighbours: what is packed is unpacked, and what is damaged or something else is refused by name.
import { describe, expect, test } from "vitest";
import { encodeFloat16 } from "../../src/base/float16.ts";
import { tensor } from "../../src/base/tensor.ts";
import type { NeighbourFile, NeighbourTable } from "../../src/bundle/neighbour-table.ts";
import { packNeighbours, pooledLayer, unpackNeighbours } from "../../src/bundle/neighbour-table.ts";
import { readSafetensors } from "../../src/safetensors/read.ts";
import { writeSafetensors } from "../../src/safetensors/write.ts";

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

test("a table comes back from its file as it was", () => {
  const { tensors, metadata } = packNeighbours(table);
  expect(unpackNeighbours(readSafetensors(writeSafetensors(tensors, metadata)), "table")).toEqual(table);
});

test("a grid's features count as pooled ones, others as themselves", () => {
  expect(["grid", "pooled", "conv4"].map(pooledLayer)).toEqual(["pooled", "pooled", "conv4"]);
});

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
    ["a line that is no picture", withTensor("pictures", tensor("uint8", [3], Uint8Array.of(123, 125, 10))), /image/],
  ])("%s", (_, file, what) => {
    expect(() => unpackNeighbours(file, "my.table")).toThrow(
      expect.objectContaining({ code: "NEIGHBOURS_FORMAT", message: expect.stringMatching(what) as string }),
    );
    expect(() => unpackNeighbours(file, "my.table")).toThrow(/"my\.table"/);
  });
});
