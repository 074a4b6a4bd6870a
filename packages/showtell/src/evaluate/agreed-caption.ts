// Which of a picture's captions speaks for it. Knows no pictures.
import { ptbTokens } from "caption-metrics";
import type { DocumentFrequencies } from "caption-metrics";
import { expectedScores } from "../caption/consensus.ts";

/** Of a picture's captions the one that agrees best with the others, by CIDEr-D. */
export function mostAgreedCaption(captions: readonly string[], frequencies: DocumentFrequencies): string {
  const voters = captions.map((caption) => ({ tokens: ptbTokens(caption), logProbability: 0 }));
  const scores = expectedScores(voters, frequencies);
  return captions[scores.indexOf(Math.max(...scores))]!;
}
