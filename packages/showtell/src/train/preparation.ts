// From captions as people wrote them to a vocabulary and examples of ids. Knows no files and no features.
import { ptbTokens } from "caption-metrics";
import { throwIfCancelled } from "../base/cancel.ts";
import type { CancelSignal } from "../base/cancel.ts";
import { ShowtellError } from "../base/errors.ts";
import type { CaptionRecord } from "../datasets/record.ts";
import { cleanCaptions } from "../text/cleaning.ts";
import type { CleaningReport, CleaningRule } from "../text/cleaning.ts";
import { buildVocabulary, countUnknown, encodeTokens, specialWords } from "../text/vocabulary.ts";
import type { UnknownWords, Vocabulary } from "../text/vocabulary.ts";
import type { Example } from "./batches.ts";
import { grownVocabulary } from "./grown-words.ts";

/** A picture with its captions as tokens. */
export interface TokenisedRecord {
  readonly image: string;
  readonly captions: readonly (readonly string[])[];
}

/** How captions are cleaned. */
export interface PreparationOptions {
  /** The literature's further rules, in order; none by default ("a" must live). */
  readonly rules: readonly CleaningRule[];
  /** Occurrences in the training captions from which on a word is in the vocabulary; Infinity takes none. */
  readonly minimumCount: number;
  /** The words that the model knows already: they keep their ids, and new ones that occur often enough follow. */
  readonly vocabulary?: Vocabulary | undefined;
}

/** What training reads. */
export interface PreparedCaptions {
  readonly vocabulary: Vocabulary;
  readonly train: readonly TokenisedRecord[];
  readonly dev: readonly TokenisedRecord[];
  readonly report: PreparationReport;
}

/** What preparing did, for people. */
export interface PreparationReport {
  readonly cleaning: readonly CleaningReport[];
  readonly unknown: { readonly train: UnknownWords; readonly dev: UnknownWords };
  /** Training captions of which nothing was left; they are not learnt. */
  readonly emptyCaptions: number;
}

function tokenise(records: readonly CaptionRecord[], signal: CancelSignal | undefined): readonly TokenisedRecord[] {
  return records.map(({ image, captions }) => {
    throwIfCancelled(signal);
    return { image, captions: captions.map(ptbTokens) };
  });
}

function cleaned(
  records: readonly TokenisedRecord[],
  rules: readonly CleaningRule[],
): { readonly records: readonly TokenisedRecord[]; readonly reports: readonly CleaningReport[] } {
  const flat = records.flatMap(({ captions }) => captions);
  const { captions, reports } = cleanCaptions(flat, rules);
  const next = captions.values();
  return {
    records: records.map((record) => ({ ...record, captions: record.captions.map(() => next.next().value!) })),
    reports,
  };
}

function captionsOf(records: readonly TokenisedRecord[]): readonly (readonly string[])[] {
  return records.flatMap(({ captions }) => captions);
}

/**
 * Tokenises as the metrics do, cleans, and counts words of the training captions.
 * @throws ShowtellError `DATA_EMPTY` if no word occurs often enough, `CANCELLED`.
 */
export function prepareCaptions(
  records: { readonly train: readonly CaptionRecord[]; readonly dev: readonly CaptionRecord[] },
  { rules, minimumCount, vocabulary: known }: PreparationOptions,
  signal?: CancelSignal,
): PreparedCaptions {
  const train = cleaned(tokenise(records.train, signal), rules);
  const dev = cleaned(tokenise(records.dev, signal), rules);
  const trainCaptions = captionsOf(train.records);
  const vocabulary = known
    ? grownVocabulary(known, trainCaptions, minimumCount)
    : buildVocabulary(trainCaptions, { minimumCount });
  if (vocabulary.words.length === specialWords.length)
    throw new ShowtellError(
      "DATA_EMPTY",
      `no word occurs ${minimumCount} times in the ${trainCaptions.length} training captions, so that there is none to learn: lower minimumCount`,
    );
  return {
    vocabulary,
    train: train.records,
    dev: dev.records,
    report: {
      cleaning: train.reports,
      unknown: {
        train: countUnknown(vocabulary, trainCaptions),
        dev: countUnknown(vocabulary, captionsOf(dev.records)),
      },
      emptyCaptions: trainCaptions.filter((tokens) => tokens.length === 0).length,
    },
  };
}

/**
 * An example a caption.
 * @param rows The row of each record's features, or undefined for one that has none.
 */
export function examplesOf(
  records: readonly TokenisedRecord[],
  vocabulary: Vocabulary,
  rows: readonly (number | undefined)[],
): readonly Example[] {
  return records.flatMap(({ captions }, i) => {
    const picture = rows[i];
    if (picture === undefined) return [];
    const usable = captions.filter((tokens) => tokens.length > 0);
    return usable.map((tokens) => ({ picture, words: encodeTokens(vocabulary, tokens) }));
  });
}
