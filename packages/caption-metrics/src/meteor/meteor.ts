// METEOR 1.5 for English with `-norm` (Denkowski & Lavie 2014), equal to the reference toolkit's in four variants, by what is
// handed in: exact; + stem; + synonym; + paraphrase. Knows no file.
import { checkCorpus, type Hypotheses, type MetricOptions, type MetricResult, type References } from "../inputs.ts";
import type { Tokens } from "../ngrams.ts";
import { signature } from "../signature.ts";
import { align, type Alignment } from "./align.ts";
import { FUNCTION_WORDS } from "./function-words.ts";
import { type Match, type MatchFinder, matchFinder, MODULES, type Resources } from "./matches.ts";
import { meteorWords } from "./normalise.ts";
import {
  CHUNKS,
  HYPOTHESIS_MATCHES,
  meteorScore,
  type MeteorStatistics,
  REFERENCE_MATCHES,
  STAGE_SIZE,
  STAGE_WEIGHTS,
  STAGES_START,
  STATISTICS_SIZE,
  sumMeteorStatistics,
} from "./statistics.ts";

/** Options of METEOR: the variant follows from the resources. */
export interface MeteorOptions extends MetricOptions, Resources {}

/**
 * METEOR of a corpus and of each image.
 *
 * Only with a paraphrase table is it what papers print as METEOR; without, it reads about 0.01 lower. The corpus score is
 * computed from the summed statistics; it is not the mean of the images' scores.
 *
 * @throws MetricsError `EMPTY`, `IDS` or `NO_REFERENCES`.
 */
export function meteor(hypotheses: Hypotheses, references: References, options: MeteorOptions = {}): MetricResult {
  const statistics = meteorStatistics(hypotheses, references, options);
  return {
    score: meteorScore(sumMeteorStatistics(statistics)),
    perImage: statistics.map(meteorScore),
    signature: signature(meteorSettings(options), references, options),
  };
}

/** The part of METEOR's signature that is its own. */
export function meteorSettings(resources: Resources): readonly string[] {
  const table = resources.paraphrases?.name;
  const named = table === undefined ? [] : [`table:${table}`];
  return ["meteor", "v1.5", "lang:en", "norm:yes", `modules:${modulesOf(resources).join("+")}`, ...named];
}

/** The statistics of each image, against its best reference (the first of equals). */
export function meteorStatistics(
  hypotheses: Hypotheses,
  references: References,
  resources: Resources = {},
): MeteorStatistics[] {
  checkCorpus(hypotheses, references);
  const finder = matchFinder(resources);
  return hypotheses.map((hypothesis, image) => bestStatistics(hypothesis, references[image] ?? [], finder));
}

/** The name that a score of this variant is printed under: "METEOR" only with the paraphrase table. */
export function meteorName(resources: Resources): string {
  const missing = MODULES.filter((module) => !modulesOf(resources).includes(module));
  return missing.length === 0 ? "METEOR" : `METEOR (no ${missing.join(", no ")})`;
}

function modulesOf(resources: Resources): string[] {
  const present = [true, resources.stem ?? true, resources.synonyms !== undefined, resources.paraphrases !== undefined];
  return MODULES.filter((_, index) => present[index]);
}

/** The statistics against the best reference, the first of equals. */
export function bestStatistics(
  hypothesis: Tokens,
  references: readonly Tokens[],
  finder: MatchFinder,
): MeteorStatistics {
  const guess = meteorWords(hypothesis.join(" "));
  const prepared = finder.prepare(guess);
  let best: MeteorStatistics = [];
  let bestScore = -1;
  for (const reference of references) {
    const truth = meteorWords(reference.join(" "));
    const same = guess.length === truth.length && guess.every((word, at) => word === truth[at]);
    const sections = finder.find(prepared, finder.prepare(truth), { exactOnly: same });
    const candidate = count(guess, truth, align(sections, STAGE_WEIGHTS, guess.length));
    const score = meteorScore(candidate);
    if (score > bestScore) [best, bestScore] = [candidate, score];
  }
  return best;
}

function isFunctionWord(word: string): boolean {
  return FUNCTION_WORDS.has(word);
}

function count(hypothesis: string[], reference: string[], { matches, chunks }: Alignment): MeteorStatistics {
  const counts = Array.from({ length: STATISTICS_SIZE }, () => 0);
  const add = (index: number, amount: number): void => {
    counts[index] = (counts[index] ?? 0) + amount;
  };
  add(0, hypothesis.length);
  add(1, reference.length);
  add(2, hypothesis.filter(isFunctionWord).length);
  add(3, reference.filter(isFunctionWord).length);
  const addSide = (words: readonly string[], match: Match, offset: 0 | 1): void => {
    const start = STAGES_START + match.module * STAGE_SIZE + offset;
    for (const word of words) add(start + (isFunctionWord(word) ? 2 : 0), 1);
    add(offset === 0 ? HYPOTHESIS_MATCHES : REFERENCE_MATCHES, words.length);
  };
  for (const match of matches) {
    const { hypothesisStart, hypothesisLength, referenceStart, referenceLength } = match;
    addSide(hypothesis.slice(hypothesisStart, hypothesisStart + hypothesisLength), match, 0);
    addSide(reference.slice(referenceStart, referenceStart + referenceLength), match, 1);
  }
  add(CHUNKS, chunks);
  return counts;
}
