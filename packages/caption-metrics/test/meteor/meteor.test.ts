// METEOR: the variants by what is handed in, METEOR's quirks, its signature and what it is called.
import { describe, expect, it } from "vitest";
import { meteor, meteorName, meteorStatistics } from "../../src/meteor/meteor.ts";
import { createParaphrases } from "../../src/meteor/paraphrases.ts";
import { CHUNKS, meteorScore, sumMeteorStatistics } from "../../src/meteor/statistics.ts";
import { wordnet } from "../../src/wordnet.ts";
import { words } from "../words.ts";

const score = (hypothesis: string, reference: string, resources = {}) =>
  meteor([words(hypothesis)], [[words(reference)]], resources).score;

describe("meteor", () => {
  it("is 1 for the same sentence and 0 for nothing in common or nothing at all", () => {
    expect(score("a dog runs", "a dog runs")).toBe(1);
    expect(score("cats", "dogs run")).toBe(0);
    expect(score("", "dogs run")).toBe(0);
    expect(score("", "")).toBe(0);
  });

  it("finds more the more it is given", () => {
    const paraphrases = createParaphrases([["in front of", "before"]]);
    expect(score("ran", "runs", { stem: false })).toBe(0);
    expect(score("running", "runs")).toBeCloseTo(0.6, 12);
    expect(score("ran", "runs", { synonyms: wordnet })).toBeCloseTo(0.8, 12);
    expect(score("before", "in front of", { paraphrases })).toBeGreaterThan(0);
    expect(score("in front of", "before", { paraphrases })).toBeGreaterThan(0);
  });

  it("drops a pair that two modules find, for in its search a lone inexact word counts nothing", () => {
    expect(score("dog", "dogs")).toBeCloseTo(0.6, 12);
    expect(score("dog", "dogs", { synonyms: wordnet })).toBe(0);
  });

  it("takes a pair that the table has in both directions for two matches", () => {
    const once = createParaphrases([["has", "is"]]);
    const twice = createParaphrases([
      ["has", "is"],
      ["is", "has"],
    ]);
    expect(score("he has", "she is", { paraphrases: once })).toBeGreaterThan(0);
    expect(score("he has", "she is", { paraphrases: twice })).toBe(0);
  });

  it("compares with the best reference", () => {
    const { perImage } = meteor([words("a dog runs")], [[words("a cat"), words("a dog runs"), words("the dog")]]);
    expect(perImage).toEqual([1]);
  });

  it("adds statistics up, a segment matched in one run without its chunk", () => {
    const statistics = meteorStatistics(
      [words("a dog"), words("the cat sat")],
      [[words("a dog")], [words("a cat ran")]],
    );
    expect(statistics.map((counts) => counts[CHUNKS])).toEqual([1, 1]);
    expect(sumMeteorStatistics(statistics)[CHUNKS]).toBe(1);
    const hypotheses = [words("a dog"), words("the cat sat")];
    const references = [[words("a dog")], [words("a cat ran")]];
    expect(meteor(hypotheses, references).score).toBe(meteorScore(sumMeteorStatistics(statistics)));
  });

  it("says in name and signature which modules ran", () => {
    const paraphrases = createParaphrases([["a", "b"]]);
    expect(meteorName({ synonyms: wordnet, paraphrases })).toBe("METEOR");
    expect(meteorName({ synonyms: wordnet })).toBe("METEOR (no paraphrase)");
    expect(meteorName({ stem: false })).toBe("METEOR (no stem, no synonym, no paraphrase)");
    const { signature } = meteor([words("a")], [[words("a")]], { synonyms: wordnet, tokeniser: "ptb" });
    expect(signature).toBe("meteor|v1.5|lang:en|norm:yes|modules:exact+stem+synonym|tok:ptb|refs:1|v:0.1.0");
    const named = meteor([words("a")], [[words("a")]], { paraphrases: { ...paraphrases, name: "mine" } });
    expect(named.signature).toContain("|modules:exact+stem+paraphrase|table:mine|tok:");
  });
});
