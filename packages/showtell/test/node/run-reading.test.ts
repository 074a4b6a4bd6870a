// Training runs as others see them: states, what is told of each, half-written lines, damage, and that nothing outside the folder is read.
import { appendFile, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lockFolder } from "../../src/node/lock.ts";
import { listRuns, readRun } from "../../src/node/run-reading.ts";
import { epochLine, writeRun } from "./run-fixture.ts";

let folder: string;
let outside: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "showtell-runs-"));
  outside = await mkdtemp(join(tmpdir(), "showtell-outside-"));
  await writeRun(outside, "secret", { epochs: 1 });
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await rm(outside, { recursive: true });
});

describe("a run", () => {
  test("tells how far it is, its best epoch, its history and what it says now", async () => {
    await writeRun(folder, "ended", { epochs: 3, planned: 3, reason: "finished" });
    const { history, samples, ...summary } = await readRun(folder, "ended");
    expect(summary).toMatchObject({
      name: "ended",
      state: "finished",
      decoder: "show-and-tell",
      data: "colours",
      objective: "cross-entropy",
      epochs: { done: 3, planned: 3 },
      best: { epoch: 3, loss: 5 / 3 },
    });
    expect(summary.best!.CIDEr).toBeCloseTo(0.3, 12);
    expect(summary).not.toHaveProperty("secondsLeft");
    expect(history.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
    expect(samples).toEqual([{ epoch: 3, image: "red.png", caption: "ended says red 3", reference: "a red picture" }]);
  });

  test("is running while a process holds its lock, and then tells the time left", async () => {
    const run = await writeRun(folder, "now", { epochs: 4, planned: 10 });
    expect((await readRun(folder, "now")).state).toBe("interrupted");
    const lock = await lockFolder(run);
    expect(await readRun(folder, "now")).toMatchObject({ state: "running", secondsLeft: 6 * 30 });
    // A line that is still being written does not count yet.
    const line = JSON.stringify(epochLine(5));
    await appendFile(join(run, "history.jsonl"), line.slice(0, 40));
    expect((await readRun(folder, "now")).epochs!.done).toBe(4);
    await appendFile(join(run, "history.jsonl"), `${line.slice(40)}\n`);
    expect((await readRun(folder, "now")).epochs!.done).toBe(5);
    await lock.release();
  });

  test("that has only begun, was stopped early or is damaged says so, and the others are still listed", async () => {
    const begun = await writeRun(folder, "begun", { epochs: 0 });
    await rm(join(begun, "history.jsonl"));
    await rm(join(begun, "samples.jsonl"));
    await writeRun(folder, "early", { epochs: 2, reason: "early stop" });
    const broken = await writeRun(folder, "broken", { epochs: 2 });
    await appendFile(join(broken, "history.jsonl"), "no JSON\n");
    await mkdir(join(folder, "no run"));
    await writeFile(join(folder, "a file"), "");
    const states = Object.fromEntries((await listRuns(folder)).map(({ name, state }) => [name, state]));
    expect(states).toMatchObject({ begun: "interrupted", early: "early stop", broken: "damaged" });
    expect(states).not.toHaveProperty("no run");
    expect(states).not.toHaveProperty("a file");
  });
});

test("runs are listed by when they were written to", async () => {
  await writeRun(folder, "newest", { epochs: 1 });
  expect((await listRuns(folder))[0]!.name).toBe("newest");
});

describe("nothing outside the folder is read:", () => {
  test.each(["../secret", "..", ".", "", "/etc", "nothing", "__proto__"])("no run is called %j", async (name) => {
    await expect(readRun(folder, name)).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
    await expect(readRun(folder, join("..", outside.split("/").at(-1)!, name))).rejects.toMatchObject({
      code: "FILE_NOT_FOUND",
    });
  });

  test("a link to a run is none, and a link in a run is not followed", async () => {
    await symlink(join(outside, "secret"), join(folder, "linked"));
    expect((await listRuns(folder)).map(({ name }) => name)).not.toContain("linked");
    await expect(readRun(folder, "linked")).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
    const run = await writeRun(folder, "inside", { epochs: 1 });
    await rm(join(run, "history.jsonl"));
    await symlink(join(outside, "secret", "history.jsonl"), join(run, "history.jsonl"));
    expect(await readRun(folder, "inside")).toMatchObject({ state: "damaged", history: [] });
  });

  test("a folder that is not there is named", async () => {
    await expect(listRuns(join(folder, "nowhere"))).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
  });
});
