// The session port on onnxruntime-web, in a real Chromium: the same contract as in Node.js, and the same training.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSession } from "../../src/node/ort-session.ts";
import type { ServedFolders } from "../browser.ts";
import { launchBrowser, serveFolders } from "../browser.ts";
import { describeGroup } from "../groups.ts";
import { tenLosses } from "../train/ten-steps.ts";
import { bundleForPage, engineFolder, isolation } from "./bundled.ts";
import type { port } from "./page-port.ts";

type Port = typeof port;

describeGroup("browser", () => {
  let folder: string;
  let served: ServedFolders;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "showtell-port-"));
    await bundleForPage("page-port", folder);
    served = await serveFolders({ "/test/": folder, "/engine/": engineFolder }, isolation);
    browser = await launchBrowser();
    page = await browser.newPage();
    await page.goto(`${served.origin}/`);
    await page.addScriptTag({ type: "module", url: "/test/page-port.js" });
    await page.waitForFunction(() => "port" in globalThis);
  });

  afterAll(async () => {
    await browser.close();
    await served.close();
    await rm(folder, { recursive: true });
  });

  test("has threads, since the page is cross-origin isolated", async () => {
    const description = await page.evaluate(() => (globalThis as unknown as { readonly port: Port }).port.description);
    expect(description).toEqual({ device: "wasm", threads: 2 });
  });

  test("keeps the contract of the session port, test by test", async () => {
    const names = await page.evaluate(() => (globalThis as unknown as { readonly port: Port }).port.testNames());
    expect(names.length).toBeGreaterThan(30);
    const failures: string[] = [];
    for (const name of names) {
      const failure = await page.evaluate(
        (one) => (globalThis as unknown as { readonly port: Port }).port.runTest(one),
        name,
      );
      if (failure !== undefined) failures.push(`${name}: ${failure}`);
    }
    expect(failures).toEqual([]);
  });

  test("trains: ten steps have the losses that they have in Node.js", async () => {
    const [there, here] = [
      await page.evaluate(() => (globalThis as unknown as { readonly port: Port }).port.tenLosses()),
      await tenLosses((model) => openSession(model, { threads: 1 })),
    ];
    expect(here).toHaveLength(10);
    expect(here[9]).toBeLessThan(here[0]! - 0.1);
    here.forEach((loss, step) => expect(Math.abs(there[step]! - loss), `step ${step + 1}`).toBeLessThan(1e-4));
  });
});
