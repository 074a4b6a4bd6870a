// A report on judgments as CSV (RFC 4180): a line a number, with its interval where it has one. Writes no file.
import { csvText } from "../datasets/csv.ts";
import type { StudyReport } from "./report.ts";
import type { Estimate } from "./resampling.ts";

/** The text of the file; its first line names the columns. */
export function studyCsv(report: StudyReport): string {
  const lines = [
    ["about", "name", "what", "value", "low", "high"],
    ...report.systems.flatMap(({ name, strength, games, means = {} }) => [
      ...line("system", name, "Bradley-Terry log-strength", strength),
      ...Object.entries(games ?? {}).flatMap(([what, count]) => line("system", name, what, count)),
      ...Object.entries(means).flatMap(([scale, value]) => line("system", name, `mean ${scale}`, value)),
    ]),
    ...report.agreement.flatMap(({ scale, alpha }) =>
      Object.entries(alpha).flatMap(([level, value]) => line("agreement", scale, `alpha ${level}`, value)),
    ),
    ...report.raters.flatMap(({ rater, ...rest }) =>
      Object.entries(rest).flatMap(([what, value]) => line("rater", rater, what, value)),
    ),
    ...report.metrics.flatMap(({ metric, scale, tauB, tauC, spearman, accuracy }) =>
      Object.entries({ tauB, tauC, spearman, accuracy }).flatMap(([what, value]) =>
        line("metric", metric, `${what} with ${scale}`, value),
      ),
    ),
  ];
  return csvText(lines);
}

function line(about: string, name: string, what: string, value: Estimate | number | undefined): string[][] {
  if (value === undefined) return [];
  if (typeof value === "number") return [[about, name, what, String(value), "", ""]];
  return [[about, name, what, String(value.value), String(value.low), String(value.high)]];
}
