// How well scores rank the rows that have a label before those that have not: average precision, and its mean over labels. Knows no words.

/** Scores and truth of labels, [rows, labels] each. */
export interface ScoredLabels {
  readonly labels: number;
  readonly scores: Float32Array;
  /** 1 where a row has the label, else 0. */
  readonly truth: Uint8Array;
}

/**
 * The average precision of one label: Σ over falling thresholds of the precision there times what the recall gained. Rows of equal score
 * pass a threshold together, so their order does not matter.
 * @returns Undefined if no row has the label.
 */
export function averagePrecision({ labels, scores, truth }: ScoredLabels, label: number): number | undefined {
  const rows = Array.from({ length: scores.length / labels }, (_, row) => row * labels + label);
  const positives = rows.reduce((sum, at) => sum + truth[at]!, 0);
  if (positives === 0) return undefined;
  rows.sort((a, b) => scores[b]! - scores[a]!);
  let [found, gained, sum] = [0, 0, 0];
  for (const [rank, at] of rows.entries()) {
    gained += truth[at]!;
    if (scores[rows[rank + 1] ?? -1] === scores[at]) continue;
    found += gained;
    sum += (gained * found) / (rank + 1);
    gained = 0;
  }
  return sum / positives;
}

/**
 * The mean of {@link averagePrecision} over the labels that any row has.
 * @returns 0 if there is none.
 */
export function meanAveragePrecision(scored: ScoredLabels): number {
  const known = Array.from({ length: scored.labels }, (_, label) => averagePrecision(scored, label)).filter(
    (each) => each !== undefined,
  );
  return known.reduce((sum, each) => sum + each, 0) / Math.max(1, known.length);
}
