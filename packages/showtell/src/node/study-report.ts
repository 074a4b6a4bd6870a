// A report on judgments: their captions scored by every metric, the findings, and the files. Judges nothing and knows no store.
import { join } from "node:path";
import { wordnet } from "caption-metrics/wordnet";
import type { DocumentFrequencies } from "caption-metrics";
import { throwIfCancelled } from "../base/cancel.ts";
import { ShowtellError } from "../base/errors.ts";
import { scoreCorpus } from "../evaluate/scoring.ts";
import { findingsOf } from "../study/findings.ts";
import type { FindingOptions, MetricScores } from "../study/findings.ts";
import type { Judgments } from "../study/judgments.ts";
import { studyCsv } from "../study/report-csv.ts";
import { studyDrawings } from "../study/report-drawings.ts";
import { studyPage } from "../study/report-page.ts";
import type { JudgmentSource, StudyReport } from "../study/report.ts";
import { openReportFolder, reportFiles } from "./evaluation-report.ts";
import { writeFileAtomically } from "./files.ts";
import { cachedParaphrases } from "./paraphrase-table.ts";
import { writer } from "./version.ts";

/** How a report is made. */
export interface StudyReportOptions extends FindingOptions {
  /** Names of raters whose judgments are left out. */
  readonly exclude?: readonly string[];
  /** Folder for report.html, report.json and report.csv; default: none is written. */
  readonly out?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes a report. Metrics are computed where every picture that was judged has references.
 * @throws ShowtellError `DATA_EMPTY` if nothing was judged, `ARGUMENT` if a rater to be left out is not there, `FILE_WRITE`, `CANCELLED`.
 */
export async function reportJudgments(
  all: Judgments,
  source: JudgmentSource,
  { exclude = [], out, signal, ...options }: StudyReportOptions,
): Promise<StudyReport> {
  if (out !== undefined) await openReportFolder(out);
  const data = without(all, exclude);
  const { scores, signatures } = await metricScores(data, signal);
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
    ...findingsOf(data, scores, options),
    signatures,
  };
  throwIfCancelled(signal);
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
    const known = data.raters.map(({ rater }) => `"${rater}"`).join(", ");
    throw new ShowtellError("ARGUMENT", `there is no rater "${unknown}" to leave out: there are ${known}`);
  }
  return {
    ...data,
    judgments: data.judgments.filter(({ rater }) => !exclude.includes(rater)),
    raters: data.raters.filter(({ rater }) => !exclude.includes(rater)),
  };
}

/**
 * Every metric's score of every judged caption. A picture may have several: the first of each are scored as one corpus, then the second
 * ones, and so on, all with the document frequencies of the same references.
 */
async function metricScores(
  { items, pictures }: Judgments,
  signal: AbortSignal | undefined,
): Promise<{ readonly scores: MetricScores; readonly signatures: Readonly<Record<string, string>> }> {
  const judged = pictures.filter(({ image }) => items.some((item) => item.image === image));
  if (judged.some(({ references }) => references.length === 0)) return { scores: new Map(), signatures: {} };
  const captions = judged.map(({ image }) => [
    ...new Set(items.flatMap((item) => (item.image === image ? item.captions.map(({ caption }) => caption) : []))),
  ]);
  const paraphrases = await cachedParaphrases();
  const options = { meteor: { synonyms: wordnet, ...(paraphrases && { paraphrases }) }, resamples: 1, signal };
  const scored = new Map<string, Readonly<Record<string, number>>>();
  let frequencies: DocumentFrequencies | undefined;
  let signatures: Readonly<Record<string, string>> = {};
  for (let round = 0; captions.some((own) => own.length > round); round++) {
    const own = captions.map((some) => some[round] ?? some[0]!);
    const corpus = await scoreCorpus(judged, own, options, frequencies);
    ({ frequencies, signatures } = corpus);
    for (const [i, { image }] of judged.entries()) scored.set(key(image, own[i]!), corpus.perPicture[i]!);
  }
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
