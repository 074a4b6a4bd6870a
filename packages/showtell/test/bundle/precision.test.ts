// Weights at rest in float32, float16 and int8: how far they are from what they were, and that they come back wherever they are written.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Tensor } from "../../src/base/tensor.ts";
import { bytesOf, sizeOf, tensor, zeros } from "../../src/base/tensor.ts";
import {
  asFloat32,
  checkTensors,
  parameterContent,
  quantise,
  scaleName,
  toFloat16,
} from "../../src/bundle/precision.ts";
import { floats, numbersOf } from "../tensors.ts";

/** A parameter in all three forms at rest. */
function stored(weight: Tensor<"float32">): Readonly<Record<string, ReadonlyMap<string, Tensor>>> {
  const { quantised, scale } = quantise(weight);
  return {
    float32: new Map([["w", weight]]),
    float16: new Map([["w", toFloat16(weight)]]),
    int8: new Map<string, Tensor>([
      ["w", quantised],
      [scaleName("w"), scale],
    ]),
  };
}

/** What an int8 weight stands for. */
function dequantised(weight: Tensor<"float32">): Tensor<"float32"> {
  return asFloat32(stored(weight)["int8"]!, "w");
}

/** Weights [outputs, …] of any ordinary size, with zeros among them. */
const weights: fc.Arbitrary<Tensor<"float32">> = fc
  .tuple(
    fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
    fc.constantFrom(1e-20, 1e-3, 1, 1e20),
  )
  .chain(([shape, magnitude]) =>
    fc
      .array(
        fc.double({ min: -1, max: 1, noNaN: true }).map((x) => (Math.abs(x) < 1e-6 ? 0 : x)),
        {
          minLength: sizeOf(shape),
          maxLength: sizeOf(shape),
        },
      )
      .map((values) =>
        floats(
          shape,
          values.map((x) => x * magnitude),
        ),
      ),
  );

describe("int8", () => {
  test("is off by half a scale at most, in each output channel", () => {
    fc.assert(
      fc.property(weights, (weight) => {
        const { quantised, scale } = quantise(weight);
        const near = dequantised(weight);
        const outputs = weight.shape[0]!;
        const length = weight.data.length / outputs;
        expect(quantised.shape).toEqual(weight.shape);
        expect(scale.shape).toEqual([outputs]);
        for (const [i, value] of weight.data.entries()) {
          const step = scale.data[Math.floor(i / length)]!;
          // A float32's rounding above the half step.
          expect(Math.abs(near.data[i]! - value)).toBeLessThanOrEqual((step / 2) * (1 + 1e-5));
        }
      }),
    );
  });

  test("uses the whole range: a channel's largest magnitude is ±127, and comes back as it was", () => {
    const weight = floats([2, 3], [0.5, -2, 1, 100, 3, -51]);
    const { quantised, scale } = quantise(weight);
    expect(numbersOf(quantised)).toEqual([32, -127, 64, 127, 4, -65]);
    expect(numbersOf(scale)).toEqual([Math.fround(2 / 127), Math.fround(100 / 127)]);
    expect(dequantised(weight).data[1]).toBeCloseTo(-2, 6);
    expect(dequantised(weight).data[3]).toBeCloseTo(100, 5);
  });

  test("keeps zeros exactly, also in a channel that has nothing else", () => {
    const weight = floats([3, 4], [0, 0, 0, 0, 7, 0, -3, 0, 0, 0, 0, 1e-30]);
    const { scale } = quantise(weight);
    const near = dequantised(weight);
    expect(scale.data[0]).toBe(0);
    for (const [i, value] of weight.data.entries()) if (value === 0) expect(near.data[i]).toBe(0);
    expect(near.data[11]).toBeCloseTo(1e-30, 36);
  });

  test("takes each channel on its own: a large one does not coarsen a small one", () => {
    const near = dequantised(floats([2, 2], [1000, -1000, 0.001, -0.0005]));
    expect(near.data[2]).toBeCloseTo(0.001, 8);
    expect(near.data[3]).toBeCloseTo(-0.0005, 5);
  });
});

describe("float16", () => {
  test("keeps what half precision holds, and is off by 2^-11 of a value otherwise", () => {
    const exact = floats([5], [0, 1, -0.5, 1025, 2 ** -14]);
    expect(numbersOf(asFloat32(stored(exact)["float16"]!, "w"))).toEqual(numbersOf(exact));
    const values = fc.array(fc.double({ min: -60_000, max: 60_000, noNaN: true }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(values, (drawnValues) => {
        const weight = floats([drawnValues.length], drawnValues);
        const near = asFloat32(stored(weight)["float16"]!, "w");
        for (const [i, value] of weight.data.entries()) {
          expect(Math.abs(near.data[i]! - value)).toBeLessThanOrEqual(Math.max(2 ** -11 * Math.abs(value), 2 ** -25));
        }
      }),
    );
  });
});

describe("a stored parameter", () => {
  const weight = floats(
    [3, 5],
    Array.from({ length: 15 }, (_, i) => Math.sin(i) * 3),
  );

  test.each(["float32", "float16", "int8"])("of %s is written as float32 at any byte of a buffer", (precision) => {
    const tensors = stored(weight)[precision]!;
    const wanted = bytesOf(asFloat32(tensors, "w"));
    for (const at of [0, 1, 2, 3, 5, 8]) {
      const buffer = new Uint8Array(wanted.length + 16).fill(0xaa);
      const content = parameterContent(tensors, "w");
      const target = buffer.subarray(at, at + wanted.length);
      if ("data" in content) target.set(bytesOf(content));
      else content.write(target);
      expect(target).toEqual(wanted);
      expect(new Set([...buffer.subarray(0, at), ...buffer.subarray(at + wanted.length)])).toEqual(new Set([0xaa]));
    }
  });

  test("of float32 is handed on as it is, not copied", () => {
    const tensors = stored(weight)["float32"]!;
    expect(asFloat32(tensors, "w").data.buffer).toBe(weight.data.buffer);
  });
});

describe("checking tensors against parameters", () => {
  const shapes = { w: [3, 5] };
  const weight = zeros("float32", [3, 5]);

  test.each(["float32", "float16", "int8"])("takes a parameter of %s", (precision) => {
    expect(() => checkTensors(stored(weight)[precision]!, shapes, "file")).not.toThrow();
  });

  const int8 = zeros("int8", [3, 5]);
  test.each<readonly [string, string, ReadonlyMap<string, Tensor>]>([
    ["a parameter is missing", "is missing", new Map()],
    ["its shape is another", "has shape [5, 3] instead of [3, 5]", new Map([["w", zeros("float32", [5, 3])]])],
    ["its type is another", "has element type int64", new Map([["w", zeros("int64", [3, 5])]])],
    ["its scales are missing", "no float32 scales for its 3 outputs", new Map([["w", int8]])],
    [
      "it has too few scales",
      "no float32 scales for its 3 outputs",
      new Map<string, Tensor>([
        ["w", int8],
        ["w.scale", zeros("float32", [2])],
      ]),
    ],
    [
      "its scales are of another type",
      "no float32 scales",
      new Map<string, Tensor>([
        ["w", int8],
        ["w.scale", zeros("int32", [3])],
      ]),
    ],
    [
      "there are scales without need",
      'tensor "w.scale" belongs to no parameter',
      new Map<string, Tensor>([
        ["w", weight],
        ["w.scale", tensor("float32", [3], new Float32Array(3))],
      ]),
    ],
  ])("refuses where %s", (_, what, tensors) => {
    expect(() => checkTensors(tensors, shapes, "file")).toThrow(
      expect.objectContaining({ code: "BUNDLE_TENSORS", message: expect.stringContaining(what) as string }),
    );
    expect(() => checkTensors(tensors, shapes, "file")).toThrow('"file": tensor "w');
  });
});
