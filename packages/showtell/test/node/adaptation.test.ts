// A trained model that learns new colours: its old words stay, new ones come, and one that forgets is not accepted.
import { appendFile, cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadCaptioner, readBundleFile, trainCaptioner } from "showtell/node";
import type { TrainingNews, TrainingRequest } from "showtell/node";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { encoderIdentityIn } from "../../src/node/bundle-files.ts";
import type { ComparedRun } from "../../src/node/comparison-request.ts";
import { runStates } from "../../src/node/comparison-states.ts";
import { runOptions } from "../../src/node/run-options.ts";
import { dataHashOf } from "../../src/node/training-captions.ts";
import { readSafetensors } from "../../src/safetensors/read.ts";
import { recordOf } from "../compare/records.ts";
import { colourRun, newColours, writeColourData } from "./training-fixture.ts";

// Several runs a test, each with models to compile.
vi.setConfig({ testTimeout: 180_000 });

let folder: string;

const at = (...names: string[]): string => join(folder, ...names);
// So few pictures teach one colour for all of them, so that another one is forgotten.
const old = { share: 0.5, mostForgotten: 10 };

/** A run that goes on from the base model with the new colours. */
function adapting(name: string, changes: Partial<TrainingRequest> = {}): TrainingRequest {
  const run = colourRun(folder, name);
  return {
    ...run,
    data: at("new/captions.jsonl"),
    images: at("new/images"),
    init: at("base/best.safetensors"),
    training: { ...run.training, epochs: 10, patience: 10 },
    ...changes,
  };
}

const withOld = (changes: Partial<typeof old> = {}): Partial<TrainingRequest> => ({
  old: { data: at("captions.jsonl"), images: at("images"), ...old, ...changes },
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "showtell-adaptation-"));
  await writeColourData(folder);
  await writeColourData(at("new"), newColours);
  const base = colourRun(folder, "base");
  await trainCaptioner({ ...base, training: { ...base.training, epochs: 14, patience: 14, select: "loss" } });
});

afterAll(() => rm(folder, { recursive: true }));

describe("learning on from a bundle with new data and old", () => {
  test("keeps old words in their places, adds new ones, and scores both models on both dev sets", async () => {
    const prepared: TrainingNews[] = [];
    const request = adapting("adapted", withOld());
    const { adaptation } = await trainCaptioner(request, {
      onNews: (news) => news.kind === "prepared" && prepared.push(news),
    });
    expect(prepared).toMatchObject([{ addedWords: ["orange", "purple"], oldCaptions: 4, trainCaptions: 8 }]);
    const [before, after] = [await readBundleFile(request.init!), await readBundleFile(at("adapted/best.safetensors"))];
    const words = before.decoder!.manifest.vocabulary.words;
    expect(after.decoder!.manifest.vocabulary.words).toEqual([...words, "orange", "purple"]);
    expect(adaptation).toMatchObject({
      before: before.decoder!.manifest.identity,
      after: after.decoder!.manifest.identity,
      addedWords: ["orange", "purple"],
      learned: { data: "captions.jsonl", pictures: 2 },
      remembered: { pictures: 6, accepted: true, mostForgotten: 10 },
    });
    expect(adaptation!.learned.after.CIDEr).toBeGreaterThan(adaptation!.learned.before.CIDEr + 1);
    const captioner = await loadCaptioner({ model: at("adapted/best.safetensors"), threads: 1 });
    expect((await captioner.caption(at("new/images/purple-dev.png"))).caption).toMatch(/purple|orange/);
    await captioner.dispose();
    const { writer, ...report } = JSON.parse(await readFile(at("adapted/adaptation.json"), "utf8")) as Record<
      string,
      unknown
    >;
    expect(writer).toMatch(/^showtell /);
    expect(report).toEqual(adaptation);
    expect(await readdir(at("adapted"))).not.toContain("candidate.safetensors");
  });

  test("records what both have seen, and where the model comes from", async () => {
    const [before, after] = [
      await readBundleFile(at("base/best.safetensors")),
      await readBundleFile(at("adapted/best.safetensors")),
    ];
    const hashes = (
      bundle: typeof before,
      name: "pictureHashes" | "captionHashes" | "selectionHashes",
    ): readonly string[] => bundle.manifest.training![name]!.match(/.{16}/g)!;
    for (const name of ["pictureHashes", "captionHashes", "selectionHashes"] as const) {
      const all = hashes(after, name);
      expect(all).toEqual(expect.arrayContaining([...hashes(before, name)]));
      expect(new Set(all).size).toBe(all.length);
    }
    expect(hashes(after, "pictureHashes")).toHaveLength(6 + 2);
    expect(after.manifest.training).toMatchObject({
      init: { identity: before.decoder!.manifest.identity, addedWords: 2 },
      options: { embeddings: "random" },
    });
  });

  test("does not accept a model that forgets, keeps it under another name, and says the same when resumed", async () => {
    const request = adapting("forgetful", withOld({ share: 0, mostForgotten: 0.1 }));
    const { adaptation } = await trainCaptioner(request);
    const { accepted, before, after, forgotten } = adaptation!.remembered!;
    expect(accepted).toBe(false);
    expect(forgotten).toBe(before.CIDEr - after.CIDEr);
    expect(forgotten).toBeGreaterThan(0.1);
    const files = await readdir(at("forgetful"));
    expect(files).toContain("not-accepted.safetensors");
    expect(files).not.toContain("best.safetensors");
    const again = await trainCaptioner({ ...request, resume: true });
    expect(again.adaptation).toEqual(adaptation);
    expect(await readdir(at("forgetful"))).toEqual(files);
  });

  test("interrupted, it leaves no model that was not judged, and resumed it ends in the same bits", async () => {
    const controller = new AbortController();
    const request = adapting("interrupted", withOld());
    const cancelled = await trainCaptioner(request, {
      signal: controller.signal,
      onNews: ({ kind }) => kind === "comparing" && controller.abort(),
    });
    expect(cancelled).toMatchObject({ reason: "cancelled" });
    expect(cancelled).not.toHaveProperty("adaptation");
    expect(await readdir(at("interrupted"))).not.toContain("best.safetensors");
    const resumed = await trainCaptioner({ ...request, resume: true });
    expect(resumed.adaptation?.remembered?.accepted).toBe(true);
    const tensorsOf = async (run: string): Promise<unknown> =>
      readSafetensors(await readFile(at(run, "last.safetensors"))).tensors;
    expect(await tensorsOf("interrupted")).toEqual(await tensorsOf("adapted"));
    expect(await readFile(at("interrupted/best.safetensors"))).toEqual(await readFile(at("adapted/best.safetensors")));
  });

  test("without old data accepts, scores the new dev set alone, and needs no new words", async () => {
    const run = adapting("alone", { minimumCount: 100 });
    const { adaptation } = await trainCaptioner({ ...run, training: { ...run.training, epochs: 1 } });
    expect(adaptation).toMatchObject({ addedWords: [], learned: { pictures: 2 } });
    expect(adaptation).not.toHaveProperty("remembered");
    expect(await readdir(at("alone"))).toContain("best.safetensors");
  });

  test("has its record found again by a plan that mixes the same old data in", async () => {
    const request = adapting("recorded", withOld());
    const { training } = await readBundleFile(at("adapted/best.safetensors")).then(({ manifest }) => manifest);
    const { hash } = training!["data"] as { readonly hash: string };
    const made = recordOf("learnt-on", 0.5, { options: runOptions(request) });
    const data = { ...made.training!.data, hash };
    const record = {
      ...made,
      training: { ...made.training!, data },
      encoders: [{ name: "resnet50", layer: "pooled", identity: (await encoderIdentityIn(request.encoder))! }],
    };
    await mkdir(at("records"));
    await writeFile(at("records/learnt-on.json"), JSON.stringify(record));
    const stateOf = async (told: TrainingRequest): Promise<string | undefined> => {
      const row = { name: "row", kind: "train", options: {} } as unknown as ComparedRun["row"];
      const run: ComparedRun = {
        row,
        field: "",
        options: {},
        needs: [],
        seed: 1,
        template: { kind: "train", request: told },
      };
      const states = await runStates(
        { plan: { split: "dev" }, runs: [run], records: at("records"), out: at("runs") },
        await dataHashOf({ ...told, old: undefined }),
      );
      return states[0]!.record?.name;
    };
    expect(await stateOf(request)).toBe("learnt-on");
    await writeColourData(at("fewer"), { red: [220, 30, 30] });
    const other = { ...request, old: { ...request.old!, data: at("fewer/captions.jsonl") } };
    expect(await stateOf(other)).toBeUndefined();
  });

  test("scores no picture that it learns, in whichever of the data sets it stands", async () => {
    await cp(at("new"), at("overlap"), { recursive: true });
    const shared = [
      ["red-dev.png", "train"],
      ["blue-train.png", "dev"],
    ] as const;
    for (const [image, split] of shared) {
      await cp(at("images", image), at("overlap/images", image));
      await appendFile(at("overlap/captions.jsonl"), `${JSON.stringify({ image, captions: ["a colour"], split })}\n`);
    }
    const data = { data: at("overlap/captions.jsonl"), images: at("overlap/images") };
    await cp(at("new/images/purple-dev.png"), at("images/purple-dev.png"));
    const more = JSON.stringify({ image: "purple-dev.png", captions: ["a colour"], split: "train" });
    await writeFile(at("more.jsonl"), `${await readFile(at("captions.jsonl"), "utf8")}${more}\n`);
    const mixed = { ...withOld({ share: 0.9, mostForgotten: 10 }).old!, data: at("more.jsonl") };
    const run = adapting("overlapping", { ...data, old: mixed });
    const { adaptation } = await trainCaptioner({ ...run, training: { ...run.training, epochs: 1 } });
    // All of the new data's, and of the old data's all but the purple one, which is to be judged. The model had learnt the blue one before, so
    // that it judges nothing; the red one is learned, so it does not count as remembered.
    const { manifest } = await readBundleFile(at("overlapping/best.safetensors"));
    expect(manifest.training).toMatchObject({ data: { pictures: 3 + 6 } });
    expect(adaptation).toMatchObject({ learned: { pictures: 2 }, remembered: { pictures: 5 } });
  });

  test("refuses old data that can't be scored before it trains", async () => {
    const lines = (await readFile(at("captions.jsonl"), "utf8")).trim().split("\n");
    const silent = lines.map((line) => line.replace(/\[.*\](?=,"split":"dev")/, '[""]'));
    await writeFile(at("silent.jsonl"), silent.join("\n"));
    const run = adapting("silent", { old: { ...withOld().old!, data: at("silent.jsonl") } });
    await expect(trainCaptioner(run)).rejects.toMatchObject({ code: "DATA_EMPTY" });
  });
});
