// Captions in numbers, counted by hand.
import { expect, test } from "vitest";
import { frequentCaptions, lengthShares, valueShares, wordUses } from "../../src/evaluate/caption-statistics.ts";

test("lengths and values as shares, the last for all that is beyond", () => {
  expect(lengthShares([[], ["a"], ["a", "b"], ["a", "b", "c", "d"]], 3)).toEqual([0.25, 0.25, 0.25, 0.25]);
  expect(valueShares([0, 0.24, 0.25, 0.7, 9], 0.25, 3)).toEqual([0.4, 0.2, 0.4]);
});

test("words that tell of pictures, by how many references and captions have them", () => {
  const references = [
    ["a", "dog", "and", "a", "dog"],
    ["the", "dog", "runs"],
    ["a", "cat"],
    ["a", "cat", "runs"],
  ];
  const captions = [
    ["a", "dog"],
    ["a", "dog", "dog"],
    ["a", "man"],
  ];
  expect(wordUses(references, captions, 2)).toEqual([
    { word: "cat", references: 0.5, captions: 0 },
    { word: "dog", references: 0.5, captions: 2 / 3 },
  ]);
});

test("sentences that come most often, equal ones in the order of their letters", () => {
  expect(frequentCaptions(["b", "a", "c", "b", "c", "d"], 3)).toEqual([
    { text: "b", count: 2 },
    { text: "c", count: 2 },
    { text: "a", count: 1 },
  ]);
});
