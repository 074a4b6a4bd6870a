// How well a finished decoder foresees true captions: their loss a word with the true words before. Knows no files and no images.
import type { OpenSession } from "../engine/session.ts";
import { throwIfCancelled } from "../base/cancel.ts";
import type { CancelSignal } from "../base/cancel.ts";
import type { DecoderSpec } from "../models/catalogue.ts";
import { unknownId } from "../text/vocabulary.ts";
import { makeBatches, planBatches } from "./batches.ts";
import { createLearner } from "./learner.ts";
import type { LearnerState } from "./learner.ts";
import { defaultTrainingOptions } from "./options.ts";
import type { TrainingSet } from "./lessons.ts";

/** What {@link perplexityOf} gives. */
export interface CaptionPerplexity {
  /** exp of the mean natural log-loss of a word. */
  readonly value: number;
  /** Words of the captions, the end of each counted as one. */
  readonly words: number;
  /** Share of the words that the vocabulary does not have. */
  readonly unknown: number;
  /** Share of the words that the model held for the likeliest, the true words before given. */
  readonly accuracy: number;
}

/** Rows of a batch, and lengths that are compiled. */
const rows = 50;
const lengths = 4;

/** Options of {@link perplexityOf}. */
export interface PerplexityOptions {
  readonly signal?: CancelSignal | undefined;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * The perplexity of captions, none of which is cut. Words that are not in the vocabulary count as its unknown word.
 * @param weights The decoder's parameters as float32.
 * @throws ShowtellError `DATA_EMPTY`, `ENGINE`, `CANCELLED`.
 */
export async function perplexityOf(
  spec: DecoderSpec,
  weights: LearnerState,
  { examples, features }: TrainingSet,
  openSession: OpenSession,
  { signal, onProgress }: PerplexityOptions = {},
): Promise<CaptionPerplexity> {
  const longest = examples.reduce((most, { words }) => Math.max(most, words.length), 1);
  const plan = planBatches(examples, { rows, group: 1 }, longest, lengths);
  const batches = makeBatches(examples, plan);
  const learner = createLearner(spec, defaultTrainingOptions, weights, openSession);
  let loss = 0;
  let words = 0;
  let correct = 0;
  try {
    for (const [i, make] of batches.entries()) {
      throwIfCancelled(signal);
      const result = await learner.score(make(), features);
      loss += result.loss;
      words += result.tokens;
      correct += result.correct;
      onProgress?.(i + 1, batches.length);
    }
  } finally {
    await learner.dispose();
  }
  const unknown = examples.reduce((sum, example) => sum + example.words.filter((id) => id === unknownId).length, 0);
  return { value: Math.exp(loss / words), words, unknown: unknown / words, accuracy: correct / words };
}
