// The rows of an evaluation as CSV (RFC 4180), scores as fractions, a line a row; published results below. Writes no file.
import { csvText } from "../datasets/csv.ts";
import type { Evaluation, Row, Scores } from "./evaluation.ts";
import { publishedMetrics } from "./published-results.ts";
import type { PublishedResult } from "./published-results.ts";

/** The text of the file; its first line names the columns. */
export function reportCsv(evaluation: Evaluation, published: readonly PublishedResult[]): string {
  const { metrics, rows } = evaluation;
  const columns = metrics.flatMap((metric) => [metric, `${metric} low`, `${metric} high`]);
  const all = scoreLines(evaluation, rows, "all", (row) => row.scores);
  const fewer = scoreLines(evaluation, rows, "one less", (row) => row.fewer);
  return csvText([
    ["name", "kind", "references", ...columns, "perplexity", "marks", "source"],
    ...all,
    ...fewer,
    ...published.map((result) => publishedLine(result, metrics)),
  ]);
}

function scoreLines(
  { metrics }: Evaluation,
  rows: readonly Row[],
  references: string,
  scoresOf: (row: Row) => Scores | undefined,
): readonly (readonly string[])[] {
  return rows.flatMap((row) => {
    const scores = scoresOf(row);
    if (scores === undefined) return [];
    const cells = metrics.flatMap((metric) => {
      const { value, low, high } = scores[metric]!;
      return [value, low, high].map(String);
    });
    const marks = row.marks.map(({ text }) => text).join("; ");
    return [[row.name, row.kind, references, ...cells, row.perplexity?.value.toString() ?? "", marks, ""]];
  });
}

/** Published scores stand under the metric's own name, which METEOR without its paraphrase table is not. */
function publishedLine({ system, source, scores, caveat }: PublishedResult, metrics: readonly string[]): string[] {
  const cells = metrics.flatMap((metric) => {
    const known = publishedMetrics.find((name) => name === metric);
    const score = known && scores[known];
    return [score === undefined ? "" : (score / 100).toFixed(4), "", ""];
  });
  return [system, "published", "5, test", ...cells, "", caveat ?? "", source];
}
