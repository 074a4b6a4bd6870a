// The golden sets of the reference toolkit as tests use them: tokens by image, and the scores they must get.
import { readFileSync } from "node:fs";
import { vi } from "vitest";
import type { Hypotheses, References } from "../src/inputs.ts";

// A thousand images take seconds on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

export const SET_NAMES = [
  "human0",
  "constant",
  "shuffled",
  "truncated",
  "repeated",
  "varied_refs",
  "adversarial",
  "perturbed",
] as const;

/** Names of the scores in `corpus` and `perImage`. */
export type ScoreName = "Bleu_1" | "Bleu_2" | "Bleu_3" | "Bleu_4" | "ROUGE_L" | "CIDEr" | MeteorName;
export type MeteorName = "METEOR" | "METEOR_exact_stem_synonym" | "METEOR_exact_stem" | "METEOR_exact";
export type MeteorVariant = "default" | "exact_stem_synonym" | "exact_stem" | "exact";

interface Scores {
  readonly ids: readonly string[];
  readonly tokenizedHypotheses: Readonly<Record<string, string>>;
  readonly corpus: Readonly<Record<ScoreName | "bleuTestlen" | "bleuReflen", number>> & {
    readonly bleuGuess: readonly number[];
    readonly bleuCorrect: readonly number[];
  };
  readonly perImage: Readonly<Record<ScoreName, readonly number[]>>;
  readonly meteorStats: Readonly<Record<MeteorVariant, readonly (readonly number[])[]>>;
}

export interface GoldenSet {
  readonly ids: readonly string[];
  /** Raw captions. */
  readonly captions: Readonly<Record<string, string>>;
  readonly referenceCaptions: Readonly<Record<string, readonly string[]>>;
  /** The reference toolkit's tokens, in the order of `ids`. */
  readonly hypotheses: Hypotheses;
  readonly references: References;
  readonly scores: Scores;
}

interface SetFile {
  readonly hypotheses: Readonly<Record<string, string>>;
  readonly references: Readonly<Record<string, readonly (string | number)[]>>;
}

type Captions = Readonly<
  Record<string, { readonly captions: readonly string[]; readonly tokenized: readonly string[] }>
>;

function read<T>(path: string): T {
  return JSON.parse(readFileSync(new URL(`golden/${path}`, import.meta.url), "utf8")) as T;
}

const dev = read<Captions>("dev-references.json");

/** The tokens of a tokenised caption; they may hold U+00A0, so that only the blank parts them. */
function tokens(caption: string): string[] {
  return caption === "" ? [] : caption.split(" ");
}

export function goldenSet(name: (typeof SET_NAMES)[number]): GoldenSet {
  const set = read<SetFile>(`sets/${name}.json`);
  const scores = read<Scores & { readonly tokenizedReferences?: Readonly<Record<string, readonly string[]>> }>(
    `scores/${name}.json`,
  );
  const pick = (id: string, kind: "captions" | "tokenized"): string[] =>
    (set.references[id] ?? []).map((reference, index) =>
      typeof reference === "number"
        ? (dev[id]?.[kind][reference] ?? "")
        : kind === "captions"
          ? reference
          : (scores.tokenizedReferences?.[id]?.[index] ?? ""),
    );
  return {
    ids: scores.ids,
    captions: set.hypotheses,
    referenceCaptions: Object.fromEntries(scores.ids.map((id) => [id, pick(id, "captions")])),
    hypotheses: scores.ids.map((id) => tokens(scores.tokenizedHypotheses[id] ?? "")),
    references: scores.ids.map((id) => pick(id, "tokenized").map(tokens)),
    scores,
  };
}

/** The largest absolute difference; NaN where a value is missing. */
export function largestDifference(actual: readonly number[], expected: readonly number[]): number {
  if (actual.length !== expected.length) return NaN;
  return actual.reduce((largest, value, index) => Math.max(largest, Math.abs(value - (expected[index] ?? NaN))), 0);
}
