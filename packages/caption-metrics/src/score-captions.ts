// The convenience entry: raw captions by id → tokens → every metric. Knows no file format and none of the metrics' insides.
import { bleu } from "./bleu.ts";
import { ciderD } from "./cider-d.ts";
import { MetricsError } from "./errors.ts";
import type { MetricResult } from "./inputs.ts";
import type { Resources } from "./meteor/matches.ts";
import { meteor, meteorName } from "./meteor/meteor.ts";
import { hypothesisTokens, referenceTokens } from "./raw-captions.ts";
import { rougeL } from "./rouge-l.ts";

/** Values by image id: an object, a Map, or any pairs; pairs keep their order, an object orders ids that are numbers. */
export type ById<Value> = Readonly<Record<string, Value>> | Iterable<readonly [string, Value]>;

/** What {@link scoreCaptions} gives. Scores are fractions as the reference toolkit gives them; papers print them × 100. */
export interface CaptionScores {
  readonly images: number;
  /** The ids in the order of the hypotheses; per-image scores follow it. */
  readonly ids: readonly string[];
  /** The corpus score of each metric: "BLEU-1" … "BLEU-4", METEOR under the name of its variant, "ROUGE-L", "CIDEr". */
  readonly scores: Readonly<Record<string, number>>;
  readonly perImage: Readonly<Record<string, readonly number[]>>;
  /** What makes each score comparable, under the same names. */
  readonly signatures: Readonly<Record<string, string>>;
}

/** Options of {@link scoreCaptions}. */
export interface ScoreOptions {
  /** What METEOR looks words up in; without it METEOR is left out, since exact matches and stems alone mislead. */
  readonly meteor?: Resources;
}

/**
 * Scores one caption an image against its references with every metric, after PTB tokenisation.
 *
 * @throws MetricsError `IDS` naming an id that is missing on one side or given twice, `NO_REFERENCES` naming the image,
 * `EMPTY` if there is nothing to score, `ARGUMENT` for what is no caption.
 * @example
 * const { scores } = scoreCaptions({ "1.jpg": "a dog runs" }, { "1.jpg": ["A dog is running.", "The dog runs fast."] });
 */
export function scoreCaptions(
  hypotheses: ById<string>,
  references: ById<readonly string[]>,
  options: ScoreOptions = {},
): CaptionScores {
  const captions = byId(hypotheses, "hypotheses");
  const truths = byId(references, "references");
  checkIds(captions, truths);
  const ids = [...captions.keys()];
  const guesses = ids.map((id) => hypothesisTokens(captions.get(id), id));
  const truthTokens = ids.map((id) => referenceTokens(truths.get(id), id));
  const ptb = { tokeniser: "ptb" };
  const [bleu1, bleu2, bleu3, bleu4] = bleu(guesses, truthTokens, ptb);
  return named(ids, {
    "BLEU-1": bleu1,
    "BLEU-2": bleu2,
    "BLEU-3": bleu3,
    "BLEU-4": bleu4,
    ...(options.meteor && {
      [meteorName(options.meteor)]: meteor(guesses, truthTokens, { ...options.meteor, ...ptb }),
    }),
    "ROUGE-L": rougeL(guesses, truthTokens, ptb),
    CIDEr: ciderD(guesses, truthTokens, ptb),
  });
}

function named(ids: readonly string[], results: Readonly<Record<string, MetricResult>>): CaptionScores {
  const each = <Value>(pick: (result: MetricResult) => Value): Record<string, Value> =>
    Object.fromEntries(Object.entries(results).map(([name, result]) => [name, pick(result)]));
  return {
    images: ids.length,
    ids,
    scores: each(({ score }) => score),
    perImage: each(({ perImage }) => perImage),
    signatures: each(({ signature }) => signature),
  };
}

function byId<Value>(values: ById<Value>, what: string): ReadonlyMap<string, Value> {
  if (typeof values !== "object" || values === null) {
    throw new MetricsError("ARGUMENT", `the ${what} are ${String(values)}: give an object or a Map by image id`);
  }
  const pairs = isIterable(values) ? values : Object.entries(values);
  const map = new Map<string, Value>();
  for (const [id, value] of pairs) {
    if (map.has(id)) throw new MetricsError("IDS", `the ${what} hold image "${id}" twice: give each image once`);
    map.set(id, value);
  }
  return map;
}

function isIterable<Value>(values: ById<Value>): values is Iterable<readonly [string, Value]> {
  return typeof (values as { readonly [Symbol.iterator]?: unknown })[Symbol.iterator] === "function";
}

function checkIds(hypotheses: ReadonlyMap<string, unknown>, references: ReadonlyMap<string, unknown>): void {
  for (const id of hypotheses.keys()) {
    if (!references.has(id)) {
      throw new MetricsError(
        "IDS",
        `image "${id}" has a hypothesis but no references: add them, or leave the image out`,
      );
    }
  }
  for (const id of references.keys()) {
    if (!hypotheses.has(id)) {
      throw new MetricsError(
        "IDS",
        `image "${id}" has references but no hypothesis: caption it, or leave its references out`,
      );
    }
  }
}
