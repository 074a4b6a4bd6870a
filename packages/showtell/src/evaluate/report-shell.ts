// What all reports are as pages: one HTML file with its style, that asks for nothing from outside, without scripts.
import { html, trusted } from "./html.ts";
import type { HtmlValue } from "./html.ts";
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
