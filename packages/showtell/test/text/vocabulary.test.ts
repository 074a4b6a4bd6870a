// A vocabulary: which words it takes, which ids they get, and what it refuses.
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  buildVocabulary,
  countUnknown,
  createVocabulary,
  decodeIds,
  encodeTokens,
  endId,
  paddingId,
  parseVocabulary,
  specialWords,
  startId,
  unknownId,
  vocabularyData,
} from "../../src/text/vocabulary.ts";

const refusal = (part: string): unknown =>
  expect.objectContaining({ name: "ShowtellError", code: "VOCABULARY", message: expect.stringContaining(part) });
const words = fc.string({ minLength: 1 }).filter((word) => !(specialWords as readonly string[]).includes(word));

describe("buildVocabulary", () => {
  const captions = [
    ["a", "dog", "runs"],
    ["a", "cat", "runs"],
    ["a", "dog"],
    ["the", "dog"],
  ];

  it("puts the special words first, then words by falling count, ties in code order", () => {
    const { words: all, ids } = buildVocabulary(captions, { minimumCount: 1 });
    expect(all).toEqual(["<pad>", "<start>", "<end>", "<unk>", "a", "dog", "runs", "cat", "the"]);
    expect([paddingId, startId, endId, unknownId].map((id) => all[id])).toEqual([...specialWords]);
    expect(ids.get("a")).toBe(4);
  });

  it("leaves out words that occur less often than asked", () => {
    expect(buildVocabulary(captions, { minimumCount: 3 }).words.slice(4)).toEqual(["a", "dog"]);
  });

  it("asks for five occurrences by default", () => {
    const five = Array.from({ length: 5 }, () => ["often", "rare"]);
    expect(buildVocabulary([...five, ["often"]]).words.slice(4)).toEqual(["often", "rare"]);
    expect(buildVocabulary([...five.slice(1), ["often"]]).words.slice(4)).toEqual(["often"]);
  });

  it("does not depend on the order of the captions", () => {
    const forwards = buildVocabulary(captions, { minimumCount: 1 });
    expect(buildVocabulary(captions.toReversed(), { minimumCount: 1 })).toEqual(forwards);
  });

  it("never takes a special word from a caption, nor confuses a word with a property of objects", () => {
    const { ids } = buildVocabulary([["<end>", "constructor", "__proto__"]], { minimumCount: 1 });
    expect([...ids.keys()]).toEqual(["__proto__", "constructor"]);
  });

  it.each([0, -1, 2.5, Number.NaN])("refuses %d as the minimum count", (minimumCount) => {
    const argument = expect.objectContaining({ code: "ARGUMENT", message: expect.stringContaining(`${minimumCount}`) });
    expect(() => buildVocabulary(captions, { minimumCount })).toThrow(argument);
  });
});

describe("encodeTokens and decodeIds", () => {
  it("bring back all words of the vocabulary", () => {
    fc.assert(
      fc.property(fc.uniqueArray(words), (some) => {
        const vocabulary = createVocabulary(some);
        expect(decodeIds(vocabulary, encodeTokens(vocabulary, some))).toEqual(some);
      }),
    );
  });

  it("give unknown for other words, and for the name of a special one", () => {
    const vocabulary = createVocabulary(["dog"]);
    expect(encodeTokens(vocabulary, ["dog", "cat", "<end>", "toString"])).toEqual([4, 3, 3, 3]);
    expect(decodeIds(vocabulary, [4, 3])).toEqual(["dog", "<unk>"]);
  });

  it("stop at the end, and leave out start and padding", () => {
    const vocabulary = createVocabulary(["dog", "runs"]);
    expect(decodeIds(vocabulary, [1, 4, 5, 2, 4, 0, 0])).toEqual(["dog", "runs"]);
    expect(decodeIds(vocabulary, Int32Array.of(0, 4))).toEqual(["dog"]);
  });

  it.each([-1, 5, 4.5])("refuse the id %d", (id) => {
    expect(() => decodeIds(createVocabulary(["dog"]), [id])).toThrow(refusal(`id ${id}`));
  });
});

describe("countUnknown", () => {
  it("counts tokens that the vocabulary does not have", () => {
    const unknown = countUnknown(createVocabulary(["a", "dog"]), [["a", "dog", "barks"], ["a"], []]);
    expect(unknown).toEqual({ tokens: 4, unknown: 1, rate: 0.25 });
  });

  it("has the rate 0 where there is nothing to count", () => {
    expect(countUnknown(createVocabulary([]), []).rate).toBe(0);
  });
});

describe("vocabularyData and parseVocabulary", () => {
  it("keep a vocabulary through JSON", () => {
    fc.assert(
      fc.property(fc.uniqueArray(words), (some) => {
        const vocabulary = createVocabulary(some);
        expect(parseVocabulary(JSON.parse(JSON.stringify(vocabularyData(vocabulary))))).toEqual(vocabulary);
      }),
    );
  });

  it.each([
    ["no data", undefined, "list of words"],
    ["no list", { words: "a b" }, "list of words"],
    ["a number among the words", { words: [...specialWords, 7] }, "list of words"],
    ["an empty list", { words: [] }, `word 0 must be the special word "<pad>", found nothing`],
    ["special words in another order", { words: ["<pad>", "<end>", "<start>", "<unk>"] }, "word 1"],
    ["a word twice", { words: [...specialWords, "a", "b", "a"] }, `word 6 ("a") is word 4 already`],
    ["a special word further on", { words: [...specialWords, "<unk>"] }, `word 4 ("<unk>")`],
    ["an empty word", { words: [...specialWords, ""] }, "is empty"],
  ])("refuse %s, and name the file", (_, data, part) => {
    expect(() => parseVocabulary(data, "run.json")).toThrow(refusal(part));
    expect(() => parseVocabulary(data, "run.json")).toThrow(refusal("run.json: "));
  });
});
