// The base types: tensors over bytes, float16, hashes, coded errors and the seeded generator.
import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sha256Hex, startSha256, utf8Bytes, utf8Text } from "../../src/base/bytes.ts";
import { throwIfCancelled } from "../../src/base/cancel.ts";
import { ShowtellError, messageOf } from "../../src/base/errors.ts";
import { decodeFloat16, encodeFloat16, toFloat16Bits } from "../../src/base/float16.ts";
import { Random, seededRandom } from "../../src/base/random.ts";
import { bytesOf, sizeOf, tensor, viewAs, zeros } from "../../src/base/tensor.ts";

/** A number as the nearest half. */
function rounded(value: number): number {
  return decodeFloat16(Uint16Array.of(toFloat16Bits(value)))[0]!;
}

function draw(random: Random): number[] {
  return Array.from({ length: 5 }, () => random.uniform());
}

describe("tensors", () => {
  test("hold as many elements as their shape says", () => {
    expect(sizeOf([])).toBe(1);
    expect(zeros("float16", [2, 3]).data).toEqual(new Uint16Array(6));
    expect(() => tensor("float32", [2, 2], new Float32Array(3))).toThrow("[2, 2] needs 4 elements, got 3");
  });

  test("view aligned bytes without copying, and copy others, also of a Node Buffer", () => {
    const bytes = Buffer.from(Float32Array.of(0, 1, 2).buffer);
    expect(viewAs("float32", bytes).buffer).toBe(bytes.buffer);
    const shifted = Buffer.concat([Buffer.of(7), bytes]).subarray(1);
    expect(viewAs("float32", shifted)).toEqual(Float32Array.of(0, 1, 2));
    expect(() => viewAs("int64", bytes.subarray(0, 9))).toThrow("no whole number of int64");
    expect(bytesOf(tensor("int8", [2], Int8Array.of(-1, 1)))).toEqual(Uint8Array.of(255, 1));
  });
});

describe("float16", () => {
  test("decodes every half and encodes it back to its bits", () => {
    const all = Uint16Array.from({ length: 65536 }, (_, bits) => bits);
    const numbers = decodeFloat16(all);
    const isNumber = Array.from(numbers, (value) => !Number.isNaN(value));
    expect(encodeFloat16(numbers).filter((_, i) => isNumber[i]!)).toEqual(all.filter((_, i) => isNumber[i]!));
    expect(isNumber.filter((is) => !is)).toHaveLength(2 * 1023);
    expect(Number.isNaN(decodeFloat16(Uint16Array.of(toFloat16Bits(NaN)))[0])).toBe(true);
  });

  test("rounds to the nearest half, ties to even, and overflows to infinity", () => {
    expect(rounded(1 + 2 ** -11)).toBe(1);
    expect(rounded(1 + 3 * 2 ** -11)).toBe(1 + 2 ** -9);
    expect(rounded(65519.99)).toBe(65504);
    expect(rounded(65520)).toBe(Infinity);
    expect(rounded(-(2 ** -25))).toBe(-0);
    expect(rounded(3 * 2 ** -25)).toBe(2 ** -23);
    fc.assert(
      fc.property(fc.float({ min: -60000, max: 60000, noNaN: true }), (value) => {
        const error = Math.abs(rounded(value) - value);
        expect(error).toBeLessThanOrEqual(Math.max(2 ** -25, Math.abs(value) * 2 ** -11));
      }),
    );
  });
});

test("hashes equal those of another implementation, at once or piece by piece", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 300 }), (first, second) => {
      const expected = createHash("sha256").update(first).update(second).digest("hex");
      expect(startSha256().update(first).update(second).hex()).toBe(expected);
      expect(sha256Hex(Buffer.concat([first, second]))).toBe(expected);
    }),
  );
  expect(utf8Text(utf8Bytes("über 🐕"))).toBe("über 🐕");
  expect(() => utf8Text(Uint8Array.of(0xff))).toThrow(TypeError);
});

test("errors carry a code and a cause; cancelling throws one", () => {
  const cause = new Error("below");
  const error = new ShowtellError("ARGUMENT", "above", { cause });
  expect(error).toMatchObject({ name: "ShowtellError", code: "ARGUMENT", message: "above", cause });
  expect([messageOf(cause), messageOf("text")]).toEqual(["below", "text"]);
  expect(() => throwIfCancelled({ aborted: true })).toThrow(expect.objectContaining({ code: "CANCELLED" }));
  expect(() => throwIfCancelled({ aborted: false })).not.toThrow();
});

describe("the seeded generator", () => {
  test("gives xoshiro128**'s numbers", () => {
    // From the recurrence by hand, state 1, 2, 3, 4: rotl(2 · 5, 7) · 9 = 11520, then 0 and 5927040 (Blackman and Vigna's code).
    const random = new Random([1, 2, 3, 4]);
    expect([random.uint32(), random.uint32(), random.uint32()]).toEqual([11520, 0, 5927040]);
  });

  test("chooses between two values by the same numbers, each good for two elements", () => {
    const [random, other] = [new Random([1, 2, 3, 4]), new Random([1, 2, 3, 4])];
    const chosen = new Float32Array(5);
    // The three numbers' halves are 0, 11520; 0, 0; and 90, 28800, of 65536.
    random.choose(chosen, 0.1, 7, 9);
    expect(Array.from(chosen)).toEqual([7, 9, 7, 7, 7]);
    for (let draws = 0; draws < 3; draws++) other.uint32();
    expect(random.state).toEqual(other.state);
  });

  test("repeats from a seed and from a saved state, and differs by seed and by purpose", () => {
    expect(draw(seededRandom(3, "order"))).toEqual(draw(seededRandom(3, "order")));
    expect(draw(seededRandom(3, "order"))).not.toEqual(draw(seededRandom(3, "masks")));
    expect(draw(seededRandom(3))).not.toEqual(draw(seededRandom(4)));
    const random = seededRandom(5);
    draw(random);
    const copy = new Random(random.state);
    expect(draw(copy)).toEqual(draw(random));
  });

  test("draws with the right moments and shuffles fairly", () => {
    const random = seededRandom(11);
    const normals = Array.from({ length: 20000 }, () => random.normal());
    const mean = normals.reduce((sum, x) => sum + x) / normals.length;
    const variance = normals.reduce((sum, x) => sum + (x - mean) ** 2, 0) / normals.length;
    expect(Math.abs(mean)).toBeLessThan(0.03);
    expect(Math.abs(variance - 1)).toBeLessThan(0.04);
    const first = [0, 0, 0];
    for (let i = 0; i < 6000; i++) first[random.shuffle([0, 1, 2])[0]!]!++;
    for (const count of first) expect(Math.abs(count - 2000)).toBeLessThan(150);
    expect(new Set(Array.from({ length: 200 }, () => random.below(3)))).toEqual(new Set([0, 1, 2]));
  });
});
