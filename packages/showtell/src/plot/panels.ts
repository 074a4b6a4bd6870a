// Line panels side by side, over epochs: data → SVG through Vega-Lite. Knows nothing of training; needs no DOM.
import { ShowtellError } from "../base/errors.ts";
import { look, render } from "./render.ts";
import { ink, seriesColours, seriesShapes } from "./style.ts";

/** A measured value after an epoch. */
export interface PanelPoint {
  readonly epoch: number;
  readonly value: number;
}

/** A named line; a name has the same colour in every panel. */
export interface PanelSeries {
  readonly name: string;
  /** By rising epoch; points whose value is not finite are left out. */
  readonly points: readonly PanelPoint[];
}

/** One pair of axes. */
export interface Panel {
  readonly title: string;
  /** What the numbers on the upright axis count. */
  readonly unit: string;
  /** How these numbers are written; default "number". */
  readonly format?: "number" | "percent";
  readonly series: readonly PanelSeries[];
  /** An epoch to mark by an upright line, and what to call it. */
  readonly mark?: { readonly epoch: number; readonly label: string };
}

interface EpochRange {
  readonly first: number;
  readonly last: number;
}

const panelWidth = 380;
const panelHeight = 260;
/** About as many dots a line: more would run into each other. */
const dotsPerLine = 25;

/**
 * Draws panels side by side (more than three in rows), with one legend, as the text of an SVG file on a white ground.
 * @throws ShowtellError `ARGUMENT` if no panel has a point, or there are more names than colours.
 */
export async function linePanels(panels: readonly Panel[]): Promise<string> {
  const names = [...new Set(panels.flatMap(({ series }) => series.map(({ name }) => name)))];
  if (names.length > seriesColours.length) {
    throw new ShowtellError(
      "ARGUMENT",
      `${names.length} series in one picture (${names.join(", ")}); there are colours for ${seriesColours.length}`,
    );
  }
  const range = epochRange(panels);
  return render({
    background: ink.paper,
    padding: 20,
    spacing: 56,
    config: look,
    columns: panels.length <= 3 ? panels.length : Math.ceil(Math.sqrt(panels.length)),
    concat: panels.map((panel) => panelSpec(panel, names, range)),
  });
}

/** All panels share one range of epochs; a single epoch gets room on both sides. */
function epochRange(panels: readonly Panel[]): EpochRange {
  const epochs = panels.flatMap(({ series }) =>
    series.flatMap(({ points }) => finite(points).map(({ epoch }) => epoch)),
  );
  if (epochs.length === 0) throw new ShowtellError("ARGUMENT", "no epoch has a value yet: there is nothing to draw");
  return { first: epochs.reduce((a, b) => Math.min(a, b)), last: epochs.reduce((a, b) => Math.max(a, b)) };
}

function finite(points: readonly PanelPoint[]): readonly PanelPoint[] {
  return points.filter(({ value }) => Number.isFinite(value));
}

function panelSpec(
  { title, unit, format = "number", series, mark }: Panel,
  names: readonly string[],
  range: EpochRange,
) {
  const x = epochAxis(range);
  const y = {
    field: "value",
    type: "quantitative",
    title: unit,
    scale: { zero: false, nice: true, padding: 8 },
    axis: {
      ...(format === "percent" ? { format: "%" } : {}),
      tickCount: 6,
      domain: false,
      ticks: false,
      labelPadding: 8,
    },
  } as const;
  const colour = {
    field: "series",
    type: "nominal",
    scale: { domain: [...names], range: [...seriesColours] },
  } as const;
  const shape = { field: "series", type: "nominal", scale: { domain: [...names], range: [...seriesShapes] } } as const;
  return {
    title,
    width: panelWidth,
    height: panelHeight,
    layer: [
      ...(mark === undefined ? [] : markLayers(mark, range, x)),
      {
        data: { values: rowsOf(series, finite) },
        mark: { type: "line", strokeWidth: 2.25, strokeCap: "round", strokeJoin: "round" },
        encoding: { x, y, color: colour },
      },
      {
        data: { values: rowsOf(series, thinned) },
        mark: { type: "point", filled: true, size: 60, opacity: 1, stroke: ink.paper, strokeWidth: 0.8 },
        encoding: { x, y, color: colour, shape },
      },
    ],
  } as const;
}

function rowsOf(series: readonly PanelSeries[], pick: (points: readonly PanelPoint[]) => readonly PanelPoint[]) {
  return series.flatMap(({ name, points }) => pick(points).map(({ epoch, value }) => ({ epoch, value, series: name })));
}

/** Every so manieth point, counted from the last one. */
function thinned(points: readonly PanelPoint[]): readonly PanelPoint[] {
  const drawn = finite(points);
  const stride = Math.ceil(drawn.length / dotsPerLine);
  return drawn.filter((_, i) => (drawn.length - 1 - i) % stride === 0);
}

function epochAxis({ first, last }: EpochRange) {
  const alone = first === last;
  return {
    field: "epoch",
    type: "quantitative",
    title: "epoch",
    scale: { domain: alone ? [first - 1, last + 1] : [first, last], nice: false },
    axis: {
      grid: false,
      format: "d",
      tickMinStep: 1,
      labelFlush: false,
      ...(alone ? { values: [first] } : { tickCount: 10 }),
    },
  } as const;
}

/** The upright line, and its label above the axes on the side where there is room. */
function markLayers(
  { epoch, label }: NonNullable<Panel["mark"]>,
  { first, last }: EpochRange,
  { type, title, scale, axis }: ReturnType<typeof epochAxis>,
) {
  const place = last === first ? 0.5 : (epoch - first) / (last - first);
  const align = place < 0.15 ? "left" : place > 0.85 ? "right" : "center";
  const x = { datum: epoch, type, title, scale, axis };
  return [
    {
      data: { values: [{}] },
      mark: { type: "rule", color: ink.line, strokeDash: [4, 4], strokeWidth: 1.25 },
      encoding: { x },
    },
    {
      data: { values: [{}] },
      mark: { type: "text", text: label, align, baseline: "bottom", fontSize: 12, color: ink.soft },
      encoding: { x, y: { value: -5 } },
    },
  ] as const;
}
