// Evaluating on pictures of one colour: the rows and what they are scored on, what is marked, and what is refused.
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { scoreCaptions } from "caption-metrics";
import { wordnet } from "caption-metrics/wordnet";
import { defaultEvaluation, evaluateCaptioners, loadCaptioner, openSession, readBundleFile } from "showtell/node";
import { trainCaptioner, writeBundleFile } from "showtell/node";
import type { Evaluation, EvaluationNews, EvaluationRequest } from "showtell/node";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { makeDecoderBundle } from "../../src/bundle/decoder-bundle.ts";
import { drawnWeights } from "../bundle/tiny-decoder.ts";
import { writeTinyModel } from "../cli/tiny-model.ts";
import { colourRun, writeColourData } from "./training-fixture.ts";

// Threads with models to compile in each test.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 300_000 });

let folder: string;
let evaluation: Evaluation;
const news: EvaluationNews[] = [];

const bundle = (run: string): string => join(folder, run, "best.safetensors");

function request(changes: Partial<EvaluationRequest> = {}): EvaluationRequest {
  return {
    ...defaultEvaluation,
    data: join(folder, "captions.jsonl"),
    images: join(folder, "images"),
    split: "dev",
    models: [bundle("one")],
    cache: join(folder, "features"),
    threads: 1,
    resamples: 100,
    ...changes,
  };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "showtell-evaluation-"));
  // No paraphrase table that happens to be in this machine's cache.
  vi.stubEnv("SHOWTELL_CACHE", join(folder, "cache"));
  await writeColourData(folder);
  const run = colourRun(folder, "one");
  await trainCaptioner({ ...run, training: { ...run.training, epochs: 2 } });
  await writeOtherSeed();
  const models = [bundle("one"), bundle("two"), `${bundle("one")},${bundle("two")}`];
  evaluation = await evaluateCaptioners(request({ models, beam: 2 }), { onNews: (one) => news.push(one) });
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

/** A bundle as another seed would have left it: of the same data and options, with other weights. */
async function writeOtherSeed(): Promise<void> {
  const { manifest, decoder } = await readBundleFile(bundle("one"));
  const { training, licences, writer } = manifest;
  const options = { ...(training!["options"] as object), seed: 2 };
  const other = await makeDecoderBundle(
    {
      decoder: decoder!.manifest,
      tensors: drawnWeights(decoder!.manifest.spec),
      training: { ...training, options },
      licences,
      writer,
    },
    (model) => openSession(model, { threads: 1 }),
  );
  await mkdir(join(folder, "two"));
  await writeBundleFile(bundle("two"), other);
}

const rowOf = (name: string) => evaluation.rows.find((row) => row.name === name)!;

describe("an evaluation", () => {
  test("has a row for each model and ensemble, and for what they must beat", () => {
    expect(evaluation.rows.map(({ name, kind }) => [name, kind])).toEqual([
      ["one", "model"],
      ["two", "model"],
      ["one + two", "ensemble"],
      ["best constant caption", "constant"],
      ["nearest training picture", "neighbour"],
      ["a person", "human"],
    ]);
    expect(evaluation.data).toMatchObject({
      split: "dev",
      pictures: 6,
      skipped: 0,
      references: { fewest: 2, most: 2, compared: 2 },
    });
    expect(rowOf("one").model).toMatchObject({ files: [bundle("one")], beam: 2 });
    expect(rowOf("one + two").model).toMatchObject({ files: [bundle("one"), bundle("two")] });
  });

  test("scores a model's captions as the metrics score them", async () => {
    const lines = (await readFile(join(folder, "captions.jsonl"), "utf8")).trim().split("\n");
    const dev = lines.map((line) => JSON.parse(line) as { image: string; captions: string[]; split: string });
    const pictures = dev.filter(({ split }) => split === "dev");
    const captioner = await loadCaptioner({ model: bundle("one"), threads: 1 });
    const captions: [string, string][] = [];
    for (const { image } of pictures) {
      captions.push([image, (await captioner.caption(join(folder, "images", image), { beam: 2 })).caption]);
    }
    await captioner.dispose();
    const references = pictures.map(({ image, captions: own }) => [image, own] as const);
    const { scores, signatures } = scoreCaptions(captions, references, { meteor: { synonyms: wordnet } });
    expect(evaluation.metrics).toEqual(Object.keys(scores));
    for (const [name, score] of Object.entries(scores)) {
      expect(rowOf("one").scores![name]!.value).toBeCloseTo(score, 12);
    }
    expect(evaluation.signatures).toEqual(signatures);
  });

  test("finds the picture of the same colour, and people who wrote of the same one", () => {
    // The nearest training picture has the very same captions, the best for all pictures is right about one.
    expect(rowOf("nearest training picture").scores!["BLEU-1"]!.value).toBeCloseTo(1, 6);
    const [nearest, constant] = ["nearest training picture", "best constant caption"].map(
      (name) => rowOf(name).scores!["CIDEr"]!.value,
    );
    expect(constant).toBeGreaterThan(0);
    expect(nearest).toBeGreaterThan(3 * constant!);
    const person = rowOf("a person");
    expect(person.scores).toBeUndefined();
    expect(person.fewer!["CIDEr"]!.value).toBeGreaterThan(rowOf("best constant caption").fewer!["CIDEr"]!.value);
  });

  test("marks what a model was chosen by, and joins models that differ in their seed", () => {
    expect(rowOf("one").marks).toEqual([{ kind: "selection", text: "chosen by 6 of the 6 pictures" }]);
    const [group] = evaluation.seeds;
    expect(group).toMatchObject({ name: "2 seeds", rows: ["one", "two"] });
    const ciders = ["one", "two"].map((name) => rowOf(name).scores!["BLEU-1"]!.value);
    expect(group!.scores["BLEU-1"]!.mean).toBeCloseTo((ciders[0]! + ciders[1]!) / 2, 12);
  });

  test("measures how well models foresee what people wrote, each end counted", () => {
    const { value, words, unknown } = rowOf("one").perplexity!;
    expect({ words, unknown }).toEqual({ words: 6 * (4 + 6), unknown: 0 });
    expect(value).toBeGreaterThan(1);
    expect(value).toBeLessThan(20); // the words that there are
    expect(rowOf("one + two").perplexity).toBeUndefined();
  });

  test("chooses by consensus where that is asked, among the captions of an ensemble's members, and says so", async () => {
    const models = [`${bundle("one")},${bundle("two")}`];
    const choice = { consensus: 4, consensusFrom: "members" } as const;
    const { rows } = await evaluateCaptioners(request({ models, baselines: false, ...choice }));
    expect(rows[0]!.model).toMatchObject({
      beam: 4,
      consensus: { captions: 4, from: "members", weights: "uniform", voters: "captions" },
    });
    expect(rowOf("one + two").model).not.toHaveProperty("consensus");
  });

  test("lets similar training pictures vote where that is asked, and says so", async () => {
    // After two epochs the model says one colour of all; training pictures of the same colour know better.
    const asked = request({ baselines: false, consensus: 300 });
    const { rows } = await evaluateCaptioners({ ...asked, consensusVoters: "neighbours" });
    expect(rows[0]!.model).toMatchObject({
      beam: 300,
      consensus: { captions: 300, from: "ensemble", weights: "uniform", voters: "neighbours" },
    });
    const among = (await evaluateCaptioners(asked)).rows[0]!;
    expect(among.model!.consensus).toMatchObject({ voters: "captions" });
    expect(rows[0]!.scores!["CIDEr"]!.value).toBeGreaterThan(1 + among.scores!["CIDEr"]!.value);
  });

  test("lets a matcher count, too, which learns from the training pictures first", async () => {
    let learnt = 0;
    const onNews = (one: EvaluationNews): void =>
      void (one.kind === "work" && one.task === "matching captions" && one.done === one.total && learnt++);
    const models = [bundle("one"), `${bundle("one")},${bundle("two")}`];
    const asked = request({ models, baselines: false, consensus: 300, consensusVoters: "neighbours-and-matcher" });
    const { rows } = await evaluateCaptioners(asked, { onNews });
    // Once for both models, which read the same features.
    expect(learnt).toBe(1);
    expect(rows[0]!.model!.consensus).toMatchObject({ voters: "neighbours-and-matcher" });
    const among = (await evaluateCaptioners({ ...asked, consensusVoters: "captions" })).rows[0]!;
    expect(rows[0]!.scores!["CIDEr"]!.value).toBeGreaterThan(1 + among.scores!["CIDEr"]!.value);
  });

  test("lets what was said of similar training pictures foretell words where that is asked, without a vote, and says so", async () => {
    const asked = request({ baselines: false, beam: 5, neighbourWords: 3 });
    const { rows } = await evaluateCaptioners(asked);
    expect(rows[0]!.model).toMatchObject({ beam: 5, neighbourWords: 3 });
    expect(rows[0]!.model).not.toHaveProperty("consensus");
    expect(rows[0]!.scores!["CIDEr"]!.value).toBeGreaterThan(1 + rowOf("one").scores!["CIDEr"]!.value);
    expect(rows[0]!.perplexity).toEqual(rowOf("one").perplexity);
  });

  test("gives no vote to pictures that are scored themselves", async () => {
    const own = request({
      split: "train",
      allowLeak: true,
      baselines: false,
      consensus: 4,
      consensusVoters: "neighbours",
    });
    await expect(evaluateCaptioners(own)).rejects.toMatchObject({
      code: "DATA_EMPTY",
      message: expect.stringContaining('no picture of split "train"') as string,
    });
  });

  test("reads no training picture for votes that nobody asked to count", async () => {
    const lone = request({ baselines: false, consensusVoters: "neighbours" });
    const read: string[] = [];
    const onNews = (one: EvaluationNews): void => void (one.kind === "features" && read.push(one.split));
    await expect(evaluateCaptioners(lone, { onNews })).rejects.toMatchObject({ code: "ARGUMENT" });
    expect(read).not.toContain("train");
  });

  test("tells how far it is", () => {
    const tasks = new Set(news.map((one) => (one.kind === "work" ? one.task : one.kind)));
    expect([...tasks]).toEqual(
      expect.arrayContaining(["features", "captioning with one", "perplexity of two", "nearest pictures", "scoring"]),
    );
  });
});

/** Expects an evaluation to be refused. */
async function refused(changes: Partial<EvaluationRequest>, code: string): Promise<void> {
  await expect(evaluateCaptioners(request(changes))).rejects.toMatchObject({ code });
}

describe("an evaluation refuses", () => {
  test("pictures that a model was trained on, unless it is to mark them", async () => {
    const leaky = request({ split: "train", baselines: false });
    await expect(evaluateCaptioners(leaky)).rejects.toMatchObject({
      code: "DATA_LEAK",
      message: expect.stringMatching(
        /"[^"]*one.best\.safetensors" was trained on 6 of the 6 pictures .*--allow-leak/,
      ) as string,
    });
    const { rows } = await evaluateCaptioners({ ...leaky, allowLeak: true });
    expect(rows[0]!.marks).toEqual([{ kind: "leak", text: "trained on 6 of the 6 pictures" }]);
  });

  test("the same model twice, a split that is not there, and one without captions", async () => {
    await refused({ models: [bundle("one"), bundle("one")] }, "ARGUMENT");
    await refused({ split: "test" }, "DATA_SPLIT");
    const empty = join(folder, "empty.jsonl");
    await writeFile(empty, JSON.stringify({ image: "red-dev.png", captions: ["..."], split: "dev" }));
    await refused({ data: empty }, "DATA_EMPTY");
  });

  test("to go on when cancelled", async () => {
    const controller = new AbortController();
    const stopped = evaluateCaptioners(request(), {
      signal: controller.signal,
      onNews: ({ kind }) => kind === "work" && controller.abort(),
    });
    await expect(stopped).rejects.toMatchObject({ code: "CANCELLED" });
  });
});

test("what can't be had is left out, and said: a broken picture, a train split, a second reference, a record of training", async () => {
  const model = join(folder, "tiny.safetensors");
  await writeTinyModel(model);
  const lines = ["red", "green", "blue"].map((name) =>
    JSON.stringify({ image: `${name}-dev.png`, captions: [`a ${name} picture`], split: "dev" }),
  );
  await writeFile(join(folder, "images", "broken.png"), "no picture");
  const data = join(folder, "single.jsonl");
  await writeFile(data, [...lines, JSON.stringify({ image: "broken.png", captions: ["a"], split: "dev" })].join("\n"));
  const told: EvaluationNews[] = [];
  const found = await evaluateCaptioners(request({ data, models: [model] }), { onNews: (one) => told.push(one) });
  expect(found.data).toMatchObject({ pictures: 3, skipped: 1, references: { compared: 0 } });
  expect(told.filter(({ kind }) => kind === "broken picture")).toHaveLength(1);
  expect(found.rows.map(({ kind }) => kind)).toEqual(["model"]);
  expect(found.rows[0]!.fewer).toBeUndefined();
  expect(found.rows[0]!.marks).toEqual([
    { kind: "unknown", text: "its bundle does not say which pictures it was chosen by" },
  ]);
  expect(found.notes).toEqual([expect.stringContaining("no train split") as string]);
});
