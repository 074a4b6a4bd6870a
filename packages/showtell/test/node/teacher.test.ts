// Distilling in a run's folder: what the teacher says of the training pictures, said once, gone on with after a kill, and learnt.
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadCaptioner, openSession, readBundleFile, trainCaptioner, writeBundleFile } from "showtell/node";
import type { TrainingNews, TrainingRequest } from "showtell/node";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { makeDecoderBundle } from "../../src/bundle/decoder-bundle.ts";
import type { CaptionerFiles } from "../../src/node/captioner-files.ts";
import { taughtCaptions } from "../../src/node/teacher.ts";
import type { TeachingContext } from "../../src/node/teacher.ts";
import { createVocabulary } from "../../src/text/vocabulary.ts";
import { readSafetensors } from "../../src/safetensors/read.ts";
import { drawnWeights, tinyInput } from "../bundle/tiny-decoder.ts";
import { writeTinyModel } from "../cli/tiny-model.ts";
import { colourRun, writeColourData } from "./training-fixture.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 300_000 });

let folder: string;
const news: TrainingNews[] = [];
/** Random weights, words that the data set does not have, and captions of many lengths. */
const teacher = (): string => join(folder, "teacher.safetensors");

function student(changes: Partial<TrainingRequest> = {}): TrainingRequest {
  const distil = { models: teacher(), share: 1, captions: 3 };
  const request = colourRun(folder, "student", { distil, ...changes });
  return { ...request, training: { ...request.training, epochs: 1 } };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "showtell-teacher-"));
  await writeColourData(folder);
  await writeTinyModel(teacher());
  await trainCaptioner(student(), { onNews: (one) => news.push(one) });
});

afterAll(() => rm(folder, { recursive: true }));

interface Line {
  readonly image: string;
  readonly captions: readonly string[];
}

async function taughtLines(): Promise<readonly Line[]> {
  const text = await readFile(join(folder, "student", "taught.jsonl"), "utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
}

test("the teacher's captions of the training pictures stand in the run's folder, and the run says whose they are", async () => {
  expect(news.findLast(({ kind }) => kind === "teaching")).toMatchObject({ done: 6, total: 6 });
  const captioner = await loadCaptioner({ model: teacher(), threads: 1 });
  for (const { image, captions } of await taughtLines()) {
    const { candidates } = await captioner.caption(join(folder, "images", image), { candidates: 3 });
    const whole = candidates.filter(({ truncated, tokens }) => !truncated && tokens.length > 0);
    expect(captions).toEqual(whole.map(({ tokens }) => tokens.join(" ")));
  }
  const run = JSON.parse(await readFile(join(folder, "student", "run.json"), "utf8")) as Record<string, unknown>;
  expect(run["teacher"]).toBe(captioner.model);
  await captioner.dispose();
  const { manifest } = await readBundleFile(join(folder, "student", "best.safetensors"));
  expect(manifest.training).toMatchObject({ teacher: run["teacher"], options: { distil: { share: 1, captions: 3 } } });
});

test("pictures of one name in different data sets have captions of their own", async () => {
  const out = join(folder, "namesakes");
  await mkdir(out);
  const said = ["a", "b"].map((hash) => ({ image: "1.png", hash, captions: [hash === "a" ? "red" : "blue"] }));
  await writeFile(join(out, "taught.jsonl"), said.map((line) => `${JSON.stringify(line)}\n`).join(""));
  const vocabulary = createVocabulary(["red", "blue"]);
  const trainPictures = ["b", "a"].map((hash) => ({ image: "1.png", path: "", hash }));
  const context = { request: student({ out }), data: { trainPictures, prepared: { vocabulary } } };
  const { captions } = await taughtCaptions(
    {} as CaptionerFiles, // every caption is there already
    { models: "", share: 1, captions: 1 },
    context as unknown as TeachingContext,
  );
  expect(captions).toEqual([[[vocabulary.ids.get("blue")]], [[vocabulary.ids.get("red")]]]);
});

test("killed while the teacher speaks, a run goes on with what was said", async () => {
  const taught = await taughtLines();
  const [path, best] = ["taught.jsonl", "best.safetensors"].map((name) => join(folder, "student", name)) as [
    string,
    string,
  ];
  const lines = (await readFile(path, "utf8")).split("\n");
  await writeFile(path, `${lines.slice(0, 4).join("\n")}\n${lines[4]!.slice(0, 20)}`);
  await rm(join(folder, "student", "last.safetensors"));
  const before = await readFile(best);
  const again: TrainingNews[] = [];
  await trainCaptioner({ ...student(), resume: true }, { onNews: (one) => again.push(one) });
  expect(again.filter(({ kind }) => kind === "teaching")).toEqual(
    [4, 6].map((done) => ({ kind: "teaching", done, total: 6 })),
  );
  expect(await taughtLines()).toEqual(taught);
  expect(await readFile(best)).toEqual(before);
});

test("what a teacher holds likely at each word is the same again: interrupted and resumed, a run ends in the same bits", async () => {
  // A teacher with the run's own words.
  const models = join(folder, "student", "best.safetensors");
  const told = (name: string, resume = false, distil = true): TrainingRequest => {
    const request = colourRun(folder, name, { resume, ...(distil && { distil: { models, share: 0, captions: 1 } }) });
    const words = distil && { wordDistillation: { share: 0.5, width: 4 } };
    return { ...request, training: { ...request.training, ...words, epochs: 2, select: "loss" } };
  };
  const tensorsOf = async (name: string): Promise<ReadonlyMap<string, unknown>> =>
    readSafetensors(await readFile(join(folder, name, "last.safetensors"))).tensors;
  await trainCaptioner(told("told"));
  const whole = await tensorsOf("told");
  await trainCaptioner(told("untold", false, false));
  expect(await tensorsOf("untold")).not.toEqual(whole);

  const controller = new AbortController();
  const cancelled = await trainCaptioner(told("interrupted"), {
    signal: controller.signal,
    onNews: ({ kind }) => kind === "checkpoint" && controller.abort(),
  });
  expect(cancelled).toMatchObject({ reason: "cancelled" });
  expect(await tensorsOf("interrupted")).not.toEqual(whole);
  const again: TrainingNews[] = [];
  await trainCaptioner(told("interrupted", true), { onNews: (one) => again.push(one) });
  expect(again.map(({ kind }) => kind)).toContain("teaching");
  expect(await tensorsOf("interrupted")).toEqual(whole);
});

test("a run is not gone on with another share, and a teacher that was trained on the dev pictures is refused", async () => {
  const changed = student({ distil: { models: teacher(), share: 0.5, captions: 3 } });
  await expect(trainCaptioner({ ...changed, resume: true })).rejects.toMatchObject({ code: "RUN_MISMATCH" });
  const { manifest } = await readBundleFile(join(folder, "student", "best.safetensors"));
  const { decoder } = await readBundleFile(teacher());
  const training = { ...tinyInput.training, pictureHashes: String(manifest.training!["selectionHashes"]) };
  const tensors = drawnWeights(decoder!.manifest.spec);
  const leaky = await makeDecoderBundle({ ...tinyInput, decoder: decoder!.manifest, tensors, training }, (model) =>
    openSession(model, { threads: 1 }),
  );
  const models = join(folder, "leaky.safetensors");
  await writeBundleFile(models, leaky);
  await expect(trainCaptioner(student({ distil: { models, share: 1, captions: 1 } }))).rejects.toMatchObject({
    code: "DATA_LEAK",
    message: expect.stringMatching(/leaky.safetensors" was trained on 6 of the 6 dev pictures/) as string,
  });
});
