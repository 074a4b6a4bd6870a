// The charts of a report, as SVG text. Chooses what is drawn; how it looks is plot/'s business.
import type { CalibrationQuality } from "../bundle/calibration.ts";
import { reliabilityChart } from "../plot/reliability-chart.ts";
import type { ReliabilitySeries } from "../plot/reliability-chart.ts";
import { intervalChart, pairChart, shareChart } from "../plot/score-charts.ts";
import type { EvaluatedData, RowConfidence } from "./evaluation.ts";
import type { Report } from "./report.ts";
import { ciderStep, ciderSteps, longestLength, scoredRows } from "./report.ts";

/** The charts by what they show. */
export interface ReportDrawings {
  /** CIDEr of each row with its interval: against one reference less where people can be compared, else against all. */
  readonly cider: string;
  readonly distribution: string;
  readonly lengths: string;
  readonly words?: string;
  readonly slices?: string;
  /** How often the first row's captions were as good as it was sure. */
  readonly reliability?: string;
}

/** What a metric reads in print. */
function printed(share: number): number {
  return 100 * share;
}

/** Draws all charts of a report. */
export async function reportDrawings(report: Report): Promise<ReportDrawings> {
  const { data, rows, words, slices, distributions } = report;
  const { compared } = data.references;
  const shown = rows.flatMap(({ name, scores, fewer }) => {
    const score = (compared > 0 ? fewer : scores)?.["CIDEr"];
    return score === undefined ? [] : [{ label: name, ...interval(score) }];
  });
  const first = scoredRows(report)[0]!.name;
  const compare = distributions.cider.filter(({ name }) => name === first || name === "nearest training picture");
  const lengths = distributions.lengths.filter(({ name }) => name === first || name === "people");
  return {
    cider: await intervalChart(shown, compared > 0 ? `CIDEr × 100 against ${compared - 1} references` : "CIDEr × 100"),
    distribution: await shareChart(compare, ciderPlaces(), "CIDEr × 100 of a picture's caption"),
    lengths: await shareChart(lengths, lengthPlaces(), "words of a caption"),
    ...(words.length > 0 && {
      words: await pairChart(
        words.map(({ word, references, captions }) => ({ label: word, first: references, second: captions })),
        ["people", first],
        "share of captions with the word",
      ),
    }),
    ...(slices.length > 0 && {
      slices: await intervalChart(
        slices.map(({ group, name, pictures, scores }) => ({
          group,
          label: `${name} (${pictures})`,
          ...interval(scores[0]!["CIDEr"]!),
        })),
        "CIDEr × 100",
      ),
    }),
    ...(rows[0]?.confidence && { reliability: await reliabilityDrawing(rows[0].confidence, data) }),
  };
}

const points = ({ bins }: CalibrationQuality): ReliabilitySeries["points"] =>
  bins.map(({ confidence, share, captions }) => ({ confidence, share, count: captions }));

/** The pictures that a model was calibrated on, and those of the evaluation where they are others. */
function reliabilityDrawing(
  { data, threshold, calibrated, measured }: RowConfidence,
  evaluated: EvaluatedData,
): Promise<string> {
  return reliabilityChart(
    [
      { name: `${data.split} (calibrated on, cross-validated)`, points: points(calibrated) },
      ...(measured ? [{ name: `${evaluated.split} (measured here)`, points: points(measured) }] : []),
    ],
    ["said: probability of a good caption", `came true: CIDEr above ${printed(threshold)}`],
  );
}

function interval({ value, low, high }: { readonly value: number; readonly low: number; readonly high: number }) {
  return { value: printed(value), low: printed(low), high: printed(high) };
}

/** Where a step of CIDEr begins. */
function edge(step: number): number {
  return Math.round(printed(ciderStep) * step);
}

function ciderPlaces(): readonly string[] {
  return Array.from({ length: ciderSteps }, (_, i) =>
    i === ciderSteps - 1 ? `${edge(i)} +` : `${edge(i)}–${edge(i + 1)}`,
  );
}

function lengthPlaces(): readonly string[] {
  return Array.from({ length: longestLength + 1 }, (_, i) => (i === longestLength ? `${i}+` : `${i}`));
}
