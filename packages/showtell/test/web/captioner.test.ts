// Captioning in a real Chromium, by the bundle that ships: the words that Node.js gives, pictures read alike, errors with codes.
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import sharp from "sharp";
import type { Captioner } from "showtell/node";
import { loadCaptioner } from "showtell/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { resize } from "../../src/image/resize.ts";
import { defaultEncoder, defaultModel, shippedModels } from "../../src/node/shipped-models.ts";
import { readImage } from "../../src/node/image-reader.ts";
import type { ServedFolders } from "../browser.ts";
import { launchBrowser, serveFolders } from "../browser.ts";
import { describeGroup } from "../groups.ts";
import { root } from "../source-files.ts";
import { bundleForPage, engineFolder, isolation } from "./bundled.ts";
import type { pageOfTests } from "./page-captioner.ts";

interface Tested {
  readonly pageOfTests: typeof pageOfTests;
}
const photos = join(root, "examples/photos");
const fixtures = join(root, "packages/showtell/test/fixtures/photos");

async function sha256(path: string): Promise<string> {
  return createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
}

/** Mean and largest difference of two pictures of a size, in bytes of a channel. */
function differences(a: ArrayLike<number>, b: ArrayLike<number>): { readonly mean: number; readonly largest: number } {
  const all = Array.from(a, (value, i) => Math.abs(value - b[i]!));
  const sum = all.reduce((total, difference) => total + difference, 0);
  return { mean: sum / a.length, largest: all.reduce((most, difference) => Math.max(most, difference), 0) };
}

/** A picture whose left is opaque and whose right fades to nothing. */
async function translucent(): Promise<Uint8Array> {
  const side = 32;
  const data = Uint8Array.from(
    { length: side * side * 4 },
    (_, i) => [200, 30, 60, 255 - 8 * ((i >> 2) % side)][i % 4]!,
  );
  return sharp(data, { raw: { width: side, height: side, channels: 4 } })
    .png()
    .toBuffer();
}

describeGroup("browser", () => {
  let folder: string;
  let served: ServedFolders;
  let browser: Browser;
  let page: Page;
  let node: Captioner;
  let model: { readonly url: string; readonly sha256: string };
  let encoder: { readonly url: string; readonly sha256: string };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "showtell-web-"));
    await bundleForPage("page-captioner", folder);
    await writeFile(join(folder, "nothing.jpg"), "");
    await writeFile(join(folder, "drawing.jpg"), '<svg xmlns="http://www.w3.org/2000/svg"></svg>');
    await writeFile(join(folder, "translucent.png"), await translucent());
    // As phones write them: a film after the picture.
    for (const name of ["chelsea.jpg", "camera.png"])
      await writeFile(join(folder, `moving-${name}`), [await readFile(join(photos, name)), new Uint8Array(20_000)]);
    await writeFile(join(folder, "text.jpg"), "no picture at all");
    await writeFile(
      join(folder, "noise.jpg"),
      Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, ...new Uint8Array(500).fill(7), 0xff, 0xd9),
    );
    served = await serveFolders(
      {
        "/test/": folder,
        "/engine/": engineFolder,
        "/models/": shippedModels,
        "/photos/": photos,
        "/fixtures/": fixtures,
      },
      isolation,
    );
    model = { url: "/models/flickr8k.safetensors", sha256: await sha256(defaultModel) };
    encoder = { url: "/models/resnet50-int8.safetensors", sha256: await sha256(defaultEncoder) };
    browser = await launchBrowser();
    page = await browser.newPage();
    await openPage();
    node = await loadCaptioner({ threads: 1 });
  });

  afterAll(async () => {
    await node.dispose();
    await browser.close();
    await served.close();
    await rm(folder, { recursive: true });
  });

  async function openPage(): Promise<void> {
    await page.goto(`${served.origin}/`);
    await page.addScriptTag({ type: "module", url: "/test/page-captioner.js" });
    await page.waitForFunction(() => "pageOfTests" in globalThis);
  }

  function loadingFailure(options: object): Promise<{ code: unknown; message: unknown }> {
    return page.evaluate(
      (one) => (globalThis as unknown as Tested).pageOfTests.loadingFailure({ engine: "/engine/", ...one } as never),
      options,
    );
  }

  test("captions photos with the words of Node.js, and fetches the model once", async () => {
    const fetched: string[] = [];
    page.on("request", (request) => fetched.push(new URL(request.url()).pathname));
    const captionInPage = (): Promise<{
      captions: string[][];
      logProbabilities: number[];
      confidences: (number | undefined)[];
      loaded: number;
      device: string;
      ticks: number;
    }> =>
      page.evaluate(
        async ([modelFile, encoderFile]) => {
          const { pageOfTests: tested } = globalThis as unknown as Tested;
          let [loaded, ticks] = [0, 0];
          const timer = setInterval(() => ticks++, 10);
          const captioner = await tested.loadCaptioner({
            model: modelFile,
            encoder: encoderFile,
            engine: "/engine/",
            device: "wasm",
            onProgress: ({ loadedBytes }) => {
              loaded = Math.max(loaded, loadedBytes);
            },
          });
          const captions: string[][] = [];
          const logProbabilities: number[] = [];
          const confidences: (number | undefined)[] = [];
          for (const name of ["astronaut.jpg", "chelsea.jpg", "camera.png"]) {
            const result = await captioner.caption(await tested.fileAt(`/photos/${name}`), { candidates: 3 });
            captions.push(result.candidates.map(({ caption }) => caption));
            logProbabilities.push(result.logProbability);
            confidences.push(result.confidence);
          }
          clearInterval(timer);
          await captioner.dispose();
          return { captions, logProbabilities, confidences, loaded, device: captioner.engine.device, ticks };
        },
        [model, encoder] as const,
      );
    const first = await captionInPage();
    expect(first).toMatchObject({ device: "wasm", loaded: (await readFile(defaultEncoder)).length });
    // The page's own thread was free all the while.
    expect(first.ticks).toBeGreaterThan(20);
    for (const [i, name] of ["astronaut.jpg", "chelsea.jpg", "camera.png"].entries()) {
      const { candidates, logProbability, confidence } = await node.caption(join(photos, name), { candidates: 3 });
      expect(first.captions[i]![0], name).toBe(candidates[0]!.caption);
      expect(Math.abs(first.logProbabilities[i]! - logProbability), name).toBeLessThan(0.1);
      expect(Math.abs(first.confidences[i]! - confidence!), name).toBeLessThan(0.03);
    }
    expect(fetched.filter((path) => path.startsWith("/models/"))).toHaveLength(2);

    await openPage();
    fetched.length = 0;
    const again = await captionInPage();
    expect(again.captions).toEqual(first.captions);
    expect(again.loaded).toBe(0);
    expect(fetched.filter((path) => path.startsWith("/models/"))).toEqual([]);
  });

  test("reads pictures as Node.js does: upright, whole, over white", async () => {
    const files = [
      ...["chelsea.jpg", "camera.png"].map((name) => ({ url: `/photos/${name}`, path: join(photos, name) })),
      ...["chelsea-exif6.jpg", "coffee.webp", "one-pixel.png"].map((name) => ({
        url: `/fixtures/${name}`,
        path: join(fixtures, name),
      })),
      ...["translucent.png", "moving-chelsea.jpg", "moving-camera.png"].map((name) => ({
        url: `/test/${name}`,
        path: join(folder, name),
      })),
    ];
    for (const { url, path } of files) {
      const there = await page.evaluate((one) => (globalThis as unknown as Tested).pageOfTests.seen(one), url);
      const here = await readImage(path);
      expect(there.sides, url).toEqual([here.width, here.height]);
      const { mean, largest } = differences(there.data, resize(here, 224, 224).data);
      // Decoders of JPEG and WebP round colours in their own ways; what the encoder sees must hardly differ.
      expect(mean, url).toBeLessThan(1);
      expect(largest, url).toBeLessThan(24);
    }
  });

  test.each([
    ["/test/nothing.jpg", "IMAGE_EMPTY"],
    ["/test/drawing.jpg", "IMAGE_FORMAT"],
    ["/test/text.jpg", "IMAGE_FORMAT"],
    ["/test/noise.jpg", "IMAGE_DECODE"],
    ["/fixtures/coffee-truncated.jpg", "IMAGE_DECODE"],
  ])("refuses %s with the code of Node.js, naming the file", async (url, code) => {
    const failure = await page.evaluate(
      (one) => (globalThis as unknown as Tested).pageOfTests.readingFailure(one),
      url,
    );
    const name = url.slice(url.lastIndexOf("/") + 1);
    expect(failure).toEqual({ code, message: expect.stringContaining(`"${name}"`) as string });
    await expect(readImage(join(url.startsWith("/test/") ? folder : fixtures, name))).rejects.toMatchObject({ code });
  });

  test("says what is wrong with a model that can't be had or does not fit", async () => {
    expect(await loadingFailure({ model: "/models/none.safetensors" })).toMatchObject({ code: "DOWNLOAD" });
    expect(await loadingFailure({ model: { ...model, sha256: "0".repeat(64) } })).toMatchObject({ code: "INTEGRITY" });
    expect(await loadingFailure({ model: model.url })).toMatchObject({ code: "ENCODER_MISSING" });
    expect(await loadingFailure({ model: encoder.url })).toMatchObject({ code: "BUNDLE_KIND" });
    expect(await loadingFailure({ model: model.url, encoder: model.url })).toMatchObject({ code: "ENCODER_MISMATCH" });
    expect(await loadingFailure({ model: model.url, encoder: encoder.url, engine: "/nowhere/" })).toMatchObject({
      code: "ENGINE",
    });
  });

  test("says so where it has one thread only", async () => {
    const plain = await serveFolders({ "/test/": folder, "/engine/": engineFolder, "/models/": shippedModels });
    const other = await browser.newPage();
    await other.goto(`${plain.origin}/`);
    await other.addScriptTag({ type: "module", url: "/test/page-captioner.js" });
    await other.waitForFunction(() => "pageOfTests" in globalThis);
    const engine = await other.evaluate(
      async ([modelFile, encoderFile]) => {
        const { pageOfTests: tested } = globalThis as unknown as Tested;
        const captioner = await tested.loadCaptioner({
          model: modelFile.url,
          encoder: encoderFile.url,
          engine: "/engine/",
          threads: 2,
        });
        await captioner.dispose();
        return captioner.engine;
      },
      [model, encoder] as const,
    );
    expect(engine).toMatchObject({
      device: "wasm",
      threads: 1,
      note: expect.stringContaining("one thread only") as string,
    });
    await other.close();
    await plain.close();
  });
});
