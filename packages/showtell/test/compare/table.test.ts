// The table of a comparison against numbers reckoned by hand: means, deviations, differences; and how cells and pages show them.
import { describe, expect, test } from "vitest";
import { columnsOf, tableNotes } from "../../src/compare/cells.ts";
import type { Plan } from "../../src/compare/plan.ts";
import { parsePlan } from "../../src/compare/plan.ts";
import { comparisonDrawings, comparisonMarkdown, comparisonPage } from "../../src/compare/report.ts";
import type { RunRecord } from "../../src/compare/record.ts";
import type { ComparisonTable, RecordedRow } from "../../src/compare/table.ts";
import { comparisonTable, spreadOf } from "../../src/compare/table.ts";
import { recordOf, statisticsOf } from "./records.ts";

const plan: Plan = {
  title: "Hand-made <rows>",
  split: "dev",
  base: "base",
  seeds: [1, 2],
  rows: [
    { name: "base", kind: "train", options: {} },
    { name: "other | row", kind: "train", options: {} },
    { name: "missing", kind: "train", options: {} },
  ],
};

function row(place: number, runs: readonly (readonly [record: RunRecord, ciders: readonly number[]])[]): RecordedRow {
  return {
    row: plan.rows[place]!,
    planned: 2,
    runs: runs.map(([record, ciders]) => ({ record, statistics: statisticsOf(ciders) })),
  };
}

function handMade(): Promise<ComparisonTable> {
  return comparisonTable(plan, [
    row(0, [
      [recordOf("base-1", 0.4), [0.4, 0.4, 0.4, 0.4]],
      [recordOf("base-2", 0.6, { seed: 2 }), [0.6, 0.6, 0.6, 0.6]],
    ]),
    // In the mean over seeds each picture is better by 0.2 or by 0.4.
    row(1, [[recordOf("other-1", 0.8), [0.7, 0.9, 0.7, 0.9]]]),
    row(2, []),
  ]);
}

describe("a spread", () => {
  test("is the mean and the sample standard deviation, and nothing of nothing", () => {
    expect(spreadOf([1, 2, 3, undefined])).toEqual({ mean: 2, deviation: 1 });
    expect(spreadOf([0.4, 0.6])!.deviation).toBeCloseTo(Math.SQRT2 / 10, 12);
    expect(spreadOf([5])).toEqual({ mean: 5 });
    expect(spreadOf([undefined])).toBeUndefined();
  });
});

describe("the table", () => {
  test("names rows that rest on another model than the recorded one", async () => {
    const first = recordOf("base-1", 0.4);
    const scores = [0.4, 0.4, 0.4, 0.4];
    const tableWith = (identity: string): Promise<ComparisonTable> =>
      comparisonTable(plan, [
        row(0, [[first, scores]]),
        row(1, [[recordOf("other-1", 0.8, { uses: { "base-1": identity, elsewhere: "f".repeat(64) } }), scores]]),
      ]);
    expect((await tableWith(first.model.identity)).retrained).toEqual([]);
    const again = await tableWith("e".repeat(64));
    expect(again.retrained).toEqual(["other | row"]);
    expect(tableNotes(again).join()).toContain(
      'another training, of the same options, than the one in the table: "other | row"',
    );
  });

  test("has means and deviations over seeds, of all pictures and of those that chose nothing", async () => {
    const { rows } = await handMade();
    expect(rows[0]!.scores["CIDEr"]!.mean).toBeCloseTo(0.5, 12);
    expect(rows[0]!.scores["CIDEr"]!.deviation).toBeCloseTo(0.141_421_356, 8);
    expect(rows[0]!.rest!.scores["CIDEr"]!.mean).toBeCloseTo(0.6, 12);
    expect(rows[1]!.scores["CIDEr"]).toEqual({ mean: 0.8 });
    expect(rows.map(({ records, planned }) => [records.length, planned])).toEqual([
      [2, 2],
      [1, 2],
      [0, 2],
    ]);
    expect(rows[0]!.curve[1]).toBeCloseTo(0.25, 12);
  });

  test("holds each row against the mean of the base row's seeds", async () => {
    const { rows } = await handMade();
    expect(rows[0]!.differences).toBeUndefined();
    expect(rows[2]!.differences).toBeUndefined();
    const { difference, interval, pValue } = rows[1]!.differences!["CIDEr"]!;
    expect(difference).toBeCloseTo(0.3, 12);
    // Means of four draws from 0.2 and 0.4: the ends have a chance of 1 in 16 each, so that 95 % reaches them.
    expect(interval[0]).toBeCloseTo(0.2, 12);
    expect(interval[1]).toBeCloseTo(0.4, 12);
    expect(pValue).toBeCloseTo(1 / 1001, 12);
    expect(rows[1]!.differences!["BLEU-4"]).toEqual({ difference: 0, interval: [0, 0], pValue: 1 });
  });

  test("refuses records of other pictures, naming both", async () => {
    const evaluation = { ...recordOf("x", 1).evaluation, hash: "1".repeat(64) };
    const rows = [
      row(0, [[recordOf("one", 0.4), [1, 1, 1, 1]]]),
      row(1, [[recordOf("two", 0.4, { evaluation }), [1, 1, 1, 1]]]),
    ];
    await expect(comparisonTable(plan, rows)).rejects.toMatchObject({
      code: "RECORD_MISMATCH",
      message: expect.stringMatching(/"one" and "two"/) as string,
    });
  });
});

function cell(table: ComparisonTable, title: string, place: number): string {
  return columnsOf(table)
    .find((column) => column.title === title)!
    .cell(table.rows[place]!);
}

describe("what is shown", () => {
  test("are scores × 100 with deviation, differences with interval and p, and dashes", async () => {
    const table = await handMade();
    expect(cell(table, "CIDEr", 0)).toBe("50.0 ± 14.1");
    expect(cell(table, "CIDEr without the first 1", 0)).toBe("60.0 ± 14.1");
    expect(cell(table, "CIDEr − that of base", 1)).toBe("+30.0 [20.0, 40.0], p ≤ 0.001");
    expect(cell(table, "CIDEr", 2)).toBe("–");
    expect(cell(table, "runs", 1)).toBe("1 of 2");
    expect(cell(table, "training, min", 0)).toBe("1.0 ± 0.0");
    expect(cell(table, "parameters, M", 0)).toBe("1.5");
    expect(tableNotes(table)).toContain('Not complete: "other | row", "missing".');
  });

  test("stands in Markdown and on a page, what is text there as text", async () => {
    const table = await handMade();
    const markdown = comparisonMarkdown(table, ["x.svg"]);
    expect(markdown).toContain("| other \\| row | 1 of 2 | 80.0 |");
    expect(markdown).toContain("# Hand-made &lt;rows>\n");
    expect(markdown).toContain("![Hand-made &lt;rows>](x.svg)");
    const drawings = await comparisonDrawings(table);
    expect(drawings.scores).toContain("<svg");
    expect(drawings.curves).toContain("<svg");
    const page = comparisonPage(table, drawings);
    expect(page).toContain("<h1>Hand-made &lt;rows&gt;</h1>");
    expect(page).toContain("<td>50.0 ± 14.1</td>");
    expect(page).toContain("base-1, base-2");
    expect(page).not.toMatch(/<script|(?:src|href)="http/);
  });

  test("stands in one line of Markdown, though YAML ends a note with a line break", async () => {
    const rows = [{ name: "gru <b>", note: "Two gates.\nFewer weights.\n", train: {} }];
    const noted = parsePlan({ title: "Notes", note: "of two lines,\nthat is\n", rows }, "p.yaml");
    expect(noted.note).toBe("of two lines,\nthat is");
    const table = await comparisonTable(noted, [{ row: noted.rows[0]!, runs: [], planned: 1 }]);
    const markdown = comparisonMarkdown(table, []);
    expect(markdown).toMatch(/^\| gru &lt;b> \(Two gates\. Fewer weights\.\) \| 0 of 1 \| .*\|$/m);
  });

  test("is text in Markdown wherever it comes from, and names stay as they are", async () => {
    const [evil, safe] = ["a\\|b [x](y) `<i>` &lt;\n# c", String.raw`a\\|b \[x\](y) \`&lt;i>\` &amp;lt; # c`];
    const table = await handMade();
    const signatures = { ...table.signatures, CIDEr: evil };
    const rows = [
      { ...table.rows[0]!, name: evil },
      { ...table.rows[1]!, name: "LSTM, first word" },
    ];
    const markdown = comparisonMarkdown({ ...table, title: evil, note: evil, machines: [evil], signatures, rows }, [
      "x.svg",
    ]);
    const lines = markdown.split("\n");
    expect(lines.slice(0, 3)).toEqual([`# ${safe}`, "", safe]);
    expect(lines).toEqual(
      expect.arrayContaining([`- Machine: ${safe}.`, `- Signature of CIDEr: ${safe}`, `![${safe}](x.svg)`]),
    );
    expect(markdown).toContain(`\n| ${safe.replace("|", String.raw`\|`)} | 2 | 50.0`);
    expect(markdown).toContain("\n| LSTM, first word | 1 of 2 | 80.0 |");
  });

  test("is nothing where nothing has run", async () => {
    const empty = await comparisonTable(plan, [row(0, [])]);
    expect(await comparisonDrawings(empty)).toEqual({});
    expect(empty.pictures).toBe(0);
  });
});
