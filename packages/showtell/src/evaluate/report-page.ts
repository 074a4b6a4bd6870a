// The page of a report: one HTML file that asks for nothing from outside, without scripts. Computes no score and draws no chart.
import type { EvaluatedPicture, Row, Scores } from "./evaluation.ts";
import { html, trusted } from "./html.ts";
import type { Html } from "./html.ts";
import { publishedMetrics } from "./published-results.ts";
import type { PublishedResult } from "./published-results.ts";
import type { ReportDrawings } from "./report-drawings.ts";
import { reportStyle } from "./report-style.ts";
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
            <p class="soft">${pictureCount(report)}</p>
            ${tiles(report)}
          </div>
        </header>
        <main>
          ${scoreSection(report, parts.drawings)}
          ${parts.published.length > 0 ? publishedSection(report, parts.published) : undefined}
          ${pictureSection(report, parts)} ${shapeSection(report, parts.drawings)}
          ${sliceSection(report, parts.drawings)}
        </main>
        ${footer(report)}
      </body>
    </html> `.text;
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

function scoreSection(report: Report, drawings: ReportDrawings): Html {
  const { compared } = report.data.references;
  return html`<h2>Scores</h2>
    <p class="soft">
      With 95 % intervals from a bootstrap over pictures. The best sentence for all pictures alike, found on the
      training captions, and the caption of the training picture with the nearest features are what a model must beat.
    </p>
    <div class="card scroll">${scoreTable(report, scoredRows(report), (row) => row.scores)}</div>
    ${report.notes.map((note) => html`<p class="soft small">${note}.</p>`)}
    ${
      compared > 0
        ? html`<h3>Beside people: against ${compared - 1} ${compared === 2 ? "reference" : "references"}</h3>
            <p class="soft small">
              Of ${compared} references each is left out in turn and stands as a person’s caption; all rows are scored
              on the same terms, and the mean of the rounds is given. A score depends on the number of references: never
              compare these with the table above.
            </p>
            <div class="card scroll">${scoreTable(report, report.rows, (row) => row.fewer)}</div>`
        : undefined
    }
    <div class="card chart">${trusted(drawings.cider)}</div>`;
}

function scoreTable(report: Report, rows: readonly Row[], scoresOf: (row: Row) => Scores | undefined): Html {
  const { metrics, seeds } = report;
  const isMain = scoresOf(rows[0]!) === rows[0]!.scores;
  return html`<table>
    <tr>
      <th></th>
      ${metrics.map((metric) => html`<th>${metric}</th>`)}${isMain ? html`<th>perplexity</th>` : undefined}
    </tr>
    ${rows.map((row) => {
      const scores = scoresOf(row)!;
      const isOwn = row.kind === "model" || row.kind === "ensemble";
      return html`<tr${trusted(isOwn ? ' class="own"' : "")}><td><span class="name">${row.name}</span>${isMain ? marksOf(row) : undefined}</td>
${metrics.map((metric) => html`<td>${print(scores[metric]!.value)}<i>${range(scores[metric]!)}</i></td>`)}
${isMain ? html`<td>${row.perplexity?.value.toFixed(1)}</td>` : undefined}</tr>`;
    })}
    ${
      isMain
        ? seeds.map(
            ({ name, rows: names, scores }) =>
              html`<tr class="own">
                <td><span class="name">mean of ${name}</span><i>${names.join(", ")}</i></td>
                ${metrics.map((metric) => html`<td>${print(scores[metric]!.mean)}<i>± ${print(scores[metric]!.deviation)}</i></td>`)}
                <td></td>
              </tr>`,
          )
        : undefined
    }
  </table>`;
}

function marksOf({ marks, model }: Row): Html {
  return html`${model && html`<i>beam ${model.beam}</i>`}${marks.map(
    ({ kind, text }) => html`<span class="badge ${kind}">${text}</span>`,
  )}`;
}

function publishedSection(report: Report, published: readonly PublishedResult[]): Html {
  const own = scoredRows(report).filter(({ kind }) => kind === "model" || kind === "ensemble");
  const isTest = report.data.split === "test";
  const cell = (score: number | undefined): Html => html`<td>${score === undefined ? "–" : score.toFixed(1)}</td>`;
  return html`<h2>Beside published results</h2>
    <p class="soft">
      Papers score the test split against five references; a mark says what else keeps a row from being compared.
      ${
        isTest
          ? undefined
          : `These rows are of ${report.data.split}: other pictures, so that only large differences mean something. `
      }Published
      METEOR uses a paraphrase table; without it METEOR reads about one point lower and stands in the table above.
    </p>
    <div class="card scroll">
      <table>
        <tr>
          <th>system</th>
          <th class="text">source</th>
          <th class="text">encoder, decoding</th>
          ${publishedMetrics.map((metric) => html`<th>${metric}</th>`)}
        </tr>
        ${own.map(
          ({ name, scores, model }) =>
            html`<tr class="own">
              <td>
                <span class="name">${name}</span>${isTest ? undefined : html`<i>scored on ${report.data.split}</i>`}
              </td>
              <td class="text">this evaluation</td>
              <td class="text">${model?.encoders.join("; ")}<i>beam ${model?.beam}</i></td>
              ${publishedMetrics.map((metric) => cell(scores[metric] && 100 * scores[metric].value))}
            </tr>`,
        )}
        ${published.map(
          ({ system, source, encoder, decoding, scores, caveat }) =>
            html`<tr>
              <td>${system}${caveat && html`<span class="badge">${caveat}</span>`}</td>
              <td class="text">${source}</td>
              <td class="text">${encoder}<i>${decoding}</i></td>
              ${publishedMetrics.map((metric) => cell(scores[metric]))}
            </tr>`,
        )}
      </table>
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
        <div class="chart">${trusted(drawings.distribution)}</div>
      </div>
      <div class="card">
        <h3>Lengths</h3>
        <div class="chart">${trusted(drawings.lengths)}</div>
      </div>
      ${
        drawings.words &&
        html`<div class="card">
          <h3>Words that people use most, and how often ${rows[0]!.name} does</h3>
          <div class="chart">${trusted(drawings.words)}</div>
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
    <div class="card scroll">
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
    <div class="card chart">${trusted(drawings.slices)}</div>
    <div class="card scroll">
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

function print(share: number): string {
  return (100 * share).toFixed(1);
}

function range({ low, high }: { readonly low: number; readonly high: number }): string {
  return `${print(low)} – ${print(high)}`;
}

function whole(count: number): string {
  return count.toLocaleString("en");
}
