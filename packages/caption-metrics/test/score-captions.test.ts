// Raw captions in, every metric out: the golden corpus scores, and ids that do not fit are named.
import { describe, expect, it } from "vitest";
import { scoreCaptions } from "../src/score-captions.ts";
import { wordnet } from "../src/wordnet.ts";
import { goldenSet, SET_NAMES } from "./golden.ts";

describe("scoreCaptions", () => {
  it.each(SET_NAMES)("gives the reference toolkit's scores for %s, from raw captions", (name) => {
    const set = goldenSet(name);
    const { scores, ids, images } = scoreCaptions(
      set.ids.map((id) => [id, set.captions[id] ?? ""]),
      set.referenceCaptions,
    );
    expect(ids).toEqual(set.ids);
    expect(images).toBe(set.ids.length);
    expect(scores["BLEU-1"]).toBeCloseTo(set.scores.corpus.Bleu_1, 9);
    expect(scores["BLEU-4"]).toBeCloseTo(set.scores.corpus.Bleu_4, 9);
    expect(scores["ROUGE-L"]).toBeCloseTo(set.scores.corpus.ROUGE_L, 9);
    expect(scores["CIDEr"]).toBeCloseTo(set.scores.corpus.CIDEr, 9);
  });

  it("has a signature and a score an image under each metric's name", () => {
    const result = scoreCaptions({ a: "A dog.", b: "A cat." }, { a: ["a dog", "the dog"], b: ["a cat", "the cat"] });
    const names = ["BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4", "ROUGE-L", "CIDEr"];
    expect(Object.keys(result.scores)).toEqual(names);
    expect(Object.keys(result.signatures)).toEqual(names);
    expect(Object.values(result.perImage).map((scores) => scores.length)).toEqual(names.map(() => 2));
    expect(result.signatures["CIDEr"]).toBe("cider-d|n:4|sigma:6|df:refs2|tok:ptb|refs:2|v:0.1.0");
  });

  it("scores METEOR under the name of its variant if it is given what METEOR needs", () => {
    const set = goldenSet("varied_refs");
    const { scores, signatures } = scoreCaptions(set.captions, set.referenceCaptions, {
      meteor: { synonyms: wordnet },
    });
    expect(scores["METEOR (no paraphrase)"]).toBeCloseTo(set.scores.corpus.METEOR_exact_stem_synonym, 9);
    expect(signatures["METEOR (no paraphrase)"]).toContain("modules:exact+stem+synonym|tok:ptb|refs:1-4");
    expect(Object.keys(scores)).toHaveLength(7);
  });

  it("does not care about the order of images", () => {
    const { ids, captions, referenceCaptions } = goldenSet("varied_refs");
    const forwards = scoreCaptions(captions, referenceCaptions);
    const backwards = scoreCaptions(
      ids.toReversed().map((id) => [id, captions[id] ?? ""]),
      new Map(ids.map((id) => [id, referenceCaptions[id] ?? []])),
    );
    for (const [name, score] of Object.entries(forwards.scores)) expect(backwards.scores[name]).toBeCloseTo(score, 12);
  });

  it.each([
    ["no references", { a: "x", b: "x" }, { a: ["x"] }, "IDS", `image "b" has a hypothesis but no references`],
    ["no hypothesis", { a: "x" }, { a: ["x"], b: ["x"] }, "IDS", `image "b" has references but no hypothesis`],
    ["an empty list", { a: "x" }, { a: [] }, "NO_REFERENCES", `image "a" has no reference caption`],
    [
      "an id twice",
      [
        ["a", "x"],
        ["a", "y"],
      ],
      { a: ["x"] },
      "IDS",
      `the hypotheses hold image "a" twice`,
    ],
    ["no caption", { a: 7 }, { a: ["x"] }, "ARGUMENT", `the hypothesis of image "a" is number`],
    ["no string", { a: "x" }, { a: ["x", null] }, "ARGUMENT", `reference 1 of image "a" is null`],
    ["no array", { a: "x" }, { a: "x" }, "ARGUMENT", `the references of image "a" are string`],
    ["no object", undefined, {}, "ARGUMENT", "the hypotheses are undefined"],
    ["nothing", {}, {}, "EMPTY", "no image to score"],
    ["no word", { a: "x" }, { a: ["."] }, "EMPTY", "no reference has a word"],
  ])("names what is wrong: %s", (_, hypotheses, references, code, message) => {
    expect(() => scoreCaptions(hypotheses as never, references as never)).toThrowError(
      expect.objectContaining({ name: "MetricsError", code, message: expect.stringContaining(message) }),
    );
  });
});
