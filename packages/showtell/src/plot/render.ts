// A Vega-Lite specification drawn as SVG text, and the look that all charts share. Knows no chart.
import type { Config, TopLevelSpec } from "vega-lite";
import { fontFamily, ink } from "./style.ts";

/** Fonts, sizes and colours of titles, axes and legends. */
export const look: Config = {
  font: fontFamily,
  view: { stroke: null },
  title: { fontSize: 15, fontWeight: "bold", color: ink.strong, anchor: "start", frame: "group", offset: 12 },
  axis: {
    labelFontSize: 12,
    labelColor: ink.soft,
    titleFontSize: 12,
    titleFontWeight: "normal",
    titleColor: ink.soft,
    titlePadding: 10,
    domainColor: ink.line,
    tickColor: ink.line,
    gridColor: ink.faint,
  },
  legend: {
    orient: "top",
    direction: "horizontal",
    title: null,
    labelFontSize: 13,
    labelLimit: 0,
    labelColor: ink.strong,
    symbolSize: 90,
    symbolOpacity: 1,
    columnPadding: 4,
    offset: 14,
  },
};

/** Vega is large (0.2 s to import), so it is loaded when something is drawn. It must not write to the console. */
export async function render(spec: unknown): Promise<string> {
  const [{ compile }, vega] = await Promise.all([import("vega-lite"), import("vega")]);
  const logger = vega.logger(vega.None);
  // Vega-Lite's types want arrays that can be changed; it does not change them.
  const compiled = compile(spec as TopLevelSpec, { logger });
  const view = new vega.View(vega.parse(compiled.spec), { renderer: "none", logger });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}
