// The report of a comparison: Markdown, a page that asks for nothing from outside, and its drawings as SVG. Writes no file.
import { html, trusted } from "../evaluate/html.ts";
import { chartCard, reportDocument } from "../evaluate/report-shell.ts";
import { linePanels } from "../plot/panels.ts";
import { intervalChart } from "../plot/score-charts.ts";
import { seriesColours } from "../plot/style.ts";
import { columnsOf, tableNotes } from "./cells.ts";
import type { ComparisonTable, TableRow } from "./table.ts";

/** The drawings of a comparison as SVG; absent where there is nothing to draw yet. */
export interface ComparisonDrawings {
  /** CIDEr of the rows: the mean, and one standard deviation to either side. */
  readonly scores?: string;
  /** CIDEr of the dev captions that epochs are chosen by. */
  readonly curves?: string;
}

/** Draws a comparison. */
export async function comparisonDrawings({ rows, metrics }: ComparisonTable): Promise<ComparisonDrawings> {
  const shown = ["CIDEr", "BLEU-4"].filter((metric) => metrics.includes(metric));
  const points = shown.flatMap((metric) =>
    rows.flatMap(({ name, scores }) => {
      const spread = scores[metric];
      if (spread === undefined) return [];
      const { mean, deviation = 0 } = spread;
      const [value, low, high] = [mean, Math.max(0, mean - deviation), mean + deviation].map((share) => 100 * share);
      return [{ group: metric, label: name, value: value!, low: low!, high: high! }];
    }),
  );
  // There are colours for so many lines only: the first rows have them.
  const curves = rows.filter(({ curve }) => curve.length > 1).slice(0, seriesColours.length);
  return {
    ...(points.length > 0 && { scores: await intervalChart(points, "× 100, mean ± deviation over seeds") }),
    ...(curves.length > 0 && { curves: await linePanels([curvePanel(curves)]) }),
  };
}

function curvePanel(rows: readonly TableRow[]) {
  return {
    title: "CIDEr of the dev captions that epochs are chosen by",
    unit: "CIDEr × 100",
    series: rows.map(({ name, curve }) => ({
      name,
      points: curve.map((value, i) => ({ epoch: i + 1, value: 100 * value })),
    })),
  };
}

function tableLine(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** A text in one cell: without what Markdown takes for a border. Cells of numbers need none of it. */
function markdownCell(text: string): string {
  return markdownText(text).replaceAll("|", String.raw`\|`);
}

/** A text in one line, without what Markdown takes for HTML, for a link or for code. */
function markdownText(text: string): string {
  return text
    .trim()
    .replaceAll(/\s+/g, " ")
    .replaceAll(/[\\[\]`]/g, String.raw`\$&`)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;");
}

/** The text of the Markdown file. @param images Paths of the drawings, from where the file lies. */
export function comparisonMarkdown(table: ComparisonTable, images: readonly string[]): string {
  const columns = columnsOf(table);
  const heading = markdownText(table.title);
  return [
    `# ${heading}`,
    "",
    ...(table.note === undefined ? [] : [markdownText(table.note), ""]),
    tableLine(["", ...columns.map(({ title }) => markdownCell(title))]),
    tableLine(["---", ...columns.map(() => "---:")]),
    ...table.rows.map((row) => tableLine([markdownCell(nameOf(row)), ...columns.map(({ cell }) => cell(row))])),
    "",
    ...tableNotes(table).map((note) => `- ${markdownText(note)}`),
    ...images.flatMap((image) => ["", `![${heading}](${image})`]),
    "",
  ].join("\n");
}

function nameOf({ name, note }: TableRow): string {
  return note === undefined ? name : `${name} (${note})`;
}

/** The text of the HTML file. */
export function comparisonPage(table: ComparisonTable, drawings: ComparisonDrawings): string {
  const { title, note } = table;
  const columns = columnsOf(table);
  return reportDocument({
    title,
    head: note && html`<p class="soft">${note}</p>`,
    main: html`<div class="card scroll" tabindex="0">
        <table>
          <tr>
            <th></th>
            ${columns.map((column) => html`<th>${column.title}</th>`)}
          </tr>
          ${table.rows.map(
            (row) =>
              html`<tr${trusted(row.name === table.base ? ' class="own"' : "")}>
                    <td><span class="name">${row.name}</span>${row.note && html`<i>${row.note}</i>`}</td>
                    ${columns.map(({ cell }) => html`<td>${cell(row)}</td>`)}
                  </tr>`,
          )}
        </table>
      </div>
      ${tableNotes(table).map((line) => html`<p class="soft small">${line}</p>`)}
      ${drawings.scores && chartCard(drawings.scores, "narrow")}${drawings.curves && chartCard(drawings.curves)}`,
    foot: html`<footer>
      <p>Records that the rows rest on:</p>
      ${table.rows.map(({ name, records }) => html`${name}: <code>${records.join(", ") || "none yet"}</code><br />`)}
    </footer>`,
  });
}
