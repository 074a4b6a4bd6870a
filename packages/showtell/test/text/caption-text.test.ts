// From tokens back to a caption for people.
import { describe, expect, it } from "vitest";
import { captionText } from "../../src/text/caption-text.ts";

describe("captionText", () => {
  it.each([
    ["a dog runs", "a dog runs"],
    ["a man 's hat", "a man's hat"],
    ["he ca n't stop and wo n't", "he can't stop and won't"],
    ["i 'm sure they 're here 'll 've 'd", "i'm sure they're here'll've'd"],
    ["they are gon na jump", "they are gonna jump"],
    ["a na sign", "a na sign"],
    ["a 50 % sign", "a 50% sign"],
    ["a sign -lrb- a red one -rrb- and # 7", "a sign (a red one) and #7"],
    ["'s", "'s"],
    ["constructor na", "constructor na"],
    ["", ""],
  ])("%j reads %j", (tokens, caption) => {
    expect(captionText(tokens === "" ? [] : tokens.split(" "))).toBe(caption);
  });
});
