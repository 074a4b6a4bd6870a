// CIDEr-D and BLEU-4 of one caption a picture, again and again for the same pictures: what a checkpoint is chosen by. Makes no captions.
import { bleu, ciderScorer, ptbTokens } from "caption-metrics";

/** Scores of a corpus, as fractions (papers print them × 100). */
export interface CaptionQuality {
  readonly CIDEr: number;
  readonly "BLEU-4": number;
}

/** Scores captions in the order of the pictures whose references were given. */
export type CaptionJudge = (captions: readonly string[]) => CaptionQuality;

/**
 * A judge of captions for some pictures. Document frequencies are those of the given references, so that scores of another choice
 * of pictures can't be compared with these.
 * @param references The captions that people wrote, as they were written; at least one a picture.
 * @throws MetricsError `EMPTY` or `NO_REFERENCES`.
 */
export function captionJudge(references: readonly (readonly string[])[]): CaptionJudge {
  const truths = references.map((captions) => captions.map(ptbTokens));
  const cider = ciderScorer(truths);
  return (captions) => {
    const guesses = captions.map(ptbTokens);
    const [, , , bleu4] = bleu(guesses, truths);
    const sum = guesses.reduce((total, guess, picture) => total + cider.score(picture, guess), 0);
    return { CIDEr: sum / guesses.length, "BLEU-4": bleu4.score };
  };
}
