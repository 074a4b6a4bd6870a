import { describe, expect, it } from "vitest";
import { nearWords } from "../../src/text/near-words.ts";

describe("near words", () => {
  const words = ["dog", "dogs", "dig", "door", "horse", "house", "god"];

  it("are those that the fewest letters make of the word, of equal ones the earlier", () => {
    expect(nearWords("doge", words)).toEqual(["dog", "dogs", "dig"]);
    expect(nearWords("hoarse", words)).toEqual(["horse", "house"]);
    expect(nearWords("hoarse", words, 1)).toEqual(["horse"]);
  });

  it("are none where more than half of the letters would change", () => {
    expect(nearWords("helicopter", words)).toEqual([]);
    expect(nearWords("xyz", words)).toEqual([]);
  });
});
