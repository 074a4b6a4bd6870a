// What must hold for every metric and any captions: bounds, invariances, no NaN, no error, no quadratic blow-up.
import * as fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { bleu } from "../src/bleu.ts";
import { ciderD } from "../src/cider-d.ts";
import type { Hypotheses, MetricResult, References } from "../src/inputs.ts";
import { meteor } from "../src/meteor/meteor.ts";
import { scoreCaptions } from "../src/score-captions.ts";
import { rougeL } from "../src/rouge-l.ts";
import { wordnet } from "../src/wordnet.ts";

vi.setConfig({ testTimeout: 120_000 });

type Metric = (hypotheses: Hypotheses, references: References) => MetricResult;

const METRICS: readonly (readonly [name: string, highest: number, metric: Metric])[] = [
  ["BLEU-1", 1, (h, r) => bleu(h, r)[0]],
  ["BLEU-4", 1, (h, r) => bleu(h, r)[3]],
  ["METEOR", 1, (h, r) => meteor(h, r, { synonyms: wordnet })],
  ["ROUGE-L", 1, rougeL],
  ["CIDEr-D", 10, ciderD],
];

const word = fc.constantFrom(
  "a",
  "the",
  "dog",
  "dogs",
  "hound",
  "runs",
  "ran",
  "on",
  "grass",
  "man",
  "men",
  "'s",
  "t-shirt",
);
const caption = fc.array(word, { maxLength: 9 });
const image = fc.record({ hypothesis: caption, references: fc.array(caption, { minLength: 1, maxLength: 4 }) });
/** Images of which at least one reference has a word, as CIDEr needs. */
const corpus = fc
  .array(image, { minLength: 1, maxLength: 6 })
  .filter((images) => images.some(({ references }) => references.some((reference) => reference.length > 0)));

const hypothesesOf = (images: readonly { readonly hypothesis: string[] }[]) =>
  images.map(({ hypothesis }) => hypothesis);
const referencesOf = (images: readonly { readonly references: string[][] }[]) =>
  images.map(({ references }) => references);

describe.each(METRICS)("%s", (_, highest, metric) => {
  const runs = { numRuns: 150, seed: 12 };

  it("lies between 0 and its highest value, for the corpus and each image", () => {
    fc.assert(
      fc.property(corpus, (images) => {
        const { score, perImage } = metric(hypothesesOf(images), referencesOf(images));
        for (const value of [score, ...perImage]) {
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(highest + 1e-9);
        }
      }),
      runs,
    );
  });

  it("does not depend on the order of images or references", () => {
    fc.assert(
      fc.property(corpus, (images) => {
        const turned = images
          .toReversed()
          .map(({ hypothesis, references }) => ({ hypothesis, references: references.toReversed() }));
        const forwards = metric(hypothesesOf(images), referencesOf(images)).perImage;
        const backwards = metric(hypothesesOf(turned), referencesOf(turned)).perImage.toReversed();
        forwards.forEach((value, at) => expect(backwards[at]).toBeCloseTo(value, 9));
      }),
      runs,
    );
  });

  it("does not change if every reference is given twice", () => {
    fc.assert(
      fc.property(corpus, (images) => {
        const once = metric(hypothesesOf(images), referencesOf(images));
        const twice = metric(
          hypothesesOf(images),
          referencesOf(images).map((references) => references.concat(references)),
        );
        expect(twice.score).toBeCloseTo(once.score, 9);
      }),
      runs,
    );
  });

  it("is highest where the hypothesis is the only reference", () => {
    const captions = ["a dog runs on grass", "two men play ball here", "the cat sat on a mat"].map((text) =>
      text.split(" "),
    );
    const { perImage } = metric(
      captions,
      captions.map((reference) => [reference]),
    );
    perImage.forEach((value) => expect(value).toBeCloseTo(highest, 7));
  });
});

describe("any text", () => {
  it("is scored without error and without NaN, from raw captions", () => {
    const text = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" }), fc.lorem());
    const images = fc.array(fc.tuple(text, fc.array(text, { maxLength: 3 })), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(images, (pairs) => {
        const hypotheses = pairs.map(([hypothesis], id) => [`${id}`, hypothesis] as const);
        const references = pairs.map(([, captions], id) => [`${id}`, ["a dog", ...captions]] as const);
        const { scores, perImage } = scoreCaptions(hypotheses, references, { meteor: { synonyms: wordnet } });
        for (const value of [...Object.values(scores), ...Object.values(perImage).flat()])
          expect(value).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 300, seed: 13 },
    );
  });

  it("of 5,000 words takes less than a second", () => {
    const long = "a big dog and the man's t-shirt ".repeat(715);
    const start = process.cpuUsage();
    scoreCaptions(
      { long, b: "x" },
      { long: ["a dog and a man", "the dog"], b: ["y"] },
      { meteor: { synonyms: wordnet } },
    );
    const { user, system } = process.cpuUsage(start);
    expect((user + system) / 1e6).toBeLessThan(1);
  });
});
