// What every corpus metric asks of its input: as many hypotheses as reference lists, none of these empty. Knows no metric.
import { MetricsError } from "./errors.ts";
import type { Tokens } from "./ngrams.ts";

/** One caption an image, as tokens. */
export type Hypotheses = readonly Tokens[];
/** The reference captions of each image, as tokens, in the order of the hypotheses. */
export type References = readonly (readonly Tokens[])[];

/** What a metric gives: the corpus score and one score an image, as fractions, and what makes them comparable. */
export interface MetricResult {
  readonly score: number;
  readonly perImage: readonly number[];
  readonly signature: string;
}

/** Options that every metric has. */
export interface MetricOptions {
  /** Which tokeniser made the tokens, for the signature; default "given". */
  readonly tokeniser?: string;
}

/**
 * Refuses input that no metric can score.
 *
 * @throws MetricsError `EMPTY` without images, `IDS` where the numbers differ, `NO_REFERENCES` naming the image.
 */
export function checkCorpus(hypotheses: Hypotheses, references: References): void {
  if (hypotheses.length !== references.length) {
    throw new MetricsError(
      "IDS",
      `${hypotheses.length} hypotheses and references for ${references.length} images: give one hypothesis an image, in the same order`,
    );
  }
  checkReferences(references);
}

/** The part of {@link checkCorpus} that needs no hypotheses. */
export function checkReferences(references: References): void {
  if (references.length === 0) {
    throw new MetricsError("EMPTY", "there is no image to score: give at least one hypothesis and its references");
  }
  const bare = references.findIndex((captions) => captions.length === 0);
  if (bare >= 0) {
    throw new MetricsError(
      "NO_REFERENCES",
      `image ${bare} (counted from 0) has no reference caption: give it one, or leave the image out`,
    );
  }
}

/** The mean of one number an image. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
