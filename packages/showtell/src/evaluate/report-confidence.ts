// The part of a report's page that says how sure the first row is, and how often rightly. Draws no chart.
import type { CalibrationQuality } from "../bundle/calibration.ts";
import { html } from "./html.ts";
import type { Html } from "./html.ts";
import { print, whole } from "./printed.ts";
import type { ReportDrawings } from "./report-drawings.ts";
import { chartCard } from "./report-shell.ts";
import type { Report } from "./report.ts";

/** The section; undefined for a row that is not calibrated. */
export function confidenceSection({ rows, data: evaluated }: Report, drawings: ReportDrawings): Html | undefined {
  const [first] = rows;
  if (first?.confidence === undefined || drawings.reliability === undefined) return undefined;
  const { threshold, data, calibrated, measured } = first.confidence;
  const shown = [
    { name: `${data.split} of ${data.name}`, pictures: data.pictures, quality: calibrated },
    ...(measured
      ? [{ name: `${evaluated.split} of ${evaluated.name}`, pictures: evaluated.pictures, quality: measured }]
      : []),
  ];
  return html`<h2>How sure it is, and how often rightly</h2>
    <p class="soft">
      ${first.name} says of each caption with what probability its CIDEr is above ${print(threshold)}. Points on the
      dashed line are right; below it the model is too sure of itself, above it too modest. Larger points stand for more
      captions. On the pictures that it was calibrated on, each caption was judged by a regression that had not seen it.
    </p>
    <div class="grid">
      ${chartCard(drawings.reliability)}
      <div class="card scroll" tabindex="0">
        <table>
          <tr>
            <th></th>
            <th>captions</th>
            <th>good</th>
            <th>error</th>
            <th>Brier score</th>
            <th>base rate</th>
          </tr>
          ${shown.map(({ name, pictures, quality }) => qualityRow(name, pictures, quality))}
        </table>
        <p class="soft small">
          Error: how far confidence and truth lie apart, on average over the points. Brier score: the mean squared error
          of the confidence; “base rate” is that of saying the share of good captions every time. Left out: pictures
          that it was calibrated on, and captions without a confidence.
        </p>
      </div>
    </div>`;
}

function qualityRow(
  name: string,
  pictures: number,
  { share, expectedCalibrationError, brier, bins }: CalibrationQuality,
): Html {
  const captions = bins.reduce((sum, bin) => sum + bin.captions, 0);
  const leftOut = Math.max(0, pictures - captions);
  return html`<tr>
    <td class="name">${name}</td>
    <td>${whole(captions)}${leftOut > 0 ? ` (${whole(leftOut)} left out)` : undefined}</td>
    <td>${print(share)} %</td>
    <td>${print(expectedCalibrationError)} %</td>
    <td>${brier.toFixed(3)}</td>
    <td>${(share * (1 - share)).toFixed(3)}</td>
  </tr>`;
}
