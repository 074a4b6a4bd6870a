// How commands put things into words: one line is one line, and numbers read well.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { byteSize, counted, duration, fieldLines, oneLine, tableLines } from "../../src/cli/wording.ts";

describe("text on one line", () => {
  test("has tabs, breaks and escapes spelled out, and nothing else changed", () => {
    expect(oneLine("a\tb\r\nc\u001B[31m\u0085\u007F")).toBe("a\\tb\\r\\nc\\u001b[31m\\u0085\\u007f");
    expect(oneLine('C:\\photos\\"new"\\日本 🐕.jpg')).toBe('C:\\photos\\"new"\\日本 🐕.jpg');
  });

  test("never has a control character, and is the text itself where that has none", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const line = oneLine(text);
        expect(line).not.toMatch(/\p{Cc}/u);
        if (!/\p{Cc}/u.test(text)) expect(line).toBe(text);
      }),
    );
  });
});

describe("numbers", () => {
  test("of things agree with them", () => {
    expect([0, 1, 2, 40_460].map((count) => counted(count, "picture"))).toEqual([
      "0 pictures",
      "1 picture",
      "2 pictures",
      "40,460 pictures",
    ]);
  });

  test("of bytes are in the largest unit that fits", () => {
    expect([0, 999, 1000, 23_684_080, 5e9, 7e12].map(byteSize)).toEqual([
      "0 bytes",
      "999 bytes",
      "1.0 kB",
      "23.7 MB",
      "5.0 GB",
      "7000.0 GB",
    ]);
  });

  test("of seconds are in the two largest units", () => {
    expect([0, 59.4, 59.6, 125, 3599.7, 3600, 7 * 3600 + 59 * 60 + 59].map(duration)).toEqual([
      "0 s",
      "59 s",
      "1 min 0 s",
      "2 min 5 s",
      "1 h 0 min",
      "1 h 0 min",
      "7 h 59 min",
    ]);
  });
});

describe("columns", () => {
  test("of labels and values stand below each other", () => {
    expect(
      fieldLines([
        ["file", "a\nb"],
        ["identity", ""],
      ]),
    ).toEqual(["file      a\\nb", "identity"]);
  });

  test("of tables are flush left first, then right", () => {
    expect(
      tableLines([
        ["split", "pictures"],
        ["train", "6,000"],
        ["a", "1"],
      ]),
    ).toEqual(["split  pictures", "train     6,000", "a             1"]);
  });
});
