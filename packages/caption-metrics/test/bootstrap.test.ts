// The bootstrap: intervals and comparisons that come from the samples they claim to come from, and what the statistics say of them.
import { describe, expect, it } from "vitest";
import { bleu } from "../src/bleu.ts";
import { bootstrapIntervals, compareSystems } from "../src/bootstrap.ts";
import { ciderD } from "../src/cider-d.ts";
import { corpusScores, type CorpusStatistics, keptImages, keptStatistics, ROW_SIZE } from "../src/corpus-statistics.ts";
import { documentFrequencies } from "../src/document-frequencies.ts";
import { meteor } from "../src/meteor/meteor.ts";
import { rougeL } from "../src/rouge-l.ts";
import { scoreStream } from "../src/score-stream.ts";
import { wordnet } from "../src/wordnet.ts";
import { type GoldenSet, goldenSet } from "./golden.ts";

const METEOR = "METEOR (no paraphrase)";

async function statisticsOf(set: GoldenSet, captions = set.captions, images = 200): Promise<CorpusStatistics> {
  const source = set.ids.slice(0, images).map((id) => ({
    id,
    hypothesis: captions[id] ?? "",
    references: set.referenceCaptions[id] ?? [],
  }));
  const { statistics } = await scoreStream(() => source, { meteor: { synonyms: wordnet }, keepStatistics: true });
  return statistics as CorpusStatistics;
}

function picked({ rows, meteorName }: CorpusStatistics, sample: readonly number[]): CorpusStatistics {
  const parts = sample.map((image) => rows.subarray(image * ROW_SIZE, (image + 1) * ROW_SIZE));
  return { images: sample.length, rows: Float64Array.from(parts.flatMap((part) => [...part])), meteorName };
}

function stopAtTwo(done: number): void {
  if (done === 2) throw new Error("enough");
}

const human = goldenSet("human0");
const varied = await statisticsOf(goldenSet("varied_refs"));
const good = await statisticsOf(human);
const bad = await statisticsOf(human, goldenSet("perturbed").captions);

describe("a sample", () => {
  it("scores what the metrics give for its images, BLEU and METEOR computed anew, CIDEr with the corpus' frequencies", () => {
    const { hypotheses, references } = goldenSet("varied_refs");
    const sample = [3, 3, 17, 0, 199, 42, 42, 42, 120, 64, 8];
    const [guesses, truths] = [hypotheses, references].map((list) => sample.map((image) => list[image] ?? []));
    const corpus = [guesses as string[][], truths as string[][][]] as const;
    const frequencies = documentFrequencies(references);
    const scores = corpusScores(picked(varied, sample));
    bleu(...corpus).forEach(({ score }, at) => expect(scores[`BLEU-${at + 1}`]).toBeCloseTo(score, 12));
    expect(scores[METEOR]).toBeCloseTo(meteor(...corpus, { synonyms: wordnet }).score, 12);
    expect(scores["ROUGE-L"]).toBeCloseTo(rougeL(...corpus).score, 12);
    expect(scores["CIDEr"]).toBeCloseTo(ciderD(...corpus, { frequencies }).score, 12);
  });
});

describe("bootstrapIntervals", () => {
  it("holds the score of each metric, between bounds that are apart", async () => {
    const scores = corpusScores(good);
    const intervals = await bootstrapIntervals(good, { resamples: 300 });
    expect(Object.keys(intervals)).toEqual(Object.keys(scores));
    for (const [name, [low, high]] of Object.entries(intervals)) {
      expect(low, name).toBeLessThan(scores[name] ?? NaN);
      expect(high, name).toBeGreaterThan(scores[name] ?? NaN);
    }
  });

  it("of a mean is as wide as the normal approximation says", async () => {
    const column = ROW_SIZE - 2; // ROUGE-L
    const values = Array.from({ length: good.images }, (_, image) => good.rows[image * ROW_SIZE + column] ?? NaN);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
    const half = (1.96 * deviation) / Math.sqrt(values.length);
    const [low, high] = (await bootstrapIntervals(good, { resamples: 2000 }))["ROUGE-L"] ?? [NaN, NaN];
    expect(Math.abs(low - (mean - half))).toBeLessThan(0.12 * half);
    expect(Math.abs(high - (mean + half))).toBeLessThan(0.12 * half);
  });

  it("refuses a number of samples or a seed that makes no sense", async () => {
    await expect(bootstrapIntervals(good, { resamples: 0 })).rejects.toMatchObject({ code: "ARGUMENT" });
    await expect(bootstrapIntervals(good, { seed: 0.5 })).rejects.toMatchObject({ code: "ARGUMENT" });
  });
});

describe("compareSystems", () => {
  it("finds no difference between a system and itself", async () => {
    for (const found of Object.values(await compareSystems(good, good, { resamples: 100 }))) {
      expect(found).toEqual({ difference: 0, interval: [0, 0], pValue: 1 });
    }
  });

  it("is sure of one that is clearly better, in both directions", async () => {
    const worse = await compareSystems(good, bad);
    const better = await compareSystems(bad, good);
    for (const [name, { difference, interval, pValue }] of Object.entries(worse)) {
      expect(difference, name).toBeCloseTo((corpusScores(bad)[name] ?? NaN) - (corpusScores(good)[name] ?? NaN), 12);
      expect(interval[1], name).toBeLessThan(0);
      expect(pValue, name).toBeLessThan(0.01);
      expect(better[name]?.difference).toBeCloseTo(-difference, 12);
      expect(better[name]?.interval[0]).toBeCloseTo(-interval[1], 12);
    }
  });

  it("is not sure of a difference in one image of two hundred", async () => {
    const rows = good.rows.slice();
    rows.set(bad.rows.subarray(0, ROW_SIZE));
    const found = await compareSystems(good, { ...good, rows });
    for (const [name, { pValue }] of Object.entries(found)) expect(pValue, name).toBeGreaterThan(0.2);
  });

  it("averages the scores of a system's runs, in each sample anew", async () => {
    const alone = await compareSystems(good, bad, { resamples: 50 });
    expect(await compareSystems([good, good], bad, { resamples: 50 })).toEqual(alone);
    const mixed = await compareSystems(good, [good, bad], { resamples: 50 });
    for (const [name, { difference, interval, pValue }] of Object.entries(mixed)) {
      expect(difference, name).toBeCloseTo((alone[name]?.difference ?? NaN) / 2, 12);
      expect(interval[0], name).toBeCloseTo((alone[name]?.interval[0] ?? NaN) / 2, 12);
      expect(pValue, name).toBe(alone[name]?.pValue);
    }
  });

  it("takes rounding for no difference: the same runs in another order", async () => {
    const runs = [good, bad, varied];
    const turned = [varied, good, bad];
    for (const [name, found] of Object.entries(await compareSystems(runs, turned, { resamples: 100 }))) {
      expect(found, name).toEqual({ difference: 0, interval: [0, 0], pValue: 1 });
    }
  });

  it("gives from what was kept of the images what the whole gives, METEOR left out", async () => {
    const [first, second] = [good, bad].map((system) => keptStatistics(keptImages(system)));
    const { meteorName } = good;
    const whole = await compareSystems({ ...good, meteorName: undefined }, { ...bad, meteorName: undefined });
    expect(await compareSystems(first as CorpusStatistics, second as CorpusStatistics)).toEqual(whole);
    expect(Object.keys(whole)).not.toContain(meteorName);
  });

  it("refuses a system without runs, and runs of different images", async () => {
    await expect(compareSystems([], bad)).rejects.toMatchObject({ code: "EMPTY" });
    const fewer = { ...good, images: good.images - 1 };
    await expect(compareSystems([good, fewer], bad)).rejects.toMatchObject({ code: "IDS" });
  });

  it("draws the same samples from the same seed, and others from another", async () => {
    const options = { resamples: 50, seed: 7 };
    expect(await compareSystems(good, bad, options)).toEqual(await compareSystems(good, bad, options));
    const other = await compareSystems(good, bad, { ...options, seed: 8 });
    expect(other["CIDEr"]?.interval).not.toEqual((await compareSystems(good, bad, options))["CIDEr"]?.interval);
  });

  it("tells how far it is, and stops when that throws", async () => {
    const seen: number[] = [];
    await compareSystems(good, bad, { resamples: 3, onResample: (done) => void seen.push(done) });
    await expect(compareSystems(good, bad, { onResample: stopAtTwo })).rejects.toThrow("enough");
    expect(seen).toEqual([1, 2, 3]);
  });

  it("refuses systems that were not scored alike", async () => {
    await expect(compareSystems(good, picked(good, [0]))).rejects.toMatchObject({ code: "IDS" });
    await expect(compareSystems(good, { ...good, meteorName: undefined })).rejects.toMatchObject({ code: "ARGUMENT" });
  });
});
