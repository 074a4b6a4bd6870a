// The judge of checkpoints: the scores of the metrics package, for the same pictures again and again.
import { scoreCaptions } from "caption-metrics";
import { describe, expect, test } from "vitest";
import { captionJudge } from "../../src/evaluate/caption-quality.ts";

const references = [
  ["A dog runs over the grass.", "The dog is running."],
  ["Two people sit on a bench.", "A man and a woman sit.", "people on a bench"],
  ["A boy can't climb the wall."],
];

function scored(captions: readonly string[]): Readonly<Record<string, number>> {
  const ids = captions.map((_, i) => `${i}.jpg`);
  const pairs = <Value>(values: readonly Value[]) => ids.map((id, i) => [id, values[i]!] as const);
  return scoreCaptions(pairs(captions), pairs(references)).scores;
}

describe("a judge of captions", () => {
  test("gives CIDEr-D and BLEU-4 as the metrics do, each time anew", () => {
    const judge = captionJudge(references);
    const good = ["a dog runs over the grass", "two people sit on a bench", "a boy can't climb"];
    const bad = ["a bird", "", "two people sit on a bench"];
    for (const captions of [good, bad, good]) {
      const { CIDEr, "BLEU-4": bleu4 } = scored(captions);
      const found = judge(captions);
      expect(found.CIDEr).toBeCloseTo(CIDEr!, 12);
      expect(found["BLEU-4"]).toBeCloseTo(bleu4!, 12);
    }
    expect(judge(good).CIDEr).toBeGreaterThan(judge(bad).CIDEr);
  });

  test("refuses a picture without references", () => {
    expect(() => captionJudge([["a dog"], []])).toThrow(expect.objectContaining({ code: "NO_REFERENCES" }) as Error);
  });
});
