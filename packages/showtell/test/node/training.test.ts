// A training run's folder: what it holds, that it can be killed at any moment and resumed to the same bits, and what it refuses.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { copyFile, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { defaultTraining, readBundleFile, trainCaptioner } from "showtell/node";
import type { TrainingNews, TrainingRequest } from "showtell/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readSafetensors } from "../../src/safetensors/read.ts";
import { readCheckpoint } from "../../src/train/checkpoint.ts";
import { selfCriticalOptions } from "../../src/train/options.ts";
import { colourRun, writeColourData } from "./training-fixture.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "showtell-training-"));
  await writeColourData(folder);
  await trainCaptioner(colourRun(folder, "whole"));
});

afterAll(() => rm(folder, { recursive: true }));

const fileOf = (run: string, name: string): Promise<Buffer> => readFile(join(folder, run, name));

async function linesOf(run: string, name: string): Promise<readonly Record<string, unknown>[]> {
  const text = (await fileOf(run, name)).toString();
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** All tensors of a checkpoint by name; its metadata holds times, which differ. */
async function tensorsOf(run: string): Promise<ReadonlyMap<string, unknown>> {
  return readSafetensors(await fileOf(run, "last.safetensors")).tensors;
}

/** A checkpoint's place in its run. */
async function checkpointOf(run: string): Promise<ReturnType<typeof readCheckpoint>> {
  return readCheckpoint(await fileOf(run, "last.safetensors"), run, {});
}

function ciderOf({ scores }: Readonly<Record<string, unknown>>): number {
  return (scores as { readonly CIDEr: number }).CIDEr;
}

/** Starts a run in a process of its own and kills it as soon as it says `when`. */
async function killedRun(request: TrainingRequest, when: (line: string) => boolean): Promise<void> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "training-child.mjs"), JSON.stringify(request)]);
  const exited = once(child, "exit");
  for await (const line of createInterface(child.stdout)) {
    if (!when(line)) continue;
    child.kill("SIGKILL");
    break;
  }
  await exited;
}

describe("a training run", () => {
  test("learns the pictures and leaves a bundle, a checkpoint, curves, history and samples", async () => {
    const epochs = (await linesOf("whole", "history.jsonl")).filter(({ kind }) => kind === "epoch");
    expect(epochs.map(({ epoch }) => epoch)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
    const losses = epochs.map(({ dev }) => (dev as { loss: number }).loss);
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 2);
    expect(epochs.every(({ residentBytes }) => Number(residentBytes) < 4e9)).toBe(true);
    const samples = await linesOf("whole", "samples.jsonl");
    expect(samples.at(-1)).toMatchObject({ epoch: 12, image: "yellow-dev.png" });
    const { manifest } = await readBundleFile(join(folder, "whole", "best.safetensors"));
    expect(manifest.training?.pictureHashes).toHaveLength(6 * 16);
    expect(manifest.training?.captionHashes).toHaveLength(12 * 16);
    // The longest sentence that is taught has its end after 20 words, and can be said.
    expect(manifest.decoder!.decoding.maximumLength).toBe(21);
    // It says one colour for all pictures, rightly for one of six.
    expect(Math.max(...epochs.map(ciderOf))).toBeGreaterThan(1);
    const { best } = (await checkpointOf("whole")).progress;
    expect(ciderOf(epochs[best!.epoch - 1]!)).toBe(Math.max(...epochs.map(ciderOf)));
    expect(manifest.training).toMatchObject({ epoch: best!.epoch, scores: { CIDEr: best!.scores!.CIDEr } });
    expect(manifest.training?.selectionHashes).toHaveLength(6 * 16);
    expect((await fileOf("whole", "curves.svg")).toString()).toContain("<svg");
    expect((await fileOf("whole", "curves.png")).subarray(1, 4).toString()).toBe("PNG");
    expect(JSON.parse((await fileOf("whole", "run.json")).toString())).toMatchObject({
      options: { decoderOptions: { hiddenSize: 32 }, training: { seed: 1 } },
    });
  });

  test.each([
    ["between two checkpoints", (line: string) => line === "checkpoint 4"],
    ["in an epoch's end", (line: string) => line.startsWith("epoch") && line.endsWith(" 15")],
  ])("killed %s and resumed ends in the same bits", async (moment, when) => {
    const name = `killed ${moment}`;
    await killedRun(colourRun(folder, name), when);
    const before = (await linesOf(name, "history.jsonl")).filter(({ kind }) => kind === "end");
    expect(before).toHaveLength(0);
    const resumed: TrainingNews[] = [];
    await trainCaptioner(colourRun(folder, name, { resume: true }), { onNews: (news) => resumed.push(news) });
    expect(resumed.find(({ kind }) => kind === "prepared")).toHaveProperty("resumedAt");
    expect(await tensorsOf(name)).toEqual(await tensorsOf("whole"));
    expect(await fileOf(name, "best.safetensors")).toEqual(await fileOf("whole", "best.safetensors"));
    const epochs = (await linesOf(name, "history.jsonl")).filter(({ kind }) => kind === "epoch");
    expect(epochs.map(({ epoch }) => epoch)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
  });

  test("cancelled, it writes a checkpoint, and resumed it ends in the same bits", async () => {
    const controller = new AbortController();
    const cancelled = await trainCaptioner(colourRun(folder, "cancelled"), {
      signal: controller.signal,
      onNews: ({ kind }) => kind === "epoch" && controller.abort(),
    });
    expect(cancelled).toMatchObject({ reason: "cancelled" });
    expect(cancelled.epochs).toBeLessThan(12);
    await trainCaptioner(colourRun(folder, "cancelled", { resume: true }));
    expect(await tensorsOf("cancelled")).toEqual(await tensorsOf("whole"));
  });

  test("chooses by the first dev pictures only, greedily, or by the loss, as it is told", async () => {
    const request = colourRun(folder, "first two", { views: ["plain", "flipped"] });
    const short = { ...request.training, epochs: 1 };
    await trainCaptioner({ ...request, training: { ...short, select: "greedy", selectFirst: 2 } });
    const { manifest } = await readBundleFile(join(folder, "first two", "best.safetensors"));
    const pictures = await Promise.all(["red", "green"].map((name) => fileOf("images", `${name}-dev.png`)));
    const hashes = pictures.map((bytes) => createHash("sha256").update(bytes).digest("hex").slice(0, 16));
    expect(manifest.training).toMatchObject({
      selectionHashes: hashes.join(""),
      options: { select: "greedy", selectFirst: 2, views: ["plain", "flipped"] },
    });
    const progress: TrainingNews[] = [];
    await trainCaptioner(
      { ...request, views: undefined, out: join(folder, "by loss"), training: { ...short, select: "loss" } },
      { onNews: (news) => progress.push(news) },
    );
    expect(progress.some(({ kind }) => kind === "judging")).toBe(false);
    expect((await checkpointOf("by loss")).progress.best).not.toHaveProperty("scores");
    const byLoss = (await readBundleFile(join(folder, "by loss", "best.safetensors"))).manifest.training;
    expect(byLoss).toMatchObject({ options: { views: ["plain"] } });
    expect(byLoss!["options"]).not.toHaveProperty("fineTune");
  });

  test("does not go on with a run of a release that chose otherwise", async () => {
    const request = colourRun(folder, "older");
    await trainCaptioner({ ...request, training: { ...request.training, epochs: 1 } });
    const path = join(folder, "older", "run.json");
    await writeFile(path, (await readFile(path, "utf8")).replace(/ *"select": "beam",\n/, ""));
    const resumed = trainCaptioner({ ...request, resume: true, training: { ...request.training, epochs: 1 } });
    await expect(resumed).rejects.toMatchObject({
      code: "RUN_MISMATCH",
      message: expect.stringContaining('training.select unset, now "beam"') as string,
    });
  });

  test("that keeps nothing of an average leaves the weights that it learnt", async () => {
    const request = colourRun(folder, "no average");
    await trainCaptioner({ ...request, training: { ...request.training, averaging: 0, epochs: 1 } });
    expect([...(await tensorsOf("no average")).keys()]).toEqual([...(await tensorsOf("whole")).keys()]);
  });

  test("with another seed ends in other weights", async () => {
    const request = colourRun(folder, "seed 2");
    await trainCaptioner({ ...request, training: { ...request.training, seed: 2, epochs: 1 } });
    expect(await tensorsOf("seed 2")).not.toEqual(await tensorsOf("whole"));
  });

  test("learns on from a bundle by rewards, with its words, and killed and resumed ends in the same bits", async () => {
    const init = join(folder, "whole", "best.safetensors");
    const training = {
      ...defaultTraining("show-and-tell", "self-critical").training,
      // So many that some of each epoch are right, whatever the last digits of this machine's weights draw.
      captionsPerPicture: 12,
      batchSize: 24,
      epochs: 3,
      checkpointSteps: 2,
    };
    const rewarded = (name: string, resume = false): TrainingRequest =>
      colourRun(folder, name, { init, training, resume });
    await trainCaptioner(rewarded("rewarded"));
    const epochs = (await linesOf("rewarded", "history.jsonl")).filter(({ kind }) => kind === "epoch");
    expect(epochs).toHaveLength(3);
    for (const { train } of epochs) expect((train as { reward: number }).reward).toBeGreaterThan(0);
    const [before, after] = [
      await readBundleFile(init),
      await readBundleFile(join(folder, "rewarded/best.safetensors")),
    ];
    expect(after.decoder!.manifest.vocabulary).toEqual(before.decoder!.manifest.vocabulary);
    expect(after.decoder!.manifest.identity).not.toBe(before.decoder!.manifest.identity);

    await killedRun(rewarded("rewarded, killed"), (line) => line === "checkpoint 4");
    await trainCaptioner(rewarded("rewarded, killed", true));
    expect(await tensorsOf("rewarded, killed")).toEqual(await tensorsOf("rewarded"));
  });

  test("with attributes trains their detector first, once, and interrupted and resumed ends in the same bits", async () => {
    const told = (name: string, resume = false): TrainingRequest => {
      const request = colourRun(folder, name, { attributes: 7, resume });
      return { ...request, training: { ...request.training, epochs: 2, select: "loss" } };
    };
    await trainCaptioner(told("told"));
    const history = await linesOf("told", "history.jsonl");
    expect(history.map(({ kind }) => kind)).toEqual(["start", "attributes", "epoch", "epoch", "end"]);
    // Dev pictures have the colours of the training pictures.
    expect(history[1]).toMatchObject({ step: 0, words: 7, averagePrecision: 1 });
    const { decoder } = await readBundleFile(join(folder, "told", "best.safetensors"));
    const { spec, vocabulary } = decoder!.manifest;
    const words = spec.attributes!.map((id) => vocabulary.words[id]);
    expect(words).toEqual(["picture", "black", "blue", "green", "red", "white", "yellow"]);
    // The detector does not learn with the decoder.
    const checkpoint = await tensorsOf("told");
    expect(decoder!.tensors.get("attributes.weight")).toEqual(checkpoint.get("attributes.weight"));
    expect(checkpoint.has("adam.first.attributes.weight")).toBe(false);

    for (const kind of ["detecting", "checkpoint"] as const) {
      const controller = new AbortController();
      const run = trainCaptioner(told(kind), {
        signal: controller.signal,
        onNews: (news) => news.kind === kind && controller.abort(),
      });
      // Before there is a checkpoint there is nothing to end in.
      if (kind === "detecting") await expect(run).rejects.toMatchObject({ code: "CANCELLED" });
      else expect(await run).toMatchObject({ reason: "cancelled" });
      await trainCaptioner(told(kind, true));
      expect(await tensorsOf(kind)).toEqual(checkpoint);
    }
  });

  test("judges the detector of attributes by no other dev pictures than those that choose the best epoch", async () => {
    const looked: number[] = [];
    const request = colourRun(folder, "told by two", { attributes: 7 });
    await trainCaptioner(
      { ...request, training: { ...request.training, epochs: 1, select: "greedy", selectFirst: 2 } },
      { onNews: (news) => news.kind === "looking" && looked.push(news.total) },
    );
    expect(looked).toEqual([6, 2]); // training pictures, and dev pictures
  });

  test("learns no picture that it is scored on, though both splits of its data have it", async () => {
    await copyFile(join(folder, "images", "red-dev.png"), join(folder, "images", "red-again.png"));
    const again = JSON.stringify({ image: "red-again.png", captions: ["a red picture"], split: "train" });
    await writeFile(join(folder, "again.jsonl"), (await readFile(join(folder, "captions.jsonl"), "utf8")) + again);
    const request = colourRun(folder, "again", { data: join(folder, "again.jsonl") });
    const left: TrainingNews[] = [];
    await trainCaptioner(
      { ...request, training: { ...request.training, epochs: 1, select: "loss" } },
      { onNews: (news) => news.kind === "broken picture" && left.push(news) },
    );
    expect(left).toMatchObject([{ path: join(folder, "images", "red-again.png"), error: { code: "DATA_LEAK" } }]);
    const { manifest } = await readBundleFile(join(folder, "again", "best.safetensors"));
    expect(manifest.training).toMatchObject({ data: { pictures: 6 } });
    const dev = await readFile(join(folder, "images", "red-dev.png"));
    const hash = createHash("sha256").update(dev).digest("hex").slice(0, 16);
    expect(manifest.training!.selectionHashes).toContain(hash);
    expect(manifest.training!.pictureHashes).not.toContain(hash);
  });

  test("judges no epoch by a picture that the model which learns on had learnt before", async () => {
    const init = join(folder, "whole", "best.safetensors");
    const lines = (await readFile(join(folder, "captions.jsonl"), "utf8")).trim().split("\n");
    const learnt = lines
      .map((line) => JSON.parse(line) as { image: string; split: string })
      .find(({ split }) => split === "train")!;
    const judged = lines.map((line) => (line.includes(`"${learnt.image}"`) ? line.replace('"train"', '"dev"') : line));
    await writeFile(join(folder, "leak.jsonl"), judged.join("\n"));
    const left: TrainingNews[] = [];
    const options = { onNews: (news: TrainingNews) => news.kind === "broken picture" && left.push(news) };
    const request = colourRun(folder, "leak", { data: join(folder, "leak.jsonl"), init });
    await trainCaptioner({ ...request, training: { ...request.training, epochs: 1, select: "loss" } }, options);
    const message = expect.stringContaining(`was learnt before by "${init}"`) as string;
    expect(left).toMatchObject([{ path: join(folder, "images", learnt.image), error: { code: "DATA_LEAK", message } }]);
    const { manifest } = await readBundleFile(join(folder, "leak", "best.safetensors"));
    const hash = createHash("sha256")
      .update(await readFile(join(folder, "images", learnt.image)))
      .digest("hex");
    expect(manifest.training!.selectionHashes).not.toContain(hash.slice(0, 16));

    const swapped = lines.map((line) =>
      line.includes('"train"') ? line.replace('"train"', '"dev"') : line.replace('"dev"', '"train"'),
    );
    await writeFile(join(folder, "swapped.jsonl"), swapped.join("\n"));
    await expect(
      trainCaptioner(colourRun(folder, "swapped", { data: join(folder, "swapped.jsonl"), init })),
    ).rejects.toMatchObject({ code: "DATA_EMPTY", message: expect.stringContaining("the dev split") as string });
  });

  test.each(["cross-entropy", "self-critical"] as const)(
    "refuses training captions without a word: %s",
    async (kind) => {
      const init = join(folder, "whole", "best.safetensors");
      const lines = (await readFile(join(folder, "captions.jsonl"), "utf8")).trim().split("\n");
      const records = lines.map((line) => JSON.parse(line) as { split: string });
      const silent = records.map((record) => (record.split === "train" ? { ...record, captions: ["..."] } : record));
      await writeFile(join(folder, "silent.jsonl"), silent.map((record) => JSON.stringify(record)).join("\n"));
      const request = colourRun(folder, `silent ${kind}`, { data: join(folder, "silent.jsonl"), init });
      const objective = kind === "self-critical" ? selfCriticalOptions.objective : ({ kind } as const);
      const training = { ...request.training, captionsPerPicture: 2, objective };
      await expect(trainCaptioner({ ...request, training })).rejects.toMatchObject({
        code: "DATA_EMPTY",
        message: "the train split has no caption with words: add some",
      });
      await expect(readdir(join(folder, `silent ${kind}`))).rejects.toMatchObject({ code: "ENOENT" });
    },
  );

  test("refuses to learn on from what is no trained decoder, or not the one it names", async () => {
    const request = colourRun(folder, "new", { init: join(folder, "whole", "last.safetensors") });
    await expect(trainCaptioner(request)).rejects.toMatchObject({ code: "BUNDLE_KIND" });
    const other = {
      ...request,
      init: join(folder, "whole", "best.safetensors"),
      decoder: "parallel-attention",
    } as const;
    await expect(trainCaptioner(other)).rejects.toMatchObject({
      code: "ARGUMENT",
      message: expect.stringContaining("--decoder show-and-tell") as string,
    });
  });

  test("refuses a folder that holds a run, other options, and an encoder that is none", async () => {
    await expect(trainCaptioner(colourRun(folder, "whole"))).rejects.toMatchObject({ code: "RUN_EXISTS" });
    await expect(trainCaptioner(colourRun(folder, "whole", { resume: true, beam: 7 }))).rejects.toMatchObject({
      code: "RUN_MISMATCH",
      message: expect.stringContaining("started with beam 3, now 7: ") as string,
    });
    const best = join(folder, "whole", "best.safetensors");
    await expect(trainCaptioner(colourRun(folder, "new", { encoder: best }))).rejects.toMatchObject({
      code: "BUNDLE_KIND",
    });
  });

  test("keeps a second trainer out while it runs", async () => {
    const controller = new AbortController();
    let second: Promise<unknown> | undefined;
    await trainCaptioner(colourRun(folder, "locked"), {
      signal: controller.signal,
      onNews: (news) => {
        if (news.kind !== "prepared") return;
        second = trainCaptioner(colourRun(folder, "locked", { resume: true })).catch((error: unknown) => error);
        void second.then(() => controller.abort());
      },
    });
    expect(await second).toMatchObject({
      code: "LOCKED",
      message: expect.stringContaining(String(process.pid)) as string,
    });
  });
});
