// Diversity, novelty and self-CIDEr, by hand and at their ends.
import { describe, expect, it } from "vitest";
import { ciderScorer } from "../src/cider-d.ts";
import { diversity, meanSelfCider, novelty, selfCider } from "../src/diversity.ts";
import { documentFrequencies } from "../src/document-frequencies.ts";
import { MetricsError } from "../src/errors.ts";
import { words } from "./words.ts";

const empty = expect.objectContaining({ name: MetricsError.name, code: "EMPTY" });

describe("diversity", () => {
  it("counts different words and pairs over all captions", () => {
    expect(diversity([words("a dog a dog"), words("a cat")])).toEqual({
      distinct1: 3 / 6,
      distinct2: 3 / 4, // a dog (twice), dog a, a cat
      vocabulary: 3,
      meanLength: 3,
    });
  });

  it("is 0, and not NaN, for captions without words", () => {
    expect(diversity([[], []])).toEqual({ distinct1: 0, distinct2: 0, vocabulary: 0, meanLength: 0 });
    expect(() => diversity([])).toThrowError(empty);
  });
});

describe("novelty", () => {
  it("is the share of captions that the training set does not hold", () => {
    const training = [words("a dog runs"), words("a cat")];
    expect(novelty([words("a dog runs"), words("a dog"), words("a cat"), words("b")], training)).toEqual({
      novel: 0.5,
      copied: 0.5,
    });
    expect(() => novelty([], training)).toThrowError(empty);
  });
});

describe("selfCider", () => {
  const frequencies = documentFrequencies([
    [words("a dog runs on grass")],
    [words("two men play ball in a park")],
    [words("the cat sleeps on a red chair")],
  ]);

  it("is 0 for one caption and for the same one again and again", () => {
    expect(selfCider([words("two men play ball")], frequencies)).toBe(0);
    const same = Array.from({ length: 5 }, () => words("two men play ball"));
    expect(selfCider(same, frequencies)).toBeCloseTo(0, 10);
    for (const short of ["dog", "dog runs", "a dog runs"])
      expect(selfCider([words(short), words(short), words(short)], frequencies), short).toBeCloseTo(0, 10);
  });

  it("is 1 for captions that share nothing, and between for others", () => {
    const different = [words("dog runs"), words("men play"), words("cat sleeps")];
    expect(selfCider(different, frequencies)).toBeCloseTo(1, 10);
    const near = [words("two men play ball"), words("two men play golf"), words("two dogs play ball")];
    const value = selfCider(near, frequencies);
    expect(value).toBeCloseTo(0.7583035468082407, 10); // NumPy, by singular values of the matrix of the same scores
    expect(meanSelfCider([near, near], frequencies)).toBeCloseTo(value, 12);
  });

  it("takes the roots of the eigenvalues: of two captions as alike as s, those of 1 + s and 1 − s", () => {
    const [a, b] = [words("two men play ball"), words("two men play golf in a park")];
    const score = (hypothesis: readonly string[], reference: readonly string[]): number =>
      ciderScorer([[reference]], { frequencies }).score(0, hypothesis);
    const alike = (score(a, b) + score(b, a)) / 2 / 10; // both have four words and more: 10 with themselves
    const [large, small] = [Math.sqrt(1 + alike), Math.sqrt(1 - alike)];
    expect(alike).toBeGreaterThan(0.1);
    expect(selfCider([a, b], frequencies)).toBeCloseTo(-Math.log2(large / (large + small)), 10);
  });

  it("is 0 for the same caption though none of its words weighs anything", () => {
    const everywhere = documentFrequencies([[words("a dog")], [words("a cat")]]);
    expect(selfCider([words("a"), words("a"), words("a")], everywhere)).toBe(0);
    expect(selfCider([[], [], []], everywhere)).toBe(0);
    expect(selfCider([words("a"), []], everywhere)).toBe(1);
  });

  it("needs captions", () => {
    expect(() => selfCider([], frequencies)).toThrowError(empty);
    expect(() => meanSelfCider([], frequencies)).toThrowError(empty);
  });
});
