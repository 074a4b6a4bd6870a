// Feedback from end to end: given on the page in a real Chromium, kept over a restart, listed, exported, trained and evaluated on.
import type { ChildProcess } from "node:child_process";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { launchBrowser } from "./browser.ts";
import { showtell } from "./cli/run.ts";
import { writeTinyModel } from "./cli/tiny-model.ts";
import { describeGroup } from "./groups.ts";
import { root } from "./source-files.ts";

// Several processes a test, each with models to compile.
vi.setConfig({ testTimeout: 400_000, hookTimeout: 200_000 });

const photo = (name: string): string => join(root, "examples/photos", name);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "showtell-feedback-"));
  await writeTinyModel(join(folder, "tiny.safetensors"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Serves the tiny model until `use` has been done with its address; then it is killed without a warning. */
async function served(args: readonly string[], use: (url: string) => Promise<void>): Promise<void> {
  let using: Promise<void> | undefined;
  const fixed = [
    "serve",
    "--model",
    join(folder, "tiny.safetensors"),
    "--port",
    "0",
    "--threads",
    "1",
    "--deadline",
    "300",
  ];
  const { stderr } = await showtell([...fixed, "--quiet", ...args], {
    onOutput(child: ChildProcess, { stdout }: { readonly stdout: string }) {
      const [, url] = /^showtell listens at (\S+)\n/.exec(stdout) ?? [];
      if (url === undefined || using !== undefined) return;
      using = use(url).finally(() => child.kill("SIGKILL"));
      using.catch(() => undefined);
    },
  });
  await using;
  expect(using, stderr).toBeDefined();
}

async function run(args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await showtell(args, {
    cwd: folder,
    environment: { SHOWTELL_CACHE: join(folder, "cache") },
  });
  expect(status, stderr).toBe(0);
  return stdout;
}

async function listed(): Promise<readonly Record<string, unknown>[]> {
  const text = await run(["feedback", "list", "--store", "store", "--json"]);
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describeGroup("browser", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  /** The page with captioned photos. */
  async function captioned(url: string, ...photos: readonly string[]): Promise<Page> {
    const page = await browser.newPage();
    await page.goto(url);
    await page.setInputFiles('input[type="file"]', photos.map(photo));
    const cards = page.locator('.card[data-state="captioned"]');
    await expect.poll(() => cards.count(), { timeout: 240_000 }).toBe(photos.length);
    return page;
  }

  test("thumbs and edited captions are stored, survive a kill, and are exported to train and evaluate on", async () => {
    await served(["--store", join(folder, "store")], async (url) => {
      const page = await captioned(url, "chelsea.jpg", "astronaut.jpg");
      const [first, second] = [page.locator(".card").nth(0), page.locator(".card").nth(1)];
      const said = (await first.locator(".caption").textContent())!;
      expect(await first.getByText("Saved").count()).toBe(0);
      await first.getByRole("button", { name: "Good caption" }).click();
      await first.getByText("Saved, without the photo.").waitFor();
      expect(await first.getByRole("button", { name: "Good caption" }).getAttribute("aria-pressed")).toBe("true");
      // Not kept a second time, and with the photo once that is agreed to.
      await first.getByRole("button", { name: "Good caption" }).dblclick();
      await first.getByLabel("keep my photo").check();
      await first.getByText("Saved, with the photo.").waitFor();

      await second.getByLabel("keep my photo").check();
      await second.getByRole("button", { name: "Edit the caption" }).click();
      await second.getByRole("textbox", { name: "Caption" }).fill("a cup of coffee on a table");
      await second.getByRole("button", { name: "Keep" }).click();
      await second.getByText("Saved, with the photo.").waitFor();
      const kept = await listed();
      expect(kept).toMatchObject([{ thumb: "up", caption: said }, { edited: "a cup of coffee on a table" }]);
      expect(kept.every(({ picture }) => typeof picture === "string")).toBe(true);
    });
    // The server was killed; another one keeps more.
    await served(["--store", join(folder, "store")], async (url) => {
      const page = await captioned(url, "camera.png");
      await page.getByRole("button", { name: "Bad caption" }).click();
      await page.getByText("Saved, without the photo.").waitFor();
    });
    expect(await listed()).toMatchObject([
      { thumb: "up" },
      { edited: "a cup of coffee on a table" },
      { thumb: "down" },
    ]);

    const exported = await run(["feedback", "export", "--store", "store", "--out", "mine", "--dev-share", "0.5"]);
    expect(exported).toMatch(/^pictures +2 \(1 train, 1 dev\)$/m);
    expect(exported).toMatch(/^left out +0 captions without a picture, 1 with a thumb down alone$/m);
    const photos = await Promise.all(
      (await readdir(join(folder, "mine/images"))).map((name) => readFile(join(folder, "mine/images", name))),
    );
    expect(photos).toContainEqual(await readFile(photo("astronaut.jpg")));
    const small = [
      "--decoder",
      "show-and-tell",
      "--embeddings",
      "random",
      "--embedding-size",
      "8",
      "--hidden-size",
      "8",
    ];
    const more = ["--minimum-count", "1", "--epochs", "1", "--threads", "1"];
    expect(await run(["train", "--data", "mine", "--out", "run", ...small, ...more])).toContain("best.safetensors");
    const evaluated = await run([
      "evaluate",
      "--data",
      "mine",
      "--split",
      "dev",
      "--model",
      "run/best.safetensors",
      "--json",
    ]);
    expect(JSON.parse(evaluated)).toMatchObject({ data: { name: "mine", pictures: 1 } });

    const again = await showtell(["feedback", "export", "--store", "store", "--out", "mine"], { cwd: folder });
    expect([again.status, again.stderr]).toEqual([2, expect.stringContaining("error ARGUMENT: ") as string]);
    expect(await run(["feedback", "remove", "1", "3", "--store", "store"])).toBe("removed: 1, 3\n");
    expect(await listed()).toMatchObject([{ id: 2 }]);
    const missing = await showtell(["feedback", "remove", "2", "9", "--store", "store"], { cwd: folder });
    expect([missing.status, missing.stderr]).toEqual([2, expect.stringContaining("no feedback 9") as string]);
    expect(await listed()).toMatchObject([{ id: 2 }]);
    const nowhere = await showtell(["feedback", "list", "--store", "elsewhere"], { cwd: folder });
    expect([nowhere.status, nowhere.stderr]).toEqual([1, expect.stringContaining("error FILE_NOT_FOUND: ") as string]);
  });

  test("a failure is said, and nothing is called saved; a page without a store asks for no feedback", async () => {
    await served(["--store", join(folder, "other")], async (url) => {
      const page = await captioned(url, "chelsea.jpg");
      await page.route("**/v1/feedback", (route) => route.abort());
      await page.getByRole("button", { name: "Good caption" }).click();
      await page.getByRole("alert").getByText("Not saved").waitFor();
      expect(await page.getByText(/^Saved,/).count()).toBe(0);
    });
    await served([], async (url) => {
      const page = await captioned(url, "chelsea.jpg");
      expect(await page.getByRole("button", { name: /(?:Good|Bad) caption/ }).count()).toBe(0);
      expect(await page.getByLabel("keep my photo").count()).toBe(0);
    });
  });
});
