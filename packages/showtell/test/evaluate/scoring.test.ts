// Scores of captions for some pictures: those of the metrics package, with intervals, and on a person's terms.
import { scoreCaptions } from "caption-metrics";
import { wordnet } from "caption-metrics/wordnet";
import { describe, expect, test } from "vitest";
import { comparedReferences, scoreCorpus, scoreWithOneLess } from "../../src/evaluate/scoring.ts";

const pictures = [
  { image: "a.jpg", references: ["A dog runs over the grass.", "The dog is running.", "a brown dog"] },
  { image: "b.jpg", references: ["Two people sit on a bench.", "A man and a woman sit.", "people on a bench", "Two."] },
  { image: "c.jpg", references: ["A boy can't climb the wall.", "a boy at a wall", "The boy climbs."] },
];
const captions = ["a dog runs over the grass", "two people on a bench", "a boy climbs a wall"];
const options = { meteor: { synonyms: wordnet }, resamples: 200 };

function byId<Value>(values: readonly Value[]) {
  return pictures.map(({ image }, i) => [image, values[i]!] as const);
}

/** What the metrics package gives. */
function expected(hypotheses: readonly string[], references: readonly (readonly string[])[]) {
  return scoreCaptions(byId(hypotheses), byId(references), { meteor: options.meteor });
}

describe("scoring a corpus", () => {
  test("gives the metrics' scores, of all and of each picture, inside their intervals", async () => {
    const { scores, perPicture, signatures, diversity } = await scoreCorpus(pictures, captions, options);
    const whole = expected(
      captions,
      pictures.map(({ references }) => references),
    );
    expect(Object.keys(scores)).toEqual(Object.keys(whole.scores));
    for (const [name, { value, low, high }] of Object.entries(scores)) {
      expect(value).toBeCloseTo(whole.scores[name]!, 12);
      expect(perPicture.map((own) => own[name])).toEqual(
        whole.perImage[name]!.map((own) => expect.closeTo(own, 12) as number),
      );
      expect(low).toBeLessThanOrEqual(high);
      expect(high - low).toBeGreaterThan(0);
    }
    expect(signatures).toEqual(whole.signatures);
    expect(diversity.meanLength).toBeCloseTo(16 / 3, 12);
  });

  test("weighs words by given frequencies, and stops when it is told to", async () => {
    const first = await scoreCorpus(pictures, captions, options);
    const again = await scoreCorpus(pictures, captions, options, first.frequencies);
    expect(again.scores).toEqual(first.scores);
    const stopped = scoreCorpus(pictures, captions, { ...options, signal: { aborted: true } });
    await expect(stopped).rejects.toMatchObject({ code: "CANCELLED" });
  });
});

describe("with a reference less", () => {
  test("as many are compared as every picture has, none if one has a single one, five at most", () => {
    expect(comparedReferences(pictures)).toBe(3);
    expect(comparedReferences([...pictures, { image: "d.jpg", references: ["alone"] }])).toBe(0);
    expect(comparedReferences([{ image: "d.jpg", references: ["a", "b", "c", "d", "e", "f"] }])).toBe(5);
  });

  test("people are scored by each reference in turn against the others, and captions on the same terms", async () => {
    const rounds = [0, 1, 2].map((left) =>
      pictures.map(({ references }) => references.slice(0, 3).filter((_, i) => i !== left)),
    );
    for (const [given, hypotheses] of [
      [captions, () => captions],
      ["the reference left out", (left: number) => pictures.map(({ references }) => references[left]!)],
    ] as const) {
      const found = await scoreWithOneLess(pictures, given, 3, options);
      for (const name of ["BLEU-4", "CIDEr", "ROUGE-L"]) {
        const scores = rounds.map((references, left) => expected(hypotheses(left), references).scores[name]!);
        expect(found[name]!.value).toBeCloseTo(scores.reduce((sum, score) => sum + score, 0) / 3, 12);
      }
    }
  });
});
