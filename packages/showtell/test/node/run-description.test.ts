// What a run's folder says that it was told: what a run that goes on is told again, and what it may not be told otherwise.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { idleOptions, readRunRequest, requireSameRun, runDescription } from "../../src/node/run-description.ts";
import { defaultTraining } from "../../src/node/training-request.ts";
import type { TrainingRequest } from "../../src/node/training-request.ts";

let path = "";

beforeAll(() => {
  path = join(mkdtempSync(join(tmpdir(), "showtell-description-")), "run.json");
});
afterAll(() => rmSync(join(path, ".."), { recursive: true, force: true }));

const models = { encoder: "e".repeat(64) };
const found = { name: "colours", hash: "0".repeat(64), pictureHashes: ["a", "b"] };

function request(changes: Partial<TrainingRequest> = {}): TrainingRequest {
  return { ...defaultTraining(), data: "data/captions.jsonl", out: "run", encoder: "encoder.safetensors", ...changes };
}

/** What is on disk once a run has begun. */
function written(told: TrainingRequest): Record<string, unknown> {
  return JSON.parse(JSON.stringify(runDescription(told, found, models))) as Record<string, unknown>;
}

function resumed(before: TrainingRequest, now: TrainingRequest, addedWords = 0): void {
  const idle = idleOptions(now, addedWords);
  requireSameRun(written(before), runDescription(now, found, models), { path: "run.json", idle });
}

describe("a run that goes on", () => {
  test("is told again all that it was told, whatever defaults are by now", async () => {
    const { training, decoderOptions } = defaultTraining();
    const told = request({
      images: "photos",
      views: ["plain", "flipped"],
      init: "models/first.safetensors",
      old: { data: "old", images: undefined, share: 0.25, mostForgotten: 0.5 },
      distil: { models: "a.safetensors,b.safetensors", share: 0.3, captions: 2, consensus: 4 },
      minimumCount: 17,
      decoderOptions: { ...decoderOptions, hiddenSize: 48, cell: "gru" },
      training: { ...training, seed: 9, objective: { kind: "cross-entropy" }, averaging: 0.9, patience: 77 },
    });
    writeFileSync(path, JSON.stringify(written(told)));
    const { out: _out, resume: _resume, ...rest } = told;
    expect(JSON.parse(JSON.stringify(await readRunRequest(path)))).toEqual(
      JSON.parse(JSON.stringify({ ...rest, resume: undefined })),
    );
  });

  test("is not told what its decoder's recipe has learnt to ask for since", async () => {
    const { hiddenSize, dropout, conditioning } = defaultTraining("show-and-tell").decoderOptions;
    expect(conditioning).toBeDefined();
    const before = request({ decoder: "show-and-tell", decoderOptions: { hiddenSize, dropout } });
    writeFileSync(path, JSON.stringify(written(before)));
    expect((await readRunRequest(path)).decoderOptions).toEqual({ hiddenSize, dropout });
  });

  test("finds its files from another folder, too", async () => {
    const before = { ...written(request({ images: "photos", embeddings: "mine.txt" })), folder: "/somewhere/else" };
    writeFileSync(path, JSON.stringify(before));
    expect(await readRunRequest(path)).toMatchObject({
      data: "/somewhere/else/data/captions.jsonl",
      images: "/somewhere/else/photos",
      encoder: "/somewhere/else/encoder.safetensors",
      embeddings: "/somewhere/else/mine.txt",
    });
  });

  test.each([
    ["no JSON", "{", /"[^"]*run\.json" is damaged: it is no JSON/],
    ["of another form", JSON.stringify({ options: {} }), /field "options\.encoder"/],
    ["with a number that can't be", JSON.stringify(written(request({ beam: 0 }))), /field "options\.beam"/],
  ])("is refused if its description is %s", async (_, text, reason) => {
    writeFileSync(path, text);
    await expect(readRunRequest(path)).rejects.toMatchObject({
      code: "RUN_FORMAT",
      message: expect.stringMatching(reason) as string,
    });
  });

  test("that is not there is named", async () => {
    const missing = join(path, "..", "none", "run.json");
    await expect(readRunRequest(missing)).rejects.toMatchObject({
      code: "FILE_NOT_FOUND",
      message: expect.stringContaining(missing) as string,
    });
  });
});

describe("what a run may not be told otherwise", () => {
  test("is named, field by field, with both values and nothing else", () => {
    const now = request({ beam: 7, training: { ...defaultTraining().training, seed: 2, averaging: 0.9 } });
    expect(() => resumed(request(), now)).toThrow(
      expect.objectContaining({
        code: "RUN_MISMATCH",
        message: expect.stringMatching(
          /^"run\.json": the run was started with training\.seed 1, now 2; beam 3, now 7; training\.averaging unset, now 0\.9: /,
        ) as string,
      }) as Error,
    );
  });

  test("are the captions, wherever they lie", () => {
    expect(() => resumed(request(), request({ data: "moved/captions.jsonl", images: "moved/photos" }))).not.toThrow();
    const other = runDescription(request(), { ...found, hash: "1".repeat(64) }, models);
    expect(() => requireSameRun(written(request()), other, { path, idle: [] })).toThrow(/data\.hash "0+", now "1+"/);
  });

  test.each(["encoder", "init"] as const)("is what the %s is, wherever it lies", (name) => {
    const [one, other] = ["1".repeat(64), "2".repeat(64)];
    const [first, second] = [request({ [name]: "first.safetensors" }), request({ [name]: "second.safetensors" })];
    const before = JSON.parse(JSON.stringify(runDescription(first, found, { ...models, [name]: one })));
    const goOn = (told: TrainingRequest, identity: string, was = before): void =>
      requireSameRun(was, runDescription(told, found, { ...models, [name]: identity }), { path: "run.json", idle: [] });
    expect(() => goOn(second, one)).not.toThrow();
    expect(() => goOn(first, other)).toThrow(new RegExp(`started with ${name} "1+", now "2+": `));
    // An earlier release wrote only where it lies.
    const { [name]: _unknown, ...old } = before;
    const absolute = join(process.cwd(), "first.safetensors");
    expect(() => goOn(request({ [name]: absolute }), one, old)).not.toThrow();
    expect(() => goOn(request({ [name]: relative(process.cwd(), absolute) }), one, old)).not.toThrow();
    expect(() => goOn(second, one, old)).toThrow(new RegExp(`${name} "first\\.safetensors", now`));
  });

  test("is not what a decoder that learns on brings along, but for the vectors of words that it gets", () => {
    const before = request({ init: "first.safetensors", embeddings: "random" });
    const { dropout } = before.decoderOptions;
    const now = {
      ...before,
      embeddings: "glove",
      embeddingSize: 7,
      decoderOptions: { hiddenSize: 7, layers: 3, dropout },
    };
    expect(() => resumed(before, now)).not.toThrow();
    expect(() => resumed(before, now, 1)).toThrow(/with embeddings "random", now "glove": /);
    const dry = { ...now, decoderOptions: { hiddenSize: 7, dropout: { ...dropout, input: 0.125 } } };
    expect(() => resumed(before, dry)).toThrow(/decoderOptions\.dropout\.input/);
  });
});
