// An evaluation as lines for people: tables × 100 with half the width of intervals, and what must be known of the rows. Prints nothing.
import type { Evaluation, Row, Scores } from "../evaluate/evaluation.ts";
import { counted, oneLine, tableLines } from "./wording.ts";

/** The lines of an evaluation. */
export function evaluationLines(evaluation: Evaluation): readonly string[] {
  const { data, metrics, rows, seeds, signatures } = evaluation;
  const { references } = data;
  const range =
    references.fewest === references.most ? `${references.most}` : `${references.fewest} to ${references.most}`;
  const main = rows.filter(({ scores }) => scores !== undefined);
  return [
    `${oneLine(data.split)} of ${oneLine(data.name)}: ${counted(data.pictures, "picture")}, ${range} references each` +
      (data.skipped > 0 ? `, ${counted(data.skipped, "picture")} left out` : ""),
    "",
    ...tableLines([
      ["", ...metrics, "perplexity"],
      ...main.map((row) => [nameOf(row), ...cells(row.scores!, metrics), row.perplexity?.value.toFixed(1) ?? ""]),
      ...seeds.map(({ name, scores }) => [
        `mean of ${name} ± deviation`,
        ...metrics.map((metric) => `${percent(scores[metric]!.mean)} ±${percent(scores[metric]!.deviation)}`),
        "",
      ]),
    ]),
    ...fewerLines(evaluation),
    ...main.flatMap(({ name, marks }) => marks.map(({ text }) => `* ${oneLine(name)}: ${text}`)),
    "",
    ...metrics.map((metric) => signatures[metric]!),
  ];
}

/** The same against one reference less, beside a person's caption. */
function fewerLines({ data, metrics, rows }: Evaluation): readonly string[] {
  const { compared } = data.references;
  if (compared === 0) return [""];
  return [
    "",
    `against ${counted(compared - 1, "reference")}, each of ${compared} left out in turn, so that a person can be scored, too:`,
    "",
    ...tableLines([["", ...metrics], ...rows.map((row) => [nameOf(row), ...cells(row.fewer!, metrics)])]),
    "",
  ];
}

function nameOf({ name, marks }: Row): string {
  return `${oneLine(name)}${marks.length > 0 ? " *" : ""}`;
}

function cells(scores: Scores, metrics: readonly string[]): readonly string[] {
  return metrics.map((metric) => {
    const { value, low, high } = scores[metric]!;
    return `${percent(value)} ±${percent((high - low) / 2)}`;
  });
}

function percent(share: number): string {
  return (100 * share).toFixed(1);
}
