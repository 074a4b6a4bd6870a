// The charts of a report on judgments, as SVG text. Chooses what is drawn; how it looks is plot/'s business.
import { intervalChart } from "../plot/score-charts.ts";
import type { IntervalPoint } from "../plot/score-charts.ts";
import type { StudyReport } from "./report.ts";

/** Charts by what they are about; one a scale. */
export interface StudyDrawings {
  readonly systems: readonly string[];
  readonly metrics: readonly string[];
}

/** Draws all charts of a report. */
export async function studyDrawings({ kind, systems, scales, metrics }: StudyReport): Promise<StudyDrawings> {
  const compared = kind === "side-by-side";
  const systemCharts: string[] = [];
  const metricCharts: string[] = [];
  for (const scale of scales) {
    const standing = systems.flatMap(({ name, strength, means }) => {
      const value = compared ? strength : means?.[scale];
      return value === undefined ? [] : [{ label: name, ...value }];
    });
    systemCharts.push(...(await draw(standing, compared ? "Bradley–Terry log-strength" : `mean ${scale}`)));
    const going = metrics.flatMap(({ metric, scale: about, tauC }) =>
      about === scale && tauC !== undefined ? [{ label: metric, ...tauC }] : [],
    );
    metricCharts.push(...(await draw(going, `Kendall’s tau-c with ${scale}`)));
  }
  return { systems: systemCharts, metrics: metricCharts };
}

async function draw(points: readonly IntervalPoint[], unit: string): Promise<readonly string[]> {
  return points.length === 0 ? [] : [await intervalChart(points, unit)];
}
