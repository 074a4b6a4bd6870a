// METEOR equals METEOR 1.5 on every golden segment and set: the statistics number by number, the scores within 1e-9.
// The fourth variant needs the paraphrase table, which has no licence: bench/metrics fetches it and compares.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { meteorStatistics } from "../../src/meteor/meteor.ts";
import type { Resources } from "../../src/meteor/matches.ts";
import { meteorScore, sumMeteorStatistics } from "../../src/meteor/statistics.ts";
import { wordnet } from "../../src/wordnet.ts";
import { goldenSet, largestDifference, type MeteorName, type MeteorVariant, SET_NAMES } from "../golden.ts";

interface Segment {
  readonly id: string;
  readonly note: string;
  readonly hypothesis: string;
  readonly references: readonly string[];
  readonly stats: Readonly<Record<MeteorVariant, readonly number[]>>;
  readonly score: Readonly<Record<MeteorVariant, number>>;
}

const segments = readFileSync(new URL("../golden/meteor-segments.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Segment);

const VARIANTS: readonly (readonly [MeteorVariant, MeteorName, Resources])[] = [
  ["exact", "METEOR_exact", { stem: false }],
  ["exact_stem", "METEOR_exact_stem", {}],
  ["exact_stem_synonym", "METEOR_exact_stem_synonym", { synonyms: wordnet }],
];

describe.each(VARIANTS)("%s", (variant, name, resources) => {
  it("has METEOR's statistics and score for every segment", () => {
    const wrong = segments.filter(({ hypothesis, references, stats, score }) => {
      const [counts = []] = meteorStatistics([[hypothesis]], [references.map((text) => [text])], resources);
      return String(counts) !== String(stats[variant]) || Math.abs(meteorScore(counts) - score[variant]) > 1e-9;
    });
    expect(wrong).toEqual([]);
  });

  it.each(SET_NAMES)("has METEOR's statistics and scores for %s", (set) => {
    const { hypotheses, references, scores } = goldenSet(set);
    const statistics = meteorStatistics(hypotheses, references, resources);
    expect(statistics).toEqual(scores.meteorStats[variant]);
    expect(Math.abs(meteorScore(sumMeteorStatistics(statistics)) - scores.corpus[name])).toBeLessThan(1e-9);
    expect(largestDifference(statistics.map(meteorScore), scores.perImage[name])).toBeLessThan(1e-9);
  });
});
