// Sentence-level distillation (Kim and Rush 2016): captions that a teacher, an ensemble say, gives the training pictures are learnt in place of
// some of the true ones. Knows the teacher's captions, and nothing of how they came about.
import { seededRandom } from "../base/random.ts";
import type { Example } from "./batches.ts";

/** What a teacher says of the training pictures. */
export interface Taught {
  /** Ids of the words of its captions, best first, by the row of a picture's features; a picture may have none. */
  readonly captions: readonly (readonly (readonly number[])[])[];
  /** The share of an epoch's captions that are the teacher's, 0 to 1. */
  readonly share: number;
}

/**
 * The captions of an epoch: each is, with the probability of the share, one of the teacher's for the same picture, so that every picture has as
 * many as before. A picture's first true caption gives way to the teacher's best, the next one to its next. Drawn anew for each epoch.
 */
export function examplesOfEpoch(
  examples: readonly Example[],
  taught: Taught | undefined,
  seed: number,
  epoch: number,
): readonly Example[] {
  if (taught === undefined) return examples;
  const random = seededRandom(seed, `taught ${epoch}`);
  const met = new Map<number, number>();
  return examples.map((example) => {
    const { picture } = example;
    const place = met.get(picture) ?? 0;
    met.set(picture, place + 1);
    const own = taught.captions[picture] ?? [];
    const isTaught = random.uniform() < taught.share && own.length > 0;
    return isTaught ? { picture, words: own[place % own.length]! } : example;
  });
}

/** The teacher's captions as examples, for what must know all that may come: the lengths of batches. */
export function taughtExamples({ captions }: Taught): readonly Example[] {
  return captions.flatMap((own, picture) => own.map((words) => ({ picture, words })));
}
