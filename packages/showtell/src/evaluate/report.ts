// The report of an evaluation as plain data: its rows and pictures, and what is drawn of them. Writes no page and no file.
import { ptbTokens } from "caption-metrics";
import type { CorpusStatistics } from "caption-metrics";
import type { CancelSignal } from "../base/cancel.ts";
import type { Counted, WordUse } from "./caption-statistics.ts";
import { frequentCaptions, lengthShares, valueShares, wordUses } from "./caption-statistics.ts";
import type { EvaluatedPicture, Evaluation, Row } from "./evaluation.ts";
import type { Slice } from "./slices.ts";
import { partScores, pictureParts } from "./slices.ts";

/** An evaluation with everything that its page shows. */
export interface Report extends Evaluation {
  /** In the order of the split; `captions` are by row, in the order of the rows that have scores. */
  readonly pictures: readonly EvaluatedPicture[];
  readonly slices: readonly Slice[];
  /** Of the first row. */
  readonly words: readonly WordUse[];
  /** The sentences that the first row says most often. */
  readonly frequent: readonly Counted[];
  readonly distributions: Distributions;
}

/** How something is spread, as shares by step. */
export interface Distributions {
  /** Words of captions, from 0; the last stands for all longer ones. By row that has scores, then of the references. */
  readonly lengths: readonly { readonly name: string; readonly shares: readonly number[] }[];
  /** CIDEr of pictures in steps of {@link ciderStep}; the last stands for all higher ones. By row that has scores. */
  readonly cider: readonly { readonly name: string; readonly shares: readonly number[] }[];
}

/** Most words that lengths are told apart by; the step and number of steps of CIDEr. */
export const longestLength = 20;
export const ciderStep = 0.25;
export const ciderSteps = 9;

/** Words and sentences that are listed. */
const listedWords = 24;
const listedSentences = 12;

/**
 * Puts a report together.
 * @param statistics Of the rows that have scores, in their order.
 * @throws ShowtellError `CANCELLED`.
 */
export async function makeReport(
  evaluation: Evaluation,
  pictures: readonly EvaluatedPicture[],
  statistics: readonly CorpusStatistics[],
  resamples: number,
  signal?: CancelSignal,
): Promise<Report> {
  const rows = scoredRows(evaluation);
  const references = pictures.map((picture) => picture.references.map(ptbTokens));
  const said = rows.map((_, row) => pictures.map(({ captions }) => ptbTokens(captions[row]!.caption)));
  const slices: Slice[] = [];
  for (const part of pictureParts(references)) {
    const scores = [];
    for (const own of statistics) scores.push(await partScores(own, part, resamples, signal));
    slices.push({ group: part.group, name: part.name, pictures: part.pictures.length, scores });
  }
  return {
    ...evaluation,
    pictures,
    slices,
    words: wordUses(references.flat(), said[0]!, listedWords),
    frequent: frequentCaptions(
      pictures.map(({ captions }) => captions[0]!.caption),
      listedSentences,
    ),
    distributions: {
      lengths: [
        ...rows.map(({ name }, row) => ({ name, shares: lengthShares(said[row]!, longestLength) })),
        { name: "people", shares: lengthShares(references.flat(), longestLength) },
      ],
      cider: rows.map(({ name }, row) => ({
        name,
        shares: valueShares(
          pictures.map(({ captions }) => captions[row]!.scores["CIDEr"]!),
          ciderStep,
          ciderSteps,
        ),
      })),
    },
  };
}

/** The rows that have scores against all references. */
export function scoredRows({ rows }: Pick<Evaluation, "rows">): readonly (Row & Required<Pick<Row, "scores">>)[] {
  return rows.flatMap((row) => (row.scores === undefined ? [] : [{ ...row, scores: row.scores }]));
}

/** Pictures that are shown: those on which the first row is best, in the middle, and worst by CIDEr; places in the split. */
export interface ShownPictures {
  readonly best: readonly number[];
  readonly median: readonly number[];
  readonly worst: readonly number[];
}

/** Chooses pictures to show, `count` of each kind, none twice. */
export function shownPictures(pictures: readonly EvaluatedPicture[], count: number): ShownPictures {
  const ciderOf = (place: number): number => pictures[place]!.captions[0]!.scores["CIDEr"]!;
  const ranked = [...pictures.keys()].toSorted((a, b) => ciderOf(b) - ciderOf(a) || a - b);
  // Of fewer than three pictures one is the best, and the other, if there is one, the worst.
  const own = Math.min(count, Math.max(1, Math.floor(ranked.length / 3)));
  const middle = Math.floor((ranked.length - own) / 2);
  return {
    best: ranked.slice(0, own),
    median: ranked.length < 3 ? [] : ranked.slice(middle, middle + own),
    worst: ranked.length < 2 ? [] : ranked.slice(ranked.length - own).toReversed(),
  };
}
