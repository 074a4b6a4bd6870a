// A study of ten pictures by two raters in a real Chromium: with keys and with clicks, undone, left and resumed, while the service is killed;
// and the report on it.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openStore } from "../src/store/store.ts";
import { readStudy } from "../src/store/studies.ts";
import type { StudyReport } from "../src/study/report.ts";
import { launchBrowser } from "./browser.ts";
import { showtell } from "./cli/run.ts";
import { describeGroup } from "./groups.ts";
import { expectUsable, tabTo } from "./page-actions.ts";
import { createStudy, serveStore, writeStudyInputs } from "./study-fixture.ts";
import type { ServedStore } from "./study-fixture.ts";

/** Processes start and models load several times in each test; a machine that does other things, too, needs many times their seconds. */
const wholeStudyMs = 400_000;

/** Waits until a task's picture is there, before which it can't be judged, or all are judged. */
function ready(page: Page): Promise<unknown> {
  return page.locator('.choice[aria-disabled="false"], .thanks').first().waitFor();
}

/** Waits until so many tasks are judged, and that is on disk; and the next can be. */
async function judged(page: Page, count: number, total: number): Promise<void> {
  await page.getByText(`${count} of ${total} saved`).waitFor({ timeout: 120_000 });
  await ready(page);
}

/** Keeps, in a page that is opened from now on, which pictures it holds in memory. */
function watchPictures(page: Page): Promise<unknown> {
  return page.addInitScript(() => {
    const held = new Set<string>();
    const create = URL.createObjectURL.bind(URL);
    const revoke = URL.revokeObjectURL.bind(URL);
    URL.createObjectURL = (blob) => {
      const url = create(blob);
      held.add(url);
      return url;
    };
    URL.revokeObjectURL = (url) => {
      held.delete(url);
      revoke(url);
    };
    Object.assign(globalThis, { held });
  });
}

/** How many pictures a page holds. */
function heldBy(page: Page): Promise<number> {
  return page.evaluate(() => (globalThis as unknown as { readonly held: ReadonlySet<string> }).held.size);
}

/** What has the focus: the heading of the task, or something else. */
function focusedIn(page: Page): Promise<string | undefined> {
  return page.evaluate(() => document.activeElement?.id || document.activeElement?.tagName);
}

describeGroup("browser", () => {
  let folder: string;
  let data: string;
  let model: string;
  let browser: Browser;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "showtell-study-page-"));
    ({ data, model } = await writeStudyInputs(folder));
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await rm(folder, { recursive: true });
  });

  async function open(url: string, link: string): Promise<Page> {
    const page = await browser.newPage();
    await watchPictures(page);
    await page.goto(`${url}rate.html${new URL(link).hash}`);
    await ready(page);
    return page;
  }

  test(
    "two raters at once, a double click, undo, a killed service, leaving and coming back; then the report",
    { timeout: wholeStudyMs },
    async () => {
      const store = join(folder, "store");
      const args = ["--data", data, "--split", "all", "--sample", "10", "--store", store];
      const { links, tasks: total } = await createStudy([...args, "--model", model, "--model", "human"]);
      let served: ServedStore = await serveStore(store, model);
      try {
        const { url } = served;
        const [first, second] = [await open(url, links[0]!), await open(url, links[1]!)];
        await expectUsable(first);
        expect(await focusedIn(first)).toBe("BODY");

        // A double click judges one picture, not two.
        await first.locator(".choice-left").dblclick();
        await second.keyboard.press("2");
        await judged(first, 1, total);
        await judged(second, 1, total);
        // Undo takes back, on disk; coming back finds it so.
        await first.keyboard.press("3");
        await judged(first, 2, total);
        await first.keyboard.press("u");
        await judged(first, 1, total);
        // The picture is there again, though it was let go; those of this task and of the three after it, shown or fetched ahead, are held.
        await first.waitForFunction(() => document.querySelector<HTMLImageElement>(".task-picture img")?.complete);
        expect(await first.locator(".task-picture img").evaluate((img) => (img as HTMLImageElement).naturalWidth)).toBe(
          96,
        );
        await expect.poll(() => heldBy(first)).toBe(4);
        await first.reload();
        await ready(first);
        expect(await first.locator(".rate-progress b").textContent()).toBe(`1 of ${total}`);

        // The service dies; what is answered meanwhile is kept once it is back, once.
        await served.kill();
        await first.keyboard.press("1");
        await first.getByText("trying again").waitFor();
        await first.keyboard.press("1");
        served = await serveStore(store, model, new URL(url).port);
        await judged(first, 2, total);

        for (let done = 2; done < total; done++) {
          await first.locator(done % 2 === 0 ? ".choice-left" : ".choice-tie").click();
          await judged(first, done + 1, total);
        }
        // The focus goes on to the task that is shown from a button that can't be used any more, or that is gone.
        await tabTo(second, "Undo U");
        await second.keyboard.press("Enter");
        await expect.poll(() => focusedIn(second)).toBe("question");
        await ready(second);
        await second.keyboard.press("2");
        await judged(second, 1, total);
        await tabTo(second, "Undo U");
        for (let done = 1; done < total; done++) {
          if (done === 1) await tabTo(second, (await second.locator(".choice-left").textContent())!);
          await second.keyboard.press(done === 1 ? "Enter" : done % 3 === 0 ? "3" : "1");
          await judged(second, done + 1, total);
          if (done === 1) expect(await focusedIn(second)).toBe("question");
        }
        await first.getByText("Thank you").waitFor();
        await expect.poll(() => heldBy(first)).toBe(0);
        const stranger = await browser.newPage();
        await stranger.goto(`${url}rate.html#nobody`);
        await stranger.getByText("belongs to no study").waitFor();
        await expectUsable(stranger);
        await stranger.close();
        await expectUsable(first);
        await Promise.all([first.close(), second.close()]);
      } finally {
        await served.kill();
      }

      const file = await openStore(store);
      const { answers } = readStudy(file, 1);
      file.close();
      const choices = (rater: number): string[] =>
        answers.flatMap((one) => (one.rater === rater && one.answer.kind === "choice" ? [one.answer.choice] : []));
      const rest = Array.from({ length: total - 2 }, (_, i) => (i % 2 === 0 ? "left" : "tie"));
      expect(choices(0)).toEqual(["left", "left", ...rest]);
      expect(choices(1)).toEqual([
        "right",
        ...Array.from({ length: total - 1 }, (_, i) => ((i + 1) % 3 === 0 ? "tie" : "left")),
      ]);

      const { status, stdout, stderr } = await showtell([
        "study",
        "report",
        "--store",
        store,
        "--json",
        "--out",
        join(folder, "report"),
      ]);
      expect(status, stderr).toBe(0);
      const report = JSON.parse(stdout) as StudyReport;
      expect(report).toMatchObject({ kind: "side-by-side", pictures: 10, items: 10, judgments: 20 });
      expect(report.raters.map(({ open: left, checks }) => [left, checks])).toEqual([
        [0, 1],
        [0, 1],
      ]);
      const page = await browser.newPage();
      await page.goto(`file://${join(folder, "report", "report.html")}`);
      expect(await page.locator("h1").textContent()).toBe("one, human: judged by people");
      await expectUsable(page);
      await page.close();
    },
  );

  test("rates adequacy and fluency with number keys alone", { timeout: wholeStudyMs }, async () => {
    const store = join(folder, "ratings");
    const args = [
      "--data",
      data,
      "--split",
      "all",
      "--sample",
      "2",
      "--kind",
      "rating",
      "--raters",
      "1",
      "--store",
      store,
    ];
    const { links, tasks: total } = await createStudy([...args, "--checks", "0", "--model", "human"]);
    const served = await serveStore(store, model);
    try {
      const page = await open(served.url, links[0]!);
      await expectUsable(page);
      await page.keyboard.press("9");
      await page.keyboard.press("4");
      expect(await page.locator('[data-asked="true"] legend').textContent()).toContain("English");
      await page.keyboard.press("5");
      await judged(page, 1, total);
      await page.keyboard.press("2");
      await page.keyboard.press("1");
      await judged(page, 2, total);
      await page.close();
    } finally {
      await served.kill();
    }
    const file = await openStore(store);
    const values = readStudy(file, 1).answers.map(({ answer }) => answer);
    file.close();
    expect(values).toEqual([
      { kind: "ratings", ratings: { adequacy: 4, fluency: 5 } },
      { kind: "ratings", ratings: { adequacy: 2, fluency: 1 } },
    ]);
  });
});
