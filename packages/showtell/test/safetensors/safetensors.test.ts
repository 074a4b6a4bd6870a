// safetensors files: what is written is read back, Python's library agrees, and whatever breaks the format is refused by name.
//
// golden/safetensors/python.safetensors was made by Python's safetensors 0.8.0 with numpy 2.4.6:
//   save_file({ "half": np.array([1, -0.5, 65504, 2**-24, np.inf], np.float16),
//     "single": np.arange(6, dtype=np.float32).reshape(2, 3) / 3, "double": np.array([[np.pi], [-1e300]]),
//     "long": np.array([2**62, -1], np.int64), "int": np.array([-2**31, 7], np.int32),
//     "tiny": np.array([-128, 127, 3], np.int8), "byte": np.array([0, 255, 9], np.uint8),
//     "flag": np.array([True, False, True]), "scalar": np.array(2.5, np.float32),
//     "empty": np.zeros((0, 4), np.float32), "naïve \"名\"": np.array([1], np.int8) },
//     "python.safetensors", metadata={"made by": "Python", "json": '{"a": "é"}'})
import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { utf8Bytes } from "../../src/base/bytes.ts";
import { ShowtellError } from "../../src/base/errors.ts";
import { seededRandom } from "../../src/base/random.ts";
import { bytesOf, bytesPerElement, sizeOf, tensor, viewAs } from "../../src/base/tensor.ts";
import type { DType, Tensor } from "../../src/base/tensor.ts";
import { dtypesByHeaderName, headerNames } from "../../src/safetensors/dtype-names.ts";
import { readSafetensorsHeader, safetensorsDataStart } from "../../src/safetensors/header.ts";
import { readSafetensors } from "../../src/safetensors/read.ts";
import { safetensorsParts, writeSafetensors } from "../../src/safetensors/write.ts";

const python = new Uint8Array(readFileSync(new URL("../golden/safetensors/python.safetensors", import.meta.url)));

/** A file with the given header text (padded to `length`) and data, right or wrong. */
function fileOf(header: string | Uint8Array, data: Uint8Array = new Uint8Array(0)): Uint8Array {
  const text = typeof header === "string" ? utf8Bytes(header) : header;
  const file = new Uint8Array(8 + text.length + data.length);
  new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true);
  file.set(text, 8);
  file.set(data, 8 + text.length);
  return file;
}

function entry(shape: string, offsets: string, dtype = '"F32"'): string {
  return `{"dtype":${dtype},"shape":${shape},"data_offsets":${offsets}}`;
}

function failure(read: () => unknown): ShowtellError {
  try {
    read();
  } catch (thrown) {
    if (thrown instanceof ShowtellError) return thrown;
    throw thrown;
  }
  throw new Error("nothing was thrown");
}

const small = new Map<string, Tensor>([
  ["bias", tensor("float32", [2], new Float32Array([0.5, -1]))],
  ["steps", tensor("int64", [], new BigInt64Array([12n]))],
  ["mask", tensor("bool", [3], new Uint8Array([1, 0, 1]))],
  ["weight", tensor("float16", [1, 2], new Uint16Array([0x3c00, 0x7bff]))],
]);

describe("writing", () => {
  test("orders by element size, largest first, then by name, whatever the order given", () => {
    const names = [...readSafetensorsHeader(writeSafetensors(small)).entries.keys()];
    expect(names).toEqual(["steps", "bias", "weight", "mask"]);
    expect(writeSafetensors(new Map([...small].toReversed()), { b: "1", a: "2" })).toEqual(
      writeSafetensors(small, { a: "2", b: "1" }),
    );
  });

  test("pads the header so that the data begins at a multiple of 8", () => {
    for (const name of ["a", "ab", "abc", "abcd", "abcde", "é", "名名"]) {
      const file = writeSafetensors(new Map([[name, tensor("float64", [1], new Float64Array([1]))]]));
      expect(safetensorsDataStart(file) % 8).toBe(0);
    }
  });

  test("gives the same bytes in parts, which are views of the tensors and not copies", () => {
    const parts = safetensorsParts(small, { kind: "test" });
    expect(Buffer.concat(parts)).toEqual(Buffer.from(writeSafetensors(small, { kind: "test" })));
    expect(parts[2]!.buffer).toBe(small.get("bias")!.data.buffer);
  });

  test.each([
    ["a reserved name", "__metadata__"],
    ["a name that every object has", "__proto__"],
    ["another", "constructor"],
    ["half a character", "a\ud800b"],
  ])("refuses %s", (_, name) => {
    const one = tensor("int8", [1], new Int8Array(1));
    expect(failure(() => writeSafetensors(new Map([[name, one]])))).toMatchObject({ code: "ARGUMENT" });
  });

  test("refuses metadata that can't be written, and a header longer than 16 MB", () => {
    expect(failure(() => writeSafetensors(new Map(), { a: "\udfff" })).message).toContain('"a"');
    const proto = Object.fromEntries([["__proto__", "x"]]);
    expect(failure(() => writeSafetensors(new Map(), proto)).code).toBe("ARGUMENT");
    const long = "x".repeat(16 * 1024 * 1024);
    expect(failure(() => writeSafetensors(new Map(), { long })).message).toContain("more than the 16777216");
  });

  test("refuses a tensor whose data does not fit its shape", () => {
    for (const shape of [[3], [-1, -2], [0.5, 4]]) {
      const wrong: Tensor = { dtype: "float32", shape, data: new Float32Array(2) };
      expect(failure(() => writeSafetensors(new Map([["w", wrong]])))).toMatchObject({ code: "ARGUMENT" });
    }
  });
});

describe("reading back", () => {
  test("gives the tensors as views of the file, and the metadata", () => {
    const file = writeSafetensors(small, { showtell: '{"version":1}', note: "ünï ☃" });
    const { tensors, metadata } = readSafetensors(file);
    expect(metadata).toEqual({ showtell: '{"version":1}', note: "ünï ☃" });
    expect(Object.fromEntries(tensors)).toEqual(Object.fromEntries(small));
    for (const { data } of tensors.values()) expect(data.buffer).toBe(file.buffer);
  });

  test.each([1, 2, 3, 4, 5, 6, 7])("copies what is not aligned: bytes that begin %i into a buffer", (shift) => {
    const file = writeSafetensors(small);
    const shifted = new Uint8Array(file.length + shift).subarray(shift);
    shifted.set(file);
    const buffer = Buffer.from(shifted.buffer, shift);
    for (const bytes of [shifted, buffer]) {
      expect(Object.fromEntries(readSafetensors(bytes).tensors)).toEqual(Object.fromEntries(small));
    }
  });

  test("an empty file of no tensors is valid", () => {
    expect(readSafetensors(writeSafetensors(new Map()))).toEqual({ tensors: new Map(), metadata: {} });
  });

  test("the header can be read from the file's beginning alone", () => {
    const file = writeSafetensors(small, { a: "b" });
    const start = file.slice(0, safetensorsDataStart(file.subarray(0, 8)));
    expect(readSafetensorsHeader(start, file.length)).toEqual(readSafetensorsHeader(file));
    expect(readSafetensorsHeader(file).entries.get("bias")).toEqual({
      dtype: "float32",
      shape: [2],
      begin: 8,
      end: 16,
    });
    expect(failure(() => readSafetensorsHeader(start)).message).toContain("cut off: 23 bytes");
  });

  test("every element type has a name, and the name leads back to it", () => {
    for (const [dtype, name] of Object.entries(headerNames)) expect(dtypesByHeaderName.get(name)).toBe(dtype);
    expect(dtypesByHeaderName.size).toBe(Object.keys(headerNames).length);
  });

  test("whatever is written is read back, bit for bit (property)", () => {
    const dtypes = Object.keys(headerNames) as DType[];
    const name = fc
      .string({ unit: "grapheme", maxLength: 8 })
      .filter((text) => !(text in {}) && text !== "__metadata__");
    const anyTensor = fc
      .record({ dtype: fc.constantFrom(...dtypes), shape: fc.array(fc.nat(4), { maxLength: 4 }) })
      .chain(({ dtype, shape }) => {
        const length = sizeOf(shape) * bytesPerElement(dtype);
        return fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => {
          return tensor(dtype, shape, viewAs(dtype, bytes));
        });
      });
    const anyMap = fc.array(fc.tuple(name, anyTensor), { maxLength: 6 }).map((pairs) => new Map<string, Tensor>(pairs));
    const anyMetadata = fc.dictionary(name, fc.string({ unit: "grapheme" }), { maxKeys: 4 });
    fc.assert(
      fc.property(anyMap, anyMetadata, (tensors, metadata) => {
        const read = readSafetensors(writeSafetensors(tensors, metadata));
        expect({ ...read.metadata }).toEqual({ ...metadata });
        expect(read.tensors.size).toBe(tensors.size);
        for (const [key, { dtype, shape, data }] of tensors) {
          const found = read.tensors.get(key)!;
          expect([found.dtype, found.shape]).toEqual([dtype, shape]);
          expect(bytesOf(found)).toEqual(bytesOf({ dtype, shape, data }));
        }
      }),
      { numRuns: 200 },
    );
  });
});

test("a file that Python wrote is read with Python's values", () => {
  const { tensors, metadata } = readSafetensors(python);
  expect(metadata).toEqual({ "made by": "Python", json: '{"a": "é"}' });
  expect(Object.fromEntries(tensors)).toEqual({
    half: tensor("float16", [5], new Uint16Array([0x3c00, 0xb800, 0x7bff, 1, 0x7c00])),
    single: tensor("float32", [2, 3], new Float32Array([0, 1 / 3, 2 / 3, 1, 4 / 3, 5 / 3])),
    double: tensor("float64", [2, 1], new Float64Array([Math.PI, -1e300])),
    long: tensor("int64", [2], new BigInt64Array([2n ** 62n, -1n])),
    int: tensor("int32", [2], new Int32Array([-(2 ** 31), 7])),
    tiny: tensor("int8", [3], new Int8Array([-128, 127, 3])),
    byte: tensor("uint8", [3], new Uint8Array([0, 255, 9])),
    flag: tensor("bool", [3], new Uint8Array([1, 0, 1])),
    scalar: tensor("float32", [], new Float32Array([2.5])),
    empty: tensor("float32", [0, 4], new Float32Array(0)),
    'naïve "名"': tensor("int8", [1], new Int8Array([1])),
  });
});

describe("a broken file is refused, saying what is wrong", () => {
  const four = new Uint8Array(4);
  const eight = new Uint8Array(8);
  const a = `"a":${entry("[1]", "[0,4]")}`;
  const cases: readonly (readonly [string, Uint8Array, string])[] = [
    ["no bytes", new Uint8Array(0), "it has 0 bytes"],
    ["seven bytes", new Uint8Array(7), "it has 7 bytes"],
    ["a header that would end after the file", python.subarray(0, 100), "cut off: its header ends at"],
    ["a header of 16 MB and one byte", fileOf(new Uint8Array(16 * 1024 * 1024 + 1)), "16777217 bytes, more than"],
    ["a header of 2^64 − 1 bytes", new Uint8Array(64).fill(255), "18446744073709551615 bytes, more than"],
    ["no header", fileOf(""), 'does not begin with "{"'],
    ["a header that begins with a blank", fileOf(" {}"), 'does not begin with "{"'],
    ["a header that is a list", fileOf("[]"), 'does not begin with "{"'],
    ["a header that is no UTF-8", fileOf(new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d])), "not UTF-8"],
    ["a header that is no JSON", fileOf("{'a':1}"), "not JSON"],
    ["a header that stops", fileOf('{"a'), "not JSON"],
    ["text after the header's object", fileOf("{} {}"), "not JSON"],
    ["a thousand brackets", fileOf(`{"a":${"[".repeat(1000)}`), "nested deeper than 3"],
    ["a tensor twice", fileOf(`{${a},${a}}`, four), 'the key "a" occurs twice'],
    [
      "a tensor twice, spelt differently",
      fileOf(`{${a},"\\u0061" :${entry("[1]", "[0,4]")}}`, four),
      '"a" occurs twice',
    ],
    ["a field twice", fileOf('{"a":{"dtype":"F32","dtype":"F32"}}'), 'the key "dtype" occurs twice'],
    ["metadata twice", fileOf('{"__metadata__":{},"__metadata__":{}}'), '"__metadata__" occurs twice'],
    ["metadata that is a list", fileOf('{"__metadata__":[]}'), "__metadata__ is no object"],
    ["metadata that is null", fileOf('{"__metadata__":null}'), "__metadata__ is no object"],
    ["metadata that is no text", fileOf('{"__metadata__":{"epoch":1}}'), "__metadata__.epoch is no string"],
    ["metadata called __proto__", fileOf('{"__metadata__":{"__proto__":"x"}}'), '"__proto__"'],
    ["a tensor called __proto__", fileOf(`{"__proto__":${entry("[1]", "[0,4]")}}`, four), '"__proto__"'],
    ["a tensor called constructor", fileOf(`{"constructor":${entry("[1]", "[0,4]")}}`, four), '"constructor"'],
    ["half a character in a name", fileOf(`{"\\ud800":${entry("[1]", "[0,4]")}}`, four), "half a character"],
    ["a tensor that is a number", fileOf('{"a":1}'), 'tensor "a": its entry is no object'],
    ["a tensor that is a list", fileOf('{"a":[]}'), 'tensor "a": its entry is no object'],
    ["BF16", fileOf(`{"a":${entry("[2]", "[0,4]", '"BF16"')}}`, four), 'element type "BF16" is not one'],
    ["an element type named like a method", fileOf(`{"a":${entry("[1]", "[0,4]", '"has"')}}`, four), '"has"'],
    ["an element type that is a number", fileOf(`{"a":${entry("[1]", "[0,4]", "32")}}`, four), "element type 32"],
    ["no element type", fileOf('{"a":{"shape":[1],"data_offsets":[0,4]}}', four), "element type undefined"],
    ["no shape", fileOf('{"a":{"dtype":"F32","data_offsets":[0,4]}}', four), "its shape is no list"],
    ["no offsets", fileOf('{"a":{"dtype":"F32","shape":[1]}}', four), "its data_offsets are not two"],
    ["a negative dimension", fileOf(`{"a":${entry("[-1,-1]", "[0,4]")}}`, four), "its shape is no list"],
    ["a dimension of −0", fileOf(`{"a":${entry("[-0]", "[0,0]")}}`), "its shape is no list"],
    ["a fractional dimension", fileOf(`{"a":${entry("[0.5,2]", "[0,4]")}}`, four), "its shape is no list"],
    ["a dimension as text", fileOf(`{"a":${entry('["1"]', "[0,4]")}}`, four), "its shape is no list"],
    ["a dimension beyond 2^53", fileOf(`{"a":${entry("[9007199254740993]", "[0,4]")}}`, four), "its shape is no list"],
    ["a huge shape", fileOf(`{"a":${entry("[4294967296,4294967296]", "[0,4]")}}`, four), "is too large"],
    ["a huge shape made empty", fileOf(`{"a":${entry("[4294967296,4294967296,0]", "[0,0]")}}`), "is too large"],
    ["three offsets", fileOf(`{"a":${entry("[1]", "[0,4,8]")}}`, four), "data_offsets are not two"],
    ["fractional offsets", fileOf(`{"a":${entry("[1]", "[0.5,4.5]")}}`, four), "data_offsets are not two"],
    ["negative offsets", fileOf(`{"a":${entry("[1]", "[-4,0]")}}`, four), "data_offsets are not two"],
    ["offsets the wrong way round", fileOf(`{"a":${entry("[1]", "[4,0]")}}`, four), "needs 4 bytes"],
    ["offsets that hold too little", fileOf(`{"a":${entry("[2]", "[0,4]")}}`, four), "needs 8 bytes"],
    ["a hole at the beginning", fileOf(`{"a":${entry("[1]", "[4,8]")}}`, eight), "leaves a hole"],
    ["a hole", fileOf(`{${a},"b":${entry("[1]", "[8,12]")}}`, new Uint8Array(12)), 'tensor "b" begins at byte 8'],
    ["an overlap", fileOf(`{${a},"b":${entry("[1]", "[2,6]")}}`, new Uint8Array(6)), "overlaps the tensor before it"],
    ["two tensors in one place", fileOf(`{${a},"b":${entry("[1]", "[0,4]")}}`, four), "overlaps"],
    ["data that is cut off", fileOf(`{${a}}`, new Uint8Array(3)), "cut off: 4 bytes of tensors are announced, 3"],
    ["bytes after the last tensor", fileOf(`{${a}}`, eight), "4 bytes follow its last tensor"],
    ["bytes after no tensor", fileOf("{}", four), "4 bytes follow"],
  ];

  test.each(cases)("%s", (_, file, what) => {
    const error = failure(() => readSafetensors(file, { source: 'file "x.safetensors"' }));
    expect(error.code).toBe("SAFETENSORS_FORMAT");
    expect(error.message).toContain('file "x.safetensors" is not a valid safetensors file');
    expect(error.message).toContain(what);
  });

  test("cut off at any byte", () => {
    for (let length = 0; length < python.length; length++) {
      expect(failure(() => readSafetensors(python.slice(0, length))).code).toBe("SAFETENSORS_FORMAT");
    }
  });

  test("2,000 random changes are read or refused, never a crash", () => {
    const random = seededRandom(7, "safetensors mutations");
    const start = safetensorsDataStart(python);
    let refused = 0;
    for (let i = 0; i < 2000; i++) {
      const changed = python.slice();
      const changes = 1 + random.below(4);
      // Mostly in the header: data may hold any bits.
      for (let j = 0; j < changes; j++) changed[random.below(start)] = random.below(256);
      if (random.below(8) === 0) changed.copyWithin(random.below(start), random.below(start), start);
      try {
        readSafetensors(changed);
      } catch (thrown) {
        expect(thrown).toMatchObject({ name: "ShowtellError", code: "SAFETENSORS_FORMAT" });
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(1000);
  });

  test("digits exchanged in the header are read or refused, never a crash", () => {
    const random = seededRandom(8, "safetensors mutations");
    const digits = [...python.keys()]
      .filter((i) => i >= 8 && i < safetensorsDataStart(python))
      .filter((i) => {
        return python[i]! >= 0x30 && python[i]! <= 0x39;
      });
    for (let i = 0; i < 500; i++) {
      const changed = python.slice();
      changed[digits[random.below(digits.length)]!] = utf8Bytes("0123456789-.e,[]")[random.below(16)]!;
      try {
        for (const { shape, data } of readSafetensors(changed).tensors.values()) {
          expect(data.length).toBe(sizeOf(shape));
        }
      } catch (thrown) {
        expect(thrown).toMatchObject({ name: "ShowtellError", code: "SAFETENSORS_FORMAT" });
      }
    }
  });
});
