// The style sheet of a report: light and dark by the reader's setting, one column on a phone. Knows no content.
import { ink, seriesColours } from "../plot/style.ts";

/** Colours of charts that change in the dark, as rules on what the charts' SVG says. */
function darkChart(colour: string, dark: string): string {
  return `.chart [fill="${colour}"]{fill:${dark}}.chart [stroke="${colour}"]{stroke:${dark}}`;
}

const [blue, vermilion, green] = seriesColours;

const darkCharts = [
  darkChart(ink.strong, "#eceff3"),
  darkChart(ink.soft, "#a7b0bb"),
  darkChart(ink.line, "#6b7683"),
  darkChart(ink.faint, "#2c333b"),
  darkChart(ink.paper, "#181d23"),
  darkChart(blue, "#4fb0e8"),
  darkChart(vermilion, "#ff8a4c"),
  darkChart(green, "#2fc79a"),
].join("\n");

/** The text of the style sheet. */
export const reportStyle: string = `
:root{color-scheme:light dark;--paper:#f6f7f9;--card:#fff;--strong:#16191d;--soft:#5a6470;--line:#e1e5ea;--accent:#0072b2;--mark:#fff3d6;
--mark-ink:#7a4b00;--leak:#fde2e0;--leak-ink:#8c1d18;--own:#eaf4fb;--track:#e6eaef}
@media (prefers-color-scheme:dark){:root{--paper:#101317;--card:#181d23;--strong:#eceff3;--soft:#a7b0bb;--line:#2c333b;--accent:#4fb0e8;
--mark:#3a2f14;--mark-ink:#ffd27a;--leak:#431d1b;--leak-ink:#ffb4ae;--own:#15283a;--track:#2c333b}
${darkCharts}
}
*{box-sizing:border-box}
body{margin:0;overflow-wrap:break-word;background:var(--paper);color:var(--strong);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,Helvetica,Arial,sans-serif}
main,header>div,footer{max-width:1120px;margin:0 auto;padding:0 20px}
header{background:var(--card);border-bottom:1px solid var(--line);padding:36px 0 28px}
h1{font-size:30px;line-height:1.2;margin:0 0 6px;letter-spacing:-.01em}
h2{font-size:20px;margin:44px 0 4px;letter-spacing:-.005em}
.card h3:first-child{margin-top:2px}
h3{font-size:15px;margin:26px 0 10px;color:var(--soft);font-weight:600}
p{margin:4px 0 14px;max-width:76ch}
.soft,footer{color:var(--soft)}
.small{font-size:14px}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin-top:24px}
.tile{background:var(--paper);border:1px solid var(--line);border-radius:12px;padding:14px 16px}
.tile b{display:block;font-size:28px;line-height:1.15;font-variant-numeric:tabular-nums;letter-spacing:-.01em}
.tile span{font-size:13px;color:var(--soft)}
.card{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:18px 20px;margin:14px 0}
.scroll{overflow-x:auto;-webkit-overflow-scrolling:touch}
.grid{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,480px),1fr));gap:14px}
.grid>.card{margin:0}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:14.5px}
th,td{text-align:right;padding:8px 10px;border-bottom:1px solid var(--line);white-space:nowrap;vertical-align:top}
th{color:var(--soft);font-weight:600;font-size:13px;white-space:normal;vertical-align:bottom}
th:first-child,td:first-child{text-align:left;padding-left:0}
td.text{text-align:left;white-space:normal;overflow-wrap:anywhere;min-width:120px}
th.text{text-align:left}
tr:last-child td{border-bottom:0}
tr.own td{background:var(--own)}
tr.own td:first-child{padding-left:8px;border-radius:6px 0 0 6px}
.card:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
td i{font-style:normal;color:var(--soft);font-size:12.5px;display:block}
.name{font-weight:600}
.badge{display:block;width:fit-content;max-width:230px;font-size:12px;line-height:1.35;padding:3px 9px;border-radius:8px;background:var(--mark);color:var(--mark-ink);margin:3px 4px 0 0;white-space:normal}
.badge.leak{background:var(--leak);color:var(--leak-ink)}
.chart{overflow-x:auto}
.chart svg{max-width:100%;height:auto;display:block;margin:0 auto}
.chart.narrow svg{width:100%;max-width:480px}
.pictures{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,250px),1fr));gap:14px;align-items:start}
figure{margin:0;background:var(--card);border:1px solid var(--line);border-radius:14px;overflow:hidden}
figure img{display:block;width:100%;aspect-ratio:4/3;object-fit:cover;background:var(--track)}
figcaption{padding:12px 14px 14px;font-size:14.5px}
figcaption strong{display:block;font-size:16px;line-height:1.35;font-weight:600}
figcaption .value{color:var(--soft);font-size:13px}
details{margin-top:8px}
summary{cursor:pointer;color:var(--accent);font-size:13.5px}
ul{margin:6px 0 0;padding-left:18px}
li{margin:2px 0}
.bar{display:inline-block;height:8px;border-radius:4px;background:var(--accent);vertical-align:middle;margin-right:8px}
code{font:12.5px/1.6 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
footer{padding:28px 20px 48px;font-size:13.5px}
@media (max-width:640px){header{padding:24px 0 20px}h1{font-size:24px}.card{padding:14px}.tile b{font-size:23px}.tiles{grid-template-columns:repeat(2,1fr)}
.chart:not(.narrow) svg{min-width:600px;margin:0}}
@media print{body{background:#fff}.card,figure{break-inside:avoid}}
`.trim();
