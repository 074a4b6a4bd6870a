// BLEU: statistics by hand, the corpus as sum and not mean, and what degenerate captions give.
import { describe, expect, it } from "vitest";
import { bleu, bleuScorer, bleuScores, bleuStatistics, sumBleuStatistics } from "../src/bleu.ts";
import { words } from "./words.ts";

describe("bleuStatistics", () => {
  it("clips each n-gram to the reference that has it most often, and takes the closest length", () => {
    const [image] = bleuStatistics([words("the the the cat")], [[words("the cat"), words("the the mat sat on it")]]);
    expect(image).toEqual({
      hypothesisLength: 4,
      referenceLength: 2, // 2 and 6 are equally close to 4: the shorter
      guessed: [4, 3, 2, 1],
      correct: [3, 2, 0, 0], // the (2), cat; "the the", "the cat"
    });
  });

  it("splits a token at a no-break space, as the reference toolkit does", () => {
    const [image] = bleuStatistics([["1\u00A01/2", "cups"]], [[["1", "1/2", "cups"]]]);
    expect(image?.correct).toEqual([3, 2, 1, 0]);
  });
});

describe("bleu", () => {
  it("adds statistics up instead of averaging images", () => {
    const hypotheses = [words("a dog runs"), words("a cat")];
    const references = [[words("a dog runs fast")], [words("the bird")]];
    const [bleu1] = bleu(hypotheses, references);
    expect(bleu1.score).toBeCloseTo((3 / 5) * Math.exp(1 - 6 / 5), 8);
    expect(bleu1.perImage[0]).toBeCloseTo(Math.exp(1 - 4 / 3), 8);
    expect(bleuScores(sumBleuStatistics(bleuStatistics(hypotheses, references)))[0]).toBe(bleu1.score);
  });

  it("is next to 1 for a reference repeated, and next to 0 for nothing in common", () => {
    const [, , , bleu4] = bleu([words("a dog runs fast")], [[words("a dog runs fast")]]);
    expect(bleu4.score).toBeCloseTo(1, 8);
    expect(bleu([words("b")], [[words("a")]])[0].score).toBeLessThan(1e-12);
  });

  it("is 0 for an empty hypothesis, also against an empty reference", () => {
    expect(bleu([[]], [[words("a dog")]]).map(({ score }) => score)).toEqual([0, 0, 0, 0]);
    expect(bleu([[]], [[[]]])[0].score).toBeCloseTo(0, 5);
  });

  it("names its settings, tokeniser and number of references", () => {
    const results = bleu([words("a"), words("a")], [[words("a")], [words("a"), words("b")]], { tokeniser: "ptb" });
    expect(results[3].signature).toBe("bleu-4|eff:closest|smooth:none|tok:ptb|refs:1-2|v:0.1.0");
  });
});

describe("bleuScorer", () => {
  const references = [[words("a dog runs fast"), words("the dog is running")], [words("a cat sits on a mat")]];

  it("gives what each image scores by itself, whatever was scored before", () => {
    const scorer = bleuScorer(references);
    for (const text of ["a dog is running", "a cat on a mat", "mat", ""]) {
      for (const [image, captions] of references.entries()) {
        const expected = bleu([words(text)], [captions]).map(({ score }) => score);
        expect(scorer.score(image, words(text))).toEqual(expected);
      }
    }
  });

  it("counts an end token as a word, but not behind a caption that was cut off", () => {
    const scorer = bleuScorer(references, { endToken: "<end>" });
    const ended = references.map((captions) => captions.map((caption) => [...caption, "<end>"]));
    const guess = words("a dog runs");
    const scoresOf = (tokens: readonly string[]) => bleu([tokens], [ended[0]!]).map(({ score }) => score);
    expect(scorer.score(0, guess)).toEqual(scoresOf([...guess, "<end>"]));
    expect(scorer.score(0, guess, false)).toEqual(scoresOf(guess));
    expect(scorer.score(0, guess)).not.toEqual(scorer.score(0, guess, false));
  });

  it("refuses an image that has no references", () => {
    expect(() => bleuScorer(references).score(2, [])).toThrowError(/no image 2: references were given for 0 … 1/);
    expect(() => bleuScorer([[]])).toThrowError(/no reference caption/);
  });
});
