// The report: which pictures it shows, that its page stands alone and escapes what it shows, and its table.
import { describe, expect, test } from "vitest";
import type { EvaluatedPicture, Evaluation, Scores } from "../../src/evaluate/evaluation.ts";
import { html, trusted } from "../../src/evaluate/html.ts";
import { isFlickr8k, publishedResults } from "../../src/evaluate/published-results.ts";
import { confidenceSection } from "../../src/evaluate/report-confidence.ts";
import { reportCsv } from "../../src/evaluate/report-csv.ts";
import { reportDrawings } from "../../src/evaluate/report-drawings.ts";
import { reportPage } from "../../src/evaluate/report-page.ts";
import { shownPictures } from "../../src/evaluate/report.ts";
import { parseCaptionsCsv } from "../../src/datasets/csv.ts";
import { evil, reported } from "./report-fixture.ts";

describe("the page", () => {
  test("stands alone: no script, and nothing from outside", async () => {
    const report = await reported();
    const shown = shownPictures(report.pictures, 4);
    const thumbnails = new Map([[shown.best[0]!, "data:image/webp;base64,AAAA"]]);
    const drawings = await reportDrawings(report);
    const page = reportPage(report, { drawings, shown, thumbnails, published: publishedResults });
    // Whatever a browser would fetch or run stands in a tag, in a style sheet's url() or in an @import.
    const tags = page.match(/<[a-z!][^>]*>/gi)!.join("\n");
    const fetched = [...tags.matchAll(/\s(?:src|href|srcset|data|action|poster)\s*=\s*"([^"]*)"/g)];
    expect(fetched.map((match) => match[1]!).filter((address) => !address.startsWith("data:"))).toEqual([]);
    expect(tags.replaceAll(/"[^"]*"/g, '""')).not.toMatch(/<(?:script|link|iframe|object|embed)|\son\w+=/i);
    expect(page).not.toMatch(/url\((?!#)|@import/i);
    expect(page).toContain('src="data:image/webp;base64,AAAA"');
    // What was not HTML is not HTML on the page either.
    expect(page).not.toContain(evil);
    expect(
      page.split(
        "&lt;img src=&quot;http://example.org/x.png&quot; onerror=&#39;alert(1)&#39;&gt; &amp; &quot;dogs&quot;",
      ).length,
    ).toBeGreaterThan(5);
  });

  test("shows scores × 100, marks, published results, slices and signatures", async () => {
    const report = await reported();
    const drawings = await reportDrawings(report);
    const parts = { drawings, shown: shownPictures(report.pictures, 4), thumbnails: new Map<number, string>() };
    const page = reportPage(report, { ...parts, published: publishedResults });
    for (const score of Object.values(report.rows[0]!.scores!)) expect(page).toContain((100 * score.value).toFixed(1));
    for (const text of [
      "12.3",
      "badge leak",
      "Varier 2020",
      "52.8",
      "tok:ptb|refs:3",
      "against 2 references",
      "How sure it is",
      "0.210",
    ]) {
      expect(page).toContain(text);
    }
    expect(report.slices.map(({ name }) => name)).toEqual(expect.arrayContaining(["dog", "nobody", "no colour"]));
    expect(page).toMatch(/<td>\s*dog/);
    expect(reportPage(report, { ...parts, published: [] })).not.toContain("Varier");
  });
});

test("the section on confidence counts the captions that it was measured on, and says how many were left out", async () => {
  const report = await reported();
  const section = confidenceSection(report, await reportDrawings(report))!.text.replaceAll(/\s+/g, " ");
  // Of thirty pictures all were calibrated on, and twenty are measured.
  const [calibrated, measured] = [...section.matchAll(/<td class="name">.*?<\/td> <td>(.*?)<\/td>/g)];
  expect([calibrated![1], measured![1]]).toEqual(["30", "20 (10 left out)"]);
});

/** Pictures whose captions have these CIDErs. */
function ranked(ciders: readonly number[]): readonly EvaluatedPicture[] {
  return ciders.map((CIDEr, i) => ({
    image: String(i),
    references: ["a"],
    captions: [{ caption: "a", scores: { CIDEr } }],
  }));
}

describe("what is shown", () => {
  test("are the best, the middle and the worst pictures, none twice", () => {
    const shown = shownPictures(ranked([0.1, 0.9, 0.5, 0.7, 0.3, 0, 0.4]), 2);
    expect(shown).toEqual({ best: [1, 3], median: [2, 6], worst: [5, 0] });
    expect(shownPictures(ranked([1, 2, 3]), 2)).toEqual({ best: [2], median: [1], worst: [0] });
  });

  test("are the two there are, or the one", () => {
    expect(shownPictures(ranked([1, 2]), 2)).toEqual({ best: [1], median: [], worst: [0] });
    expect(shownPictures(ranked([1]), 2)).toEqual({ best: [0], median: [], worst: [] });
  });
});

test("the table has a line a row and terms, and the published results, that a CSV reader takes apart again", () => {
  const scores: Scores = { CIDEr: { value: 0.5, low: 0.4, high: 0.6 }, METEOR: { value: 0.2, low: 0.1, high: 0.3 } };
  const rows = [
    { name: 'a "b", c', kind: "model", marks: [{ kind: "leak", text: "trained on 1" }], scores, fewer: scores },
    { name: "a person", kind: "human", marks: [], fewer: scores },
  ] as const;
  const data = { name: "x", split: "dev", pictures: 1, skipped: 0, references: { fewest: 5, most: 5, compared: 5 } };
  const evaluation: Evaluation = {
    writer: "w",
    data,
    metrics: ["CIDEr", "METEOR"],
    signatures: {},
    rows,
    seeds: [],
    notes: [],
  };
  const [header, ...lines] = reportCsv(evaluation, publishedResults.slice(-1)).trimEnd().split("\r\n");
  expect(header).toBe(
    "name,kind,references,CIDEr,CIDEr low,CIDEr high,METEOR,METEOR low,METEOR high,perplexity,marks,source",
  );
  expect(lines).toEqual([
    '"a ""b"", c",model,all,0.5,0.4,0.6,0.2,0.1,0.3,,trained on 1,',
    '"a ""b"", c",model,one less,0.5,0.4,0.6,0.2,0.1,0.3,,trained on 1,',
    "a person,human,one less,0.5,0.4,0.6,0.2,0.1,0.3,,,",
    'attention LSTM,published,"5, test",0.5860,,,0.2190,,,,,Varier 2020',
  ]);
  const [record] = parseCaptionsCsv(reportCsv(evaluation, []).replace("name,kind", "image,caption"), "report.csv");
  expect(record).toMatchObject({ image: 'a "b", c' });
});

test("HTML escapes what is not HTML, wherever it stands", () => {
  expect(html`<a title="${`"'`}">${["<", html`<b>${"&"}</b>`, trusted("<i>"), 7, undefined]}</a>`.text).toBe(
    '<a title="&quot;&#39;">&lt;<b>&amp;</b><i>7</a>',
  );
});

test("published results are of Flickr8k, by whatever spelling", () => {
  for (const name of ["flickr8k", "Flickr_8k", "data Flickr-8K/captions.txt", "dataset_flickr8k.json"])
    expect(isFlickr8k(name)).toBe(true);
  expect(isFlickr8k("flickr30k")).toBe(false);
  for (const { scores } of publishedResults) {
    // × 100, as printed.
    for (const score of Object.values(scores)) expect(score).toBeGreaterThan(15);
  }
});
