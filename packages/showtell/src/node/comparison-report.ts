// The files of a comparison's report, made from records alone.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Plan } from "../compare/plan.ts";
import type { ComparisonDrawings } from "../compare/report.ts";
import { comparisonDrawings, comparisonMarkdown, comparisonPage } from "../compare/report.ts";
import type { ComparisonTable, RecordedRun } from "../compare/table.ts";
import { comparisonTable } from "../compare/table.ts";
import type { RunState } from "./comparison-request.ts";
import { unwritable, writeFileAtomically } from "./files.ts";
import { readCaptionTable } from "./run-records.ts";

/**
 * The table of a plan, from the records that there are.
 * @throws ShowtellError `RECORD_FORMAT`, `RECORD_MISMATCH`, `FILE_NOT_FOUND`.
 */
export async function tableOf(plan: Plan, states: readonly RunState[], records: string): Promise<ComparisonTable> {
  const rows = [];
  for (const row of plan.rows) {
    const own = states.filter(({ run }) => run.row.name === row.name);
    const runs: RecordedRun[] = [];
    for (const { record } of own) {
      if (record === undefined) continue;
      runs.push({ record, statistics: (await readCaptionTable(records, record)).statistics });
    }
    rows.push({ row, runs, planned: own.length });
  }
  return comparisonTable(plan, rows);
}

/** Writes `NAME.html`, `NAME.md`, `NAME.json` and the drawings; gives their paths. @throws ShowtellError `FILE_WRITE`. */
export async function writeComparison(
  folder: string,
  name: string,
  table: ComparisonTable,
): Promise<readonly string[]> {
  await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw unwritable(folder, cause);
  });
  const drawings = await comparisonDrawings(table);
  const images = imagesOf(name, drawings);
  const files: readonly (readonly [file: string, text: string])[] = [
    [`${name}.html`, comparisonPage(table, drawings)],
    [
      `${name}.md`,
      comparisonMarkdown(
        table,
        images.map(([file]) => file),
      ),
    ],
    [`${name}.json`, `${JSON.stringify(table, undefined, 2)}\n`],
    ...images,
  ];
  const paths: string[] = [];
  for (const [file, text] of files) {
    paths.push(join(folder, file));
    await writeFileAtomically(join(folder, file), text);
  }
  return paths;
}

function imagesOf(
  name: string,
  { scores, curves }: ComparisonDrawings,
): readonly (readonly [file: string, svg: string])[] {
  return [
    ...(scores === undefined ? [] : [[`${name}.svg`, scores] as const]),
    ...(curves === undefined ? [] : [[`${name}-curves.svg`, curves] as const]),
  ];
}
