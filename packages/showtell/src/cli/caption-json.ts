// A captioned picture as the object that `caption --json` prints. Prints nothing itself.
import type { PlainError } from "../base/errors.ts";
import type { Candidate } from "../caption/captioner.ts";
import type { CaptionResult } from "../caption/threaded-captioner.ts";

/** What became of a picture, under the name that it was given by. */
export type NamedOutcome =
  | { readonly name: string; readonly result: CaptionResult }
  | { readonly name: string; readonly error: PlainError };

/** What goes into the object besides what always does. */
export interface CaptionJsonOptions {
  /** Each caption's tokens with their log-probabilities. */
  readonly tokens: boolean;
  /** The probability below which a caption is abstained from, if confidence is asked for at all. */
  readonly abstainBelow: number | undefined;
}

/** The object of an outcome. */
export function captionJson(outcome: NamedOutcome, options: CaptionJsonOptions): object {
  if ("error" in outcome) return { image: outcome.name, error: outcome.error };
  const { candidates, model, attention, neighbours, confidence, abstained, ...best } = outcome.result;
  const { abstainBelow } = options;
  return {
    image: outcome.name,
    ...candidateJson(best, options),
    ...(abstained && { caption: null, abstained: `the confidence is below ${abstainBelow}` }),
    ...(abstainBelow !== undefined && { confidence }),
    candidates: candidates.map((candidate) => candidateJson(candidate, options)),
    ...(attention && { attention }),
    ...(neighbours && { neighbours }),
    model,
  };
}

function candidateJson(candidate: Candidate, { tokens }: CaptionJsonOptions): object {
  const { caption, logProbability, score, steeringCost, consensus, copies } = candidate;
  return {
    caption,
    logProbability,
    score,
    ...(steeringCost !== undefined && { steeringCost }),
    ...(consensus !== undefined && { consensus }),
    ...(copies !== undefined && { copies }),
    ...(tokens && tokensJson(candidate)),
  };
}

function tokensJson({ tokens, tokenLogProbabilities }: Candidate): object {
  const end = tokenLogProbabilities[tokens.length];
  return {
    tokens: tokens.map((token, i) => ({ token, logProbability: tokenLogProbabilities[i]! })),
    ...(end !== undefined && { endLogProbability: end }),
  };
}
