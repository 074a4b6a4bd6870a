// `showtell compare`: a plan of runs, what is missing of it trained and measured, and the table. The work is node/comparison*.ts.
import { basename, extname, resolve } from "node:path";
import { type Command, Option } from "commander";
import { ShowtellError, quoted } from "../base/errors.ts";
import type { Plan } from "../compare/plan.ts";
import { placesToDo, requireSources, runStates } from "../node/comparison-states.ts";
import type { ComparisonRequest, RunState } from "../node/comparison-request.ts";
import { runPlaces } from "../node/comparison.ts";
import { estimateRuns } from "../node/comparison-estimate.ts";
import { tableOf, writeComparison } from "../node/comparison-report.ts";
import { readPlan } from "../node/plan-file.ts";
import { adoptRun } from "../node/run-record.ts";
import { dataHashOf } from "../node/training-captions.ts";
import { comparisonLines, estimateLines, recordLines } from "./comparison-lines.ts";
import { reportComparison } from "./comparison-news.ts";
import { imagesOption, jsonOption, quietOption, threadsOption, wholeNumber } from "./options.ts";
import { comparedRuns } from "./plan-options.ts";
import type { Shell } from "./shell.ts";

interface CompareOptions {
  readonly data?: string;
  readonly images?: string;
  readonly out: string;
  readonly records: string;
  readonly report?: string;
  readonly only?: readonly string[];
  readonly seeds?: readonly number[];
  readonly dryRun?: true;
  readonly reportOnly?: true;
  readonly adopt?: string;
  readonly threads?: number;
  readonly json?: true;
}

const notes = `
A plan names rows: models to train, with options as "showtell train" has them, and models that rows before trained, captioning together or
by consensus, with options as "showtell evaluate" has them. docs/formats.md describes it; plans lie in docs/results/plans.

First it says how long what is missing will take: from records of like runs on this machine, else from a few timed steps. Then it does that,
one run after the other, all rows with the first seed before any with the second. Each finished run leaves a record of what it was told,
what came out and how long it took, in --records; a run with a record is done, whichever plan asks for it. Ctrl-C, or a kill, loses
nothing: the same command goes on where it was. Last it writes the table of all records, as Markdown, HTML, SVG and JSON, into --report.

--report-only writes the table from the records alone. --adopt makes the record of a finished run that "showtell train" trained, and
copies its model to --out, so that plans with the same options count it as done and can build on it.

Exit status: 0 if all that was asked for is done, 1 if something failed (the reason is on standard error), 2 for wrong usage, 130 after Ctrl-C.

Examples:
  showtell compare docs/results/plans/attention.yaml --data flickr8k --dry-run
  showtell compare docs/results/plans/attention.yaml --data flickr8k --seeds 1
  showtell compare docs/results/plans/attention.yaml --data flickr8k --only "soft attention" "parallel attention"
  showtell compare docs/results/plans/attention.yaml --report-only --report docs/results
  showtell compare --adopt runs/first --data flickr8k`;

/** Adds `compare` to the program. */
export function addCompare(program: Command, shell: Shell): void {
  program
    .command("compare")
    .summary("train and compare models by a plan")
    .description("Run what a plan of trainings and evaluations lacks, keep a record of each run, and write the table.")
    .argument("[plan]", "the plan: a .yaml or .json file")
    .option(
      "--data <path>",
      "the data set, as for train; its train split is learnt, the plan's split (default dev) is captioned",
    )
    .addOption(imagesOption())
    .option("-o, --out <folder>", "where the runs lie, a folder each", "runs/compare")
    .option("--records <folder>", "where records lie", "docs/results/runs")
    .option("--report <folder>", "where the table is written (default: --out)")
    .option("--only <row...>", "do these rows only, and what they need")
    .option("--seeds <n...>", "do these seeds only", collectSeed)
    .option("--dry-run", "say what would be done and how long it would take, and do nothing")
    .addOption(
      new Option("--report-only", "run nothing: write the table from the records that there are").conflicts([
        "only",
        "seeds",
        "dryRun",
      ]),
    )
    .addOption(
      new Option(
        "--adopt <run>",
        "make the record of a finished training run, given by its folder, without a plan",
      ).conflicts(["only", "seeds", "dryRun", "reportOnly", "report"]),
    )
    .addOption(threadsOption())
    .addOption(jsonOption("print the table (with --dry-run what is to be done) as JSON"))
    .addOption(quietOption())
    .addHelpText("after", notes)
    .action((plan: string | undefined, options: CompareOptions) => compare(plan, options, shell));
}

function collectSeed(text: string, before: readonly number[] | undefined): readonly number[] {
  return [...(before ?? []), wholeNumber(0, 2 ** 32 - 1)(text)];
}

async function compare(path: string | undefined, options: CompareOptions, shell: Shell): Promise<void> {
  if (options.adopt !== undefined) {
    if (path === undefined) return adopt(options.adopt, options, shell);
    throw new ShowtellError("ARGUMENT", `--adopt takes a run in without a plan: leave "${path}" out`);
  }
  if (path === undefined) throw new ShowtellError("ARGUMENT", "no plan is named: give its file, or a run to --adopt");
  const plan = await readPlan(path);
  requireOwnReport(path, options);
  const { images, out, records, threads, reportOnly } = options;
  const data = reportOnly ? (options.data ?? "") : dataOf(options);
  const runs = comparedRuns(plan, path, { data, images, threads });
  const request: ComparisonRequest = { plan, runs, records, out, data, images, threads };
  const hash = data === "" ? undefined : await dataHashOf(request);
  const states = await runStates(request, hash);
  if (!reportOnly) {
    const places = placesToDo(states, chosenPlaces(plan, states, options));
    await requireSources(request, states, places);
    await tellEstimate(request, states, places, hash, options, shell);
    if (options.dryRun) return;
    await runAll(request, states, places, shell);
  }
  await tellTable(path, request, hash, options, shell);
}

/** Refuses a report that would stand where the plan does, or among the records, of which it is none. @throws ShowtellError `ARGUMENT`. */
function requireOwnReport(plan: string, { out, report = out, records }: CompareOptions): void {
  if (resolve(report) === resolve(records))
    throw new ShowtellError(
      "ARGUMENT",
      `"${report}" is the folder of records, and the table is none: name another one by --report`,
    );
  if (resolve(report, `${reportName(plan)}.json`) === resolve(plan))
    throw new ShowtellError(
      "ARGUMENT",
      `the table would be written over the plan "${plan}": name another folder by --report`,
    );
}

/** What the files of a plan's report are called, but for their endings. */
function reportName(plan: string): string {
  return basename(plan, extname(plan));
}

function dataOf({ data }: CompareOptions): string {
  if (data !== undefined) return data;
  throw new ShowtellError("ARGUMENT", "--data is missing: name the data set (only --report-only needs none)");
}

/** The places that --only and --seeds leave; what puts all seeds together is left out where only some are wanted. */
function chosenPlaces(plan: Plan, states: readonly RunState[], { only, seeds }: CompareOptions): ReadonlySet<number> {
  const names = plan.rows.map(({ name }) => name);
  const unknown = only?.find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new ShowtellError("ARGUMENT", `--only "${unknown}" is no row of the plan: there are ${quoted(names)}`);
  const known = [...new Set(states.flatMap(({ run: { seed } }) => (seed === undefined ? [] : [seed])))];
  const strange = seeds?.find((seed) => !known.includes(seed));
  if (strange !== undefined)
    throw new ShowtellError(
      "ARGUMENT",
      `--seeds ${strange} is no seed of the plan's: there are ${known.join(", ") || "none"}`,
    );
  const wanted = states.map(({ run: { row, seed } }) => {
    const isSeed = seeds === undefined || (seed !== undefined && seeds.includes(seed));
    return isSeed && (only === undefined || only.includes(row.name));
  });
  return new Set(wanted.flatMap((is, place) => (is ? [place] : [])));
}

async function tellEstimate(
  request: ComparisonRequest,
  states: readonly RunState[],
  places: readonly number[],
  hash: string | undefined,
  { json, dryRun }: CompareOptions,
  { terminal, signal }: Shell,
): Promise<void> {
  const estimates = await estimateRuns(request, states, places, hash, {
    signal,
    onTiming: ({ run }) => terminal.note(`timing a few steps of "${run.row.name}"`),
  });
  if (!dryRun) {
    for (const line of estimateLines(states, estimates)) terminal.note(line);
    return;
  }
  const data = estimates.map(({ place, ...estimate }) => {
    const { run, name } = states[place]!;
    return { row: run.row.name, ...(run.seed !== undefined && { seed: run.seed }), record: name, ...estimate };
  });
  await terminal.print(
    ...(json
      ? [JSON.stringify({ runs: states.length, missing: data }, undefined, 2)]
      : estimateLines(states, estimates)),
  );
}

async function runAll(
  request: ComparisonRequest,
  states: readonly RunState[],
  places: readonly number[],
  { terminal, signal }: Shell,
): Promise<void> {
  const report = reportComparison(terminal);
  try {
    await runPlaces(request, states, places, { onNews: report.onNews, signal });
  } catch (error) {
    if (error instanceof ShowtellError && error.code === "CANCELLED")
      terminal.note("what is done stays done: the same command goes on");
    throw error;
  } finally {
    report.stop();
  }
}

async function tellTable(
  path: string,
  request: ComparisonRequest,
  hash: string | undefined,
  { report = request.out, json }: CompareOptions,
  { terminal }: Shell,
): Promise<void> {
  const states = await runStates(request, hash);
  const table = await tableOf(request.plan, states, request.records);
  if (table.pictures === 0)
    throw new ShowtellError(
      "RECORD_MISMATCH",
      `"${request.records}" has no record of a run of this plan: run it first`,
    );
  const files = await writeComparison(report, reportName(path), table);
  await terminal.print(...(json ? [JSON.stringify(table, undefined, 2)] : comparisonLines(table)));
  for (const file of files) terminal.note(`written: ${file}`);
}

async function adopt(folder: string, options: CompareOptions, { terminal, signal }: Shell): Promise<void> {
  const { images, out, records, threads, json } = options;
  const report = reportComparison(terminal);
  try {
    const record = await adoptRun(
      { folder, records, out, data: dataOf(options), images, threads, split: "dev" },
      { onNews: report.onNews, signal },
    );
    await terminal.print(...(json ? [JSON.stringify(record, undefined, 2)] : recordLines(record, records)));
  } finally {
    report.stop();
  }
}
