// How pictures look, for all of them: one font, one palette. Knows nothing of what is drawn.

/** Fonts with the same widths on every system (Arimo, Liberation Sans and Arial are metrically alike). */
export const fontFamily = "Arial,Helvetica,sans-serif";

/** Colours that people with the common colour-vision deficiencies tell apart (Okabe and Ito 2008). */
export const seriesColours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"] as const;

/** One a colour, so that lines differ without it too. */
export const seriesShapes = ["circle", "triangle-up", "square", "diamond", "triangle-down", "cross"] as const;

/** Text, secondary text, and what steps back: axes, grid, ground. */
export const ink = { strong: "#1a1a1a", soft: "#555555", line: "#8a8a8a", faint: "#e4e4e4", paper: "#ffffff" } as const;
