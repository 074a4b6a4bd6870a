// Coded errors of the metrics: every user mistake has a code and a message that names the id. Knows nothing of who throws them.

/** What each code means and what usually helps. */
export const metricsErrorCodes = {
  ARGUMENT: "An argument or option has a value that is not allowed. The message names it and what is allowed.",
  IDS: "The ids of hypotheses and references do not fit: one is missing, unknown or given twice. The message names it.",
  NO_REFERENCES: "An image has no reference caption, so nothing can be compared with its hypothesis.",
  EMPTY: "There is nothing to score: no image, or no word in any reference.",
  DATA: "A data file of the package or one that was handed in cannot be read as what it should be.",
} as const;

/** A code of {@link metricsErrorCodes}. */
export type MetricsErrorCode = keyof typeof metricsErrorCodes;

/** The one error class of this package: `code` for machines, `message` for people (what, where, what to do). */
export class MetricsError extends Error {
  override readonly name = "MetricsError";
  readonly code: MetricsErrorCode;

  constructor(code: MetricsErrorCode, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
  }
}
