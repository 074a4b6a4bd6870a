// From captions to a vocabulary: data of which no word would be learnt is refused.
import { expect, test } from "vitest";
import { prepareCaptions } from "../../src/train/preparation.ts";

const records = {
  train: [
    { image: "a.jpg", captions: ["A dog runs.", "a dog"] },
    { image: "b.jpg", captions: ["Two cats", ""] },
  ],
  dev: [{ image: "c.jpg", captions: ["a cat"] }],
};

test("words that occur often enough are the vocabulary, and what is left out is told", () => {
  const { vocabulary, report } = prepareCaptions(records, { rules: [], minimumCount: 2 });
  expect(vocabulary.words.slice(4)).toEqual(["a", "dog"]);
  expect(report.emptyCaptions).toBe(1);
});

test("captions of which no word occurs often enough are refused, with what to do", () => {
  expect(() => prepareCaptions(records, { rules: [], minimumCount: 3 })).toThrow(
    expect.objectContaining({
      code: "DATA_EMPTY",
      message: expect.stringMatching(/no word occurs 3 times in the 4 training captions.*lower minimumCount/) as string,
    }),
  );
});
