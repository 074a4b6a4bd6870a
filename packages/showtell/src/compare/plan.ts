// A plan of runs to compare: what a plan file may say, and what is wrong with one. Knows neither files nor what options mean.
import { z } from "zod";
import { ShowtellError, quoted } from "../base/errors.ts";

/** Stands for the model of other rows, wherever an option wants a bundle. */
export interface RowReference {
  /** A row's name, or several, whose models are named together. */
  readonly row: string | readonly string[];
  /** Of the same seed as the run that refers to them (default), or of all seeds or some together. */
  readonly seeds?: "same" | "all" | readonly number[];
}

/** What an option may be by itself; `true` is an option without a value. */
export type PlainValue = string | number | boolean | readonly (string | number)[];

/** What an option may be: itself, or the models of rows. */
export type OptionValue = PlainValue | RowReference | readonly RowReference[];

/** Options by the names of a command's long flags, without the dashes. */
export type PlanOptions = Readonly<Record<string, OptionValue>>;

interface RowParts {
  readonly name: string;
  /** A sentence for the table. */
  readonly note?: string;
  /** Seeds of this row; default: the plan's. */
  readonly seeds?: readonly number[];
}

/** A row of the table: models that are trained, or that other rows trained and that caption in another way. */
export type PlanRow = RowParts &
  (
    | { readonly kind: "train"; /** Options of `showtell train`. */ readonly options: PlanOptions }
    | { readonly kind: "evaluate"; /** Options of `showtell evaluate`. */ readonly options: PlanOptions }
  );

/** A plan, all checked but for what the options mean. */
export interface Plan {
  readonly title: string;
  readonly note?: string;
  /** The split that is captioned; default "dev". */
  readonly split: string;
  /** The row that others are compared with; default: the first. */
  readonly base: string;
  readonly seeds: readonly number[];
  readonly rows: readonly PlanRow[];
}

const seeds = z
  .array(z.int().min(0).max(4294967295))
  .min(1)
  .refine((list) => new Set(list).size === list.length, { error: "must name each seed once" });
const reference: z.ZodType<RowReference> = z.strictObject({
  row: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]),
  seeds: z.union([z.enum(["same", "all"]), seeds]).exactOptional(),
});
const optionValue = z.union(
  [
    z.string(),
    z.number(),
    z.boolean(),
    z.array(z.union([z.string(), z.number()])).min(1),
    reference,
    z.array(reference).min(1),
  ],
  { error: "must be a text, a number, true, a list of texts and numbers, { row: NAME }, or a list of those" },
);
const options = z.record(z.string(), optionValue);
const text = z.string().min(1);
/** YAML ends a text of several lines with a line break. */
const note = z.string().trim().min(1);
const rowSchema = z
  .strictObject({
    name: text,
    note: note.exactOptional(),
    seeds: seeds.exactOptional(),
    train: options.exactOptional(),
    evaluate: options.exactOptional(),
  })
  .refine(({ train, evaluate }) => (train === undefined) !== (evaluate === undefined), {
    error: "must have either train or evaluate",
  });

const planSchema = z.strictObject({
  title: text,
  note: note.exactOptional(),
  split: text.default("dev"),
  base: text.exactOptional(),
  seeds: seeds.default([1, 2, 3]),
  train: options.default({}),
  rows: z.array(rowSchema).min(1),
});

/** The `PLAN_FORMAT` error about a field of a plan. */
export function planError(source: string, field: string, what: string): ShowtellError {
  return new ShowtellError("PLAN_FORMAT", `plan "${source}": ${field} ${what}`);
}

/** A path into a plan as people write it: `rows[2].train`. */
function fieldOf(path: readonly PropertyKey[]): string {
  if (path.length === 0) return "it";
  return path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
    .join("")
    .replace(/^\./, "");
}

/**
 * A plan from a file's content.
 * @param source What messages call the plan.
 * @throws ShowtellError `PLAN_FORMAT` naming the field.
 */
export function parsePlan(content: unknown, source: string): Plan {
  const { success, data, error } = planSchema.safeParse(content);
  if (!success) {
    const { path, message } = error.issues[0]!;
    throw planError(source, fieldOf(path), `is wrong: ${message}`);
  }
  const { train: shared, rows, base, ...rest } = data;
  const names = rows.map(({ name }) => name);
  for (const [i, name] of names.entries()) {
    if (names.indexOf(name) < i) throw planError(source, `rows[${i}].name`, `is "${name}" a second time`);
  }
  if (base !== undefined && !names.includes(base))
    throw planError(source, "base", `is "${base}", which is no row: rows are ${quoted(names)}`);
  return {
    ...rest,
    base: base ?? names[0]!,
    rows: rows.map(({ train, evaluate, ...parts }) =>
      train === undefined
        ? { ...parts, kind: "evaluate", options: evaluate! }
        : { ...parts, kind: "train", options: { ...shared, ...train } },
    ),
  };
}

/** Whether an option does not stand for the models of rows. */
export function isPlain(value: OptionValue): value is PlainValue {
  return [value].flat().every((one) => typeof one !== "object");
}
