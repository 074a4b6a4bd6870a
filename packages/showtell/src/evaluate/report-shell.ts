// What all reports are as pages: one HTML file with its style, that asks for nothing from outside, without scripts.
import { html, trusted } from "./html.ts";
import type { Html, HtmlValue } from "./html.ts";
import { reportStyle } from "./report-style.ts";

/** The parts of a report's page. */
export interface ReportShell {
  readonly title: string;
  /** Below the title. */
  readonly head: HtmlValue;
  readonly main: HtmlValue;
  readonly foot: HtmlValue;
}

/** The text of the HTML file. */
export function reportDocument({ title, head, main, foot }: ReportShell): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <style>
          ${trusted(reportStyle)}
        </style>
      </head>
      <body>
        <header>
          <div>
            <h1>${title}</h1>
            ${head}
          </div>
        </header>
        <main>${main}</main>
        ${foot}
      </body>
    </html> `.text;
}

/** A chart, given as SVG, in a card of its own. A wide one is scrolled where the page is narrow; `narrow` ones fit a phone. */
export function chartCard(svg: string, width: "wide" | "narrow" = "wide"): Html {
  const className = width === "narrow" ? "card chart narrow" : "card chart";
  return html`<div class="${className}" tabindex="0">${trusted(svg)}</div>`;
}
