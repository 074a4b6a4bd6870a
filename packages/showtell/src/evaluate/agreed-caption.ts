// Which of a picture's captions speaks for it. Knows no pictures.
import { ciderScorer, ptbTokens } from "caption-metrics";
import type { DocumentFrequencies } from "caption-metrics";

/**
 * Of a picture's captions the one that agrees best with the others, by CIDEr-D. (Each is compared with itself, too, which adds the same
 * to all.)
 */
export function mostAgreedCaption(captions: readonly string[], frequencies: DocumentFrequencies): string {
  const tokens = captions.map(ptbTokens);
  const scorer = ciderScorer([tokens], { frequencies });
  const scores = tokens.map((caption) => scorer.score(0, caption));
  return captions[scores.indexOf(Math.max(...scores))]!;
}
