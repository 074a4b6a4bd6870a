// CIDEr-D: by hand, frequencies given or counted, the scorer for rewards, and what degenerate captions give.
import { describe, expect, it } from "vitest";
import { ciderD, ciderScorer } from "../src/cider-d.ts";
import { documentFrequencies } from "../src/document-frequencies.ts";
import { MetricsError } from "../src/errors.ts";
import { goldenSet } from "./golden.ts";
import { words } from "./words.ts";

const references = [
  [words("a dog runs on grass"), words("the dog is running")],
  [words("a cat sits on a mat")],
  [words("two men play ball"), words("two men are playing with a ball")],
];

describe("documentFrequencies", () => {
  it("counts an n-gram once an image, however often its captions have it", () => {
    const frequencies = documentFrequencies(references);
    expect(frequencies.images).toBe(3);
    const counts = [...frequencies.find(words("a dog flies"))].map(frequencies.count);
    expect(counts).toEqual([3, 1, 0, 1, 0, 0]); // a, dog, flies, a dog, …
  });

  it("counts the end token if asked", () => {
    const frequencies = documentFrequencies(references, { endToken: "<end>" });
    expect(frequencies.count(frequencies.find(["<end>"])[0] ?? 0)).toBe(3);
  });

  it("takes a stream, and refuses one without a word", () => {
    expect(documentFrequencies(references.values()).images).toBe(3);
    expect(() => documentFrequencies([[[]], [[], []]])).toThrowError(MetricsError);
  });
});

describe("ciderD", () => {
  it("is the clipped cosine of tf-idf vectors, by hand for one word", () => {
    // N = 2; "dog" in 1 image: idf ln 2. Unigrams: h = (2 ln 2), r = (ln 2): min·r / (|h||r|) = 1/2; no longer n-grams match.
    const { perImage } = ciderD([words("dog dog"), words("x")], [[words("dog")], [words("cat")]]);
    expect(perImage[0]).toBeCloseTo(10 * (0.5 / 4) * Math.exp(-1 / 72), 12);
    expect(perImage[1]).toBe(0);
  });

  it("is 10 where hypothesis and only reference agree in every n-gram that weighs", () => {
    const { perImage } = ciderD(
      [words("a cat sits on a mat"), words("red")],
      [references[1] ?? [], [words("two men")]],
    );
    expect(perImage[0]).toBeCloseTo(10, 12);
  });

  it("is 0 for a single image without given frequencies, and not NaN", () => {
    expect(ciderD([words("a dog")], [[words("a dog")]]).score).toBe(0);
  });

  it("is 0 for an empty hypothesis, also against an empty reference", () => {
    expect(ciderD([[], []], [[[]], [words("a")]]).perImage).toEqual([0, 0]);
  });

  it("refuses references without any word, where the reference toolkit fails", () => {
    expect(() => ciderD([words("a")], [[[]]])).toThrowError(
      expect.objectContaining({ code: "EMPTY", message: expect.stringContaining("no reference has a word") }),
    );
  });

  it("says whose frequencies it used", () => {
    const hypotheses = references.map(() => words("a dog"));
    const own = ciderD(hypotheses, references, { tokeniser: "ptb" });
    expect(own.signature).toBe("cider-d|n:4|sigma:6|df:refs3|tok:ptb|refs:1-2|v:0.1.0");
    const given = ciderD(hypotheses, references, { frequencies: documentFrequencies(references) });
    expect(given.signature).toBe("cider-d|n:4|sigma:6|df:given3|tok:given|refs:1-2|v:0.1.0");
    expect(given.perImage).toEqual(own.perImage);
  });

  it("scores a subset as in the whole set if the frequencies are given", () => {
    const { hypotheses, references: all, scores } = goldenSet("human0");
    const some = ciderD(hypotheses.slice(0, 20), all.slice(0, 20), { frequencies: documentFrequencies(all) });
    some.perImage.forEach((score, image) => expect(score).toBeCloseTo(scores.perImage.CIDEr[image] ?? NaN, 9));
  });
});

describe("ciderScorer", () => {
  it("gives the same scores as ciderD, in any order and as often as asked", () => {
    const { hypotheses, references: all, scores } = goldenSet("perturbed");
    const scorer = ciderScorer(all);
    for (const image of [7, 3, 7, 999]) {
      expect(scorer.score(image, hypotheses[image] ?? [])).toBeCloseTo(scores.perImage.CIDEr[image] ?? NaN, 9);
    }
  });

  it("rewards a caption that ends over the same one cut off, if the end token counts", () => {
    const scorer = ciderScorer(references, { endToken: "<end>" });
    const caption = words("a dog runs on grass");
    expect(scorer.score(0, caption)).toBeGreaterThan(scorer.score(0, caption, false));
    expect(scorer.score(0, caption)).toBeCloseTo(
      ciderD([caption, [], []], references, { endToken: "<end>" }).perImage[0] ?? NaN,
      12,
    );
  });

  it("gives for several images what it gives for each alone", () => {
    const { hypotheses, references: all } = goldenSet("perturbed");
    const scorer = ciderScorer(all, { endToken: "<end>" });
    const images = [7, 3, 999, 7, 0];
    for (const ended of [true, false])
      expect(scorer.scores(images, hypotheses[3]!, ended)).toEqual(
        images.map((image) => scorer.score(image, hypotheses[3]!, ended)),
      );
    expect(scorer.scores([], hypotheses[3]!)).toEqual([]);
  });

  it("names an image that it has not", () => {
    expect(() => ciderScorer(references).score(3, [])).toThrowError(/no image 3: references were given for 0 … 2/);
    expect(() => ciderScorer(references).scores([0, 3], [])).toThrowError(/no image 3/);
  });
});
