// A decoder with more words: the old ones keep ids and say what they said, and new ones take little from them, whatever the decoder.
import { describe, expect, test } from "vitest";
import { decoderOf } from "../../src/models/catalogue.ts";
import { createVocabulary } from "../../src/text/vocabulary.ts";
import { addedWords, grownVocabulary, grownWeights } from "../../src/train/grown-words.ts";
import { drawnFeatures, drawnParameters, openSteps, tinyDecoders } from "../models/tiny-decoders.ts";
import { drawn, expectClose } from "../tensors.ts";

describe("grownVocabulary", () => {
  const known = createVocabulary(["a", "dog", "runs"]);
  const captions = [
    ["a", "surfer", "rides", "a", "wave"],
    ["the", "wave", "hides", "a", "surfer", "<unk>"],
    ["a", "wave", "<unk>"],
  ];

  test("keeps the old words' ids and adds those that occur often enough, the most frequent first", () => {
    const grown = grownVocabulary(known, captions, 2);
    expect(grown.words.slice(0, known.words.length)).toEqual(known.words);
    expect(addedWords(known, grown)).toEqual(["wave", "surfer"]);
    expect(grown.ids.get("wave")).toBe(known.words.length);
  });

  test("adds none where none occurs often enough, or none is wanted", () => {
    expect(grownVocabulary(known, captions, 4)).toBe(known);
    expect(grownVocabulary(known, captions, Infinity)).toBe(known);
  });
});

describe("grownWeights", () => {
  const added = 50;

  test.each(tinyDecoders)(
    "%s says the old words as before, and new ones at most as likely as theirs are on average",
    async (_, known) => {
      const spec = { ...known, words: known.words + added };
      const vectors = drawn([added, known.vectorSize], "new words");
      const parameters = drawnParameters(known);
      const weights = grownWeights(known, spec, (name) => parameters[name]!, vectors.data);
      const shapes = decoderOf(spec).parameters(spec);
      const grown = Object.fromEntries(Object.keys(shapes).map((name) => [name, weights(name)]));
      for (const [name, { shape }] of Object.entries(shapes)) expect(grown[name]!.shape, name).toEqual(shape);
      expect(grown["words.vectors"]!.data.slice(known.words * known.vectorSize)).toEqual(vectors.data);

      const features = drawnFeatures(known, 1);
      const [before, after] = [await openSteps(known, parameters), await openSteps(spec, grown)];
      const [old, now] = [
        await before.step(await before.begin(features), [0], [1]),
        await after.step(await after.begin(features), [0], [1]),
      ];
      const [was, is] = [old.logProbabilities[0]!.slice(0, known.words), now.logProbabilities[0]!.slice(0, spec.words)];
      const lost = was.map((value, id) => value - is[id]!);
      expectClose(
        lost,
        lost.map(() => lost[0]!),
        1e-5,
      );
      expect(lost[0]).toBeGreaterThan(0);
      expect(lost[0]).toBeLessThan(Math.log(1 + added / (known.words - 4)));
      const news = is.slice(known.words);
      expectClose(
        news,
        news.map(() => is.slice(4, known.words).reduce((a, b) => a + b) / (known.words - 4)),
        1e-5,
      );
      // A new word can be read: the next step takes its vector.
      const next = await after.step(now.position, [0], [spec.words - 1]);
      expect(next.logProbabilities[0]!.slice(0, spec.words).every(Number.isFinite)).toBe(true);
      await before.dispose();
      await after.dispose();
    },
  );

  test("leaves everything as it was where there are no new words", () => {
    const [, known] = tinyDecoders[0]!;
    const parameters = drawnParameters(known);
    const weights = grownWeights(known, known, (name) => parameters[name]!, new Float32Array(0));
    for (const [name, value] of Object.entries(parameters)) expect(weights(name)).toBe(value);
  });
});
