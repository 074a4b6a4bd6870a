// From a plan's rows to single runs, in an order in which each comes after those that it needs. Runs nothing.
import type { PlainValue, Plan, PlanOptions, PlanRow, RowReference } from "./plan.ts";
import { isPlain, planError } from "./plan.ts";

/** One run: a row with a seed, or, where models of all seeds caption together or none of a row does, with none. */
export interface PlannedRun {
  readonly row: PlanRow;
  readonly seed?: number;
  /** Where in the plan its row stands, for messages. */
  readonly field: string;
  /** The row's options; references to rows are a list of {@link runToken}s with commas between. */
  readonly options: Readonly<Record<string, PlainValue>>;
  /** Places of the runs that it needs; all are smaller than its own. */
  readonly needs: readonly number[];
}

/** What stands for the model of a run until there is one: no path can hold a NUL. */
function runToken(place: number): string {
  return `\0run#${place}`;
}

const tokens = /\0run#(\d+)/g;

/** Plain data with each {@link runToken} in it replaced. */
export function withRuns<Data>(data: Data, replacement: (place: number) => string): Data {
  if (typeof data === "string")
    return data.replaceAll(tokens, (_, place: string) => replacement(Number(place))) as Data;
  if (Array.isArray(data)) return data.map((item: unknown) => withRuns(item, replacement)) as Data;
  if (typeof data !== "object" || data === null) return data;
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, withRuns(value, replacement)])) as Data;
}

/**
 * All runs of a plan: seed by seed, so that the first seed of each row comes before any second, and last those without a seed.
 * @throws ShowtellError `PLAN_FORMAT` for a row that is not there, lacks a seed, or needs itself.
 */
export function plannedRuns(plan: Plan, source: string): readonly PlannedRun[] {
  const rowOf = new Map(plan.rows.map((row) => [row.name, row]));
  const seedsOf = ({ seeds = plan.seeds }: PlanRow): readonly number[] => seeds;
  const runs: PlannedRun[] = [];
  const places = new Map<string, number>();
  const visit = (row: PlanRow, seed: number | undefined, path: readonly string[]): number => {
    const field = `rows[${plan.rows.indexOf(row)}].${row.kind}`;
    const key = JSON.stringify([row.name, seed]);
    const known = places.get(key);
    if (known !== undefined) return known;
    if (path.includes(row.name)) throw planError(source, field, `needs itself: ${[...path, row.name].join(" → ")}`);
    const needs: number[] = [];
    const resolve = (values: readonly RowReference[], name: string): string => {
      const wrong = (what: string) => planError(source, `${field}.${name}`, what);
      const named = values.flatMap((value) => [value.row].flat().map((one) => ({ ...value, row: one })));
      const found = named.flatMap((value) => {
        const other = rowOf.get(value.row);
        if (other === undefined) throw wrong(`names the row "${value.row}", which is not there`);
        if (other.kind === "evaluate") throw wrong(`names the row "${value.row}", which trains no model`);
        const available = seedsOf(other);
        const wanted = seedsWanted(value, seed, available);
        const missing = wanted.find((one) => !available.includes(one));
        if (missing !== undefined) throw wrong(`needs seed ${missing} of the row "${value.row}", which lacks it`);
        return wanted.map((one) => visit(other, one, [...path, row.name]));
      });
      needs.push(...found);
      return found.map(runToken).join(",");
    };
    const options = resolvedOptions(row.options, resolve);
    const place = runs.push({ row, ...(seed !== undefined && { seed }), field, options, needs }) - 1;
    places.set(key, place);
    return place;
  };
  const seeds = [...new Set(plan.rows.filter(needsSeeds).flatMap(seedsOf))];
  for (const seed of seeds) {
    for (const row of plan.rows) if (needsSeeds(row) && seedsOf(row).includes(seed)) visit(row, seed, []);
  }
  for (const row of plan.rows) if (!needsSeeds(row)) visit(row, undefined, []);
  return runs;
}

function resolvedOptions(
  options: PlanOptions,
  resolve: (values: readonly RowReference[], name: string) => string,
): PlannedRun["options"] {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [name, isPlain(value) ? value : resolve([value].flat(), name)]),
  );
}

/** A row is run once a seed if it trains or captions with the models of a seed, and once in all otherwise. */
function needsSeeds({ kind, options }: PlanRow): boolean {
  return (
    kind === "train" || Object.values(options).some((value) => !isPlain(value) && [value].flat().some(isOfSameSeed))
  );
}

function isOfSameSeed({ seeds = "same" }: RowReference): boolean {
  return seeds === "same";
}

/** @param seed Of the run that refers; undefined for one that needs none, whose references name all seeds or some. */
function seedsWanted(
  { seeds = "same" }: RowReference,
  seed: number | undefined,
  available: readonly number[],
): readonly number[] {
  if (seeds === "all") return available;
  return seeds === "same" ? [seed!] : seeds;
}
