// The page of a report on judgments: one HTML file that asks for nothing from outside, without scripts. Computes nothing.
import { html } from "../evaluate/html.ts";
import type { Html } from "../evaluate/html.ts";
import { whole } from "../evaluate/printed.ts";
import { chartCard, reportDocument } from "../evaluate/report-shell.ts";
import type { StudyDrawings } from "./report-drawings.ts";
import type { StudyReport } from "./report.ts";
import type { Estimate } from "./resampling.ts";

/** The text of the HTML file. */
export function studyPage(report: StudyReport, drawings: StudyDrawings): string {
  const title = titleOf(report);
  return reportDocument({
    title,
    head: html`<p class="soft">${subtitle(report)}</p>
      ${tiles(report)}`,
    main: sections(report, drawings),
    foot: footer(report),
  });
}

/** What people want to know first: which system is better or, of captions that nobody is known to have said, which metric to trust. */
function sections(report: StudyReport, drawings: StudyDrawings): Html {
  const people = html`${agreementSection(report)} ${raterSection(report)}`;
  const metrics = metricSection(report, drawings);
  if (report.systems.length === 0) return html`${metrics} ${people}`;
  return html`${systemSection(report, drawings)} ${people} ${metrics}`;
}

const kindWords: Readonly<Record<StudyReport["kind"], string>> = {
  "side-by-side": "captions side by side",
  rating: "adequacy and fluency, 1 to 5",
  expert: "fit of caption and picture, 1 to 4",
  ratings: "ratings made elsewhere",
};

function titleOf({ systems, source }: StudyReport): string {
  if (systems.length === 0) return source.kind === "file" ? `Judgments of ${source.name}` : `Study ${source.id}`;
  return `${systems.map(({ name }) => name).join(", ")}: judged by people`;
}

function subtitle({ source, kind, pictures, items, same, excluded }: StudyReport): string {
  const where =
    source.kind === "file"
      ? `From ${source.name}`
      : `Study ${source.id} of ${source.created.slice(0, 10)}, on ${source.data.split} of ${source.data.name}`;
  const what = kind === "side-by-side" ? "pairs" : "captions";
  const equal = same > 0 ? `; ${whole(same)} more pairs were the same words, and nobody was asked` : "";
  const left = source.kind === "file" ? (source.ownCaptions ?? 0) : 0;
  const own = left > 0 ? `; ${whole(left)} more are among their picture’s references, and left out` : "";
  const without = excluded.length > 0 ? `; without ${excluded.join(", ")}` : "";
  return `${where}: ${kindWords[kind]}. ${whole(items)} ${what} of ${whole(pictures)} pictures${equal}${own}${without}.`;
}

function tile(value: string, words: string): Html {
  return html`<div class="tile"><b>${value}</b><span>${words}</span></div>`;
}

function tiles({ judgments, raters, agreement, kind }: StudyReport): Html {
  const checks = raters.reduce((sum, rater) => sum + rater.checks, 0);
  const passed = raters.reduce((sum, rater) => sum + rater.checksPassed, 0);
  const [first] = agreement;
  const alpha = first?.alpha[kind === "side-by-side" ? "nominal" : "ordinal"];
  return html`<div class="tiles">
    ${tile(whole(judgments), "judgments")} ${raters.length > 0 ? tile(whole(raters.length), "raters") : undefined}
    ${alpha && tile(alpha.value.toFixed(2), `Krippendorff’s alpha, ${first.scale}`)}
    ${checks > 0 ? tile(`${passed} of ${checks}`, "attention checks passed") : undefined}
  </div>`;
}

const smallNumbers = "Small numbers: 95 % intervals (bootstrap over pictures).";

function estimate(value: Estimate | undefined, digits = 2): Html {
  if (value === undefined) return html`<td>–</td>`;
  const [middle, low, high] = [value.value, value.low, value.high].map((one) => printed(one, digits));
  return html`<td>${middle}${value.low === value.high ? undefined : html`<i>${low} … ${high}</i>`}</td>`;
}

function printed(value: number, digits: number): string {
  return value.toFixed(digits).replace("-", "−");
}

function systemSection({ kind, systems, scales }: StudyReport, { systems: charts }: StudyDrawings): Html | undefined {
  if (systems.length === 0) return undefined;
  const compared = kind === "side-by-side";
  const words = compared
    ? "Log-strengths by Bradley and Terry: a difference of 1 means that raters prefer the one in 73 of 100 pairs. A tie counts as half a win. "
    : "Means over all judgments. ";
  return html`<h2>Systems</h2>
    <p class="soft">${words}${smallNumbers}</p>
    ${charts.map((chart) => chartCard(chart, "narrow"))}
    <div class="card scroll" tabindex="0">
      <table>
        <tr>
          <th></th>
          ${
            compared
              ? ["strength", "won", "tied", "lost", "points"].map((name) => html`<th>${name}</th>`)
              : scales.map((scale) => html`<th>${scale}</th>`)
          }
        </tr>
        ${systems.map(
          ({ name, strength, games, means }) =>
            html`<tr>
              <td class="name">${name}</td>
              ${
                games === undefined
                  ? scales.map((scale) => estimate(means?.[scale]))
                  : html`${estimate(strength)}
                      <td>${games.won}</td>
                      <td>${games.tied}</td>
                      <td>${games.lost}</td>
                      <td>${points(games)}</td>`
              }
            </tr>`,
        )}
      </table>
    </div>`;
}

function points({ won, tied, lost }: { readonly won: number; readonly tied: number; readonly lost: number }): string {
  const games = won + tied + lost;
  return games === 0 ? "–" : `${((100 * (won + tied / 2)) / games).toFixed(0)} %`;
}

const levels = ["nominal", "ordinal", "interval"] as const;

function agreementSection({ agreement }: StudyReport): Html {
  const used = levels.filter((level) => agreement.some(({ alpha }) => alpha[level] !== undefined));
  if (used.length === 0) {
    return html`<h2>Agreement</h2>
      <p class="soft">Nothing was judged by two raters yet, or all said the same of everything.</p>`;
  }
  return html`<h2>Agreement</h2>
    <p class="soft">
      Krippendorff’s alpha: 1 is full agreement, 0 what chance gives. Nominal takes values for mere names, ordinal for
      an order, interval for numbers. Above 0.8 judgments are called reliable, below 0.67 they carry no firm conclusion.
      ${smallNumbers}
    </p>
    <div class="card scroll" tabindex="0">
      <table>
        <tr>
          <th></th>
          ${used.map((level) => html`<th>${level}</th>`)}
          <th>judged by two or more</th>
        </tr>
        ${agreement.map(
          ({ scale, alpha, items }) =>
            html`<tr>
              <td class="name">${scale}</td>
              ${used.map((level) => estimate(alpha[level]))}
              <td>${whole(items)}</td>
            </tr>`,
        )}
      </table>
    </div>`;
}

function raterSection({ raters }: StudyReport): Html | undefined {
  if (raters.length === 0) return undefined;
  return html`<h2>Raters</h2>
    <p class="soft">
      Attention checks are captions of other pictures. “Same as others”: of all comparisons with another rater’s
      judgment of the same, how many agreed to the letter. The correlation is Spearman’s, with the mean of the others.
    </p>
    <div class="card scroll" tabindex="0">
      <table>
        <tr>
          <th></th>
          <th>judged</th>
          <th>open</th>
          <th>attention checks</th>
          <th>same as others</th>
          <th>correlation</th>
          <th>median time</th>
        </tr>
        ${raters.map(
          ({ rater, judged, open, checks, checksPassed, sameAsOthers, correlation, medianMs }) =>
            html`<tr>
              <td class="name">
                ${rater}${checks > 0 && checksPassed < checks ? html`<span class="badge">failed a check</span>` : undefined}
              </td>
              <td>${whole(judged)}</td>
              <td>${whole(open)}</td>
              <td>${checks === 0 ? "–" : `${checksPassed} of ${checks}`}</td>
              <td>${sameAsOthers === undefined ? "–" : `${(100 * sameAsOthers).toFixed(0)} %`}</td>
              <td>${correlation === undefined ? "–" : correlation.toFixed(2)}</td>
              <td>${medianMs === undefined ? "–" : `${(medianMs / 1000).toFixed(1)} s`}</td>
            </tr>`,
        )}
      </table>
    </div>`;
}

function metricSection({ metrics, scales, kind }: StudyReport, { metrics: charts }: StudyDrawings): Html | undefined {
  if (metrics.length === 0) return undefined;
  const compared = kind === "side-by-side";
  const how = compared
    ? "The difference of both captions’ scores is held against the mean preference; “picks theirs”: of the pairs that people do not call a tie, how often the metric is higher for their choice."
    : "Scores of single captions are held against the mean of their ratings.";
  return html`<h2>Metrics against people</h2>
    <p class="soft">
      ${how} Kendall’s tau-b and tau-c (made for few grades against many scores), Spearman’s rho: 1 is the same order, 0
      none in common. ${smallNumbers}
    </p>
    ${charts.map((chart) => chartCard(chart, "narrow"))}
    <div class="card scroll" tabindex="0">
      <table>
        <tr>
          <th></th>
          ${scales.length > 1 ? html`<th class="text">scale</th>` : undefined}
          <th>tau-b</th>
          <th>tau-c</th>
          <th>rho</th>
          ${compared ? html`<th>picks theirs</th>` : undefined}
          <th>${compared ? "pairs" : "captions"}</th>
        </tr>
        ${metrics.map(
          ({ metric, scale, tauB, tauC, spearman, accuracy, items }) =>
            html`<tr>
              <td class="name">${metric}</td>
              ${scales.length > 1 ? html`<td class="text">${scale}</td>` : undefined} ${estimate(tauB)}${estimate(tauC)}
              ${estimate(spearman)} ${compared ? estimate(accuracy) : undefined}
              <td>${whole(items)}</td>
            </tr>`,
        )}
      </table>
    </div>`;
}

function footer({ signatures, writer }: StudyReport): Html {
  const lines = Object.values(signatures);
  return html`<footer>
    ${lines.length > 0 ? html`<p>Signatures: what must agree before a score is compared with another.</p>` : undefined}
    ${lines.map((signature) => html`<code>${signature}</code><br />`)}
    <p>Written by ${writer}.</p>
  </footer>`;
}
