// The public entry: tokeniser and metrics.
export { bleu, bleuScores, bleuStatistics, sumBleuStatistics } from "./bleu.ts";
export type { BleuResult, BleuStatistics } from "./bleu.ts";
export { ciderD, ciderScorer } from "./cider-d.ts";
export type { CiderOptions, CiderScorer } from "./cider-d.ts";
export { documentFrequencies } from "./document-frequencies.ts";
export type { DocumentFrequencies, DocumentFrequencyOptions } from "./document-frequencies.ts";
export { MetricsError, metricsErrorCodes } from "./errors.ts";
export type { MetricsErrorCode } from "./errors.ts";
export type { Hypotheses, MetricOptions, MetricResult, References } from "./inputs.ts";
export type { Tokens } from "./ngrams.ts";
export { ptbRawTokens, ptbTokens } from "./ptb/tokens.ts";
export { rougeL } from "./rouge-l.ts";
export { scoreCaptions } from "./score-captions.ts";
export type { ById, CaptionScores } from "./score-captions.ts";
