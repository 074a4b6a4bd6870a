// A run's folder: one writer at a time, history cut back to where a resumed run stands, and when the model in it is what the run leaves.
import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasFinishedModel } from "../../src/node/finished-run.ts";
import { openTrainingRun, resumedFrom } from "../../src/node/training-run.ts";
import type { TrainingRun } from "../../src/node/training-run.ts";
import { runDescription } from "../../src/node/run-description.ts";
import { defaultTraining } from "../../src/node/training-request.ts";
import { firstProgress } from "../../src/train/trainer.ts";
import { epochLine, writeRun } from "./run-fixture.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "showtell-run-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const settings = { resume: false, writer: "showtell test", judged: false, idle: [] };

function opened(name: string, decoderSeed = 1): Promise<TrainingRun> {
  const defaults = defaultTraining();
  const training = { ...defaults.training, seed: decoderSeed };
  const request = { ...defaults, data: "d", out: join(folder, name), encoder: "e.safetensors", training };
  const found = { name: "colours", hash: "0".repeat(64), pictureHashes: [] };
  return openTrainingRun(join(folder, name), runDescription(request, found, { encoder: "e".repeat(64) }), settings);
}

/** Appends lines to a run's history, the last of them torn where it is undefined. */
async function append(run: string, more: readonly (object | undefined)[]): Promise<void> {
  const text = more.map((line) => (line === undefined ? '{"kind":"sta' : `${JSON.stringify(line)}\n`));
  await appendFile(join(run, "history.jsonl"), text.join(""));
}

describe("a run's folder", () => {
  test("is written by one run at a time, and says what that one was told", async () => {
    const both = await Promise.allSettled([opened("shared", 1), opened("shared", 2)]);
    const won = both.findIndex(({ status }) => status === "fulfilled");
    expect(both[1 - won]).toMatchObject({ status: "rejected", reason: { code: "LOCKED" } });
    const told = JSON.parse(await readFile(join(folder, "shared", "run.json"), "utf8")) as Record<string, unknown>;
    expect(told["options"]).toMatchObject({ training: { seed: won + 1 } });
    await (both[won] as PromiseFulfilledResult<TrainingRun>).value.close();
    await expect(opened("shared")).rejects.toMatchObject({ code: "RUN_EXISTS" });
    // A refusal leaves no lock behind.
    await expect(opened("shared")).rejects.toMatchObject({ code: "RUN_EXISTS" });
  });

  test("keeps of its history what a resumed run will not tell again", async () => {
    const run = await opened("resumed");
    // The checkpoint was written before the second epoch was judged, whose line a run that was killed right then has written already.
    await run.saveCheckpoint({ ...firstProgress, epoch: 1, batch: 10, step: 20 }, {});
    await append(join(folder, "resumed"), [
      { kind: "start", step: 0 },
      epochLine(1),
      epochLine(2),
      { kind: "start", step: 25 },
    ]);
    expect(await resumedFrom(run, {})).toMatchObject({ progress: { epoch: 1, step: 20 } });
    const kept = (await readFile(join(folder, "resumed", "history.jsonl"), "utf8")).trimEnd().split("\n");
    expect(kept.map((line) => JSON.parse(line) as unknown)).toEqual([{ kind: "start", step: 0 }, epochLine(1)]);
    await run.close();
  });
});

describe("the model in a run's folder is what the run leaves", () => {
  test.each([
    ["when it has finished", { epochs: 2, reason: "finished" }, [], true],
    ["when it has stopped early", { epochs: 2, reason: "early stop" }, [], true],
    ["not while it trains", { epochs: 2 }, [], false],
    ["not when it was cancelled", { epochs: 2, reason: "cancelled" }, [], false],
    ["not when its history is torn", { epochs: 2, reason: "finished" }, [undefined], false],
    ["not when it goes on", { epochs: 2, reason: "finished" }, [{ kind: "start", step: 20 }], false],
  ] as const)("%s", async (name, fixture, more, is) => {
    const run = await writeRun(folder, name, fixture);
    expect(await hasFinishedModel(run)).toBe(false); // there is none
    await writeFile(join(run, "best.safetensors"), "");
    await append(run, more);
    expect(await hasFinishedModel(run)).toBe(is);
  });

  test("when it was copied there, without a history", async () => {
    await writeFile(join(folder, "best.safetensors"), "");
    expect(await hasFinishedModel(folder)).toBe(true);
  });
});
