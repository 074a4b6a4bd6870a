// The table of captions beside a record: what is read back scores as what was written did.
import { bootstrapIntervals, corpusScores } from "caption-metrics";
import { describe, expect, test } from "vitest";
import { captionTableText, parseCaptionTable } from "../../src/compare/caption-table.ts";
import { scoreCorpus } from "../../src/evaluate/scoring.ts";

const pictures = [
  { image: "a", references: ["a dog runs over the grass", "the dog is running"] },
  { image: "b", references: ["two people sit on a bench", "people on a bench"] },
  { image: "c", references: ["a man's hat is red"] },
  // A token of the tokeniser's that is two words.
  { image: "d", references: ["a 1 1/2 year old girl smiles"] },
];
const captions = ["a dog runs over the green grass", "", "a man's hat is red", "a 1 1/2 year old girl"];

async function table() {
  const { statistics, scores } = await scoreCorpus(pictures, captions, { meteor: {}, resamples: 1 });
  return { scores, text: captionTableText({ captions, statistics }) };
}

describe("a table of captions", () => {
  test("has a line a picture, and gives the corpus scores again but for the rounding", async () => {
    const { scores, text } = await table();
    expect(text.split("\n")).toHaveLength(captions.length + 2);
    const read = parseCaptionTable(text, "x.tsv");
    expect(read.captions).toEqual(captions);
    const again = corpusScores(read.statistics);
    for (const name of ["BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4"]) expect(again[name]).toBe(scores[name]!.value);
    for (const name of ["CIDEr", "ROUGE-L"]) expect(again[name]).toBeCloseTo(scores[name]!.value, 4);
    expect(Object.keys(await bootstrapIntervals(read.statistics, { resamples: 5 }))).not.toContain("METEOR");
  });

  test.each([
    [(text: string) => text.replace("CIDEr", "cider"), "line 1"],
    [(text: string) => text.replace(/\t\d+$/m, ""), "line 2"],
    [
      (text: string) => text.replace("a dog runs over the green grass\t", "a dog runs over the green grass\tx"),
      "line 2",
    ],
  ])("that is damaged is refused with the line", async (damage, line) => {
    const { text } = await table();
    expect(() => parseCaptionTable(damage(text), "x.tsv")).toThrow(
      expect.objectContaining({ code: "RECORD_FORMAT", message: expect.stringContaining(`"x.tsv", ${line}`) }),
    );
  });
});
