// The captioner as Node.js programs call it: what it says is what the parts say on one thread, and the caller's own thread stays free.
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { loadCaptioner } from "showtell/node";
import type { Captioner, CaptionOutcome, PartialCaption } from "showtell/node";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { Bundle } from "../../src/bundle/bundle.ts";
import type { FeatureCaptioner } from "../../src/caption/captioner.ts";
import type { OpenSession } from "../../src/engine/session.ts";
import { openFeatureCaptioner } from "../../src/caption/captioner.ts";
import type { PictureEncoder } from "../../src/caption/picture-encoder.ts";
import { openPictureEncoder } from "../../src/caption/picture-encoder.ts";
import { readBundleFile } from "../../src/node/bundle-files.ts";
import { defaultEncoder } from "../../src/node/shipped-models.ts";
import { extractFeatures } from "../../src/node/feature-extraction.ts";
import { readImage } from "../../src/node/image-reader.ts";
import { openSession as openNodeSession } from "../../src/node/ort-session.ts";
import { fileOf } from "../bundle/tiny-decoder.ts";
import { writeTinyModel } from "../cli/tiny-model.ts";
import { smallEncoder } from "../small-encoder.ts";
import { writePictures } from "./pictures.ts";

/** One thread: another file's tests have the other core. */
const threads = 1;
const openSession: OpenSession = (bytes) => openNodeSession(bytes, { threads });

let folder: string;
let model: string;
let pictures: string[];
let encoder: PictureEncoder;
let decoder: FeatureCaptioner;
let captioner: Captioner;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "showtell-captioner-"));
  model = join(folder, "tiny.safetensors");
  await writeTinyModel(model);
  pictures = await writePictures(join(folder, "pictures"), 30);
  const part = (await readBundleFile(model)).decoder!;
  encoder = await openPictureEncoder((await readBundleFile(defaultEncoder)).encoder!, "pooled", openSession);
  decoder = await openFeatureCaptioner(part, openSession);
  captioner = await loadCaptioner({ model, threads });
});

afterEach(() => {
  vi.unstubAllEnvs();
});

afterAll(async () => {
  await captioner.dispose();
  await decoder.dispose();
  await encoder.dispose();
  await rm(folder, { recursive: true });
});

async function collected(outcomes: AsyncIterable<CaptionOutcome<string>>): Promise<CaptionOutcome<string>[]> {
  const found: CaptionOutcome<string>[] = [];
  for await (const outcome of outcomes) found.push(outcome);
  return found;
}

describe("captions", () => {
  test.each([{}, { beam: 1 }, { beam: 4, candidates: 4 }, { temperature: 1.3, candidates: 2, seed: 9 }])(
    "with %o are those of the encoder and the decoder on this thread, to the last bit",
    async (options) => {
      for (const path of pictures.slice(0, 3)) {
        const { model: identity, timings, ...captioned } = await captioner.caption(path, options);
        const data = await encoder.encode([await readImage(path)]);
        const [expected] = await decoder.caption({ images: 1, data }, options);
        expect(captioned).toEqual(expected);
        expect(identity).toBe(captioner.model);
        for (const ms of Object.values(timings)) expect(ms).toBeGreaterThan(0);
      }
    },
  );

  test("are the same for a file and for its bytes, also those inside a larger array", async () => {
    const bytes = await readFile(pictures[0]!);
    const large = new Uint8Array(bytes.length + 100);
    large.set(bytes, 50);
    const { timings: _, ...expected } = await captioner.caption(pictures[0]!);
    const within = large.subarray(50, 50 + bytes.length);
    for (const image of [bytes, within, { name: "mine.jpg", bytes: within }]) {
      expect(await captioner.caption(image)).toMatchObject(expected);
    }
    await expect(captioner.caption({ name: "mine.jpg", bytes: bytes.subarray(0, 500) })).rejects.toMatchObject({
      code: "IMAGE_DECODE",
      message: expect.stringContaining('picture "mine.jpg"') as string,
    });
  });

  test("do not depend on the number of threads", async () => {
    const two = await loadCaptioner({ model, threads: 2 });
    const { timings: _, ...found } = await two.caption(pictures[2]!);
    await two.dispose();
    const { caption, logProbability } = await captioner.caption(pictures[2]!);
    expect(found.caption).toBe(caption);
    expect(found.logProbability).toBeCloseTo(logProbability, 4);
  });

  test("rest on the features that a cache made on this machine holds, bit for bit", async () => {
    const some = pictures.slice(0, 9);
    const part = (await readBundleFile(defaultEncoder)).encoder!;
    const { cache, hashes } = await extractFeatures({
      pictures: some,
      encoder: part,
      layer: "pooled",
      openSession,
      root: join(folder, "features"),
    });
    const rows = new Uint16Array(some.length * 2048);
    await cache.read(hashes as string[], rows);
    await cache.close();
    const captions = new Set<number>();
    for (const [i, path] of some.entries()) {
      const row = rows.subarray(i * 2048, (i + 1) * 2048);
      const features = await encoder.encode([await readImage(path)]);
      expect(Buffer.compare(Buffer.from(features.buffer), Buffer.from(Uint16Array.from(row).buffer)), path).toBe(0);
      const [fromCache] = await decoder.caption({ images: 1, data: row });
      const { logProbability, tokenLogProbabilities, tokens } = await captioner.caption(path);
      expect({ logProbability, tokenLogProbabilities, tokens }).toEqual({
        logProbability: fromCache!.logProbability,
        tokenLogProbabilities: fromCache!.tokenLogProbabilities,
        tokens: fromCache!.tokens,
      });
      captions.add(logProbability);
    }
    expect(captions.size).toBeGreaterThan(6);
  });
});

describe("many pictures", () => {
  test("come back in order with their captions, the list being any iterable", async () => {
    async function* slowly(): AsyncGenerator<string, void, undefined> {
      for (const path of pictures.slice(0, 19)) yield await Promise.resolve(path);
    }
    const found = await collected(captioner.captionAll(slowly()));
    expect(found.map(({ image }) => image)).toEqual(pictures.slice(0, 19));
    for (const i of [0, 7, 8, 18]) {
      const { caption } = await captioner.caption(pictures[i]!);
      expect(found[i]).toMatchObject({ result: { caption } });
    }
    expect(await collected(captioner.captionAll([]))).toEqual([]);
  });

  test("may hold broken ones: each is an outcome with its error, and the others are as they would be", async () => {
    const broken = join(folder, "broken.jpg");
    const missing = join(folder, "missing.jpg");
    await writeFile(broken, (await readFile(pictures[0]!)).subarray(0, 600));
    // A first batch in which nothing can be read, too.
    const list = [...Array.from({ length: 8 }, () => missing), pictures[0]!, broken, pictures[1]!];
    const outcomes = await collected(captioner.captionAll(list));
    expect(outcomes.map(({ image }) => image)).toEqual(list);
    const codes = outcomes.map((outcome) => ("error" in outcome ? outcome.error.code : "none"));
    expect(codes).toEqual([...codes.slice(0, 8).fill("FILE_NOT_FOUND"), "none", "IMAGE_DECODE", "none"]);
    expect(outcomes[9]).toMatchObject({ error: { message: expect.stringContaining(broken) as string } });
    for (const at of [8, 10]) {
      const outcome = outcomes[at]!;
      const { caption, logProbability } = await captioner.caption(outcome.image);
      expect(outcome).toMatchObject({ result: { caption } });
      expect("result" in outcome && outcome.result.logProbability).toBeCloseTo(logProbability, 4);
    }
  });

  test("are not read further when the caller stops, and what is under way is dropped", async () => {
    let asked = 0;
    let closed = false;
    function* endless(): Generator<string, void, undefined> {
      try {
        for (;;) yield pictures[asked++ % pictures.length]!;
      } finally {
        closed = true;
      }
    }
    for await (const outcome of captioner.captionAll(endless())) {
      expect(outcome).toHaveProperty("result");
      break;
    }
    expect(closed).toBe(true);
    expect(asked).toBeLessThan(40);
    expect(await captioner.caption(pictures[0]!)).toHaveProperty("caption");
  });

  test("that can't be listed, or are no pictures, are refused", async () => {
    const argument = { code: "ARGUMENT" };
    for (const images of ["photos", undefined, null, 7, {}]) {
      await expect(captioner.captionAll(images as string[]).next()).rejects.toMatchObject(argument);
    }
    for (const image of [undefined, 7, { name: "photo.jpg" }, new URL("file:///photo.jpg")]) {
      await expect(captioner.caption(image as unknown as string)).rejects.toMatchObject(argument);
      await expect(captioner.captionAll([image as unknown as string]).next()).rejects.toMatchObject(argument);
    }
    for (const options of [
      { beam: 0 },
      { beam: 2, candidates: 3 },
      { signal: new AbortController() },
      { beam: () => 3 },
    ]) {
      await expect(captioner.caption(pictures[0]!, options as object)).rejects.toMatchObject(argument);
      await expect(captioner.captionAll([pictures[0]!], options as object).next()).rejects.toMatchObject(argument);
    }
  });
});

/** Gaps between the ticks of a 5 ms timer, sorted; of this thread, until told to stop. */
function ticking(): () => readonly number[] {
  const gaps: number[] = [];
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    gaps.push(now - last);
    last = now;
  }, 5);
  return () => {
    clearInterval(timer);
    return gaps.toSorted((a, b) => a - b);
  };
}

test("a 5 ms timer of the caller keeps ticking while a folder is captioned", async () => {
  // A thread that does nothing else shows what the machine allows: other processes may be busy, too.
  const code = `const { parentPort } = require("node:worker_threads"); const stop = (${ticking.toString()})();
    parentPort.on("message", () => { parentPort.postMessage(stop()); parentPort.close(); }); parentPort.postMessage("ready");`;
  const idle = new Worker(code, { eval: true });
  await once(idle, "message");
  const stop = ticking();
  const outcomes = await collected(captioner.captionAll(pictures));
  const gaps = stop();
  idle.postMessage("stop");
  const [idleGaps] = (await once(idle, "message")) as [readonly number[]];
  expect(outcomes).toHaveLength(pictures.length);
  for (const [share, boundMs] of [
    [0.5, 10],
    [0.9, 30],
    [0.99, 100],
  ] as const) {
    const [own, possible] = [gaps, idleGaps].map((sorted) => sorted[Math.floor(share * sorted.length)]!);
    expect(own, `${100 * share} %`).toBeLessThan(Math.max(boundMs, 2 * possible!));
  }
});

describe("partial captions", () => {
  test("come for every picture by its place in the list, and lead to its caption", async () => {
    const broken = join(folder, "broken-partial.jpg");
    await writeFile(broken, "no picture");
    const list = [broken, ...pictures.slice(0, 10)];
    const told = new Map<number, PartialCaption[]>();
    const onPartial = (partial: PartialCaption): void => {
      told.set(partial.image, [...(told.get(partial.image) ?? []), partial]);
    };
    const outcomes = await collected(captioner.captionAll(list, { onPartial }));
    expect([...told.keys()].toSorted((a, b) => a - b)).toEqual([...pictures.slice(0, 10).keys()].map((i) => i + 1));
    for (const [place, partials] of told) {
      const outcome = outcomes[place]!;
      const caption = "result" in outcome ? outcome.result.caption : "";
      expect(partials.at(-1)!.caption).toBe(caption);
      for (const { caption: partial, settled } of partials) {
        expect(partial.startsWith(settled)).toBe(true);
        expect(caption.startsWith(settled)).toBe(true);
      }
    }
  });
});

test("a picture with more pixels than the captioner takes is an error", async () => {
  const own = await loadCaptioner({ model, threads, maxPixels: 50_000 });
  const outcomes = await collected(own.captionAll(pictures.slice(0, 2)));
  await own.dispose();
  // 320 × 240 and 224 × 224
  expect(outcomes[0]).toMatchObject({ error: { code: "IMAGE_TOO_LARGE" } });
  expect(outcomes[1]).toMatchObject({ error: { code: "IMAGE_TOO_LARGE" } });
  const small = await loadCaptioner({ model, threads, maxPixels: 60_000 });
  expect(await small.caption(pictures[1]!)).toHaveProperty("caption");
  await small.dispose();
});

describe("cancelling", () => {
  test("rejects, before the picture is read and while it is captioned; the captioner stays usable", async () => {
    const cancelled = { code: "CANCELLED" };
    await expect(captioner.caption(pictures[0]!, { signal: AbortSignal.abort() })).rejects.toMatchObject(cancelled);
    const controller = new AbortController();
    const all = captioner.captionAll(pictures, { signal: controller.signal });
    expect(await all.next()).toHaveProperty("value.result");
    controller.abort();
    await expect(collected(all)).rejects.toMatchObject(cancelled);
    expect(await captioner.caption(pictures[0]!)).toHaveProperty("caption");
  });

  test("a request leaves others alone", async () => {
    const controller = new AbortController();
    const [first, second, third] = pictures.slice(0, 3).map((path, i) => {
      return captioner.caption(path, i === 1 ? { signal: controller.signal } : {});
    });
    const failure = expect(second).rejects.toMatchObject({ code: "CANCELLED" });
    controller.abort();
    await failure;
    expect(await first).toHaveProperty("caption");
    expect(await third).toHaveProperty("caption");
  });
});

test("a captioner that is disposed of ends what is under way, and says so from then on", async () => {
  const cancelled = { code: "CANCELLED" };
  const own = await loadCaptioner({ model, threads });
  const all = own.captionAll(pictures);
  expect(await all.next()).toHaveProperty("value.result");
  const failures = [
    expect(own.caption(pictures[0]!)).rejects.toMatchObject(cancelled),
    expect(collected(all)).rejects.toMatchObject(cancelled),
  ];
  await own.dispose();
  await Promise.all(failures);
  await expect(own.caption(pictures[0]!)).rejects.toMatchObject(cancelled);
  await own.dispose();
});

async function loads(path: string): Promise<boolean> {
  const own = await loadCaptioner({ model: path, threads });
  await own.dispose();
  return own.model.length === 64;
}

describe("a model's encoder is found", () => {
  let other: Omit<Bundle, "source">;
  let place: string;

  /** An encoder that nobody has, and a decoder for it in a folder of its own. */
  beforeAll(async () => {
    other = await smallEncoder();
    place = join(folder, "elsewhere");
    await mkdir(place);
    await writeTinyModel(join(place, "model.safetensors"), other);
  });

  test("in the package, even next to a broken file", async () => {
    const beside = join(folder, "beside");
    await mkdir(beside);
    await copyFile(model, join(beside, "model.safetensors"));
    await writeFile(join(beside, "a-broken.safetensors"), "nothing of the kind");
    expect(await loads(join(beside, "model.safetensors"))).toBe(true);
  });

  test("nowhere: the error says where was looked, and no command that would not fetch it", async () => {
    const cache = join(folder, "empty-cache");
    vi.stubEnv("SHOWTELL_CACHE", cache);
    const missing = loadCaptioner({ model: join(place, "model.safetensors") });
    const message = expect.stringMatching(/: put it beside the bundle$/) as string;
    await expect(missing).rejects.toMatchObject({ code: "ENCODER_MISSING", message });
    for (const looked of [place, cache]) {
      await expect(missing).rejects.toMatchObject({ message: expect.stringContaining(looked) as string });
    }
  });

  test("in the cache of weights", async () => {
    const cache = join(folder, "cache");
    await mkdir(join(cache, "weights"), { recursive: true });
    await writeFile(join(cache, "weights", "any-name.safetensors"), fileOf(other));
    vi.stubEnv("SHOWTELL_CACHE", cache);
    expect(await loads(join(place, "model.safetensors"))).toBe(true);
  });

  test("beside the decoder", async () => {
    vi.stubEnv("SHOWTELL_CACHE", join(folder, "empty-cache"));
    await writeFile(join(place, "any-name.safetensors"), fileOf(other));
    expect(await loads(join(place, "model.safetensors"))).toBe(true);
  });

  test("in the decoder's own file, if it is the right one", async () => {
    const { decoder: own, manifest } = await readBundleFile(join(place, "model.safetensors"));
    const joined = { ...other, manifest, decoder: own! };
    const path = join(folder, "joined.safetensors");
    await writeFile(path, fileOf(joined));
    expect(await loads(path)).toBe(true);
    const { decoder: wrong, manifest: wrongManifest } = await readBundleFile(model);
    await writeFile(path, fileOf({ ...joined, manifest: wrongManifest, decoder: wrong! }));
    await expect(loadCaptioner({ model: path })).rejects.toMatchObject({
      code: "ENCODER_MISMATCH",
      message: expect.stringContaining(path) as string,
    });
  });

  test("and what is no decoder, or not there at all, is refused", async () => {
    await expect(loadCaptioner({ model: defaultEncoder })).rejects.toMatchObject({ code: "BUNDLE_KIND" });
    await expect(loadCaptioner({ model: join(folder, "none") })).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
    await expect(loadCaptioner({ model: pictures[0]! })).rejects.toMatchObject({ code: "SAFETENSORS_FORMAT" });
  });
});

describe("weighing", () => {
  test("gives a caption's own log-probabilities, and others where a part of the picture is hidden", async () => {
    const { tokens, tokenLogProbabilities } = await captioner.caption(pictures[0]!);
    const hidden = [undefined, { left: 0, top: 0, right: 1, bottom: 0.7 }];
    const [whole, part] = await captioner.weigh(pictures[0]!, tokens, { hidden });
    tokenLogProbabilities.forEach((expected, i) => expect(whole![i]).toBeCloseTo(expected, 4));
    expect(part).not.toEqual(whole);
    expect(await captioner.weigh(pictures[0]!, tokens)).toEqual([whole]);
  });

  test("fails with the code of a broken picture, and is cancelled", async () => {
    await expect(captioner.weigh(new Uint8Array(0), ["a"])).rejects.toMatchObject({ code: "IMAGE_EMPTY" });
    const options = { signal: AbortSignal.abort() };
    await expect(captioner.weigh(pictures[0]!, ["a"], options)).rejects.toMatchObject({ code: "CANCELLED" });
  });
});
