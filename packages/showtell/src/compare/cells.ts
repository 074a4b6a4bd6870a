// What stands in the cells of a comparison's table, as text: the same in Markdown, on the page and in the terminal.
import { quoted } from "../base/errors.ts";
import { print as percent } from "../evaluate/printed.ts";
import type { ComparisonTable, Spread, TableRow } from "./table.ts";

/** A column: its heading, and what it says of a row. */
export interface Column {
  readonly title: string;
  readonly cell: (row: TableRow) => string;
}

const none = "–";

function spreadText(spread: Spread | undefined, print: (value: number) => string = percent): string {
  if (spread === undefined) return none;
  const { mean, deviation } = spread;
  return deviation === undefined ? print(mean) : `${print(mean)} ± ${print(deviation)}`;
}

function differenceText({ differences }: TableRow, metric: string): string {
  const found = differences?.[metric];
  if (found === undefined) return none;
  const { difference, interval, pValue } = found;
  const sign = difference >= 0 ? "+" : "−";
  return `${sign}${percent(Math.abs(difference))} [${interval.map(signed).join(", ")}], p ${probability(pValue)}`;
}

function signed(value: number): string {
  return `${value < 0 ? "−" : ""}${percent(Math.abs(value))}`;
}

function probability(value: number): string {
  return value < 0.0015 ? "≤ 0.001" : value.toFixed(3);
}

function minutes(value: number): string {
  return value < 600 ? (value / 60).toFixed(1) : (value / 60).toFixed(0);
}

/** The metrics that have a column: METEOR under the name of its variant. */
function shownMetrics({ metrics }: ComparisonTable): readonly string[] {
  return ["BLEU-4", ...metrics.filter((name) => name.startsWith("METEOR")), "ROUGE-L"].filter((name) =>
    metrics.includes(name),
  );
}

/** The columns of a table, in order. */
export function columnsOf(table: ComparisonTable): readonly Column[] {
  const after = table.rows.find(({ rest }) => rest !== undefined)?.rest?.after;
  return [
    {
      title: "runs",
      cell: ({ records, planned }) => (records.length === planned ? `${planned}` : `${records.length} of ${planned}`),
    },
    { title: "CIDEr", cell: ({ scores }) => spreadText(scores["CIDEr"]) },
    ...(after === undefined
      ? []
      : [
          {
            title: `CIDEr without the first ${after}`,
            cell: ({ rest }: TableRow) => spreadText(rest?.after === after ? rest.scores["CIDEr"] : undefined),
          },
        ]),
    { title: `CIDEr − that of ${table.base}`, cell: (row) => differenceText(row, "CIDEr") },
    ...shownMetrics(table).map((metric) => ({
      title: metric,
      cell: ({ scores }: TableRow) => spreadText(scores[metric]),
    })),
    { title: `BLEU-4 − that of ${table.base}`, cell: (row) => differenceText(row, "BLEU-4") },
    { title: "token accuracy, %", cell: ({ tokenAccuracy }) => spreadText(tokenAccuracy) },
    { title: "perplexity", cell: ({ perplexity }) => spreadText(perplexity, (value) => value.toFixed(2)) },
    { title: "open endings, %", cell: ({ openEndings }) => spreadText(openEndings) },
    { title: "words a caption", cell: ({ words }) => spreadText(words, (value) => value.toFixed(1)) },
    {
      title: "parameters, M",
      cell: ({ parameters }) => (parameters === undefined ? none : (parameters / 1e6).toFixed(1)),
    },
    { title: "training, min", cell: ({ trainingSeconds }) => spreadText(trainingSeconds, minutes) },
    {
      title: "captions/s",
      cell: ({ captionsPerSecond }) => spreadText(captionsPerSecond, (value) => value.toFixed(0)),
    },
  ];
}

/** What must be known to read a table, a sentence each. */
export function tableNotes({
  split,
  pictures,
  base,
  rows,
  retrained,
  machines,
  signatures,
}: ComparisonTable): readonly string[] {
  const missing = rows.filter(({ records, planned }) => records.length < planned);
  return [
    `${pictures.toLocaleString("en")} pictures of ${split}; scores × 100, mean ± standard deviation over seeds.`,
    `Differences from “${base}”: of the means over seeds, with the 95 % interval and p of a paired bootstrap over pictures; that there are few ` +
      "seeds is not in it.",
    "Training is the time in steps, without validating and without what a run began with. Captions/s with features at hand. An open " +
      "ending is a preposition, an article or a conjunction.",
    ...(missing.length > 0 ? [`Not complete: ${quoted(missing.map(({ name }) => name))}.`] : []),
    ...(retrained.length > 0
      ? [
          `With a run that began from another training, of the same options, than the one in the table: ${quoted(retrained)}.`,
        ]
      : []),
    ...machines.map((machine) => `Machine: ${machine}.`),
    ...(signatures["CIDEr"] === undefined ? [] : [`Signature of CIDEr: ${signatures["CIDEr"]}`]),
  ];
}
