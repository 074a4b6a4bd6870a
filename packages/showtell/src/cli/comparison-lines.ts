// A comparison in words: what is left to do and how long that takes, a record, the table. Prints nothing.
import { columnsOf, tableNotes } from "../compare/cells.ts";
import type { RunRecord } from "../compare/record.ts";
import type { ComparisonTable } from "../compare/table.ts";
import type { RunEstimate } from "../node/comparison-estimate.ts";
import type { RunState } from "../node/comparison-request.ts";
import { recordFiles } from "../node/run-records.ts";
import { counted, duration, fieldLines, oneLine, tableLines } from "./wording.ts";

/** What a run is called in messages. */
export function runTitle({ run: { row, seed } }: RunState): string {
  return seed === undefined ? row.name : `${row.name}, seed ${seed}`;
}

/** The lines that say what is left and how long it takes. */
export function estimateLines(states: readonly RunState[], estimates: readonly RunEstimate[]): readonly string[] {
  const done = states.filter(({ record }) => record !== undefined).length;
  const head = `${counted(states.length, "run")} in the plan, ${done} with a record, ${estimates.length} to do`;
  if (estimates.length === 0) return [head];
  const known = estimates.flatMap(({ seconds }) => seconds ?? []);
  const sum = known.reduce((total, seconds) => total + seconds, 0);
  const rest = estimates.length - known.length;
  return [
    `${head}: about ${duration(sum)}${rest > 0 ? `, and ${counted(rest, "run")} of which it can't be told` : ""}`,
    ...estimates.map(({ place, seconds, basis }) => {
      const state = states[place]!;
      const again = state.record === undefined ? "" : "again, for its model is not here: ";
      return `  ${again}${oneLine(runTitle(state))}: ${seconds === undefined ? "?" : duration(seconds)} (${basis})`;
    }),
  ];
}

/** The table for a terminal. */
export function comparisonLines(table: ComparisonTable): readonly string[] {
  const columns = columnsOf(table);
  return [
    table.title,
    "",
    ...tableLines([
      ["", ...columns.map(({ title }) => title)],
      ...table.rows.map((row) => [oneLine(row.name), ...columns.map(({ cell }) => cell(row))]),
    ]),
    "",
    ...tableNotes(table),
  ];
}

/** A record in short. */
export function recordLines({ name, evaluation, training }: RunRecord, folder: string): readonly string[] {
  const { scores } = evaluation;
  const of = (metric: string): string => `${metric} ${(100 * (scores[metric] ?? 0)).toFixed(1)}`;
  return fieldLines([
    ["record", recordFiles(folder, name).record],
    ["scores", `${of("CIDEr")}, ${of("BLEU-4")} on ${counted(evaluation.pictures, "picture")} of ${evaluation.split}`],
    ...(training === undefined
      ? []
      : [["training", `${counted(training.epochs, "epoch")}, the best was ${training.bestEpoch}`] as const]),
  ]);
}
