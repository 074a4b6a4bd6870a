// ROUGE-L: by hand, with maxima taken independently, and what degenerate captions give.
import { describe, expect, it } from "vitest";
import { rougeL } from "../src/rouge-l.ts";
import { words } from "./words.ts";

const score = (hypothesis: string, ...references: string[]) =>
  rougeL([words(hypothesis)], [references.map(words)]).score;

describe("rougeL", () => {
  it("weighs the longest common subsequence's recall 1.44 times its precision", () => {
    // common: a … on … mat (3 of 4 and 3 of 6 words)
    expect(score("a cat on mat", "a dog sat on a mat")).toBeCloseTo((2.44 * 0.75 * 0.5) / (0.5 + 1.44 * 0.75), 12);
  });

  it("takes the best precision and the best recall from different references", () => {
    // precision 1 from the long reference, recall 1 from the short one
    expect(score("a b", "a b c d", "a")).toBe(1);
  });

  it("counts an empty caption as one empty word", () => {
    expect(score("", "")).toBe(1);
    expect(score("", "a dog")).toBe(0);
  });

  it("does not split at a no-break space, unlike BLEU", () => {
    expect(rougeL([["1\u00A01/2"]], [[["1", "1/2"]]]).score).toBe(0);
  });
});
