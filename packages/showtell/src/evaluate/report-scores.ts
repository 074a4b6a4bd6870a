// The part of a report's page that holds its tables of scores: own rows, rows beside people, and published results.
import type { Row, RowModel, Scores } from "./evaluation.ts";
import { html, trusted } from "./html.ts";
import type { Html } from "./html.ts";
import { print, range } from "./printed.ts";
import { publishedMetrics } from "./published-results.ts";
import type { PublishedResult } from "./published-results.ts";
import type { ReportDrawings } from "./report-drawings.ts";
import { chartCard } from "./report-shell.ts";
import type { Report } from "./report.ts";
import { scoredRows } from "./report.ts";

/** All rows with their intervals, against all references and beside people. */
export function scoreSection(report: Report, drawings: ReportDrawings): Html {
  const { compared } = report.data.references;
  return html`<h2>Scores</h2>
    <p class="soft">
      With 95 % intervals from a bootstrap over pictures. The best sentence for all pictures alike, found on the
      training captions, and the caption of the training picture with the nearest features are what a model must beat.
    </p>
    <div class="card scroll" tabindex="0">${scoreTable(report, scoredRows(report), (row) => row.scores)}</div>
    ${report.notes.map((note) => html`<p class="soft small">${note}.</p>`)}
    ${
      compared > 0
        ? html`<h3>Beside people: against ${compared - 1} ${compared === 2 ? "reference" : "references"}</h3>
            <p class="soft small">
              Of ${compared} references each is left out in turn and stands as a person’s caption; all rows are scored
              on the same terms, and the mean of the rounds is given. A score depends on the number of references: never
              compare these with the table above.
            </p>
            <div class="card scroll" tabindex="0">${scoreTable(report, report.rows, (row) => row.fewer)}</div>`
        : undefined
    }
    ${chartCard(drawings.cider, "narrow")}`;
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

/** How a model's captions were searched and chosen. */
function decodingOf({ beam, consensus, neighbourWords = 0 }: RowModel): string {
  const words = neighbourWords === 0 ? "" : `, words of similar training pictures counting ${neighbourWords}`;
  const search = `beam ${beam}${words}`;
  if (consensus === undefined) return search;
  const { captions, from, weights, voters } = consensus;
  const whose = from === "members" ? `${captions} captions of each member` : `${captions} captions`;
  const among = voters === "captions" ? `consensus of ${whose}` : `${whose}, similar training pictures voting`;
  return `${search}, ${among}${weights === "uniform" ? "" : ", by probability"}`;
}

function marksOf({ marks, model }: Row): Html {
  return html`${model && html`<i>${decodingOf(model)}</i>`}${marks.map(
    ({ kind, text }) => html`<span class="badge ${kind}">${text}</span>`,
  )}`;
}

/** A published score's cell; what a paper does not give is a dash. */
function cell(score: number | undefined): Html {
  return html`<td>${score === undefined ? "–" : score.toFixed(1)}</td>`;
}

/** What papers report, below the own models. */
export function publishedSection(report: Report, published: readonly PublishedResult[]): Html {
  const own = scoredRows(report).filter(({ kind }) => kind === "model" || kind === "ensemble");
  const isTest = report.data.split === "test";
  return html`<h2>Beside published results</h2>
    <p class="soft">
      Papers score the test split against five references; a mark says what else keeps a row from being compared.
      ${
        isTest
          ? undefined
          : `These rows are of ${report.data.split}: other pictures, so that only large differences mean something. `
      }${
        report.metrics.includes("METEOR")
          ? undefined
          : "Published METEOR uses a paraphrase table; without it METEOR reads about one point lower and stands in the table above."
      }
    </p>
    <div class="card scroll" tabindex="0">
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
              <td class="text">${model?.encoders.join("; ")}<i>${model && decodingOf(model)}</i></td>
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
