// `showtell calibrate` and `caption --abstain-below` from end to end, with a tiny decoder and pictures of which it captions half well.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { loadCaptioner } from "showtell/node";
import { sha256Hex } from "../../src/base/bytes.ts";
import type { CaptionResult } from "../../src/caption/threaded-captioner.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Calibration } from "../../src/bundle/calibration.ts";
import { confidenceOf } from "../../src/caption/confidence.ts";
import { readBundleFile, writeBundleFile } from "../../src/node/bundle-files.ts";
import { calibrateBundle } from "../../src/node/calibration.ts";
import { openSession } from "../../src/node/ort-session.ts";
import { writePictures } from "../node/pictures.ts";
import { showtell } from "./run.ts";
import type { Ended } from "./run.ts";
import { writeTinyModel } from "./tiny-model.ts";

let folder = "";
let model = "";
let pictures: readonly string[] = [];
let captions: readonly CaptionResult[] = [];

const run = (...args: readonly string[]): Promise<Ended> =>
  showtell(args, { cwd: folder, environment: { SHOWTELL_CACHE: join(folder, "cache") } });

/** Writes a data set in which those captions are right whose score is above the median, and the others have no word in common. */
function writeData(): void {
  const median = captions.map(({ score }) => score).sort((a, b) => a - b)[captions.length / 2]!;
  const lines = pictures.map((path, i) => {
    const { score, caption } = captions[i]!;
    const good = score >= median && caption !== "";
    return JSON.stringify({ image: basename(path), captions: [good ? caption : `nothing like it ${i}`], split: "dev" });
  });
  writeFileSync(join(folder, "captions.jsonl"), `${lines.join("\n")}\n`);
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "showtell-calibrate-"));
  model = join(folder, "tiny.safetensors");
  await writeTinyModel(model);
  pictures = await writePictures(join(folder, "images"), 24);
  const captioner = await loadCaptioner({ model, threads: 1 });
  captions = await Promise.all(pictures.map((path) => captioner.caption(path)));
  await captioner.dispose();
  writeData();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("calibrating writes into the bundle how sure it may be, and captions tell it and keep silent below what is asked", async () => {
  const before = await readBundleFile(model);
  const asked = [
    "calibrate",
    "-m",
    model,
    "--data",
    "captions.jsonl",
    "--images",
    "images",
    "--threshold",
    "0.5",
    "-q",
  ];
  const { status, stdout, stderr } = await run(...asked, "--json");
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const after = await readBundleFile(model);
  const { calibration, ...others } = after.manifest;
  const { hashes, ...told } = calibration!.data;
  expect(JSON.parse(stdout)).toEqual({ ...calibration, data: told });
  expect(hashes!.match(/.{16}/g)!.toSorted()).toEqual(
    pictures.map((path) => sha256Hex(readFileSync(path)).slice(0, 16)).toSorted(),
  );
  expect(others).toEqual(before.manifest);
  expect(calibration).toMatchObject({
    decoder: before.decoder!.manifest.identity,
    threshold: 0.5,
    beam: 3,
    data: { split: "dev", pictures: 24 },
  });
  // Likelier captions are the good ones, so confidence goes with the score.
  const expected = captions.map((caption) => confidenceOf(calibration as Calibration, caption));
  const best = captions.reduce((found, { score }, i) => (score > captions[found]!.score ? i : found), 0);
  const worst = captions.reduce((found, { score }, i) => (score < captions[found]!.score ? i : found), 0);
  expect(expected[best]).toBeGreaterThan(expected[worst]!);

  const bound = (expected[best]! + expected[worst]!) / 2;
  const named = [pictures[best]!, pictures[worst]!];
  const shown = await run(
    "caption",
    "-m",
    model,
    ...named,
    "--json",
    "--abstain-below",
    String(bound),
    "--results",
    "r.json",
  );
  const [sure, unsure] = shown.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(shown.stderr).toBe("1 picture captioned, 1 abstained from, 0 failed\n");
  expect(sure).toMatchObject({
    caption: captions[best]!.caption,
    confidence: expect.closeTo(expected[best]!, 4) as number,
  });
  expect(sure).not.toHaveProperty("abstained");
  expect(unsure).toMatchObject({
    caption: null,
    abstained: expect.stringContaining(String(bound)) as string,
    candidates: [{ caption: captions[worst]!.caption }],
  });
  expect(JSON.parse(readFileSync(join(folder, "r.json"), "utf8"))).toHaveLength(1);

  const text = await run("caption", "-m", model, ...named, "-q", "--abstain-below", String(bound));
  expect(text.stdout).toBe(`${named[0]}\t${captions[best]!.caption}\n${named[1]}\t\n`);
}, 240_000);

test("pictures that the decoder was trained on, and a threshold that all captions miss, are refused, and the bundle stays whole", async () => {
  const request = {
    model,
    data: join(folder, "captions.jsonl"),
    images: join(folder, "images"),
    split: "dev",
    threshold: 10,
    cache: join(folder, "cache", "features"),
    openSession: (bytes: Uint8Array) => openSession(bytes, { threads: 1 }),
  };
  const bytes = readFileSync(model);
  await expect(calibrateBundle(request)).rejects.toMatchObject({
    code: "ARGUMENT",
    message: expect.stringContaining("better than the threshold 10") as string,
  });
  expect(readFileSync(model).equals(bytes)).toBe(true);
  const { source: _source, ...bundle } = await readBundleFile(model);
  const pictureHashes = sha256Hex(readFileSync(pictures[3]!)).slice(0, 16);
  const trained = { ...bundle, manifest: { ...bundle.manifest, training: { pictureHashes } } };
  await writeBundleFile(join(folder, "trained.safetensors"), trained);
  await expect(
    calibrateBundle({ ...request, model: join(folder, "trained.safetensors"), threshold: 0.5 }),
  ).rejects.toMatchObject({
    code: "ARGUMENT",
    message: expect.stringMatching(/trained on 1 of the 24 pictures of split "dev"/) as string,
  });
});
