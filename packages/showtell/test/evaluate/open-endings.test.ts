// Captions that stop in the middle of a phrase.
import { expect, test } from "vitest";
import { openEndingShare } from "../../src/evaluate/open-endings.ts";

test("the share of captions that end in an article, a preposition or a conjunction", () => {
  const captions = ["a dog runs on the", "a dog and", "a man jumps up", "a man in a hat", "a boy looks at", ""];
  expect(openEndingShare(captions.map((text) => text.split(" ")))).toBe(3 / 6);
});
