// The best sentence for all pictures, held against trying every one.
import { ciderD, ptbTokens } from "caption-metrics";
import { expect, test } from "vitest";
import { seededRandom } from "../../src/base/random.ts";
import { bestConstantCaption } from "../../src/evaluate/constant-caption.ts";

const words = ["dog", "man", "boy", "runs", "sits", "jumps", "grass", "snow", "water", "red", "two", "ball"];

/** Captions about pictures of which most have a dog on grass. */
function drawnReferences(seed: number): string[][] {
  const random = seededRandom(seed);
  const word = (): string => words[random.below(words.length)]!;
  return Array.from({ length: 60 }, () =>
    Array.from({ length: 3 }, () =>
      random.uniform() < 0.4
        ? `a ${word()} dog runs on ${word()} grass`
        : `the ${word()} ${word()} ${word()} ${word()}`,
    ),
  );
}

function cider(caption: string, references: readonly (readonly string[])[]): number {
  const truths = references.map((captions) => captions.map(ptbTokens));
  return ciderD(
    truths.map(() => ptbTokens(caption)),
    truths,
  ).score;
}

test.each([1, 2, 3])("the best constant caption has the highest CIDEr of all training captions (data %i)", (seed) => {
  const references = drawnReferences(seed);
  const all = [...new Set(references.flat())].map((caption) => cider(caption, references));
  expect(cider(bestConstantCaption(references), references)).toBeCloseTo(Math.max(...all), 12);
});

test("captions without words are passed over, and nothing but such is refused", () => {
  expect(bestConstantCaption([["..."], ["A dog.", ""], ["a dog"], ["a cat"]])).toMatch(/^a (?:dog|cat)$/);
  expect(() => bestConstantCaption([["..."], []])).toThrow(expect.objectContaining({ code: "DATA_EMPTY" }) as Error);
});
