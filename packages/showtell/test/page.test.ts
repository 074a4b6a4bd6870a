// The web page in a real Chromium, as people use it: photos dropped and chosen, captions read, edited, steered and copied; on the device
// and by a service; with a keyboard, on a phone, in light and dark.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ServedFolders } from "./browser.ts";
import { launchBrowser, serveFolders } from "./browser.ts";
import { showtell } from "./cli/run.ts";
import { describeGroup } from "./groups.ts";
import { captionedMs, drop, expectUsable, tabTo } from "./page-actions.ts";
import { root } from "./source-files.ts";
import { isolation } from "./web/bundled.ts";

const photo = (name: string): string => join(root, "examples/photos", name);
const broken = join(root, "packages/showtell/test/fixtures/photos/coffee-truncated.jpg");

/** Waits until as many photos have their captions, or an error. */
const captioned = (page: Page, count: number): Promise<unknown> =>
  page.waitForFunction(
    (wanted) =>
      document.querySelectorAll('.card[data-state="captioned"], .card[data-state="failed"]').length === wanted,
    count,
    { timeout: captionedMs },
  );

/** What the service answers with a caption of these words, in each of which the model looked elsewhere. */
const answerOf = (...tokens: string[]): object => {
  const candidate = {
    caption: tokens.join(" "),
    tokens,
    logProbability: -2,
    tokenLogProbabilities: [...tokens, "."].map(() => -0.5),
    attention: tokens.map((_, word) => Array.from({ length: 49 }, (__, part) => (part === 8 * word ? 0.52 : 0.01))),
  };
  return { results: [{ ...candidate, image: "camera.png", candidates: [candidate] }] };
};

describeGroup("browser", () => {
  let folder: string;
  let served: ServedFolders;
  let browser: Browser;
  let context: BrowserContext;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "showtell-page-"));
    const { status, stderr } = await showtell(["web", "build", "--out", join(folder, "page")]);
    expect(status, stderr).toBe(0);
    served = await serveFolders({ "/": join(folder, "page") }, isolation);
    browser = await launchBrowser();
    context = await browser.newContext({ permissions: ["clipboard-read", "clipboard-write"] });
  });

  afterAll(async () => {
    await browser.close();
    await served.close();
    await rm(folder, { recursive: true });
  });

  /** A page that keeps what it asks for and what it complains of. */
  async function open(): Promise<{ page: Page; asked: URL[]; complaints: string[] }> {
    const page = await context.newPage();
    const asked: URL[] = [];
    const complaints: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url())));
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto(`${served.origin}/`);
    await page.waitForSelector("h1");
    return { page, asked, complaints };
  }

  test(
    "captions photos on the device, and everything that people do with captions works",
    async () => {
      const { page, asked, complaints } = await open();
      await expectUsable(page);
      await drop(page, photo("chelsea.jpg"), broken);
      await captioned(page, 2);

      // The broken file is an error in words, and the other does not mind it.
      const card = page.locator('.card[data-state="captioned"]');
      expect(await card.locator(".caption").textContent()).toBe(
        await card.locator(".candidate-words").first().textContent(),
      );
      expect((await card.locator(".caption").textContent())!.split(" ").length).toBeGreaterThan(3);
      expect(await page.locator('.card[data-state="failed"] [role="alert"]').textContent()).toContain(
        "is broken or cut off",
      );
      expect(await page.locator(".progress").textContent()).toBe("2 of 2 photos done, 1 of them without a caption");
      expect(await page.locator("#device-words").textContent()).toMatch(
        /^Photos stay on this device: captioned by WebAssembly/,
      );

      // Why each word: where the model looked at once, what it needed when all parts have been hidden, and how the two agree.
      await card.getByRole("button", { name: "Why these words?" }).click();
      const words = card.getByRole("toolbar", { name: "Words of the caption" });
      expect((await words.locator("button").allTextContents()).join(" ")).toBe(
        await card.locator(".caption").textContent(),
      );
      const chosen = (): Promise<string | null> => words.locator('[aria-pressed="true"]').textContent();
      const said = (map: number): Promise<string | null> => card.locator(".map [role=status]").nth(map).textContent();
      await words.locator("button").first().click();
      const drawn = (map: number): Promise<string> =>
        card
          .locator(".heat canvas")
          .nth(map)
          .evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
      expect(await said(0)).toMatch(/^For “.*” it looked /);
      const first = await drawn(0);
      await page.keyboard.press("ArrowRight");
      await page.keyboard.press("End");
      await page.keyboard.press("ArrowLeft");
      const word = (await words.locator("button").allTextContents()).at(-2);
      expect(await chosen()).toBe(word);
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe(word);
      await page.waitForFunction(
        (before) => document.querySelector<HTMLCanvasElement>(".heat canvas")!.toDataURL() !== before,
        first,
      );
      expect(await said(0)).toContain(`“${word}”`);
      await card.locator(".agreement").waitFor({ timeout: 2 * captionedMs });
      expect(await said(1)).toMatch(/^(?:Hiding the .* times less likely|No part of the photo matters much)/);
      expect(await said(1)).toContain(`“${word}”`);
      expect(await drawn(1)).not.toBe(await drawn(0));
      const agreement = await card.locator(".agreement [role=status]").textContent();
      expect(agreement).toMatch(/^For “.*” the two .* \(−?[01]\.\d\d\)\. Over the whole caption it is −?[01]\.\d\d\. /);
      await page.locator(".steering summary").click();
      await expectUsable(page);

      // Another candidate, an edit in place, copies.
      await card.locator(".candidates button").nth(1).click();
      const second = await card.locator(".candidate-words").nth(1).textContent();
      expect(await card.locator(".caption").textContent()).toBe(second);
      await card.getByLabel("Edit the caption").click();
      await page.keyboard.press("Control+A");
      await page.keyboard.type('a photo of a "tabby" cat');
      await page.keyboard.press("Enter");
      expect(await card.locator(".caption").textContent()).toBe('a photo of a "tabby" cat');
      const copied = async (form: string): Promise<string> => {
        await card.getByRole("button", { name: form, exact: true }).click();
        await card.getByText(`Copied as ${form}`).waitFor({ state: "attached" });
        return page.evaluate(() => navigator.clipboard.readText());
      };
      expect(await copied("Alt text")).toBe('A "tabby" cat');
      expect(await copied("HTML")).toBe('<img src="chelsea.jpg" alt="A &quot;tabby&quot; cat">');
      await card.getByLabel("decorative").check();
      expect(await copied("Markdown")).toBe("![](chelsea.jpg)");

      // Steering changes what is said.
      await page.getByLabel("Remove coffee-truncated.jpg").click();
      await page.getByLabel("Must say", { exact: true }).fill("cat");
      await page.getByLabel("Begins with").fill("a small");
      await page.getByRole("button", { name: "Caption again" }).click();
      await page.waitForFunction(
        () => document.querySelector(".caption")?.textContent?.startsWith("a small") === true,
        undefined,
        { timeout: captionedMs },
      );
      expect(await page.locator(".caption").textContent()).toMatch(/^a small .*\bcat\b/);
      expect(await page.locator(".how").textContent()).toContain("times less likely");
      await page.getByLabel("Must say", { exact: true }).fill("xylograph");
      await page.getByRole("button", { name: "Caption again" }).click();
      expect(await page.locator('.card [role="alert"]').textContent({ timeout: captionedMs })).toContain("xylograph");

      // Nobody else was asked for anything.
      expect(asked.filter(({ protocol, origin }) => protocol !== "blob:" && origin !== served.origin)).toEqual([]);
      expect(complaints).toEqual([]);
      await page.close();
    },
    4 * captionedMs,
  );

  test("is used without a mouse", async () => {
    const { page } = await open();
    const focused = (): Promise<string | undefined> => page.evaluate(() => document.activeElement?.textContent?.trim());
    const reached: (string | undefined)[] = [];
    for (let step = 0; step < 6; step++) {
      await page.keyboard.press("Tab");
      reached.push(await focused());
    }
    expect(reached).toEqual(expect.arrayContaining(["Choose photos", "Use the camera", "Steer the captions"]));
    // The system's own dialog can't be shown here; the page asks for it by a click on its field.
    await page.evaluate(() => {
      document.querySelector("input[type=file]")!.addEventListener("click", (event) => {
        event.preventDefault();
        document.title = "asked for files";
      });
    });
    await page.getByRole("button", { name: "Choose photos" }).focus();
    await page.keyboard.press("Enter");
    expect(await page.title()).toBe("asked for files");
    await page.locator(".steering summary").focus();
    await page.keyboard.press("Enter");
    expect(await page.getByLabel("Must say", { exact: true }).isVisible()).toBe(true);
    await page.close();
  });

  test(
    "is walked from caption to why to steering by keys alone",
    async () => {
      const { page, complaints } = await open();
      await page.route("**/page.json", async (route) => {
        const place = JSON.parse(await readFile(join(folder, "page/page.json"), "utf8")) as object;
        await route.fulfill({ json: { ...place, service: true } });
      });
      // The model is not asked here: what counts is what the keys do, and what is sent then.
      const steered: (string | undefined)[] = [];
      await page.exposeFunction("tellSent", (must?: string) => steered.push(must));
      await page.addInitScript(() => {
        const { fetch } = globalThis;
        globalThis.fetch = async (address, request) => {
          const { body } = request ?? {};
          if (body instanceof FormData)
            await (globalThis as unknown as { tellSent(must?: string): Promise<void> }).tellSent(
              (body.get("must") as string | null) ?? undefined,
            );
          return fetch(address, request);
        };
      });
      await page.route("**/v1/captions", (route) =>
        route.fulfill({
          json: steered.at(-1) === "tripod" ? answerOf("a", "man", "with", "a", "tripod") : answerOf("a", "man"),
        }),
      );
      await page.reload();
      await page.waitForSelector("h1");
      await drop(page, photo("camera.png"));
      await captioned(page, 1);

      await tabTo(page, "Edit the caption");
      // Before anything is painted, so that no key of a quick typist is lost.
      const focusedAtOnce = (key?: string): Promise<string | null | undefined> =>
        page.evaluate(async (pressed) => {
          const element = document.activeElement as HTMLElement;
          if (pressed === undefined) element.click();
          else element.dispatchEvent(new KeyboardEvent("keydown", { key: pressed, bubbles: true }));
          await Promise.resolve();
          return document.activeElement?.getAttribute("aria-label");
        }, key);
      expect(await focusedAtOnce()).toBe("Caption");
      expect(await focusedAtOnce("Escape")).toBe("Edit the caption");
      await page.keyboard.press("Enter");
      await page.keyboard.press("Escape");
      expect(await page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toBe("Edit the caption");
      await tabTo(page, "Why these words?");
      await page.keyboard.press("Enter");
      await tabTo(page, "man");
      await page.keyboard.press("ArrowLeft");
      await page.getByText("For “a” it looked").waitFor();
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("a");
      await tabTo(page, "Steer the captions", "Shift+Tab");
      await page.keyboard.press("Enter");
      await tabTo(page, "Must say");
      await page.keyboard.type("tripod");
      await page.keyboard.press("Enter");
      await page.locator(".caption").getByText("a man with a tripod").waitFor();
      expect(steered).toEqual([undefined, "tripod"]);
      expect(complaints).toEqual([]);
      await page.close();
    },
    2 * captionedMs,
  );

  test(
    "sends photos to the service where there is one, unless it is told to stay on the device",
    async () => {
      const { page } = await open();
      await page.route("**/page.json", async (route) => {
        const place = JSON.parse(await readFile(join(folder, "page/page.json"), "utf8")) as object;
        await route.fulfill({ json: { ...place, service: true } });
      });
      const sent: string[] = [];
      await page.route("**/v1/captions", async (route) => {
        sent.push(route.request().headers()["content-type"]!);
        await route.fulfill({
          status: 429,
          json: { error: { code: "BUSY", message: "too many pictures wait: try again in 3 s" } },
        });
      });
      await page.reload();
      await page.waitForSelector("h1");
      expect(await page.getByRole("switch").getAttribute("aria-checked")).toBe("false");
      await drop(page, photo("camera.png"));
      await captioned(page, 1);
      expect(sent).toEqual([expect.stringMatching(/^multipart\/form-data/)]);
      expect(await page.locator('.card [role="alert"]').textContent()).toContain(
        "Too many pictures wait: try again in 3 s",
      );

      await page.getByRole("switch").click();
      await page.locator(".steering summary").click();
      await page.getByRole("button", { name: "Caption again" }).click();
      await page.waitForSelector('.card[data-state="captioned"]', { timeout: captionedMs });
      expect(await page.locator(".how").textContent()).toContain("on this device");
      expect(sent).toHaveLength(1);
      await page.close();
    },
    2 * captionedMs,
  );

  test(
    "asks for the token of a service that wants one, once, and keeps it as long as the tab is open",
    async () => {
      const { page } = await open();
      const told = JSON.stringify({ service: true });
      await page.route("**/page.json", (route) => route.fulfill({ contentType: "application/json", body: told }));
      const headers: (string | undefined)[] = [];
      await page.route("**/v1/captions", (route) => {
        const sent = route.request().headers()["authorization"];
        headers.push(sent);
        const refusal = { error: { code: "UNAUTHORISED", message: "a token is asked for" } };
        return sent === "Bearer right"
          ? route.fulfill({ contentType: "application/json", body: JSON.stringify(answerOf("a", "man")) })
          : route.fulfill({ status: 401, contentType: "application/json", body: JSON.stringify(refusal) });
      });
      await page.reload();
      await page.waitForSelector("h1");
      await drop(page, photo("camera.png"));
      const dialog = page.getByRole("dialog");
      await dialog.waitFor();
      await expectUsable(page);
      await dialog.getByRole("button", { name: "Not now" }).click();
      await captioned(page, 1);
      expect(await page.locator('.card [role="alert"]').textContent()).toContain("A token is asked for");

      // What somebody does asks again, a wrong token too; the right one is sent with all that follows.
      await drop(page, photo("chelsea.jpg"));
      for (const token of ["wrong", "right"]) {
        await dialog.getByLabel("Token").fill(token);
        await dialog.getByRole("button", { name: "Use it" }).click();
      }
      await page.waitForSelector('.card[data-state="captioned"]', { timeout: captionedMs });
      await page.reload();
      await page.waitForSelector("h1");
      await drop(page, photo("camera.png"));
      await page.waitForSelector('.card[data-state="captioned"]', { timeout: captionedMs });
      expect(headers).toEqual([undefined, undefined, "Bearer wrong", "Bearer right", "Bearer right"]);
      await page.close();
    },
    captionedMs,
  );
});
