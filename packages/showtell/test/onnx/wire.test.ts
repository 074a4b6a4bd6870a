// The wire format's writer against a reader of its own and against the bytes of the format's documentation.
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Part } from "../../src/onnx/wire.ts";
import { encode, floatField, intField, message, partField, rawPart, textField } from "../../src/onnx/wire.ts";
import { decodeMessage, texts } from "./decode.ts";

const fieldNumber = fc.integer({ min: 1, max: 2 ** 28 - 1 });
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

describe("the writer", () => {
  it("gives the bytes that the documentation of the format shows", () => {
    expect(encode(intField(1, 150))).toEqual(Uint8Array.of(0x08, 0x96, 0x01));
    expect(encode(textField(2, "testing"))).toEqual(
      Uint8Array.of(0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67),
    );
    expect(encode(partField(3, intField(1, 150)))).toEqual(Uint8Array.of(0x1a, 0x03, 0x08, 0x96, 0x01));
  });

  it("writes every 64-bit number, negative ones in ten bytes", () => {
    fc.assert(
      fc.property(fieldNumber, int64, (field, value) => {
        const bytes = encode(intField(field, value));
        expect(decodeMessage(bytes)).toEqual([{ field, kind: "varint", value }]);
        const tagSize = encode(intField(field, 0)).length - 1;
        const digits = value === 0n ? 1 : BigInt.asUintN(64, value).toString(2).length;
        expect(bytes.length - tagSize).toBe(Math.ceil(digits / 7));
      }),
    );
    expect(encode(intField(1, -1))).toHaveLength(11);
  });

  it("writes whole numbers as exactly as JavaScript holds them", () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        expect(decodeMessage(encode(intField(1, value)))).toEqual([{ field: 1, kind: "varint", value: BigInt(value) }]);
      }),
    );
  });

  it("writes floats, rounded to 32 bits", () => {
    fc.assert(
      fc.property(fieldNumber, fc.double(), (field, value) => {
        expect(decodeMessage(encode(floatField(field, value)))).toEqual([
          { field, kind: "fixed32", value: Math.fround(value) },
        ]);
      }),
    );
  });

  it("writes text of any script", () => {
    fc.assert(
      fc.property(fieldNumber, fc.string({ unit: "grapheme" }), (field, text) => {
        expect(texts(encode(textField(field, text)), field)).toEqual([text]);
      }),
    );
  });

  it("writes empty messages, texts and bytes as fields of no length", () => {
    expect(encode(message())).toHaveLength(0);
    for (const empty of [message(), message([], []), rawPart(new Uint8Array(0))]) {
      expect(encode(partField(1, empty))).toEqual(Uint8Array.of(0x0a, 0x00));
    }
    expect(encode(textField(1, ""))).toEqual(Uint8Array.of(0x0a, 0x00));
  });

  /** A message as plain data: numbers, texts and messages in messages. */
  type Tree = number | string | readonly Tree[];
  const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
    tree: fc.oneof({ maxDepth: 4 }, fc.integer(), fc.string(), fc.array(tie("tree"), { maxLength: 4 })),
  }));

  const partOf = (node: Tree): Part => {
    if (typeof node === "number") return intField(1, node);
    return typeof node === "string" ? textField(2, node) : partField(3, message(node.map(partOf)));
  };
  const treesIn = (bytes: Uint8Array): readonly Tree[] =>
    decodeMessage(bytes).map(({ field, value }) => {
      if (field === 1) return Number(value);
      return field === 2 ? new TextDecoder().decode(value as Uint8Array) : treesIn(value as Uint8Array);
    });

  it("writes messages within messages, in order and in as many bytes as announced", () => {
    fc.assert(
      fc.property(fc.array(tree), (trees) => {
        const part = message(trees.map(partOf));
        const bytes = encode(part);
        expect(bytes).toHaveLength(part.size);
        expect(treesIn(bytes)).toEqual(trees);
      }),
    );
  });

  it("hands each part just its own stretch of the one buffer", () => {
    const stretches: Uint8Array[] = [];
    const part: Part = { size: 3, write: (target) => stretches.push(target.fill(7)) };
    const bytes = encode(message(intField(1, 1), partField(2, part), intField(3, 1)));
    expect(bytes).toEqual(Uint8Array.of(0x08, 1, 0x12, 3, 7, 7, 7, 0x18, 1));
    expect(stretches.map(({ byteOffset, length, buffer }) => [byteOffset, length, buffer])).toEqual([
      [4, 3, bytes.buffer],
    ]);
  });
});
