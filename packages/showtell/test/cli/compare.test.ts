// `showtell compare` on pictures of one colour: the estimate, a kill in the middle, what is done, what depends on other runs, the table.
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { comparedRuns } from "../../src/cli/plan-options.ts";
import type { RunRecord } from "../../src/compare/record.ts";
import type { ComparisonTable } from "../../src/compare/table.ts";
import { readPlan } from "../../src/node/plan-file.ts";
import { writeColourData } from "../node/training-fixture.ts";
import { showtell } from "./run.ts";
import type { Ended, RunOptions } from "./run.ts";

// Many processes, each with models to compile.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const planFile = join(import.meta.dirname, "tiny-plan.yaml");
let folder = "";

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "showtell-compare-"));
  await writeColourData(folder);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function compare(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const environment = { SHOWTELL_CACHE: join(folder, "cache") };
  return showtell(["compare", ...args, "--threads", "1"], { cwd: folder, environment, ...options });
}

const data = ["--data", "captions.jsonl", "--images", "images"];

function tiny(more: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return compare([planFile, ...data, "--out", "runs", "--records", "records", ...more], options);
}

function recordsIn(name: string): ReadonlyMap<string, string> {
  const files = readdirSync(join(folder, name)).toSorted();
  return new Map(files.map((file) => [file, readFileSync(join(folder, name, file), "utf8")]));
}

function parsed(records: ReadonlyMap<string, string>): readonly RunRecord[] {
  return [...records].flatMap(([file, text]) => (file.endsWith(".json") ? [JSON.parse(text) as RunRecord] : []));
}

/** Rows of the tiny plan that are to be done, halfway through. */
async function missingHalfway(): Promise<readonly string[]> {
  const place = ["--out", "halfway/runs", "--records", "halfway/records"];
  const { stdout } = await compare([planFile, ...data, ...place, "--dry-run", "--json"]);
  return (JSON.parse(stdout) as { missing: { row: string }[] }).missing.map(({ row }) => row);
}

describe("showtell compare", () => {
  test("says what there is to do and how long it takes, and a dry run does nothing", async () => {
    const { status, stdout } = await tiny(["--dry-run"]);
    expect(status).toBe(0);
    const lines = stdout.trimEnd().split("\n");
    expect(lines[0]).toMatch(
      /^5 runs in the plan, 0 with a record, 5 to do: about \d+ s, and 3 runs of which it can't be told$/,
    );
    expect(lines[1]).toMatch(/^ {2}plain, seed 1: \d+ s \(a few timed steps, without validating\)$/);
    expect(lines[2]).toBe('  rewarded, seed 1: ? (not known before "plain" is trained)');
    expect(lines).toHaveLength(6);
    expect(existsSync(join(folder, "records"))).toBe(false);
    expect(existsSync(join(folder, "runs"))).toBe(false);
  });

  test("goes on after a kill to the same records as without one, and does nothing twice", async () => {
    const killed = await tiny([], {
      onOutput: (child, { stderr }) => stderr.includes("epoch 1") && !child.killed && child.kill("SIGKILL"),
    });
    expect(killed.status).toBeNull();
    expect(existsSync(join(folder, "records"))).toBe(false);
    const { status, stderr } = await tiny(["--report", "report"]);
    expect({ status, errors: stderr.match(/^error .*$/gm) }).toEqual({ status: 0, errors: null });
    expect(stderr).toMatch(/^going on after epoch \d, step \d$/m);
    const records = recordsIn("records");
    expect(parsed(records).map(({ kind, seed }) => [kind, seed])).toEqual(
      expect.arrayContaining([
        ["train", 1],
        ["train", 2],
        ["evaluate", undefined],
      ]),
    );
    expect(parsed(records)).toHaveLength(5);

    const whole = await compare([
      planFile,
      ...data,
      "--out",
      "whole",
      "--records",
      "unbroken",
      "--only",
      "plain",
      "--seeds",
      "1",
    ]);
    expect(whole.status).toBe(0);
    const [record] = parsed(recordsIn("unbroken"));
    const same = parsed(records).find(({ name }) => name === record!.name)!;
    const { captionsPerSecond: _rate, seconds: _seconds, ...evaluation } = record!.evaluation;
    expect(same).toMatchObject({ model: record!.model, options: record!.options, evaluation });
    expect(same.training!.history).toEqual(record!.training!.history);
    expect(records.get(`${record!.name}.tsv`)).toBe(recordsIn("unbroken").get(`${record!.name}.tsv`));

    const again = await tiny([]);
    expect(again.stderr).toMatch(/^5 runs in the plan, 5 with a record, 0 to do$/m);
    expect(recordsIn("records")).toEqual(records);
  });

  test("runs what depends on other runs with their models, and records which these were", () => {
    const records = parsed(recordsIn("records"));
    const plain = records.filter(({ options, kind }) => kind === "train" && options["init"] === undefined);
    const identities = Object.fromEntries(plain.map(({ name, model }) => [name, model.identity]));
    const together = records.find(({ kind }) => kind === "evaluate")!;
    expect(together.uses).toEqual(identities);
    expect(together.data).toBe(plain[0]!.training!.data.hash);
    expect(together.options).toMatchObject({ beam: 2, restAfter: 3, model: plain.map(({ name }) => name).join(",") });
    expect(together.model.parameters).toBe(2 * plain[0]!.model.parameters);
    for (const { options, seed, uses } of records.filter(({ name }) => name.includes("self-critical"))) {
      const from = plain.find((one) => one.seed === seed)!;
      expect(options["init"]).toBe(from.name);
      expect(uses).toEqual({ [from.name]: from.model.identity });
    }
  });

  test("makes the table from the records alone, on another machine too", async () => {
    cpSync(join(folder, "records"), join(folder, "elsewhere", "records"), { recursive: true });
    const { status, stdout } = await compare(
      [planFile, "--report-only", "--records", "records", "--report", "report", "--json"],
      { cwd: join(folder, "elsewhere") },
    );
    expect(status).toBe(0);
    const table = JSON.parse(stdout) as ComparisonTable;
    expect(table).toEqual(JSON.parse(readFileSync(join(folder, "report", "tiny-plan.json"), "utf8")));
    const records = parsed(recordsIn("records")).filter(
      ({ options, kind }) => kind === "train" && options["init"] === undefined,
    );
    const mean = records.reduce((sum, { evaluation }) => sum + evaluation.scores["CIDEr"]!, 0) / 2;
    expect(table.rows[0]!.scores["CIDEr"]!.mean).toBeCloseTo(mean, 12);
    expect(table.rows.map(({ records: own, planned }) => [own.length, planned])).toEqual([
      [2, 2],
      [2, 2],
      [1, 1],
    ]);
    expect(Object.keys(table.rows[2]!.differences!)).toContain("CIDEr");
    expect(readdirSync(join(folder, "elsewhere", "report")).toSorted()).toEqual([
      "tiny-plan-curves.svg",
      "tiny-plan.html",
      "tiny-plan.json",
      "tiny-plan.md",
      "tiny-plan.svg",
    ]);
  });

  test("trains a model to its end before another run goes on from it, though it has a record already", async () => {
    for (const name of ["records", "runs"])
      cpSync(join(folder, name), join(folder, "halfway", name), { recursive: true });
    const later = parsed(recordsIn("records")).filter(({ options, seed }) => "init" in options && seed === 1);
    for (const { name } of later) rmSync(join(folder, "halfway", "records", `${name}.json`));
    expect(await missingHalfway()).toEqual(["rewarded"]);
    // As after Ctrl-C in the middle: there is a model, that of the best epoch so far.
    const history = join(folder, "halfway", "runs", String(later[0]!.options["init"]), "history.jsonl");
    writeFileSync(history, readFileSync(history, "utf8").replace(/^.*"kind":"end".*\n/m, ""));
    expect(await missingHalfway()).toEqual(["plain", "rewarded"]);
  });

  test("only measures a model that is there to its end and lacks its record", async () => {
    for (const name of ["records", "runs"])
      cpSync(join(folder, name), join(folder, "recordless", name), { recursive: true });
    const before = parsed(recordsIn("records")).find(({ options, seed }) => "init" in options && seed === 1)!;
    rmSync(join(folder, "recordless", "records", `${before.name}.json`));
    const places = ["--out", "recordless/runs", "--records", "recordless/records"];
    const { status, stderr } = await compare([planFile, ...data, ...places]);
    expect(status).toBe(0);
    expect(stderr).toMatch(/captioning only/);
    expect(stderr).not.toMatch(/training captions|timing a few steps|^epoch/m);
    const after = parsed(recordsIn("recordless/records")).find(({ name }) => name === before.name)!;
    expect(after).toMatchObject({ model: before.model, options: before.options, training: before.training });
  });

  test("estimates from the records of like runs, and counts a run that train trained", async () => {
    const options = [
      "--decoder",
      "show-and-tell",
      "--embeddings",
      "random",
      "--embedding-size",
      "16",
      "--hidden-size",
      "32",
    ];
    const learning = [
      "--minimum-count",
      "1",
      "--batch-size",
      "4",
      "--epochs",
      "2",
      "--dropout",
      "0,0.1,0",
      "--schedule",
      "constant",
    ];
    const train = [
      "train",
      ...data,
      "--out",
      "mine",
      ...options,
      ...learning,
      "--learning-rate",
      "0.02",
      "--select-first",
      "3",
    ];
    const environment = { SHOWTELL_CACHE: join(folder, "cache") };
    expect((await showtell([...train, "--seed", "3", "--threads", "1"], { cwd: folder, environment })).status).toBe(0);
    const plan = readFileSync(planFile, "utf8").replace("seeds: [1, 2]", "seeds: [3]");
    writeFileSync(join(folder, "three.yaml"), plan);
    const place = ["--out", "runs", "--records", "records"];
    const dry = ["three.yaml", ...data, ...place, "--dry-run", "--json"];
    const before = JSON.parse((await compare(dry)).stdout) as {
      missing: { row: string; seconds: number; basis: string }[];
    };
    expect(before.missing.map(({ row }) => row)).toEqual(["plain", "rewarded", "together"]);
    expect(before.missing[0]).toMatchObject({
      basis: expect.stringMatching(/^the record show-and-tell-s\d-/) as string,
    });
    // Where the model can't be copied there is no record either, so that the same command can be given again.
    writeFileSync(join(folder, "taken"), "");
    const failed = await compare(["--adopt", "mine", ...data, "--out", "taken", "--records", "records"]);
    expect(failed).toMatchObject({ status: 1, stderr: expect.stringContaining("error FILE_WRITE") as string });
    const adopted = await compare(["--adopt", "mine", ...data, ...place]);
    expect(adopted.status).toBe(0);
    expect(adopted.stdout).toMatch(/^record +records.show-and-tell-adopted-s3-[0-9a-f]{8}\.json$/m);
    const after = JSON.parse((await compare(dry)).stdout) as typeof before;
    expect(after.missing.map(({ row }) => row)).toEqual(["rewarded", "together"]);
    const twice = await compare(["--adopt", "mine", ...data, ...place]);
    expect(twice).toMatchObject({ status: 1, stderr: expect.stringContaining("error RUN_EXISTS") as string });

    // Once it is evaluated by itself, too, a run that goes on from it still names the run that trained it.
    const alone = `${plan.trimEnd()}\n  - name: alone\n    evaluate: { model: { row: plain } }\n`;
    writeFileSync(join(folder, "alone.yaml"), alone);
    expect((await compare(["alone.yaml", ...data, ...place, "--only", "alone"])).status).toBe(0);
    const on = ["train", ...data, "--out", "on", "--init", "mine/best.safetensors", "--decoder", "show-and-tell"];
    const trained = await showtell([...on, "--epochs", "1", "--seed", "3", "--threads", "1"], {
      cwd: folder,
      environment,
    });
    expect(trained.status).toBe(0);
    expect((await compare(["--adopt", "on", ...data, ...place])).status).toBe(0);
    const records = parsed(recordsIn("records"));
    expect(records.some(({ name }) => name.startsWith("alone-s3-"))).toBe(true);
    const uses = records.flatMap((record) =>
      record.name.includes("adopted") && "init" in record.options ? Object.keys(record.uses) : [],
    );
    expect(uses).toEqual([expect.stringMatching(/^show-and-tell-adopted-s3-/)]);

    // A model that was chosen by all pictures at first has none left that did not choose it, though later only some did.
    const leaky = ["train", ...data, "--out", "leaky", "--init", "on/best.safetensors", "--decoder", "show-and-tell"];
    const fewer = [...leaky, "--epochs", "1", "--select-first", "3", "--threads", "1"];
    expect((await showtell(fewer, { cwd: folder, environment })).status).toBe(0);
    const evaluationIn = (printed: string): RunRecord["evaluation"] => {
      const [, file] = /^record +(\S+\.json)$/m.exec(printed)!;
      return (JSON.parse(readFileSync(join(folder, file!), "utf8")) as RunRecord).evaluation;
    };
    expect(evaluationIn(adopted.stdout)).toMatchObject({ chosenBy: 3, rest: { after: 3 } });
    const ofLeaky = evaluationIn((await compare(["--adopt", "leaky", ...data, ...place])).stdout);
    expect(ofLeaky.chosenBy).toBe(6);
    expect(ofLeaky).not.toHaveProperty("rest");

    // A model in a file of its own is told by what is in the file.
    const byPath = `title: By path\nrows:\n  - name: given\n    evaluate: { model: given.safetensors }\n`;
    writeFileSync(join(folder, "path.yaml"), byPath);
    for (const [from, missing] of [
      ["mine", 1],
      ["mine", 0],
      ["on", 1],
      ["mine", 0],
    ] as const) {
      cpSync(join(folder, from, "best.safetensors"), join(folder, "given.safetensors"));
      const { status, stderr } = await compare(["path.yaml", ...data, ...place]);
      expect([status, stderr]).toEqual([0, expect.stringContaining(`${missing} to do`)]);
    }
    const given = parsed(recordsIn("records")).filter(({ name }) => name.startsWith("given-"));
    expect(new Set(given.map(({ model }) => model.identity)).size).toBe(2);
  });
});

test.each([
  [
    ["--adopt", "mine", "--data", "captions.jsonl", "--dry-run"],
    "option '--adopt <run>' cannot be used with option '--dry-run'",
  ],
  [
    ["--adopt", "mine", "--data", "captions.jsonl", "--seeds", "1"],
    "option '--adopt <run>' cannot be used with option '--seeds",
  ],
  [
    ["plan.yaml", "--adopt", "mine", "--data", "captions.jsonl"],
    '--adopt takes a run in without a plan: leave "plan.yaml" out',
  ],
])("%j contradicts itself and is refused", async (words, message) => {
  const { status, stderr } = await compare(words);
  expect([status, stderr]).toEqual([2, expect.stringContaining(message)]);
});

test("a seed that the plan has not is refused, naming those that it has", async () => {
  const { status, stderr } = await compare([planFile, ...data, "--dry-run", "--seeds", "1", "11"]);
  expect([status, stderr]).toEqual([2, expect.stringContaining("--seeds 11 is no seed of the plan's: there are 1, 2")]);
});

/** Writes the plan with a change, and gives its path. */
function wrongPlan(change: string, by: string): string {
  const file = join(folder, "wrong.yaml");
  writeFileSync(file, readFileSync(planFile, "utf8").replace(change, by));
  return file;
}

describe("a plan that is wrong is refused before anything runs, with the field:", () => {
  const cases: readonly (readonly [change: string, by: string, message: string])[] = [
    [
      "epochs: 2",
      "epochs: many",
      "rows[0].train.epochs is wrong: option '--epochs <n>' argument 'many' is invalid. It must be a whole number",
    ],
    ["epochs: 2", "epoch: 2", "rows[0].train.epoch is no option of train: there are encoder, clean"],
    ["epochs: 2", "seed: 2", "rows[0].train.seed is not a row's: the plan's seeds hold"],
    ["epochs: 2", "attention-size: 2", "rows[0].train --attention-size is no option of the decoder show-and-tell"],
    ["epochs: 2", "epochs: true", "rows[0].train.epochs is true: it wants a value"],
    ["base: plain", "base: plane", 'base is "plane", which is no row: rows are "plain", "rewarded", "together"'],
    ["row: plain, seeds: all", "row: plane", 'rows[2].evaluate.model names the row "plane", which is not there'],
    ["beam: 2", "beams: 2", "rows[2].evaluate.beams is no option of evaluate: there are model, beam, consensus"],
    ["title: A", "titel: A", "title is wrong"],
    ["title: A", "title: [", "can't be read: "],
  ];
  // What the command does first; a process for each would cost a second and more.
  test.each(cases)("%s → %s", async (change, by, message) => {
    const file = wrongPlan(change, by);
    const runs = readPlan(file).then((plan) => comparedRuns(plan, file, { data: "captions.jsonl" }));
    await expect(runs).rejects.toMatchObject({
      code: "PLAN_FORMAT",
      message: expect.stringContaining(message) as string,
    });
    await expect(runs).rejects.toThrow(`plan "${file}"`);
  });

  test("by the command, too, with status 1", async () => {
    wrongPlan(cases[0]![0], cases[0]![1]);
    const { status, stderr } = await compare(["wrong.yaml", ...data, "--out", "never", "--records", "none"]);
    expect(status).toBe(1);
    expect(stderr).toContain('error PLAN_FORMAT: plan "wrong.yaml"');
    expect(stderr).toContain(cases[0]![2]);
    expect(existsSync(join(folder, "never"))).toBe(false);
  });

  test.each([
    ["title: A", "split: mine\ntitle: A", /^error DATA_SPLIT: .*"mine"/m],
    [
      "{ row: plain, seeds: all }",
      "gone.safetensors",
      /^error FILE_NOT_FOUND: rows\[2\]\.evaluate\.model names "gone/m,
    ],
    ["{ row: plain, seeds: all }", "[here.safetensors, gone.safetensors]", /^error FILE_NOT_FOUND: .* names "gone/m],
    ["init: { row: plain }", "init: gone.safetensors", /^error FILE_NOT_FOUND: rows\[1\]\.train\.init names "gone/m],
    [
      "train: {}",
      "train: { distil: gone.safetensors }",
      /^error FILE_NOT_FOUND: rows\[0\]\.train\.distil names "gone/m,
    ],
  ])("%s → %s, which is sought before anything runs", async (change, by, message) => {
    wrongPlan(change, by);
    writeFileSync(join(folder, "here.safetensors"), "");
    const places = ["--out", "never", "--records", "none"];
    for (const more of [[], ["--dry-run"]]) {
      const { status, stdout, stderr } = await compare(["wrong.yaml", ...data, ...places, ...more]);
      expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
      expect(stderr).toMatch(message);
    }
    expect(existsSync(join(folder, "never"))).toBe(false);
  });

  test("other mistakes", async () => {
    expect((await compare([planFile])).stderr).toContain("error ARGUMENT: --data is missing");
    expect((await compare([])).stderr).toContain("error ARGUMENT: no plan is named");
    const only = await tiny(["--only", "nobody"]);
    expect(only).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('--only "nobody" is no row of the plan') as string,
    });
    const both = await compare([planFile, "--report-only", "--only", "plain"]);
    expect(both).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("'--report-only' cannot be used with option '--only") as string,
    });
    const among = await compare([planFile, "--report-only", "--records", "none", "--report", "none"]);
    expect(among).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('"none" is the folder of records') as string,
    });
    writeFileSync(join(folder, "own.json"), JSON.stringify({ title: "A plan", rows: [{ name: "plain", train: {} }] }));
    const over = await compare(["own.json", "--report-only", "--records", "none", "--report", "."]);
    expect(over).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('written over the plan "own.json"') as string,
    });
    const empty = await compare([planFile, "--report-only", "--records", "none"]);
    expect(empty).toMatchObject({ status: 1, stderr: expect.stringContaining("error RECORD_MISMATCH") as string });
  });
});
