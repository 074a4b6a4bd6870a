// Which of a picture's captions speaks for it.
import { documentFrequencies, ptbTokens } from "caption-metrics";
import { expect, test } from "vitest";
import { mostAgreedCaption } from "../../src/evaluate/agreed-caption.ts";

test("the caption that speaks for a picture is the one that agrees best with the others", () => {
  const captions = ["a bird in a tree", "a dog runs on grass", "A dog runs.", "the brown dog runs on grass"];
  const others = [["a man sits"], ["a woman sits"], ["a cat"]];
  const frequencies = documentFrequencies([captions, ...others].map((own) => own.map(ptbTokens)));
  expect(mostAgreedCaption(captions, frequencies)).toBe("a dog runs on grass");
  expect(mostAgreedCaption(["alone"], frequencies)).toBe("alone");
  // A long one that agrees with nobody agrees with itself more than a short one can.
  expect(mostAgreedCaption(["the brown bird in a tree", "dog", "dog"], frequencies)).toBe("dog");
});
