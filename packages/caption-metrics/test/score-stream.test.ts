// A stream of images gets the scores that the whole corpus gets at once, whichever way its frequencies come.
import { describe, expect, it } from "vitest";
import { diversity as diversityOf } from "../src/diversity.ts";
import { documentFrequencies } from "../src/document-frequencies.ts";
import { scoreCaptions } from "../src/score-captions.ts";
import { type CaptionedImage, scoreStream } from "../src/score-stream.ts";
import { wordnet } from "../src/wordnet.ts";
import { goldenSet } from "./golden.ts";

const set = goldenSet("varied_refs");
const images: readonly CaptionedImage[] = set.ids.map((id) => ({
  id,
  hypothesis: set.captions[id] ?? "",
  references: set.referenceCaptions[id] ?? [],
}));

async function* opened(): AsyncGenerator<CaptionedImage> {
  yield* images;
}

describe("scoreStream", () => {
  it("gives what scoreCaptions gives, for the corpus and for each image", async () => {
    const meteor = { synonyms: wordnet };
    const whole = scoreCaptions(set.captions, set.referenceCaptions, { meteor });
    const ids: string[] = [];
    const cider: number[] = [];
    const {
      scores,
      signatures,
      diversity,
      images: count,
    } = await scoreStream(opened, {
      meteor,
      onImage: (id, image) => {
        ids.push(id);
        cider.push(image["CIDEr"] ?? NaN);
        expect(Object.keys(image)).toEqual(Object.keys(whole.scores));
      },
    });
    expect(count).toBe(images.length);
    expect(signatures).toEqual(whole.signatures);
    expect(diversity).toEqual(diversityOf(set.hypotheses));
    for (const [name, score] of Object.entries(whole.scores)) expect(scores[name]).toBeCloseTo(score, 10);
    expect(new Set(ids)).toEqual(new Set(whole.ids));
    whole.ids.forEach((id, at) => expect(cider[ids.indexOf(id)]).toBeCloseTo(whole.perImage["CIDEr"]?.[at] ?? NaN, 10));
  });

  it.each([
    ["no hypothesis", { references: ["a dog"] }, "ARGUMENT", 'the hypothesis of image "x" is undefined'],
    ["no references", { hypothesis: "a dog" }, "ARGUMENT", 'the references of image "x" are undefined'],
    [
      "a reference that is none",
      { hypothesis: "a dog", references: [null] },
      "ARGUMENT",
      'reference 0 of image "x" is null',
    ],
    ["an empty list", { hypothesis: "a dog", references: [] }, "NO_REFERENCES", 'image "x" has no reference caption'],
  ])("refuses an image with %s by its id, whether it counts or scores", async (_, image, code, message) => {
    const bad = [{ id: "x", ...image } as CaptionedImage];
    const refusal = { code, message: expect.stringContaining(message) as string };
    await expect(scoreStream(() => bad)).rejects.toMatchObject(refusal);
    await expect(scoreStream(() => bad, { frequencies: documentFrequencies(set.references) })).rejects.toMatchObject(
      refusal,
    );
  });

  it("opens the source once if the frequencies are given", async () => {
    let openings = 0;
    const frequencies = documentFrequencies(set.references);
    const { scores } = await scoreStream(
      () => {
        openings++;
        return images;
      },
      { frequencies },
    );
    expect(openings).toBe(1);
    expect(scores["CIDEr"]).toBeCloseTo(set.scores.corpus.CIDEr, 9);
  });

  it("sums METEOR's segments one by one, those of one run without their chunk", async () => {
    const { scores } = await scoreStream(() => goldenImages("repeated"), { meteor: { synonyms: wordnet } });
    expect(scores["METEOR (no paraphrase)"]).toBeCloseTo(
      goldenSet("repeated").scores.corpus.METEOR_exact_stem_synonym,
      9,
    );
  });

  it("names an image without references, and refuses an empty source", async () => {
    const bare = [...images.slice(0, 1), { id: "bare", hypothesis: "x", references: [] }];
    await expect(scoreStream(() => bare)).rejects.toMatchObject({
      code: "NO_REFERENCES",
      message: expect.stringContaining('"bare"'),
    });
    await expect(scoreStream(() => [])).rejects.toMatchObject({ code: "EMPTY" });
    const frequencies = documentFrequencies(set.references);
    await expect(scoreStream(() => [], { frequencies })).rejects.toMatchObject({ code: "EMPTY" });
  });
});

function goldenImages(name: "repeated"): CaptionedImage[] {
  const { ids, captions, referenceCaptions } = goldenSet(name);
  return ids.map((id) => ({ id, hypothesis: captions[id] ?? "", references: referenceCaptions[id] ?? [] }));
}
