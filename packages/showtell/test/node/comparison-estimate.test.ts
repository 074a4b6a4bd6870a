// What runs of a plan are expected to take, reckoned by hand from records of like runs on this machine.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { comparedRuns } from "../../src/cli/plan-options.ts";
import { parsePlan } from "../../src/compare/plan.ts";
import { withRuns } from "../../src/compare/planned-runs.ts";
import type { RunOptions, RunRecord } from "../../src/compare/record.ts";
import type { RunEstimate } from "../../src/node/comparison-estimate.ts";
import { estimateRuns } from "../../src/node/comparison-estimate.ts";
import { runStates } from "../../src/node/comparison-states.ts";
import { runOptions } from "../../src/node/run-options.ts";
import { thisMachine } from "../../src/node/run-records.ts";
import { recordOf } from "../compare/records.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "showtell-estimate-"));
});
afterEach(() => rm(folder, { recursive: true }));

const threads = 2;
const data = "0".repeat(64); // what recordOf says its runs read
const more = { init: { row: "first" }, epochs: 6, "select-first": 2 };

/**
 * The estimate of one of three rows: "first", "more", which goes on from it, and "both", which captions with the two. Beside it lies a record of a
 * run like "more", but with two epochs of 30 s, which captioned 100 pictures a second and was measured in 3 s, and before it `earlier` ones.
 */
async function estimate(
  name: string,
  changes: (options: RunOptions) => Partial<RunRecord>,
  train: object = more,
  earlier: readonly RunRecord[] = [],
): Promise<RunEstimate> {
  const rows = [
    { name: "first", train: {} },
    { name: "more", train },
    { name: "both", evaluate: { model: { row: ["first", "more"] } } },
  ];
  const plan = parsePlan({ title: "A plan", seeds: [1], train: { decoder: "show-and-tell" }, rows }, "p.yaml");
  const places = { data: "d", threads };
  const request = { plan, runs: comparedRuns(plan, "p.yaml", places), records: folder, out: folder, ...places };
  const states = await runStates(request, undefined);
  const { template } = states[1]!.run;
  const told = runOptions(withRuns(template.request, (place) => states[place]!.name));
  const options = { ...told, training: { ...(told["training"] as object), epochs: 2 } };
  const record = recordOf("like-00000000", 1, { options, machine: thisMachine(threads), ...changes(options) });
  for (const one of [...earlier, record]) await writeFile(join(folder, `${one.name}.json`), JSON.stringify(one));
  const place = states.findIndex(({ run }) => run.row.name === name);
  const [found] = await estimateRuns(request, states, [place], data);
  return found!;
}

const ofLikeRun = { basis: "the record like-00000000" };
const unknown = { place: 1, basis: 'not known before "first" is trained' };
const training = recordOf("r", 1).training!;
const ofOtherData = { ...training, data: { ...training.data, hash: "1".repeat(64) } };

describe("a training takes what a like one took", () => {
  test("epoch by epoch, with the pictures that each is judged by, and measuring", async () => {
    expect(await estimate("more", () => ({}))).toEqual({ place: 1, seconds: 6 * 30 + (6 * 2) / 100 + 3, ...ofLikeRun });
  });

  test("without judging where the loss chooses", async () => {
    const estimated = await estimate("more", () => ({}), { ...more, select: "loss" });
    expect(estimated).toEqual({ place: 1, seconds: 6 * 30 + 3, ...ofLikeRun });
  });

  test.each<[string, (options: RunOptions) => Partial<RunRecord>]>([
    [
      "with another dropout",
      (own) => ({ options: { ...own, decoderOptions: { ...(own["decoderOptions"] as object), dropout: 0.1 } } }),
    ],
    ["with another seed", () => ({ seed: 7 })],
  ])("also %s", async (_, changes) => {
    expect(await estimate("more", changes)).toMatchObject(ofLikeRun);
  });

  test("with the same old data beside it, whose hash is of both", async () => {
    const train = { ...more, "old-data": "o" };
    expect(await estimate("more", () => ({ training: ofOtherData }), train)).toMatchObject(ofLikeRun);
  });

  test.each<[string, (options: RunOptions) => Partial<RunRecord>]>([
    ["on another machine", () => ({ machine: { ...thisMachine(threads), cpu: "another" } })],
    ["with other threads", () => ({ machine: thisMachine(threads + 1) })],
    ["of other data", () => ({ training: ofOtherData })],
    ["that began from who knows which model", (own) => ({ options: { ...own, init: "elsewhere" } })],
    [
      "of other batches",
      (own) => ({ options: { ...own, training: { ...(own["training"] as object), batchSize: 8 } } }),
    ],
  ])("and not what one took %s", async (_, changes) => {
    expect(await estimate("more", changes)).toEqual(unknown);
  });
});

describe("captioning takes, for each model,", () => {
  test("what it took last on this machine", async () => {
    const basis = "captioning only, by the record like-00000000";
    expect(await estimate("both", () => ({}))).toEqual({ place: 2, seconds: 2 * 3, basis });
  });

  test.each([
    [
      "what each of three took that were searched alike, though others came after",
      { split: "dev" },
      2 * (60 / 3),
      "alike-00000000",
    ],
    ["and not what another search took", { split: "dev", consensus: 20 }, 2 * 3, "like-00000000"],
  ])("%s", async (_, search, seconds, name) => {
    const alike = recordOf("alike-00000000", 1, {
      kind: "evaluate",
      options: { model: "a,b,c", ...search },
      machine: thisMachine(threads),
    });
    const earlier = [{ ...alike, evaluation: { ...alike.evaluation, seconds: 60 } }];
    const basis = `captioning only, by the record ${name}`;
    expect(await estimate("both", () => ({}), more, earlier)).toEqual({ place: 2, seconds, basis });
  });

  test("nobody knows how long where it was never done", async () => {
    const estimated = await estimate("both", () => ({ machine: thisMachine(threads + 1) }));
    expect(estimated).toEqual({ place: 2, basis: "captioning only" });
  });
});
