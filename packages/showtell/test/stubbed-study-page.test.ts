// A rater's page in a real Chromium before a service that is made up here: pictures that don't come, answers that are not the service's, keys
// that are meant for something else.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ServedFolders } from "./browser.ts";
import { launchBrowser, serveFolders } from "./browser.ts";
import { describeGroup } from "./groups.ts";
import { root } from "./source-files.ts";

const others = { contentType: "text/html", body: "<html>Sign in to this network</html>" };

interface Opened {
  readonly page: Page;
  /** What was sent as answers, in order. */
  readonly answers: unknown[];
}

/** Waits until the picture is there, before which nothing is judged. */
const seen = (page: Page): Promise<void> => page.locator('.choice-left[aria-disabled="false"]').waitFor();

describeGroup("browser", () => {
  let served: ServedFolders;
  let browser: Browser;
  let picture: Buffer;

  beforeAll(async () => {
    picture = await readFile(join(root, "examples/photos/camera.png"));
    served = await serveFolders({ "/": join(root, "packages/showtell/dist/ui") });
    browser = await launchBrowser();
  });

  afterAll(async () => {
    await browser.close();
    await served.close();
  });

  /** The page of a study with two comparisons. */
  async function open(pictureOf: () => object = () => ({ contentType: "image/png", body: picture })): Promise<Opened> {
    const page = await browser.newPage({ viewport: { width: 500, height: 250 } });
    const answers: unknown[] = [];
    const tasks = ["first", "second"].map((name) => ({ captions: [`${name} on the left`, `${name} on the right`] }));
    const session = { kind: "side-by-side", scales: [], tasks };
    await page.route("**/v1/studies/session", (route) => route.fulfill({ json: session }));
    await page.route("**/v1/studies/picture*", (route) => route.fulfill(pictureOf()));
    await page.route("**/v1/studies/answers", (route) => {
      answers.push((route.request().postDataJSON() as { readonly answer: unknown }).answer);
      return route.fulfill({ json: { answered: answers.length } });
    });
    await page.goto(`${served.origin}/rate.html#token`);
    await page.waitForSelector(".task");
    return { page, answers };
  }

  test("the key that scrolls a small page judges nothing", async () => {
    const { page, answers } = await open();
    await seen(page);
    await page.keyboard.press("ArrowDown");
    await expect.poll(() => page.evaluate(() => scrollY)).toBeGreaterThan(0);
    await page.keyboard.press("ArrowRight");
    await page.getByText("1 of 2 saved").waitFor();
    expect(answers).toEqual([{ kind: "choice", choice: "right" }]);
    await page.close();
  });

  test("nobody judges a picture that can't be shown, and it is fetched again", async () => {
    let isBroken = true;
    const { page, answers } = await open(() => (isBroken ? others : { contentType: "image/png", body: picture }));
    const again = page.getByRole("button", { name: "try again" });
    await again.waitFor();
    expect(await page.locator(".task-picture img").count()).toBe(0);
    await page.keyboard.press("1");
    await page.locator(".choice-left").dispatchEvent("click");
    isBroken = false;
    await again.click();
    await seen(page);
    await page.keyboard.press("3");
    await page.getByText("1 of 2 saved").waitFor();
    expect(answers).toEqual([{ kind: "choice", choice: "tie" }]);
    await page.close();
  });

  test("an answer is saved once the service says so, and sent again where something else answered", async () => {
    const { page, answers } = await open();
    await seen(page);
    await page.route("**/v1/studies/answers", (route) => route.fulfill(others), { times: 1 });
    await page.keyboard.press("1");
    await page.getByText("trying again").waitFor();
    expect(answers).toEqual([]);
    await page.getByText("1 of 2 saved").waitFor();
    expect(answers).toEqual([{ kind: "choice", choice: "left" }]);
    await page.close();
  });
});
