// Features of a folder of pictures: each computed once, whatever comes between; a broken picture costs only itself.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeAll, afterAll, describe, expect, test } from "vitest";
import { sha256Hex } from "../../src/base/bytes.ts";
import type { BundlePart } from "../../src/bundle/bundle.ts";
import type { EncoderManifest } from "../../src/bundle/manifest.ts";
import { openPictureEncoder } from "../../src/caption/picture-encoder.ts";
import type { OpenSession } from "../../src/engine/session.ts";
import { viewOf } from "../../src/image/views.ts";
import { featureShape } from "../../src/models/encoder-graph.ts";
import { readBundleFile } from "../../src/node/bundle-files.ts";
import { defaultEncoder } from "../../src/node/shipped-models.ts";
import type { ExtractionInput, ExtractionProgress } from "../../src/node/feature-extraction.ts";
import { extractFeatures, extractFeatureSets } from "../../src/node/feature-extraction.ts";
import { readImage } from "../../src/node/image-reader.ts";
import { openSession as openNodeSession } from "../../src/node/ort-session.ts";
import { smallEncoder } from "../small-encoder.ts";
import { writePictures } from "./pictures.ts";

/** Channels of the small encoder's features, and positions of its grid. */
const [channels, positions] = [1280, 49];

let folder: string;
let root: string;
let pictures: string[];
let encoder: BundlePart<EncoderManifest>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "showtell-extraction-"));
  root = join(folder, "features");
  pictures = await writePictures(join(folder, "pictures"), 64);
  encoder = (await smallEncoder()).encoder!;
});

afterEach(() => rm(root, { recursive: true, force: true }));
afterAll(() => rm(folder, { recursive: true, force: true }));

/** One thread: another file's tests have the other core. */
const openSession: OpenSession = (model) => openNodeSession(model, { threads: 1 });

/** The engine, counting the pictures that it is given. */
function counting(): { readonly openSession: OpenSession; readonly computed: () => number } {
  let count = 0;
  return {
    computed: () => count,
    openSession: async (model) => {
      const session = await openSession(model);
      const run: typeof session.run = (feeds, into) => {
        count += feeds["pictures"]!.shape[0]!;
        return session.run(feeds, into);
      };
      return { inputNames: [], outputNames: [], run, dispose: () => session.dispose() };
    },
  };
}

const refused: OpenSession = () => Promise.reject(new Error("the network was opened"));

interface Extracted {
  readonly computed: number;
  readonly hashes: readonly (string | undefined)[];
  readonly progress: readonly ExtractionProgress[];
  readonly rows: number;
  /** Features of the pictures that could be read, one after the other. */
  readonly features: Uint16Array;
}

async function extracted(paths: readonly string[], changes: Partial<ExtractionInput> = {}): Promise<Extracted> {
  const engine = counting();
  const progress: ExtractionProgress[] = [];
  const { cache, hashes } = await extractFeatures({
    pictures: paths,
    encoder,
    layer: "pooled",
    openSession: engine.openSession,
    root,
    onProgress: (one) => progress.push(one),
    ...changes,
  });
  const whole = hashes.filter((hash) => hash !== undefined);
  const features = new Uint16Array(
    whole.length * featureShape((changes.encoder ?? encoder).manifest.spec, "pooled")[0]!,
  );
  await cache.read(whole, features);
  await cache.close();
  return { computed: engine.computed(), hashes, progress, rows: cache.size, features };
}

test("each picture has a row under the hash of its file, with the features that the encoder gives for it", async () => {
  const paths = pictures.slice(0, 3);
  const { hashes, features, rows } = await extracted(paths);
  expect(rows).toBe(3);
  const network = await openPictureEncoder(encoder, "pooled", openSession);
  for (const [i, path] of paths.entries()) {
    expect(hashes[i]).toBe(sha256Hex(await readFile(path)));
    const expected = await network.encode([await readImage(path)]);
    expect(features.subarray(i * channels, (i + 1) * channels)).toEqual(expected);
  }
  await network.dispose();
});

test("lets others append as soon as it is done, and reads on", async () => {
  const input = { encoder, layer: "pooled", openSession, root } as const;
  const first = await extractFeatures({ ...input, pictures: pictures.slice(0, 2) });
  const second = await extractFeatures({ ...input, pictures: pictures.slice(1, 4) });
  expect([first.cache.size, second.cache.size]).toEqual([2, 4]);
  const rows = new Uint16Array(channels);
  await first.cache.read([first.hashes[1]!], rows);
  expect(rows.some((bits) => bits !== 0)).toBe(true);
  await first.cache.close();
  await second.cache.close();
});

test("progress counts to the end, says what was cached, and how long it will take once something was computed", async () => {
  await extracted(pictures.slice(0, 20));
  const { progress, computed } = await extracted(pictures.slice(0, 40));
  expect(progress.map(({ done, total, cached }) => [done, total, cached])).toEqual([
    [16, 40, 16],
    [32, 40, 20],
    [40, 40, 20],
  ]);
  expect(progress[0]).not.toHaveProperty("secondsLeft");
  expect(progress[1]!.secondsLeft).toBeGreaterThan(0);
  expect(progress[2]!.secondsLeft).toBe(0);
  expect(computed).toBe(20);
});

describe("nothing is computed twice", () => {
  test("when everything is in the cache, the network is not even opened", async () => {
    const first = await extracted(pictures.slice(0, 4));
    const second = await extracted(pictures.slice(0, 4).toReversed(), { openSession: refused });
    expect(second.hashes).toEqual(first.hashes.toReversed());
    expect(second.features.subarray(0, channels)).toEqual(first.features.subarray(3 * channels));
  });

  test("a copy under another name shares the row", async () => {
    const copy = join(folder, "copy.jpg");
    await copyFile(pictures[0]!, copy);
    const { hashes, rows } = await extracted([pictures[0]!, copy, pictures[1]!]);
    expect(hashes[1]).toBe(hashes[0]);
    expect(rows).toBe(2);
  });

  test("after a kill, what was done is kept and the rest is as it would have been, of the encoder that ships", async () => {
    const shipped = (await readBundleFile(defaultEncoder)).encoder!;
    const child = spawn(process.execPath, [
      join(import.meta.dirname, "feature-extraction-child.mjs"),
      defaultEncoder,
      root,
      ...pictures,
    ]);
    const exited = once(child, "exit") as Promise<[number | null, string | null]>;
    for await (const done of createInterface(child.stdout)) {
      if (Number(done) < 32) continue;
      child.kill("SIGKILL");
      break;
    }
    expect((await exited)[1]).toBe("SIGKILL");
    const resumed = await extracted(pictures, { encoder: shipped });
    expect(resumed.rows).toBe(64);
    // At most the batch that was being written when the second was told is computed again.
    expect(resumed.computed).toBeLessThanOrEqual(48);
    expect(resumed.computed + resumed.progress.at(-1)!.cached).toBe(64);
    await rm(root, { recursive: true });
    const unbroken = await extracted(pictures, { encoder: shipped });
    expect(resumed.hashes).toEqual(unbroken.hashes);
    expect(Buffer.compare(Buffer.from(resumed.features.buffer), Buffer.from(unbroken.features.buffer))).toBe(0);
  });
});

describe("several layers and views", () => {
  test("go through the network once a view, into a cache for each, with the features of the view", async () => {
    const engine = counting();
    const paths = pictures.slice(0, 2);
    const input = { pictures: paths, encoder, openSession: engine.openSession, root };
    const { sets, hashes } = await extractFeatureSets({
      ...input,
      layers: ["pooled", "grid"],
      views: ["plain", "flipped"],
    });
    expect(engine.computed()).toBe(4);
    expect(sets.map(({ layer, view }) => `${layer} ${view}`)).toEqual([
      "pooled plain",
      "grid plain",
      "pooled flipped",
      "grid flipped",
    ]);
    const network = await openPictureEncoder(encoder, "grid", openSession);
    const found = new Uint16Array(positions * channels);
    await sets[3]!.cache.read([hashes[1]!], found);
    const flipped = viewOf(await readImage(paths[1]!), "flipped");
    expect(found).toEqual(await network.encode([flipped]));
    await network.dispose();
    await Promise.all(sets.map(({ cache }) => cache.close()));
  });

  test("are computed only where one is missing, and what is there is found by a single layer's extraction", async () => {
    await extracted(pictures.slice(0, 3));
    const engine = counting();
    const input = { pictures: pictures.slice(0, 4), encoder, openSession: engine.openSession, root };
    const { sets } = await extractFeatureSets({ ...input, layers: ["pooled"], views: ["plain", "crop-centre"] });
    expect(engine.computed()).toBe(1 + 4);
    expect(sets.map(({ cache }) => cache.size)).toEqual([4, 4]);
    await Promise.all(sets.map(({ cache }) => cache.close()));
    expect((await extracted(pictures.slice(0, 4), { openSession: refused })).rows).toBe(4);
  });

  test("a layer that the encoder has not is refused before anything is read", async () => {
    await expect(extracted(pictures, { layer: "conv9", openSession: refused })).rejects.toMatchObject({
      code: "ARGUMENT",
      message: 'EfficientNet-lite0 has no layer "conv9": name one of pooled, grid',
    });
  });
});

test("broken pictures are named with what is wrong and skipped", async () => {
  const cut = join(folder, "cut.jpg");
  const missing = join(folder, "missing.jpg");
  await writeFile(cut, (await readFile(pictures[0]!)).subarray(0, 600));
  const broken: Record<string, string> = {};
  const { hashes, rows, progress } = await extracted([missing, pictures[0]!, cut, pictures[1]!], {
    onBroken(path, { code, message }) {
      expect(message).toContain(path);
      broken[path] = code;
    },
  });
  expect(broken).toEqual({ [cut]: "IMAGE_DECODE", [missing]: "FILE_NOT_FOUND" });
  expect(hashes.map((hash) => hash !== undefined)).toEqual([false, true, false, true]);
  expect(rows).toBe(2);
  expect(progress).toMatchObject([{ done: 4, total: 4, cached: 0 }]);
  expect((await extracted([cut])).hashes).toEqual([undefined]);
});

test("cancelling ends it between two batches; what was done by then stays", async () => {
  const controller = new AbortController();
  const cancelled = extracted(pictures, {
    signal: controller.signal,
    onProgress: () => controller.abort(),
  });
  await expect(cancelled).rejects.toMatchObject({ code: "CANCELLED" });
  const { progress, computed } = await extracted(pictures.slice(0, 20));
  expect(progress[0]).toMatchObject({ cached: 16 });
  expect(computed).toBe(4);
});

test("no pictures are no work", async () => {
  expect(await extracted([])).toMatchObject({ hashes: [], rows: 0, computed: 0, progress: [] });
});
