// `showtell evaluate` on pictures of one colour: what it prints, writes and refuses.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { writeColourData } from "../node/training-fixture.ts";
import { showtell } from "./run.ts";
import type { Ended, RunOptions } from "./run.ts";
import { writeTinyModel } from "./tiny-model.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

let folder = "";

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "showtell-evaluate-"));
  await writeColourData(folder);
  await writeTinyModel(join(folder, "tiny.safetensors"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function evaluate(more: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const environment = { SHOWTELL_CACHE: join(folder, "cache") };
  const data = ["--data", "captions.jsonl", "--images", "images", "--resamples", "20", "--threads", "1"];
  return showtell(["evaluate", ...data, ...more], { cwd: folder, environment, ...options });
}

describe("showtell evaluate", () => {
  test("prints the rows, the same beside people, what is marked, and the signatures", async () => {
    const { status, stdout, stderr } = await evaluate(["--split", "dev", "-m", "tiny.safetensors", "--out", "report"]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const lines = stdout.split("\n");
    expect(lines[0]).toBe("dev of captions.jsonl: 6 pictures, 2 references each");
    expect(lines[2]).toMatch(
      /^ +BLEU-1 +BLEU-2 +BLEU-3 +BLEU-4 +METEOR \(no paraphrase\) +ROUGE-L +CIDEr +perplexity$/,
    );
    for (const name of ["tiny \\*", "best constant caption", "nearest training picture"]) {
      expect(stdout).toMatch(new RegExp(`^${name} +(?:\\d+\\.\\d ±\\d+\\.\\d +){6}`, "m"));
    }
    expect(stdout).toContain("against 1 reference, each of 2 left out in turn");
    expect(stdout).toMatch(/^a person +\d+\.\d ±/m);
    expect(stdout).toContain("* tiny: its bundle does not say which pictures it was chosen by\n");
    expect(stdout).toMatch(/^cider-d\|.*\|refs:2\|/m);
    expect(readdirSync(join(folder, "report")).toSorted()).toEqual(["report.csv", "report.html", "report.json"]);
    const page = readFileSync(join(folder, "report", "report.html"), "utf8");
    expect(page.match(/src="data:image\/webp;base64,[^"]{40,}"/g)).toHaveLength(6);
  });

  test("prints JSON for machines, and a broken option is wrong usage", async () => {
    const { status, stdout } = await evaluate([
      "--split",
      "dev",
      "-m",
      "tiny.safetensors",
      "--json",
      "--no-baselines",
      "--beam",
      "2",
    ]);
    expect(status).toBe(0);
    const { rows } = JSON.parse(stdout) as { rows: { kind: string; model?: { beam: number } }[] };
    expect(rows.map(({ kind }) => kind)).toEqual(["model", "human"]);
    expect(rows[0]!.model!.beam).toBe(2);
    expect((await evaluate(["-m", "tiny.safetensors"])).status).toBe(2);
    expect((await evaluate(["--split", "dev", "--beam", "0"])).status).toBe(2);
  });

  test("writes no report over what it reads", async () => {
    const lines = readFileSync(join(folder, "captions.jsonl"), "utf8").trimEnd().split("\n");
    const rows = lines.flatMap((line) => {
      const { image, captions } = JSON.parse(line) as { image: string; captions: string[] };
      return captions.map((caption) => `${image},${caption}`);
    });
    mkdirSync(join(folder, "own"));
    const table = join(folder, "own", "report.csv");
    writeFileSync(table, ["image,caption", ...rows, ""].join("\n"));
    const before = readFileSync(table);
    const own = ["--data", "own/report.csv", "--split", "all", "-m", "tiny.safetensors", "--no-baselines"];
    const { status, stderr } = await evaluate([...own, "--out", "own"]);
    expect([status, stderr]).toEqual([
      2,
      expect.stringMatching(/^error ARGUMENT: .*"own\/report\.csv", which is read/),
    ]);
    expect(readFileSync(table).equals(before)).toBe(true);
    cpSync(join(folder, "tiny.safetensors"), join(folder, "own", "report.html"));
    const model = await evaluate(["--split", "dev", "-m", "own/report.html", "--out", "own"]);
    expect(model.stderr).toMatch(/^error ARGUMENT: .*"own\/report\.html", which is read/);
  });

  test("names what it can't do: a split or a model that is not there", async () => {
    const split = await evaluate(["--split", "test", "-m", "tiny.safetensors"]);
    expect(split).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^error DATA_SPLIT: .*"split": "test"/) as string,
    });
    const model = await evaluate(["--split", "dev", "-m", "gone.safetensors"]);
    expect(model).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^error FILE_NOT_FOUND: .*gone/) as string,
    });
  });
});
