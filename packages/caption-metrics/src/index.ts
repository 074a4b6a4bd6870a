// The public entry: tokeniser and metrics.
export { MetricsError, metricsErrorCodes } from "./errors.ts";
export type { MetricsErrorCode } from "./errors.ts";
export { ptbRawTokens, ptbTokens } from "./ptb/tokens.ts";
