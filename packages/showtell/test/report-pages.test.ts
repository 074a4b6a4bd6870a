// The reports of an evaluation and of a comparison in a real Chromium: usable in light and dark, at a desk and on a phone. What a study
// reports is looked at in study-page.test.ts.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { publishedResults } from "../src/evaluate/published-results.ts";
import { reportDrawings } from "../src/evaluate/report-drawings.ts";
import { reportPage } from "../src/evaluate/report-page.ts";
import { shownPictures } from "../src/evaluate/report.ts";
import { launchBrowser } from "./browser.ts";
import { showtell } from "./cli/run.ts";
import { reported } from "./evaluate/report-fixture.ts";
import { describeGroup } from "./groups.ts";
import { expectUsable } from "./page-actions.ts";
import { root } from "./source-files.ts";

async function evaluationPage(): Promise<string> {
  const report = await reported();
  const pixel = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=";
  const shown = shownPictures(report.pictures, 4);
  const thumbnails = new Map([...shown.best, ...shown.median, ...shown.worst].map((place) => [place, pixel]));
  return reportPage(report, {
    drawings: await reportDrawings(report),
    shown,
    thumbnails,
    published: publishedResults,
  });
}

function isScrolled({ scrollWidth, clientWidth }: Element): boolean {
  return scrollWidth > clientWidth;
}

/** The comparison of which this repository has records. */
async function comparisonPage(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "showtell-report-"));
  const plan = join(root, "docs/results/plans/path.yaml");
  const { status, stderr } = await showtell(["compare", plan, "--report-only", "--report", folder, "--quiet"], {
    cwd: root,
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const page = await readFile(join(folder, "path.html"), "utf8");
  await rm(folder, { recursive: true });
  return page;
}

describeGroup("browser", () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchBrowser();
  }, 60_000);
  afterAll(() => browser.close());

  test.each([
    ["an evaluation", evaluationPage],
    ["a comparison", comparisonPage],
  ])(
    "%s can be read everywhere",
    async (_, made) => {
      const page = await browser.newPage();
      await page.setContent(await made());
      expect(await page.locator("h1").count()).toBe(1);
      expect(await page.locator("svg").count()).toBeGreaterThan(0);
      await expectUsable(page);
      await page.setViewportSize({ width: 360, height: 740 });
      const charts = page.locator(".chart.narrow");
      expect(await charts.count()).toBeGreaterThan(0);
      for (const chart of await charts.all()) expect(await chart.evaluate(isScrolled)).toBe(false);
      await page.close();
    },
    120_000,
  );
});
