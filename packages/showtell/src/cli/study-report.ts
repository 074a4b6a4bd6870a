// `showtell study report`: what judgments say, of a study in a store or from a file. What is computed is study/findings.ts.
import type { Command } from "commander";
import { ShowtellError } from "../base/errors.ts";
import type { JudgmentSource, StudyReport } from "../study/report.ts";
import type { Judgments } from "../study/judgments.ts";
import type { Estimate } from "../study/resampling.ts";
import { imagesOption, jsonOption, quietOption, wholeNumber } from "./options.ts";
import type { Shell } from "./shell.ts";
import { storeOption } from "./study-links.ts";
import type { Progress } from "./terminal.ts";
import { counted, tableLines } from "./wording.ts";

interface StudyReportOptions {
  readonly store: string;
  readonly judgments?: string;
  readonly data?: string;
  readonly images?: string;
  readonly exclude?: readonly string[];
  readonly resamples: number;
  readonly out?: string;
  readonly json?: true;
}

const notes = `
Of a study in the store, or of judgments made elsewhere (--judgments): a CSV file with the columns image, caption, rater, score, and
system if it is known who said the caption; or Flickr8k's own ExpertAnnotations.txt or CrowdFlowerAnnotations.txt. Give --data with it, and
metrics are computed against that data set's references.

Systems are compared by Bradley–Terry scores, or by means; raters by their attention checks and by their agreement, which is also given as
Krippendorff's alpha; every metric by Kendall's tau-b and tau-c and Spearman's rho with what people said. Intervals (95 %) are those of a
bootstrap over pictures.

Exit status: 0 if there is a report, 1 if not (the reason is on standard error), 2 for wrong usage, 130 after Ctrl-C.

Examples:
  showtell study report
  showtell study report 2 --store studies --out report
  showtell study report --exclude "rater 3" --json
  showtell study report --judgments experts.csv --data flickr8k --out report
  showtell study report --judgments Flickr8k_text/ExpertAnnotations.txt --data flickr8k --out report`;

/** Adds `study report` to the group. */
export function addStudyReport(study: Command, shell: Shell): void {
  study
    .command("report")
    .summary("what the judgments say")
    .description("Report on judgments: systems, agreement, raters, and how well metrics go with what people said.")
    .argument("[study]", "its number (default: the newest)", wholeNumber(1, 2 ** 31))
    .addOption(storeOption())
    .option("--judgments <file>", "judgments made elsewhere, instead of a study")
    .option("--data <path>", "data set with references for the pictures of --judgments")
    .addOption(imagesOption())
    .option("--exclude <rater...>", "raters whose judgments are left out")
    .option("--resamples <n>", "samples of the bootstrap", wholeNumber(1, 1e6), 1000)
    .option("-o, --out <folder>", "also write report.html, report.json and report.csv")
    .addOption(jsonOption("print the report as JSON"))
    .addOption(quietOption())
    .addHelpText("after", notes)
    .action((number: number | undefined, options: StudyReportOptions) => report(number, options, shell));
}

async function report(
  number: number | undefined,
  options: StudyReportOptions,
  { terminal, signal }: Shell,
): Promise<void> {
  if (number !== undefined && options.judgments !== undefined)
    throw new ShowtellError(
      "ARGUMENT",
      `study ${number} and --judgments are two things to report on: name one of them`,
    );
  const { reportJudgments } = await import("../node/study-report.ts");
  const { judgments, source } =
    options.judgments === undefined ? await ofStore(number, options) : await ofFile(options.judgments, options);
  const { resamples, exclude = [], out } = options;
  const read = [options.judgments, options.data].filter((file) => file !== undefined);
  const units = { scores: "captions", correlations: "metrics" } as const;
  const bars = new Map<string, Progress>();
  const stopBars = (): void => bars.forEach((bar) => bar.stop());
  const found = await reportJudgments(judgments, source, {
    resamples,
    seed: 1,
    exclude,
    out,
    read,
    signal,
    onProgress({ task, done, total }) {
      if (!bars.has(task)) {
        stopBars();
        bars.set(task, terminal.progress(task, total, { unit: units[task] }));
      }
      bars.get(task)?.update(done);
    },
  }).finally(stopBars);
  if (options.json) await terminal.print(JSON.stringify(found, undefined, 2));
  else await terminal.print(...linesOf(found));
  if (out !== undefined) terminal.note(`report written to ${out}`);
}

interface Read {
  readonly judgments: Judgments;
  readonly source: JudgmentSource;
}

async function ofStore(number: number | undefined, { store: folder, data }: StudyReportOptions): Promise<Read> {
  if (data !== undefined)
    throw new ShowtellError("ARGUMENT", "--data goes with --judgments: a study has its references");
  const [{ openExistingStore }, { listStudies, readStudy }, { judgmentsOf }] = await Promise.all([
    import("../store/store.ts"),
    import("../store/studies.ts"),
    import("../study/judgments.ts"),
  ]);
  const store = await openExistingStore(folder);
  try {
    const record = readStudy(store, number ?? listStudies(store).at(-1)?.id ?? 1);
    const { id, created, plan } = record;
    return { judgments: judgmentsOf(record), source: { kind: "study", id, created, data: plan.data } };
  } finally {
    store.close();
  }
}

async function ofFile(file: string, { data, images }: StudyReportOptions): Promise<Read> {
  const { readForeignJudgments } = await import("../node/foreign-judgments.ts");
  return readForeignJudgments(file, { data, images });
}

function linesOf(found: StudyReport): readonly string[] {
  const { systems, scales, agreement, raters, metrics, kind, items, judgments } = found;
  const compared = kind === "side-by-side";
  const standing = compared
    ? [
        ["system", "strength", "95 % interval", "won", "tied", "lost"],
        ...systems.map(({ name, strength, games = { won: 0, tied: 0, lost: 0 } }) => [
          name,
          ...cells(strength),
          ...[games.won, games.tied, games.lost].map(String),
        ]),
      ]
    : [
        ["system", ...scales.flatMap((scale) => [scale, "95 % interval"])],
        ...systems.map(({ name, means }) => [name, ...scales.flatMap((scale) => cells(means?.[scale]))]),
      ];
  const head = `${counted(judgments, "judgment")} of ${counted(items, compared ? "pair" : "caption")}${raters.length === 0 ? "" : ` by ${counted(raters.length, "rater")}`}`;
  return [
    head,
    ...section(standing),
    ...section([
      ["agreement (alpha)", "nominal", "ordinal", ...(compared ? [] : ["interval"])],
      ...agreement.map(({ scale, alpha }) => [
        scale,
        ...[alpha.nominal, alpha.ordinal, ...(compared ? [] : [alpha.interval])].map(withInterval),
      ]),
    ]),
    ...section([
      ["rater", "judged", "open", "checks passed", "same as others"],
      ...raters.map(({ rater, judged, open, checks, checksPassed, sameAsOthers }) => [
        rater,
        String(judged),
        String(open),
        checks === 0 ? "–" : `${checksPassed} of ${checks}`,
        sameAsOthers === undefined ? "–" : `${(100 * sameAsOthers).toFixed(0)} %`,
      ]),
    ]),
    ...section([
      ["metric", ...(scales.length > 1 ? ["scale"] : []), "tau-b", "tau-c", "rho"],
      ...metrics.map(({ metric, scale, tauB, tauC, spearman }) => [
        metric,
        ...(scales.length > 1 ? [scale] : []),
        ...[tauB, tauC, spearman].map(withInterval),
      ]),
    ]),
    "",
    "intervals: 95 %, by a bootstrap over pictures",
  ];
}

/** A value with its interval in one cell. */
function withInterval(estimate: Estimate | undefined): string {
  return estimate === undefined ? "–" : `${estimate.value.toFixed(3)} [${cells(estimate)[1]}]`;
}

/** A table with an empty line before it; nothing if it has no row below its head. */
function section(rows: readonly (readonly string[])[]): readonly string[] {
  return rows.length < 2 ? [] : ["", ...tableLines(rows)];
}

function cells(estimate: Estimate | undefined): readonly [value: string, interval: string] {
  if (estimate === undefined) return ["–", "–"];
  const { value, low, high } = estimate;
  return [value.toFixed(3), `${low.toFixed(3)} … ${high.toFixed(3)}`];
}
