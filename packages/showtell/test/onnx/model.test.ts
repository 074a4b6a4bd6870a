// Models as messages of onnx.proto, read back field by field with the numbers written there, and by the engine.
import { describe, expect, it } from "vitest";
import { bytesOf } from "../../src/base/tensor.ts";
import type { OnnxModel } from "../../src/onnx/model.ts";
import { encodeModel } from "../../src/onnx/model.ts";
import { openSession } from "../../src/node/ort-session.ts";
import { floats, numbersOf } from "../tensors.ts";
import { all, messages, only, texts } from "./decode.ts";

const weight = floats([2, 1], [3, 4]);

/** y = slice(x · weight): attributes of all kinds, a constant, a named dimension and an optional input left out. */
const model: OnnxModel = {
  name: "example",
  opset: 18,
  nodes: [
    {
      operator: "Gemm",
      name: "product",
      inputs: ["x", "weight"],
      outputs: ["product"],
      attributes: { alpha: { kind: "float", value: 0.5 }, transA: { kind: "int", value: 0 } },
    },
    {
      operator: "Unsqueeze",
      name: "place",
      inputs: ["product", "axes"],
      outputs: ["placed"],
      attributes: {},
    },
    {
      operator: "Transpose",
      name: "turn",
      inputs: ["placed"],
      outputs: ["turned"],
      attributes: { perm: { kind: "ints", value: [2, 0, 1] } },
    },
    {
      operator: "Pad",
      name: "pad",
      inputs: ["turned", "pads", "", "axis"],
      outputs: ["y"],
      attributes: { mode: { kind: "text", value: "edge" } },
    },
  ],
  initialisers: [
    { name: "weight", dtype: "float32", shape: [2, 1], write: (target) => target.set(bytesOf(weight)) },
    ...Object.entries({ axes: [-1n], pads: [0n, 1n], axis: [0n] }).map(([name, values]) => ({
      name,
      dtype: "int64" as const,
      shape: [values.length],
      write: (target: Uint8Array) => target.set(new Uint8Array(BigInt64Array.from(values).buffer)),
    })),
  ],
  inputs: [{ name: "x", dtype: "float32", shape: ["rows", 2] }],
  outputs: [{ name: "y", dtype: "float32", shape: [2, "rows", 1] }],
};

describe("an encoded model", () => {
  const bytes = encodeModel(model);
  const graph = only(bytes, 7);

  it("says its IR version, producer and operator set", () => {
    expect(all(bytes, 1)).toEqual([10n]);
    expect(texts(bytes, 2)).toEqual(["showtell"]);
    const opset = only(bytes, 8);
    expect([texts(opset, 1), all(opset, 2)]).toEqual([[""], [18n]]);
    expect(texts(graph, 2)).toEqual(["example"]);
  });

  it("lists nodes with inputs, outputs, name and operator; one left out is an empty name", () => {
    const nodes = messages(graph, 1).map((node) => [1, 2, 3, 4].map((field) => texts(node, field)));
    expect(nodes).toEqual([
      [["x", "weight"], ["product"], ["product"], ["Gemm"]],
      [["product", "axes"], ["placed"], ["place"], ["Unsqueeze"]],
      [["placed"], ["turned"], ["turn"], ["Transpose"]],
      [["turned", "pads", "", "axis"], ["y"], ["pad"], ["Pad"]],
    ]);
  });

  it("writes each attribute in the field of its kind, with its type", () => {
    const attributes = messages(graph, 1).flatMap((node) => messages(node, 5));
    const contents = attributes.map((attribute) => [
      texts(attribute, 1)[0],
      all(attribute, 2), // f
      all(attribute, 3), // i
      texts(attribute, 4), // s
      all(attribute, 8), // ints
      all(attribute, 20), // type
    ]);
    expect(contents).toEqual([
      ["alpha", [0.5], [], [], [], [1n]],
      ["transA", [], [0n], [], [], [2n]],
      ["perm", [], [], [], [2n, 0n, 1n], [7n]],
      ["mode", [], [], ["edge"], [], [3n]],
    ]);
  });

  it("holds constants as raw little-endian bytes", () => {
    const constants = messages(graph, 5).map((constant) => [texts(constant, 8)[0], all(constant, 1), all(constant, 2)]);
    expect(constants).toEqual([
      ["weight", [2n, 1n], [1n]],
      ["axes", [1n], [7n]],
      ["pads", [2n], [7n]],
      ["axis", [1n], [7n]],
    ]);
    expect(new Uint8Array(only(messages(graph, 5)[0]!, 9))).toEqual(bytesOf(weight));
  });

  it("says types of inputs and outputs, with sizes as numbers or names", () => {
    const described = [11, 12].map((field) => {
      const value = only(graph, field);
      const tensorType = only(only(value, 2), 1);
      const sizes = messages(only(tensorType, 2), 1).map((size) => texts(size, 2)[0] ?? all(size, 1)[0]);
      return [texts(value, 1), all(tensorType, 1), sizes];
    });
    expect(described).toEqual([
      [["x"], [1n], ["rows", 2n]],
      [["y"], [1n], [2n, "rows", 1n]],
    ]);
  });

  it("runs in the engine", async () => {
    const session = await openSession(bytes, { threads: 1 });
    const { y } = await session.run({ x: floats([2, 2], [1, 2, 3, 4]) });
    await session.dispose();
    // ½ · (1·3 + 2·4) and ½ · (3·3 + 4·4), then repeated once along the first axis
    expect([y!.shape, numbersOf(y)]).toEqual([
      [2, 2, 1],
      [5.5, 12.5, 5.5, 12.5],
    ]);
  });
});

describe("a scalar", () => {
  it("has a shape without dimensions, which is not the same as no shape", () => {
    const bytes = encodeModel({
      name: "scalar",
      opset: 18,
      nodes: [{ operator: "Neg", name: "", inputs: ["x"], outputs: ["y"], attributes: {} }],
      initialisers: [],
      inputs: [{ name: "x", dtype: "float64", shape: [] }],
      outputs: [{ name: "y", dtype: "float64", shape: [] }],
    });
    const tensorType = only(only(only(only(bytes, 7), 11), 2), 1);
    expect(all(tensorType, 1)).toEqual([11n]);
    expect(only(tensorType, 2)).toHaveLength(0);
  });
});
