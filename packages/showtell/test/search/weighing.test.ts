// Weighing a given sentence: what a search says of the sentences that it finds, for any sentence.
import { describe, expect, test } from "vitest";
import { beamSearch } from "../../src/search/beam.ts";
import { weighSentence } from "../../src/search/weighing.ts";
import { randomTable, toyStepper } from "./toy-stepper.ts";

const words = 7;
const end = 1;
const table = randomTable(words, 3);
const images = ["one", "two", "three"];

describe("weighing", () => {
  test("gives each image's own log-probability of each word after those before it, and of the end", async () => {
    const sentence = [4, 2, 6];
    const found = await weighSentence(toyStepper(words, table), images, 3, { words: sentence, end });
    for (const [i, image] of images.entries()) {
      const expected = [...sentence, end].map((word, at) => Math.fround(table(image, sentence.slice(0, at))[word]!));
      expect(found[i]).toEqual(expected);
    }
  });

  test("agrees with the search on what the search found", async () => {
    const task = { end, never: [0], words, maximumLength: 6 };
    const searched = await beamSearch(toyStepper(words, table), task, images, { beam: 3 });
    for (const [i, image] of images.entries()) {
      const { words: sentence, wordLogProbabilities, truncated } = searched[i]![0]!;
      const [weights] = await weighSentence(toyStepper(words, table), [image], 1, { words: sentence, end });
      expect(truncated ? weights!.slice(0, -1) : weights).toEqual(wordLogProbabilities);
    }
  });

  test("asks for one step a word, and one for a sentence without words", async () => {
    const stepper = toyStepper(words, table);
    await weighSentence(stepper, ["one"], 1, { words: [], end });
    expect(stepper.steps).toBe(1);
  });

  test("is cancelled between steps", async () => {
    const options = { words: [4], end, signal: { aborted: true } };
    await expect(weighSentence(toyStepper(words, table), ["one"], 1, options)).rejects.toMatchObject({
      code: "CANCELLED",
    });
  });
});
