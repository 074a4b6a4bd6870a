// The session port on onnxruntime-web, in a real Chromium: the same contract as in Node.js, by WebAssembly and by WebGPU, and the same training.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sessionsWith } from "../../src/node/ort-session.ts";
import type { ServedFolders } from "../browser.ts";
import { launchBrowser, serveFolders } from "../browser.ts";
import { describeGroup } from "../groups.ts";
import { tenLosses } from "../train/ten-steps.ts";
import { bundleForPage, engineFolder, isolation } from "./bundled.ts";
import type { port } from "./page-port.ts";

type Port = typeof port;

/** What fails of the contract in a page, test by test. */
async function failuresIn(opened: Page, without: string | undefined): Promise<string[]> {
  const names = await opened.evaluate(() => (globalThis as unknown as { readonly port: Port }).port.testNames());
  expect(names.length).toBeGreaterThan(30);
  if (without !== undefined) expect(names).toContain(without);
  const failures: string[] = [];
  for (const name of names.filter((one) => one !== without)) {
    const failure = await opened.evaluate(
      (one) => (globalThis as unknown as { readonly port: Port }).port.runTest(one),
      name,
    );
    if (failure !== undefined) failures.push(`${name}: ${failure}`);
  }
  return failures;
}

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
    page = await openPort(browser, "");
  });

  afterAll(async () => {
    await browser.close();
    await served.close();
    await rm(folder, { recursive: true });
  });

  async function openPort(where: Browser, fragment: string): Promise<Page> {
    const opened = await where.newPage();
    await opened.goto(`${served.origin}/${fragment}`);
    await opened.addScriptTag({ type: "module", url: "/test/page-port.js" });
    await opened.waitForFunction(() => "port" in globalThis);
    return opened;
  }

  test("has threads, since the page is cross-origin isolated", async () => {
    const description = await page.evaluate(() => (globalThis as unknown as { readonly port: Port }).port.description);
    expect(description).toEqual({ device: "wasm", threads: 2 });
  });

  test("keeps the contract of the session port, test by test", async () => {
    expect(await failuresIn(page, undefined)).toEqual([]);
  });

  test("keeps it on a graphics processor, too, but for the order of additions to one place, which that does not fix", async () => {
    const other = await launchBrowser({ gpu: "software" });
    try {
      const opened = await openPort(other, "#webgpu");
      const description = await opened.evaluate(
        () => (globalThis as unknown as { readonly port: Port }).port.description,
      );
      expect(description.device).toBe("webgpu");
      // It is one computed in software, which is not used unless it is asked for.
      expect(await opened.evaluate(() => (globalThis as unknown as { readonly port: Port }).port.usualDevice())).toBe(
        "wasm",
      );
      expect(await failuresIn(opened, "gives the same bits at every run with two threads")).toEqual([]);
    } finally {
      await other.close();
    }
  });

  test("trains: ten steps have the losses that they have in Node.js", async () => {
    const [there, here] = [
      await page.evaluate(() => (globalThis as unknown as { readonly port: Port }).port.tenLosses()),
      await tenLosses(sessionsWith(1)),
    ];
    expect(here).toHaveLength(10);
    expect(here[9]).toBeLessThan(here[0]! - 0.1);
    here.forEach((loss, step) => expect(Math.abs(there[step]! - loss), `step ${step + 1}`).toBeLessThan(1e-4));
  });
});
