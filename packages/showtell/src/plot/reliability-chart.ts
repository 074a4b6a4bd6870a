// Reliability: how often what was said with some confidence came true, against the line on which it would be right. Data → SVG.
import { ShowtellError } from "../base/errors.ts";
import { look, render } from "./render.ts";
import { ink, seriesColours, seriesShapes } from "./style.ts";

/** Predictions of like confidence: their mean confidence, the share that came true, and how many there are. */
export interface ReliabilityPoint {
  readonly confidence: number;
  readonly share: number;
  readonly count: number;
}

/** Points under one name. */
export interface ReliabilitySeries {
  readonly name: string;
  readonly points: readonly ReliabilityPoint[];
}

const side = 360;

/** An axis of shares, all of it. */
const axis = (field: string, title: string): object => ({
  field,
  type: "quantitative",
  title,
  scale: { domain: [0, 1], nice: false },
  axis: { format: "%", tickCount: 6 },
});

/**
 * Draws series of points in a square of which the diagonal is perfect; the larger a point, the more predictions it stands for. Points without
 * any are left out.
 * @param titles Of the axes: what was said, and what came true.
 * @throws ShowtellError `ARGUMENT` if there is no point, or more series than colours.
 */
export async function reliabilityChart(
  series: readonly ReliabilitySeries[],
  titles: readonly [confidence: string, share: string],
): Promise<string> {
  const values = series.flatMap(({ name, points }) =>
    points.filter(({ count }) => count > 0).map((point) => ({ name, ...point })),
  );
  if (values.length === 0) throw new ShowtellError("ARGUMENT", "there is nothing to draw: give at least one value");
  if (series.length > seriesColours.length) {
    throw new ShowtellError(
      "ARGUMENT",
      `${series.length} series in one chart; there are colours for ${seriesColours.length}`,
    );
  }
  const names = series.map(({ name }) => name);
  const [x, y] = [axis("confidence", titles[0]), axis("share", titles[1])];
  const told = (channel: "color" | "shape", range: readonly string[]): object => ({
    [channel]: {
      field: "name",
      type: "nominal",
      scale: { domain: names, range: range.slice(0, names.length) },
      legend: names.length > 1 ? {} : null,
    },
  });
  return render({
    background: "transparent",
    padding: 4,
    config: look,
    width: side,
    height: side,
    layer: [
      {
        data: {
          values: [
            { confidence: 0, share: 0 },
            { confidence: 1, share: 1 },
          ],
        },
        mark: { type: "line", strokeDash: [5, 4], color: ink.line, strokeWidth: 1.25 },
        encoding: { x, y },
      },
      {
        data: { values },
        mark: { type: "line", strokeWidth: 1.5 },
        encoding: { x, y, ...told("color", seriesColours) },
      },
      {
        data: { values },
        mark: { type: "point", filled: true, opacity: 1 },
        encoding: {
          x,
          y,
          ...told("color", seriesColours),
          ...told("shape", seriesShapes),
          size: { field: "count", type: "quantitative", scale: { range: [30, 260], zero: true }, legend: null },
        },
      },
    ],
  });
}
