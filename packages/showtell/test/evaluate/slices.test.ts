// Parts of the pictures by what their references say, and the scores on each part.
import { ptbTokens, scoreStream } from "caption-metrics";
import { describe, expect, test } from "vitest";
import { partScores, pictureParts } from "../../src/evaluate/slices.ts";

/** 25 pictures of dogs on grass, 25 of women in red, 20 of three things that have no name, and one of a cat. */
const pictures = [
  ...Array.from({ length: 25 }, () => ["A dog runs on grass.", "the dog in a field", "something brown", "a man?"]),
  ...Array.from({ length: 25 }, () => ["a woman in red sits down on a very long and wide bench in the old city"]),
  ...Array.from({ length: 20 }, () => ["three things", "three of them"]),
  ["a cat"],
];

function part(group: string, name: string): readonly number[] | undefined {
  const parts = pictureParts(pictures.map((references) => references.map(ptbTokens)));
  return parts.find((one) => one.group === group && one.name === name)?.pictures;
}

const range = (from: number, to: number): readonly number[] => Array.from({ length: to - from }, (_, i) => from + i);

describe("parts", () => {
  test("hold the pictures whose references name something, two of them where there are more than two", () => {
    expect(part("objects", "dog")).toEqual(range(0, 25));
    expect(part("objects", "grass")).toEqual(range(0, 25));
    expect(part("people", "woman")).toEqual(range(25, 50));
    expect(part("people", "man")).toBeUndefined(); // one of four says so
    expect(part("colours", "red")).toEqual(range(25, 50));
    expect(part("colours", "brown")).toBeUndefined();
    expect(part("counts", "three")).toEqual(range(50, 70));
  });

  test("hold what no other of their group does, and are left out where they are small", () => {
    expect(part("people", "nobody")).toEqual([...range(0, 25), ...range(50, 71)]);
    expect(part("objects", "none of these")).toEqual(range(50, 70));
    expect(part("objects", "another animal")).toBeUndefined();
  });

  test("tell lengths apart by the mean of a picture's references", () => {
    expect(part("length", "up to 8 words")).toEqual([...range(0, 25), ...range(50, 71)]);
    expect(part("length", "longer")).toEqual(range(25, 50));
  });
});

test("a part is scored by its own pictures, with the weights of words in all", async () => {
  const perPicture: number[] = [];
  const { statistics } = await scoreStream(
    () =>
      pictures.map((references, i) => ({
        id: String(i),
        hypothesis: i % 2 ? "a dog runs" : "a woman in red",
        references,
      })),
    { keepStatistics: true, onImage: (_, scores) => void perPicture.push(scores["CIDEr"]!) },
  );
  const own = { group: "objects", name: "dog", pictures: range(0, 25) } as const;
  const { CIDEr } = await partScores(statistics!, own, 100);
  expect(CIDEr!.value).toBeCloseTo(perPicture.slice(0, 25).reduce((sum, score) => sum + score, 0) / 25, 12);
  expect(CIDEr!.low).toBeLessThan(CIDEr!.value);
  expect(CIDEr!.high).toBeGreaterThan(CIDEr!.value);
  const stopped = new AbortController();
  setTimeout(() => stopped.abort(), 0);
  await expect(partScores(statistics!, own, 1e6, stopped.signal)).rejects.toMatchObject({ code: "CANCELLED" });
});
