// The web page as `serve` shows it, in a real Chromium: how sure the model is and its silence, training neighbours, and training runs while
// they go on.
import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { buildNeighbours, loadCaptioner, openSession } from "showtell/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readBundle } from "../src/bundle/bundle.ts";
import type { Calibration } from "../src/bundle/calibration.ts";
import { launchBrowser } from "./browser.ts";
import { fileOf } from "./bundle/tiny-decoder.ts";
import { showtell } from "./cli/run.ts";
import type { Ended } from "./cli/run.ts";
import { writeTinyModel } from "./cli/tiny-model.ts";
import { describeGroup } from "./groups.ts";
import { writeRun } from "./node/run-fixture.ts";
import { colourRun, writeColourData } from "./node/training-fixture.ts";
import { captionedMs, drop, expectUsable } from "./page-actions.ts";
import { root } from "./source-files.ts";

const photo = join(root, "examples/photos/chelsea.jpg");

/** Gives a bundle a calibration by which every caption is good with the same probability. */
async function calibrate(path: string, probability: number): Promise<void> {
  const { manifest, decoder } = readBundle(await readFile(path), path);
  const calibration: Calibration = {
    decoder: decoder!.manifest.identity,
    metric: "CIDEr-D",
    threshold: 0.5,
    beam: 3,
    data: { name: "colours", split: "dev", pictures: 1000 },
    intercept: Math.log(probability / (1 - probability)),
    terms: [],
    quality: { share: 0.4, expectedCalibrationError: 0.01, brier: 0.2, bins: [] },
  };
  await writeFile(path, fileOf({ manifest: { ...manifest, calibration }, decoder: decoder! }));
}

interface Served {
  readonly url: string;
  /** Ends it, and tells how it ended. */
  stop(this: void): Promise<Ended>;
}

/** `showtell serve` at a free port. */
function serve(args: readonly string[], environment = {}): Promise<Served> {
  return new Promise((resolve, reject) => {
    const ended = showtell(["serve", "--port", "0", "--quiet", "--threads", "1", "--deadline", "600", ...args], {
      environment,
      onOutput(child, { stdout }) {
        const [, url] = /listens at (\S+)\n/.exec(stdout) ?? [];
        if (url === undefined) return;
        const stop = (): Promise<Ended> => {
          child.kill("SIGTERM");
          return ended;
        };
        resolve({ url, stop });
      },
    });
    void ended.then(({ stderr }) => reject(new Error(stderr)));
  });
}

/** Whether the page is told of a model for the device, and of training neighbours for it, and the status of each file. */
async function handedOut(url: string): Promise<Record<"told" | "statuses", readonly unknown[]>> {
  const { device } = (await (await fetch(`${url}page.json`)).json()) as { device?: { neighbours?: object } };
  const statuses = ["models/tiny.safetensors", "training/neighbours.safetensors"].map(async (path) => {
    const response = await fetch(`${url}${path}`);
    await response.arrayBuffer();
    return response.status;
  });
  return {
    told: [device !== undefined, device?.neighbours !== undefined],
    statuses: await Promise.all(statuses),
  };
}

describeGroup("browser", () => {
  let folder: string;
  let asked: readonly string[];
  let served: Served;
  let browser: Browser;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "showtell-service-page-"));
    const [model, neighbours, runs] = ["tiny.safetensors", "neighbours.safetensors", "runs"].map((name) =>
      join(folder, name),
    ) as [string, string, string];
    await mkdir(runs);
    await writeColourData(folder);
    await copyFile(photo, join(folder, "images", "chelsea.jpg"));
    await writeTinyModel(model);
    await calibrate(model, 0.6);
    const plain = await loadCaptioner({ model, threads: 1 });
    const { caption } = await plain.caption(photo);
    await plain.dispose();
    const cat = { image: "chelsea.jpg", captions: ["a cat that looks", `${caption.toUpperCase()} .`], split: "train" };
    const data = join(folder, "taught.jsonl");
    await writeFile(data, `${await readFile(join(folder, "captions.jsonl"), "utf8")}${JSON.stringify(cat)}\n`);
    const [images, cache] = [join(folder, "images"), join(folder, "features")];
    await buildNeighbours({ model, data, images, split: "train", out: neighbours, cache, openSession });

    asked = ["--model", model, "--neighbours", neighbours, "--runs", runs];
    served = await serve(asked);
    browser = await launchBrowser();
  }, 2 * captionedMs);

  afterAll(async () => {
    await browser.close();
    await served.stop();
    await rm(folder, { recursive: true });
  });

  async function open(fragment = ""): Promise<{ page: Page; complaints: string[] }> {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto(`${served.url}${fragment}`);
    await page.waitForSelector("h1");
    return { page, complaints };
  }

  test("hands model and training data's captions to the device, but not where a token is asked for", async () => {
    expect(await handedOut(served.url)).toEqual({ told: [true, true], statuses: [200, 200] });
    const guarded = await serve(asked, { SHOWTELL_TOKEN: "s3cret" });
    expect(await handedOut(guarded.url)).toEqual({ told: [false, false], statuses: [404, 404] });
    await guarded.stop();
  });

  test(
    "says how sure the model is, keeps silent below what is asked, and holds captions against training data",
    async () => {
      const { page, complaints } = await open();
      await drop(page, photo);
      const card = page.locator('.card[data-state="captioned"]');
      await card.waitFor({ timeout: captionedMs });
      const sureness = await card.locator(".sureness").textContent();
      expect(sureness).toMatch(/^60 % sure that this caption is good/);
      const [bar] = await card
        .locator(".sureness .candidate-bar > span")
        .evaluateAll((spans) =>
          spans.map((span) => span.getBoundingClientRect().width / span.parentElement!.getBoundingClientRect().width),
        );
      expect(bar).toBeCloseTo(0.6, 2);
      await card.getByText("What do these numbers mean?").click();
      const meaning = card.locator(".meaning");
      expect(await meaning.getByText("about 60 in 100 score above 0.5 in CIDEr-D").isVisible()).toBe(true);
      expect(await meaning.textContent()).toContain("Of all its captions, 40 in 100 do");

      // The photo itself is the nearest training picture, and the caption is one of its own.
      await card.getByRole("button", { name: "Why these words?" }).click();
      const near = card.getByRole("region", { name: "Training data" });
      expect(await near.locator("ol > li").count()).toBe(3);
      expect(await near.locator(".neighbour-name").first().textContent()).toMatch(/^chelsea\.jpg 100 % alike$/);
      expect(await near.locator("ol > li").first().textContent()).toContain("a cat that looks");
      expect(await near.locator("p").first().textContent()).toContain("This sentence is a copy: one training caption");
      expect(await card.locator(".why").textContent()).toContain("it has no attention to show");
      await expectUsable(page);
      const names = await near.locator(".neighbour-name > span").allTextContents();
      await card.getByRole("button", { name: "Why these words?" }).click();

      // The device holds its own captions against the same table, fetched with the model.
      await page.getByRole("switch").click();
      await page.locator(".steering summary").click();
      await page.getByRole("button", { name: "Caption again" }).click();
      await card.locator(".how").getByText("on this device").waitFor({ timeout: captionedMs });
      await card.getByRole("button", { name: "Why these words?" }).click();
      expect(await near.locator(".neighbour-name > span").allTextContents()).toEqual(names);
      expect(await near.locator(".neighbour-name").first().textContent()).toMatch(/^chelsea\.jpg (?:99|100) % alike$/);
      expect(await near.locator("p").first().textContent()).toMatch(/This sentence is a copy|No training caption is/);
      await card.getByRole("button", { name: "Why these words?" }).click();
      await page.getByRole("switch").click();

      await page.getByLabel("Say nothing below").fill("80");
      await page.getByRole("button", { name: "Caption again" }).click();
      await card.locator(".silence").waitFor({ timeout: captionedMs });
      expect(await card.locator(".silence").textContent()).toContain("only 60 % sure");
      expect(await card.locator(".caption").count()).toBe(0);
      await expectUsable(page);
      await card.getByRole("button", { name: "Show it anyway" }).click();
      expect(await card.locator(".caption").count()).toBe(1);
      expect(complaints).toEqual([]);
      await page.close();
    },
    4 * captionedMs,
  );

  test(
    "shows training runs grow, and compares two",
    async () => {
      const { page, complaints } = await open("#runs");
      await page.getByText("There is no run in the folder yet").waitFor();

      const request = colourRun(folder, join("runs", "live"));
      const training = { ...request.training, epochs: 400, patience: 400 };
      const child = execFile(process.execPath, [
        join(import.meta.dirname, "node", "training-child.mjs"),
        JSON.stringify({ ...request, training }),
      ]);
      const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
      const status = page.locator(".run [role=status]");
      const epochOf = async (): Promise<number> => Number(/epoch (\d+) of 400/.exec((await status.textContent())!)![1]);
      try {
        await page.getByText(/^running: epoch [1-9]\d* of 400, at most .* left$/).waitFor({ timeout: captionedMs });
        const [first, drawn] = [await epochOf(), await page.locator(".chart-line path").first().getAttribute("d")];
        await page.waitForFunction(
          (before) =>
            Number(/epoch (\d+) of/.exec(document.querySelector(".run [role=status]")!.textContent)![1]) > before,
          first,
          { timeout: captionedMs },
        );
        expect(await page.locator(".chart-line path").first().getAttribute("d")).not.toBe(drawn);
      } finally {
        child.kill("SIGKILL");
        await ended;
      }
      await page.getByText(/^interrupted: epoch /).waitFor({ timeout: captionedMs });
      expect(await page.locator(".chart figcaption").allTextContents()).toEqual([
        expect.stringMatching(/^Loss/),
        expect.stringMatching(/^Accuracy/),
        expect.stringMatching(/^CIDEr/),
        expect.stringMatching(/^Speed/),
      ]);
      expect(await page.locator(".samples li").count()).toBe(4);

      // A second run appears by itself; the first stays chosen until the other is, and both are drawn in one chart.
      await writeRun(join(folder, "runs"), "other", { epochs: 5, planned: 5, reason: "finished" });
      const list = page.getByRole("list", { name: "Training runs" });
      await list.getByText("finished").waitFor({ timeout: captionedMs });
      await list.getByRole("button", { name: "live" }).click();
      await page.getByLabel("Compare with").selectOption("other");
      await page.locator(".chart-legend").first().getByText("other, dev").waitFor({ timeout: captionedMs });
      expect(await page.locator(".chart-legend").first().locator("li").count()).toBe(4);
      expect(await page.locator(".tiles").textContent()).toContain("best CIDEr");
      await expectUsable(page);

      // Where rewards are learnt from, they have a chart, and what is no likelihood of true captions is not drawn as one.
      await writeRun(join(folder, "runs"), "rewarded", { epochs: 3, planned: 3, isRewarded: true, reason: "finished" });
      await page.getByLabel("Compare with").selectOption("");
      await list.getByRole("button", { name: "rewarded" }).click();
      await page
        .locator(".chart figcaption")
        .getByText(/^Reward/)
        .waitFor({ timeout: captionedMs });
      for (const panel of ["Loss", "Accuracy"]) {
        const chart = page.locator(".chart").filter({ has: page.locator("figcaption").getByText(panel) });
        expect(await chart.locator(".chart-line").count(), panel).toBe(1);
      }

      // What programs ask is described on a page of the same make.
      const api = await browser.newPage();
      await api.goto(`${served.url}docs`);
      await expectUsable(api);
      await api.close();

      // The way back keeps what was there.
      await page.getByRole("link", { name: "Caption" }).click();
      await page.getByRole("button", { name: "Choose photos" }).waitFor();
      expect(await page.locator(".runs").count()).toBe(0);
      expect(complaints).toEqual([]);
      await page.close();
    },
    6 * captionedMs,
  );
});
