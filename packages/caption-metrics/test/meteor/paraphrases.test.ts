// The paraphrase table: what was packed is what is found, phrase by phrase and pair by pair, and nothing else.
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createParaphrasePacker } from "../../src/meteor/packed-paraphrases.ts";
import { createParaphrases, openParaphrases, type Paraphrases } from "../../src/meteor/paraphrases.ts";

/** The number of a phrase, or undefined. */
function find(table: Paraphrases, phrase: string): number | undefined {
  return phrase.split(" ").reduce<number | undefined>((node, text) => {
    const word = table.word(text);
    return node === undefined || word === undefined ? undefined : table.extend(node, word);
  }, 0);
}

function has(table: Paraphrases, first: string, second: string): boolean {
  const [from, to] = [find(table, first), find(table, second)];
  return from !== undefined && to !== undefined && table.has(from, to);
}

describe("a table", () => {
  const table = createParaphrases([
    ["in front of", "before"],
    ["in front of", "ahead of"],
    ["before", "in front of"],
    ["of", "from"],
  ]);

  it("has the pairs that it was given, in their direction", () => {
    expect(has(table, "in front of", "before")).toBe(true);
    expect(has(table, "before", "in front of")).toBe(true);
    expect(has(table, "in front of", "ahead of")).toBe(true);
    expect(has(table, "ahead of", "in front of")).toBe(false);
    expect(has(table, "before", "ahead of")).toBe(false);
  });

  it("knows the beginnings of phrases, which stand for nothing, and no other words", () => {
    expect(find(table, "in front")).toBeTypeOf("number");
    expect(has(table, "in front", "before")).toBe(false);
    expect(find(table, "front of")).toBeUndefined();
    expect(table.word("behind")).toBeUndefined();
    expect(table.word("zebra")).toBeUndefined();
  });

  it("may be empty", () => {
    expect(createParaphrases([]).word("a")).toBeUndefined();
    expect(createParaphrases([]).extend(0, 0)).toBeUndefined();
  });

  it("finds exactly what was packed, whatever that is", () => {
    const phrase = fc.array(fc.constantFrom("a", "b", "c", "é", "10", "don"), { minLength: 1, maxLength: 4 });
    const pairs = fc.array(fc.tuple(phrase, phrase), { maxLength: 40 });
    fc.assert(
      fc.property(pairs, pairs, (given, others) => {
        const texts = given.map(([a, b]) => [a.join(" "), b.join(" ")] as const);
        const packed = createParaphrases(texts);
        const known = new Set(texts.map(([a, b]) => `${a}|${b}`));
        const wrong = [...given, ...others].filter(([a, b]) => {
          const [first, second] = [a.join(" "), b.join(" ")];
          return has(packed, first, second) !== known.has(`${first}|${second}`);
        });
        expect(wrong).toEqual([]);
      }),
      { numRuns: 200, seed: 5 },
    );
  });

  it("is refused if its arrays do not fit each other", () => {
    const packer = createParaphrasePacker();
    packer.add("a b", "c");
    const packed = packer.finish();
    expect(has(openParaphrases(packed), "a b", "c")).toBe(true);
    for (const name of ["lastWords", "firstChildren", "firstPartners", "partners"] as const) {
      const damaged = { ...packed, [name]: packed[name].slice(1) };
      expect(() => openParaphrases(damaged), name).toThrow(expect.objectContaining({ code: "DATA" }));
    }
  });
});
