// What METEOR does to words: its tokeniser, the Porter2 stemmer and WordNet's synsets, as METEOR 1.5 answered.
import * as fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { meteorWords } from "../../src/meteor/normalise.ts";
import { stem } from "../../src/meteor/stem.ts";
import { createSynonyms } from "../../src/meteor/synonyms.ts";
import { wordnet } from "../../src/wordnet.ts";

vi.setConfig({ testTimeout: 120_000 });

describe("meteorWords", () => {
  it.each([
    ["The man's t-shirt, well-worn.", "the man 's t shirt , well worn ."],
    ["a-b-c a--b a -b a- -- ---", "a b-c a b a -b a- - --"],
    ["U.S. Ph.D. U.S.A a.b.c. etc. end.", "us phd u.s.a abc etc. end ."],
    ["Mr. mr. A. No. 5 No. x", "mr. mr . a. no. 5 no. x"],
    ["1,000 dogs,cats 5,a wait... .", "1,000 dogs , cats 5 , a wait ... ."],
    ["o'clock 'x' ''q'' dogs' 5's", "o 'clock ' x ' \" q \" dogs ' 5 's"],
    ["a–b a—b “c” ‘d’ naïve 狗好", "a - b a — b \" c \" ' d ' naïve 狗 好"],
  ])("%s", (text, expected) => {
    expect(meteorWords(text).join(" ")).toBe(expected);
  });

  it("gives words without blanks for any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => meteorWords(text).every((word) => /^\S+$/.test(word))),
      { seed: 3 },
    );
  });
});

describe("createSynonyms", () => {
  it("refuses a text without a line break at both ends, in which a word would be looked for without end", () => {
    const whole = { synsets: "\ndog 1\n", exceptions: "" };
    expect([...createSynonyms(whole).synsets("dog")]).toEqual(["1"]);
    for (const text of ["dog 1\n", "\ndog 1", "dog", undefined]) {
      const damaged = { ...whole, synsets: text as string };
      expect(() => createSynonyms(damaged)).toThrow(expect.objectContaining({ code: "DATA" }));
    }
  });
});

describe("stem", () => {
  it.each([
    ["running", "run"],
    ["hopping", "hop"],
    ["hoping", "hope"],
    ["happily", "happili"],
    ["generously", "generous"],
    ["communities", "communiti"],
    ["skies", "sky"],
    ["ties", "tie"],
    ["cries", "cri"],
    ["dogs", "dog"],
    ["gas", "gas"],
    ["glasses", "glass"],
    ["proceeded", "proceed"],
    ["relational", "relat"],
    ["hopefulness", "hope"],
    ["adoption", "adopt"],
    ["controlling", "control"],
    ["youth's", "youth"],
    ["yelling", "yell"],
    ["by", "by"],
  ])("%s → %s", (word, expected) => {
    expect(stem(word)).toBe(expected);
  });

  it("never fails, whatever the word", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (word) => typeof stem(word) === "string"),
      { seed: 4 },
    );
  });
});

function share(a: string, b: string) {
  return [...wordnet.synsets(a)].some((synset) => wordnet.synsets(b).has(synset));
}

describe("wordnet", () => {
  it("knows synonyms, also by regular and irregular base forms", () => {
    expect(share("bike", "bicycle")).toBe(true);
    expect(share("bikes", "bicycle")).toBe(true);
    expect(share("children", "kids")).toBe(true);
    expect(share("better", "good")).toBe(true);
    expect(share("ran", "run")).toBe(true);
    expect(share("dog", "cat")).toBe(false);
  });

  it("knows nothing of words that it has not", () => {
    expect(wordnet.synsets("qwertz").size).toBe(0);
    expect(wordnet.synsets("").size).toBe(0);
  });

  it("finds first, middle and last lines of sorted texts", () => {
    const synonyms = createSynonyms({ synsets: "\na 1\nb 2 3\nc 4\n", exceptions: "\nx a\ny b c\n" });
    expect(["a", "b", "c", "x", "y", "z"].map((word) => [...synonyms.synsets(word)].join())).toEqual([
      "1",
      "2,3",
      "4",
      "1",
      "2,3,4",
      "",
    ]);
  });
});
