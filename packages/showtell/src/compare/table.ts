// The table of a comparison: records by row, their mean and deviation over seeds, and how sure the difference from the base row is.
// Knows neither files nor pages.
import { compareSystems } from "caption-metrics";
import type { CorpusStatistics, Difference } from "caption-metrics";
import { ShowtellError } from "../base/errors.ts";
import { deviation, mean } from "../statistics/spread.ts";
import type { Plan, PlanRow } from "./plan.ts";
import type { RunRecord } from "./record.ts";

/** A number over runs. */
export interface Spread {
  readonly mean: number;
  /** Sample standard deviation; absent for a single run. */
  readonly deviation?: number;
}

/** A run that has a record, with what its captions' scores add up from. */
export interface RecordedRun {
  readonly record: RunRecord;
  readonly statistics: CorpusStatistics;
}

/** The runs of a row. */
export interface RecordedRow {
  readonly row: PlanRow;
  readonly runs: readonly RecordedRun[];
  /** Runs that the plan asks for. */
  readonly planned: number;
}

/** A row of the table; what no run of it has is absent. */
export interface TableRow {
  readonly name: string;
  readonly note?: string;
  readonly kind: PlanRow["kind"];
  readonly planned: number;
  /** Names of the records that it rests on. */
  readonly records: readonly string[];
  readonly seeds: readonly number[];
  /** Of all pictures, and of those after the first so many, by metric. */
  readonly scores: Readonly<Record<string, Spread>>;
  readonly rest?: { readonly after: number; readonly scores: Readonly<Record<string, Spread>> };
  readonly tokenAccuracy?: Spread;
  readonly perplexity?: Spread;
  readonly openEndings?: Spread;
  readonly words?: Spread;
  readonly vocabulary?: Spread;
  readonly captionsPerSecond?: Spread;
  readonly trainingSeconds?: Spread;
  readonly parameters?: number;
  /** By metric, this row less the base row; absent for the base itself. */
  readonly differences?: Readonly<Record<string, Difference>>;
  /** CIDEr of the captions by which epochs are chosen, epoch by epoch: means over runs. */
  readonly curve: readonly number[];
}

/** A comparison, as its report shows it. */
export interface ComparisonTable {
  readonly title: string;
  readonly note?: string;
  readonly split: string;
  readonly base: string;
  /** Pictures that were captioned; 0 where there is no record yet. */
  readonly pictures: number;
  readonly metrics: readonly string[];
  readonly signatures: Readonly<Record<string, string>>;
  readonly rows: readonly TableRow[];
  /** Names of rows with a run that rests on another model of a run than the one that is recorded: that was trained again, or elsewhere. */
  readonly retrained: readonly string[];
  /** Machines that the runs were on. */
  readonly machines: readonly string[];
}

/** Mean and sample standard deviation; undefined if there is no number. */
export function spreadOf(values: readonly (number | undefined)[]): Spread | undefined {
  const known = values.filter((value) => value !== undefined);
  if (known.length === 0) return undefined;
  return { mean: mean(known), ...(known.length > 1 && { deviation: deviation(known) }) };
}

/** The spread of each metric that all runs have. */
function spreads(scores: readonly Readonly<Record<string, number>>[]): Readonly<Record<string, Spread>> {
  const [first = {}] = scores;
  const shared = Object.keys(first).filter((name) => scores.every((own) => own[name] !== undefined));
  return Object.fromEntries(shared.map((name) => [name, spreadOf(scores.map((own) => own[name]))!]));
}

/**
 * Puts the table together.
 * @param resamples Of the paired bootstrap.
 * @throws ShowtellError `RECORD_MISMATCH` if records are of different pictures.
 */
export async function comparisonTable(
  { title, note, split, base }: Plan,
  rows: readonly RecordedRow[],
  resamples = 1000,
): Promise<ComparisonTable> {
  const all = rows.flatMap(({ runs }) => runs);
  const first = checkSamePictures(all);
  const reference = rows.find(({ row }) => row.name === base)?.runs ?? [];
  const table: TableRow[] = [];
  for (const recorded of rows)
    table.push(await tableRow(recorded, recorded.row.name === base ? [] : reference, resamples));
  return {
    title,
    ...(note !== undefined && { note }),
    split,
    base,
    pictures: first?.evaluation.pictures ?? 0,
    metrics: [...new Set(all.flatMap(({ record }) => Object.keys(record.evaluation.scores)))],
    signatures: Object.assign({}, ...all.map(({ record }) => record.evaluation.signatures)) as Record<string, string>,
    rows: table,
    retrained: rows
      .filter(({ runs }) => runs.some(({ record }) => restsOnAnother(record, all)))
      .map(({ row }) => row.name),
    machines: [...new Set(all.map(({ record: { machine } }) => machineLine(machine)))],
  };
}

/** Whether a model that a run used is not the one of the record of that name. */
function restsOnAnother({ uses }: RunRecord, all: readonly RecordedRun[]): boolean {
  return all.some(({ record: { name, model } }) => (uses[name] ?? model.identity) !== model.identity);
}

function machineLine({ cpu, threads, memoryBytes, platform, node, engine }: RunRecord["machine"]): string {
  return `${cpu}, ${threads} threads, ${Math.round(memoryBytes / 2 ** 30)} GiB, ${platform}, Node.js ${node}, ${engine}`;
}

function checkSamePictures(runs: readonly RecordedRun[]): RunRecord | undefined {
  const [first, ...others] = runs.map(({ record }) => record);
  const other = others.find(({ evaluation }) => evaluation.hash !== first!.evaluation.hash);
  if (other === undefined) return first;
  throw new ShowtellError(
    "RECORD_MISMATCH",
    `records "${first!.name}" and "${other.name}" are of different pictures or references: compare runs on one data set, and keep its records apart`,
  );
}

async function tableRow(
  { row, runs, planned }: RecordedRow,
  base: readonly RecordedRun[],
  resamples: number,
): Promise<TableRow> {
  const records = runs.map(({ record }) => record);
  const of = (value: (record: RunRecord) => number | undefined): Spread | undefined => spreadOf(records.map(value));
  const spread = {
    tokenAccuracy: of(({ evaluation }) => evaluation.tokenAccuracy),
    perplexity: of(({ evaluation }) => evaluation.perplexity),
    openEndings: of(({ evaluation }) => evaluation.openEndings),
    words: of(({ evaluation }) => evaluation.words),
    vocabulary: of(({ evaluation }) => evaluation.vocabulary),
    captionsPerSecond: of(({ evaluation }) => evaluation.captionsPerSecond),
    trainingSeconds: of(({ training }) => training?.seconds),
  };
  const known = Object.entries(spread).filter(([, value]) => value !== undefined);
  const rests = records.flatMap(({ evaluation: { rest } }) => rest ?? []);
  const sameRest = rests.length === records.length && rests.every(({ after }) => after === rests[0]!.after);
  return {
    name: row.name,
    ...(row.note !== undefined && { note: row.note }),
    kind: row.kind,
    planned,
    records: records.map(({ name }) => name),
    seeds: records.flatMap(({ seed }) => seed ?? []),
    scores: spreads(records.map(({ evaluation }) => evaluation.scores)),
    ...(sameRest &&
      rests.length > 0 && { rest: { after: rests[0]!.after, scores: spreads(rests.map(({ scores }) => scores)) } }),
    ...Object.fromEntries(known),
    ...(records.length > 0 && { parameters: records[0]!.model.parameters }),
    ...(runs.length > 0 && base.length > 0 && { differences: await differences(base, runs, resamples) }),
    curve: curveOf(records),
  };
}

function differences(
  base: readonly RecordedRun[],
  runs: readonly RecordedRun[],
  resamples: number,
): Promise<Readonly<Record<string, Difference>>> {
  const [before, after] = [base, runs].map((own) => own.map(({ statistics }) => statistics));
  return compareSystems(before!, after!, { resamples });
}

/** Means over those runs that got as far. */
function curveOf(records: readonly RunRecord[]): readonly number[] {
  const curves = records.flatMap(({ training }) => {
    const ciders = training?.history.flatMap(({ CIDEr }) => CIDEr ?? []) ?? [];
    return ciders.length > 0 && ciders.length === training?.history.length ? [ciders] : [];
  });
  const longest = curves.reduce((most, { length }) => Math.max(most, length), 0);
  return Array.from({ length: longest }, (_, epoch) => spreadOf(curves.map((curve) => curve[epoch]))!.mean);
}
