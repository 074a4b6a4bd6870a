// Which words of a vocabulary say what a picture shows.
import { expect, test } from "vitest";
import { contentWords } from "../../src/text/content-words.ts";
import { buildVocabulary } from "../../src/text/vocabulary.ts";

const captions = ["a dog and a dog run on the grass", "the dog is in a t-shirt", "a run of 3 dogs 's x"];
const vocabulary = buildVocabulary(
  captions.map((caption) => caption.split(" ")),
  { minimumCount: 1 },
);
const wordsOf = (ids: readonly number[]): readonly string[] => ids.map((id) => vocabulary.words[id]!);

test("the frequent ones come first, without function words, numbers and lone letters", () => {
  expect(wordsOf(contentWords(vocabulary, 2))).toEqual(["dog", "run"]);
  expect(wordsOf(contentWords(vocabulary, 100))).toEqual(["dog", "run", "dogs", "grass", "t-shirt"]);
});
