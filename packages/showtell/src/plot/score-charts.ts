// Charts of scores: values with their intervals, shares as bars, and pairs of shares. Data → SVG; knows nothing of captions.
import { ShowtellError } from "../base/errors.ts";
import { look, render } from "./render.ts";
import { ink, seriesColours } from "./style.ts";

/** A value with the interval that it lies in. */
export interface IntervalPoint {
  /** What stands beside it. */
  readonly label: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** Points of a group stand together under its name. */
  readonly group?: string;
}

const chartWidth = 430;
/** Narrow enough to be read on a phone without scrolling. */
const narrowChart = 380;
/** Of an interval, with its name above it. */
const rowHeight = 42;

/**
 * Values as dots on lines that show their intervals, a row each under its name, in the order given.
 * @throws ShowtellError `ARGUMENT` if there is none.
 */
export async function intervalChart(points: readonly IntervalPoint[], unit: string): Promise<string> {
  requireSome(points.length);
  const [least, most] = [Math.min(0, ...points.map(({ low }) => low)), Math.max(0, ...points.map(({ high }) => high))];
  const groups = [...new Set(points.map(({ group = "" }) => group))];
  const panel = (group: string, isLast: boolean): object => {
    const own = points.filter((point) => (point.group ?? "") === group);
    const y = { field: "label", type: "nominal", sort: own.map(({ label }) => label), title: null, axis: null };
    const x = (field: string): object => ({
      field,
      type: "quantitative",
      title: isLast ? unit : null,
      scale: { zero: true, domain: [least * 1.02, most * 1.02] },
      axis: { domain: false, ticks: false, tickCount: 5, labels: isLast },
    });
    return {
      ...(group !== "" && { title: { text: group, fontSize: 13, offset: 4 } }),
      width: narrowChart,
      height: { step: rowHeight },
      data: { values: own },
      layer: [
        {
          mark: { type: "text", align: "left", yOffset: -8, fontSize: 13, color: ink.strong, limit: narrowChart },
          encoding: { y, x: { value: 0 }, text: { field: "label" } },
        },
        {
          mark: { type: "rule", strokeWidth: 2.5, strokeCap: "round", color: ink.line, yOffset: 9 },
          encoding: { y, x: x("low"), x2: { field: "high" } },
        },
        {
          mark: { type: "point", filled: true, size: 85, opacity: 1, color: seriesColours[0], yOffset: 9 },
          encoding: { y, x: x("value") },
        },
      ],
    };
  };
  return render({
    background: "transparent",
    padding: 4,
    spacing: 14,
    config: look,
    vconcat: groups.map((group, i) => panel(group, i === groups.length - 1)),
  });
}

/** A series of shares, one for each place on the axis. */
export interface ShareSeries {
  readonly name: string;
  readonly shares: readonly number[];
}

/**
 * Shares as bars side by side.
 * @param places What the places on the axis are called.
 * @throws ShowtellError `ARGUMENT` if there is nothing, or more series than colours.
 */
export async function shareChart(
  series: readonly ShareSeries[],
  places: readonly string[],
  unit: string,
): Promise<string> {
  requireSome(Math.min(series.length, places.length));
  const names = series.map(({ name }) => name);
  if (names.length > seriesColours.length)
    throw new ShowtellError(
      "ARGUMENT",
      `${names.length} series in one chart; there are colours for ${seriesColours.length}`,
    );
  const values = series.flatMap(({ name, shares }) =>
    places.map((place, i) => ({ name, place, share: shares[i] ?? 0 })),
  );
  return render({
    background: "transparent",
    padding: 4,
    config: look,
    width: chartWidth + 100,
    height: 220,
    data: { values },
    mark: { type: "bar", cornerRadiusEnd: 2 },
    encoding: {
      x: {
        field: "place",
        type: "ordinal",
        sort: [...places],
        title: unit,
        scale: { paddingInner: 0.25 },
        axis: { labelAngle: 0, ticks: false, labelPadding: 8 },
      },
      xOffset: { field: "name", sort: names },
      y: {
        field: "share",
        type: "quantitative",
        title: null,
        axis: { format: "%", domain: false, ticks: false, tickCount: 5 },
      },
      color: {
        field: "name",
        type: "nominal",
        scale: { domain: names, range: seriesColours.slice(0, names.length) },
        legend: names.length > 1 ? {} : null,
      },
    },
  });
}

/** Two shares of one thing. */
export interface SharePair {
  readonly label: string;
  readonly first: number;
  readonly second: number;
}

/**
 * Pairs of shares as two dots on a line each, in the order given.
 * @param names What the first and the second are.
 * @throws ShowtellError `ARGUMENT` if there is none.
 */
export async function pairChart(
  pairs: readonly SharePair[],
  names: readonly [first: string, second: string],
  unit: string,
): Promise<string> {
  requireSome(pairs.length);
  const y = {
    field: "label",
    type: "nominal",
    sort: pairs.map(({ label }) => label),
    title: null,
    axis: { domain: false, ticks: false, labelPadding: 10, labelColor: ink.strong },
  };
  const axis = { format: "%", domain: false, ticks: false, tickCount: 6 };
  const dots = pairs.flatMap(({ label, first, second }) => [
    { label, name: names[0], share: first },
    { label, name: names[1], share: second },
  ]);
  return render({
    background: "transparent",
    padding: 4,
    config: look,
    width: chartWidth,
    height: { step: 22 },
    layer: [
      {
        data: { values: pairs },
        mark: { type: "rule", strokeWidth: 2, color: ink.line },
        encoding: { y, x: { field: "first", type: "quantitative", title: unit, axis }, x2: { field: "second" } },
      },
      {
        data: { values: dots },
        mark: { type: "point", filled: true, size: 80, opacity: 1 },
        encoding: {
          y,
          x: { field: "share", type: "quantitative" },
          color: {
            field: "name",
            type: "nominal",
            scale: { domain: [...names], range: [seriesColours[1], seriesColours[0]] },
          },
        },
      },
    ],
  });
}

function requireSome(count: number): void {
  if (count === 0) throw new ShowtellError("ARGUMENT", "there is nothing to draw: give at least one value");
}
