// The page of a report: one HTML file that asks for nothing from outside, without scripts. Computes no score and draws no chart.
import type { EvaluatedPicture } from "./evaluation.ts";
import { html, trusted } from "./html.ts";
import type { Html } from "./html.ts";
import { print, range, whole } from "./printed.ts";
import type { PublishedResult } from "./published-results.ts";
import type { ReportDrawings } from "./report-drawings.ts";
import { confidenceSection } from "./report-confidence.ts";
import { publishedSection, scoreSection } from "./report-scores.ts";
import { chartCard, reportDocument } from "./report-shell.ts";
import type { Report, ShownPictures } from "./report.ts";
import { scoredRows } from "./report.ts";

/** What a page is made of besides the report. */
export interface PageParts {
  readonly drawings: ReportDrawings;
  readonly shown: ShownPictures;
  /** A small version of each picture that is shown, by its place in the split, as a `data:` address. */
  readonly thumbnails: ReadonlyMap<number, string>;
  /** Results to stand beside; none if they are of another data set. */
  readonly published: readonly PublishedResult[];
}

/** The text of the HTML file. */
export function reportPage(report: Report, parts: PageParts): string {
  const { data, rows } = report;
  const title = `${rows[0]!.name} on ${data.split} of ${data.name}`;
  return reportDocument({
    title,
    head: html`<p class="soft">${pictureCount(report)}</p>
      ${tiles(report)}`,
    main: html`${scoreSection(report, parts.drawings)}
    ${parts.published.length > 0 ? publishedSection(report, parts.published) : undefined}
    ${pictureSection(report, parts)} ${shapeSection(report, parts.drawings)}
    ${confidenceSection(report, parts.drawings)} ${sliceSection(report, parts.drawings)}`,
    foot: footer(report),
  });
}

function pictureCount({ data }: Report): string {
  const { fewest, most } = data.references;
  const references = fewest === most ? `${most}` : `${fewest} to ${most}`;
  const skipped = data.skipped > 0 ? `; ${whole(data.skipped)} more could not be used` : "";
  return `${whole(data.pictures)} pictures with ${references} captions by people each${skipped}. Scores × 100, as papers print them.`;
}

/** The first row at a glance. */
function tiles(report: Report): Html {
  const { scores, perplexity } = scoredRows(report)[0]!;
  const shown = ["CIDEr", "BLEU-4", "ROUGE-L", ...report.metrics.filter((name) => name.startsWith("METEOR"))];
  return html`<div class="tiles">
    ${shown.map(
      (name) =>
        html`<div class="tile"><b>${print(scores[name]!.value)}</b><span>${name}, ${range(scores[name]!)}</span></div>`,
    )}
    ${perplexity && html`<div class="tile"><b>${perplexity.value.toFixed(1)}</b><span>perplexity of a word</span></div>`}
  </div>`;
}

function pictureSection(report: Report, { shown, thumbnails }: PageParts): Html {
  const names = scoredRows(report).map(({ name }) => name);
  const group = (title: string, places: readonly number[]): Html | undefined =>
    places.length === 0
      ? undefined
      : html`<h3>${title}</h3>
          <div class="pictures">
            ${places.map((place) => figure(report.pictures[place]!, names, thumbnails.get(place)))}
          </div>`;
  return html`<h2>Pictures</h2>
    <p class="soft">
      Chosen by the CIDEr of ${names[0]}, computed with the words of all pictures. A low score need not be a wrong
      caption: people may have looked at something else.
    </p>
    ${group("Best", shown.best)}${group("In the middle", shown.median)}${group("Worst", shown.worst)}`;
}

function figure({ image, references, captions }: EvaluatedPicture, names: readonly string[], thumbnail?: string): Html {
  const [first, ...others] = captions;
  return html`<figure>
    ${thumbnail && html`<img src="${thumbnail}" alt="${first!.caption}" loading="lazy" />`}
    <figcaption>
      <strong>${first!.caption}</strong><span class="value">CIDEr ${print(first!.scores["CIDEr"]!)}</span>
      <details>
        <summary>what people wrote</summary>
        <ul>
          ${references.map((text) => html`<li>${text}</li>`)}
        </ul>
      </details>
      ${
        others.length === 0
          ? undefined
          : html`<details>
              <summary>other rows</summary>
              <ul>
                ${others.map(
                  ({ caption, scores }, i) =>
                    html`<li><b>${names[i + 1]}</b>: ${caption} (${print(scores["CIDEr"]!)})</li>`,
                )}
              </ul>
            </details>`
      }
      <div class="value"><code>${image}</code></div>
    </figcaption>
  </figure>`;
}

function shapeSection(report: Report, drawings: ReportDrawings): Html {
  const rows = scoredRows(report);
  const most = report.frequent[0]?.count ?? 1;
  return html`<h2>What captions are like</h2>
    <div class="grid">
      <div class="card">
        <h3>Scores of single pictures</h3>
        <div class="chart" tabindex="0">${trusted(drawings.distribution)}</div>
      </div>
      <div class="card">
        <h3>Lengths</h3>
        <div class="chart" tabindex="0">${trusted(drawings.lengths)}</div>
      </div>
      ${
        drawings.words &&
        html`<div class="card">
          <h3>Words that people use most, and how often ${rows[0]!.name} does</h3>
          <div class="chart" tabindex="0">${trusted(drawings.words)}</div>
        </div>`
      }
      <div class="card">
        <h3>Sentences that ${rows[0]!.name} says most often</h3>
        <table>
          ${report.frequent.map(
            ({ text, count }) =>
              html`<tr>
                <td class="text">${text}</td>
                <td><span class="bar" style="width:${Math.round((60 * count) / most)}px"></span>${count}</td>
              </tr>`,
          )}
        </table>
      </div>
    </div>
    <div class="card scroll" tabindex="0">
      <table>
        <tr>
          <th></th>
          <th>words a caption</th>
          <th>different words</th>
          <th>distinct-1</th>
          <th>distinct-2</th>
          <th>not in training captions</th>
        </tr>
        ${rows.map(
          ({ name, variety }) =>
            html`<tr>
              <td class="name">${name}</td>
              <td>${variety?.meanLength.toFixed(1)}</td>
              <td>${variety && whole(variety.vocabulary)}</td>
              <td>${variety?.distinct1.toFixed(3)}</td>
              <td>${variety?.distinct2.toFixed(3)}</td>
              <td>${variety?.novel === undefined ? "–" : `${print(variety.novel)} %`}</td>
            </tr>`,
        )}
      </table>
    </div>`;
}

function sliceSection(report: Report, drawings: ReportDrawings): Html | undefined {
  if (drawings.slices === undefined) return undefined;
  const rows = scoredRows(report);
  return html`<h2>Where it goes wrong</h2>
    <p class="soft">
      CIDEr by what pictures show, as at least two of their references say (of the lengths: by the mean length of the
      references). Parts overlap, and those with fewer than twenty pictures are left out.
    </p>
    ${chartCard(drawings.slices, "narrow")}
    <div class="card scroll" tabindex="0">
      <table>
        <tr>
          <th></th>
          <th>pictures</th>
          ${rows.map(({ name }) => html`<th>${name}</th>`)}
        </tr>
        ${report.slices.map(
          ({ group, name, pictures, scores }) =>
            html`<tr>
              <td>${name}<i>${group}</i></td>
              <td>${whole(pictures)}</td>
              ${scores.map(
                (own) => html`<td>${print(own["CIDEr"]!.value)}<i>BLEU-4 ${print(own["BLEU-4"]!.value)}</i></td>`,
              )}
            </tr>`,
        )}
      </table>
    </div>`;
}

function footer(report: Report): Html {
  return html`<footer>
    <p>Signatures: what must agree before a score is compared with another.</p>
    ${report.metrics.map((metric) => html`<code>${report.signatures[metric]}</code><br />`)}
    <p>
      ${report.rows.flatMap(({ name, model }) => (model ? [html`${name}: <code>${model.identity}</code> (${model.files.join(", ")})<br />`] : []))}
    </p>
    <p>Written by ${report.writer}.</p>
  </footer>`;
}
