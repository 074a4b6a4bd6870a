// Weighing a given sentence: what a search says of the sentences that it finds, for any sentence.
import { describe, expect, test } from "vitest";
import { beamSearch } from "../../src/search/beam.ts";
import { weighSentence, weighSentences } from "../../src/search/weighing.ts";
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

describe("weighing many sentences", () => {
  const task = { end, never: [0], words, maximumLength: 5 };

  test("gives a search's hypotheses back as they were found, however many an image has, with or without an end", async () => {
    const searched = await beamSearch(toyStepper(words, table), task, images, { beam: 6, candidates: 6, alpha: 0.5 });
    const drawn = images.map((image) => [[3, 4, 5, 6, image.length]]);
    const sentences = searched.map((own, i) => [...own.slice(i).map((found) => found.words), ...drawn[i]!]);
    const weighed = await weighSentences(toyStepper(words, table), task, images, sentences, { alpha: 0.5 });
    for (const [i, own] of searched.entries()) {
      expect(weighed[i]!.slice(0, -1)).toEqual(own.slice(i));
      const last = weighed[i]!.at(-1)!;
      expect(last).toMatchObject({ words: drawn[i]![0], truncated: true });
      expect(last.wordLogProbabilities).toEqual(
        last.words.map((word, at) => table(images[i]!, last.words.slice(0, at))[word]),
      );
    }
  });

  test("of no sentences gives none, and can be cancelled", async () => {
    expect(await weighSentences(toyStepper(words, table), task, images, [[], [], []])).toEqual([[], [], []]);
    const cancelled = { signal: { aborted: true } };
    await expect(
      weighSentences(toyStepper(words, table), task, images, [[[4]], [], []], cancelled),
    ).rejects.toMatchObject({ code: "CANCELLED" });
  });
});
