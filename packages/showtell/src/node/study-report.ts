// A report on judgments: their captions scored by every metric, the findings, and the files. Judges nothing and knows no store.
import { join } from "node:path";
import { wordnet } from "caption-metrics/wordnet";
import { throwIfCancelled } from "../base/cancel.ts";
import { ShowtellError, quoted } from "../base/errors.ts";
import { scoreCorpus } from "../evaluate/scoring.ts";
import type { ScoredCorpus } from "../evaluate/scoring.ts";
import { findingsOf } from "../study/findings.ts";
import type { MetricScores } from "../study/judged-groups.ts";
import type { Judgments } from "../study/judgments.ts";
import { studyCsv } from "../study/report-csv.ts";
import { studyDrawings } from "../study/report-drawings.ts";
import { studyPage } from "../study/report-page.ts";
import type { JudgmentSource, StudyReport } from "../study/report.ts";
import type { ResamplingOptions } from "../study/resampling.ts";
import { openReportFolder, reportFiles, requireOwnReport } from "./evaluation-report.ts";
import { writeFileAtomically } from "./files.ts";
import { cachedParaphrases } from "./paraphrase-table.ts";
import { writer } from "./version.ts";

/** How a report is made. */
export interface StudyReportOptions extends ResamplingOptions {
  /** Names of raters whose judgments are left out. */
  readonly exclude?: readonly string[];
  /** Folder for report.html, report.json and report.csv; default: none is written. */
  readonly out?: string | undefined;
  /** Files that the judgments and references were read from: no report is written over them. */
  readonly read?: readonly string[];
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: StudyReportProgress) => void) | undefined;
}

/** How far a report is: captions that metrics have scored, then scores that were held against judgments. */
export interface StudyReportProgress {
  readonly task: "scores" | "correlations";
  readonly done: number;
  readonly total: number;
}

/**
 * Makes a report. Metrics are computed where every picture that was judged has references.
 * @throws ShowtellError `DATA_EMPTY` if nothing was judged; `ARGUMENT` if a rater to be left out is not there, no judgment is left, or a report would be
 *   written over what was read; `FILE_WRITE`, `CANCELLED`.
 */
export async function reportJudgments(
  all: Judgments,
  source: JudgmentSource,
  { exclude = [], out, read = [], onProgress, ...options }: StudyReportOptions,
): Promise<StudyReport> {
  if (out !== undefined) await requireOwnReport(out, read);
  if (out !== undefined) await openReportFolder(out);
  const data = without(all, exclude);
  const { scores, signatures } = await metricScores(data, { signal: options.signal, onProgress });
  const onMetric = (done: number, total: number): void => onProgress?.({ task: "correlations", done, total });
  const judged = new Set(data.judgments.map(({ item }) => data.items[item]!.image));
  const report: StudyReport = {
    writer,
    source,
    kind: data.kind,
    scales: data.scales,
    pictures: judged.size,
    items: new Set(data.judgments.map(({ item }) => item)).size,
    judgments: data.judgments.length,
    same: data.same,
    excluded: exclude,
    ...(await findingsOf(data, scores, { ...options, onMetric })),
    signatures,
  };
  throwIfCancelled(options.signal);
  if (out !== undefined) {
    const page = studyPage(report, await studyDrawings(report));
    await writeFileAtomically(join(out, reportFiles.page), page);
    await writeFileAtomically(join(out, reportFiles.data), `${JSON.stringify(report, undefined, 2)}\n`);
    await writeFileAtomically(join(out, reportFiles.table), studyCsv(report));
  }
  return report;
}

function without(data: Judgments, exclude: readonly string[]): Judgments {
  const unknown = exclude.find((name) => data.raters.every(({ rater }) => rater !== name));
  if (unknown !== undefined) {
    const known = quoted(data.raters.map(({ rater }) => rater));
    throw new ShowtellError("ARGUMENT", `there is no rater "${unknown}" to leave out: there are ${known}`);
  }
  const judgments = data.judgments.filter(({ rater }) => rater === undefined || !exclude.includes(rater));
  if (judgments.length === 0 && data.judgments.length > 0)
    throw new ShowtellError("ARGUMENT", `without ${quoted(exclude)} there is no judgment: leave fewer raters out`);
  return {
    ...data,
    judgments,
    raters: data.raters.filter(({ rater }) => !exclude.includes(rater)),
  };
}

/**
 * Every metric's score of every judged caption. A picture may have several: the first of each are scored as one corpus, then the second
 * ones of those that have one, and so on, all with the document frequencies of all references.
 */
async function metricScores(
  { items, pictures }: Judgments,
  { signal, onProgress }: Pick<StudyReportOptions, "signal" | "onProgress">,
): Promise<{ readonly scores: MetricScores; readonly signatures: Readonly<Record<string, string>> }> {
  const captions = new Map<string, Set<string>>();
  for (const { image, captions: shown } of items) {
    const own = captions.get(image) ?? new Set();
    captions.set(
      image,
      shown.reduce((all, { caption }) => all.add(caption), own),
    );
  }
  const judged = pictures
    .map(({ image, references }) => ({ image, references, own: [...(captions.get(image) ?? [])] }))
    .filter(({ own }) => own.length > 0);
  if (judged.some(({ references }) => references.length === 0)) return { scores: new Map(), signatures: {} };
  const paraphrases = await cachedParaphrases();
  const options = { meteor: { synonyms: wordnet, ...(paraphrases && { paraphrases }) }, resamples: 1, signal };
  const total = judged.reduce((sum, { own }) => sum + own.length, 0);
  const scored = new Map<string, Readonly<Record<string, number>>>();
  let first: ScoredCorpus | undefined;
  for (let round = 0; scored.size < total; round++) {
    const there = judged.filter(({ own }) => own.length > round);
    const own = there.map((picture) => picture.own[round]!);
    const corpus = await scoreCorpus(there, own, options, first?.frequencies);
    first ??= corpus;
    for (const [i, { image }] of there.entries()) scored.set(key(image, own[i]!), corpus.perPicture[i]!);
    onProgress?.({ task: "scores", done: scored.size, total });
  }
  const signatures = first?.signatures ?? {};
  const scores = Object.keys(signatures).map((metric) => {
    const own = items.map(({ image, captions: shown }) =>
      shown.map(({ caption }) => scored.get(key(image, caption))![metric]!),
    );
    return [metric, own] as const;
  });
  return { scores: new Map(scores), signatures };
}

function key(image: string, caption: string): string {
  return JSON.stringify([image, caption]);
}
