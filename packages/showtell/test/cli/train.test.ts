// `showtell features extract` and `showtell train`, on pictures of one colour: what they print, write and refuse.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { writeColourData } from "../node/training-fixture.ts";
import { photo, showtell } from "./run.ts";
import type { Ended, RunOptions } from "./run.ts";

// Several processes a test, each with models to compile.
vi.setConfig({ testTimeout: 180_000 });

let folder = "";

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "showtell-train-"));
  await writeColourData(join(folder, "colours"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const environment = { SHOWTELL_CACHE: join(folder, "cache") };
  return showtell([...args, "--threads", "1"], { cwd: folder, environment, ...options });
}

const small = [
  "--decoder",
  "show-and-tell",
  "--embeddings",
  "random",
  "--embedding-size",
  "16",
  "--hidden-size",
  "32",
  "--minimum-count",
  "1",
];
const data = ["--data", "colours/captions.jsonl", "--images", "colours/images"];

function train(out: string, more: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return run(["train", ...data, "--out", out, ...small, "--batch-size", "8", ...more], options);
}

describe("extracting features", () => {
  test("computes them once, names a broken picture, and says where they are", async () => {
    cpSync(join(folder, "colours", "images"), join(folder, "more"), { recursive: true });
    cpSync(photo("coffee-truncated.jpg"), join(folder, "more", "broken.jpg"));
    const first = await run(["features", "extract", ...data]);
    expect({ status: first.status, stderr: first.stderr }).toEqual({ status: 0, stderr: "" });
    expect(first.stdout).toContain("12 (12 computed, 0 were there, 0 failed)");
    const again = await run(["features", "extract", "--images", "more"]);
    expect(again.status).toBe(1);
    expect(again.stderr).toMatch(/^error IMAGE_DECODE: .*broken\.jpg[^\n]*\n$/);
    expect(again.stdout).toContain("13 (0 computed, 12 were there, 1 failed)");
    const [, cache] = /^folder +(.+) \(12 rows\)$/m.exec(first.stdout)!;
    expect(existsSync(join(cache!, "features.f16"))).toBe(true);
  });
});

describe("training", () => {
  test("ends in a model that captions, tells of each epoch, and can be asked to go on", async () => {
    const { status, stdout, stderr } = await train("run", ["--epochs", "2"]);
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /^run +run \(2 epochs\)\nbest +epoch \d, dev CIDEr \d+\.\d, BLEU-4 \d+\.\d, loss \d\.\d{4}\nmodel +run.best\.safetensors\n$/,
    );
    expect(stderr).toContain("12 training captions and 12 dev captions, a vocabulary of 16 words");
    for (const epoch of [1, 2]) {
      expect(stderr).toMatch(
        new RegExp(
          `^epoch ${epoch}(?: \\(best\\))?: loss \\d.*; CIDEr \\d+\\.\\d, BLEU-4 \\d.*captions/s.*\\n  red-dev\\.png: .*\\(a person: .*red`,
          "m",
        ),
      );
    }
    for (const file of ["run.json", "history.jsonl", "samples.jsonl", "last.safetensors", "curves.svg", "curves.png"]) {
      expect(existsSync(join(folder, "run", file))).toBe(true);
    }
    const caption = await run(["caption", "-m", "run/best.safetensors", "colours/images/red-dev.png"]);
    expect(caption.status).toBe(0);

    const twice = await train("run", ["--epochs", "2"]);
    expect(twice.status).toBe(1);
    expect(twice.stderr).toMatch(/^error RUN_EXISTS: .*--resume/m);
    const other = await train("run", ["--epochs", "2", "--seed", "2", "--resume"]);
    expect(other.stderr).toMatch(
      /^error RUN_MISMATCH: "run.run\.json": the run was started with training\.seed 1, now 2: /m,
    );
    const resumed = await train("run", ["--epochs", "2", "--resume", "--quiet"]);
    expect(resumed).toEqual({ status: 0, stdout, stderr: "" });
  });

  test("goes on by --resume and its folder alone, from any folder, and agrees with what is said again", async () => {
    mkdirSync(join(folder, "elsewhere"));
    const out = join("..", "run");
    const goOn = (more: readonly string[]): Promise<Ended> =>
      run(["train", "--resume", "--out", out, ...more], { cwd: join(folder, "elsewhere") });
    const { status, stdout, stderr } = await goOn(["--quiet", "--batch-size", "8"]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/^run +\.\.[\\/]run \(2 epochs\)$/m);
    // 64 is the default, and not what the run was told.
    const other = await goOn(["--batch-size", "64", "--images", join(folder, "colours", "images")]);
    expect(other.stderr).toMatch(/^error RUN_MISMATCH: .* training\.batchSize 8, now 64: /m);
  });

  test("wants data, or a run to go on with", async () => {
    const without = await run(["train", "--out", "never"]);
    expect([without.status, without.stderr]).toEqual([2, expect.stringContaining("'--data <path>' not specified")]);
    const nothing = await run(["train", "--resume", "--out", "never"]);
    expect(nothing.status).toBe(1);
    expect(nothing.stderr).toMatch(/^error FILE_NOT_FOUND: .*never.run\.json/);
    expect(existsSync(join(folder, "never"))).toBe(false);
  });

  test("options reach the run as they were given", async () => {
    const options = ["--epochs", "1", "--dropout", "0.1", "--schedule", "constant", "--learning-rate", "0.01"];
    const { status } = await train("options", [
      ...options,
      "--warmup",
      "3",
      "--clean",
      "digits",
      "--beam",
      "2",
      "--select-first",
      "3",
      "-q",
    ]);
    expect(status).toBe(0);
    expect(JSON.parse(readFileSync(join(folder, "options", "run.json"), "utf8"))).toMatchObject({
      options: {
        decoderOptions: { hiddenSize: 32, dropout: { features: 0.1, input: 0.1, output: 0.1 } },
        rules: ["digits"],
        beam: 2,
        training: {
          epochs: 1,
          batchSize: 8,
          select: "beam",
          selectFirst: 3,
          schedule: { kind: "constant", peak: 0.01, warmup: 3 },
        },
      },
    });
  });

  test("Ctrl-C leaves a checkpoint, and the status says that it was interrupted", async () => {
    const { status, stdout, stderr } = await train("stopped", ["--epochs", "100000", "--patience", "100000"], {
      onOutput: (child, output) => output.stderr.includes("epoch 1 (best):") && !child.killed && child.kill("SIGINT"),
    });
    expect(status).toBe(130);
    expect(stderr).toContain('a checkpoint is in "stopped": go on with --resume\n');
    expect(stdout).toMatch(/^run +stopped \(\d+ epochs?, interrupted\)$/m);
    expect(existsSync(join(folder, "stopped", "last.safetensors"))).toBe(true);
  });

  test("of a decoder that looks at the grid reads grid features, and is told attributes, and ends in a model that captions", async () => {
    const { status, stderr } = await train("grid", [
      "--attributes",
      "4",
      "--decoder",
      "parallel-attention",
      "--attention-size",
      "8",
      "--epochs",
      "1",
    ]);
    expect({ status, errors: stderr.match(/^error .*$/gm) }).toEqual({ status: 0, errors: null });
    expect(stderr).toMatch(
      /^a detector of 4 words: mean average precision \d\.\d{3} on dev, best in pass \d+, \d+ s$/m,
    );
    const environment = { SHOWTELL_CACHE: join(folder, "cache") };
    const inspected = await showtell(["inspect", "grid/best.safetensors", "--json"], { cwd: folder, environment });
    const attributes = ["picture", "black", "blue", "green"];
    expect(JSON.parse(inspected.stdout)).toMatchObject({
      decoder: {
        attributes,
        spec: { kind: "parallel-attention", features: [49, 2048], attentionSize: 8, hiddenSize: 32 },
      },
    });
    const caption = await run(["caption", "-m", "grid/best.safetensors", "colours/images/red-dev.png"]);
    expect(caption.status).toBe(0);
  });

  test("refuses an option that the decoder does not take, naming both", async () => {
    const { status, stderr } = await train("never", ["--attention-size", "8"]);
    expect(status).toBe(2);
    expect(stderr).toContain("error ARGUMENT: --attention-size is no option of the decoder show-and-tell");
    expect(existsSync(join(folder, "never"))).toBe(false);
  });

  test.each([
    [["--embeddings", "random", "--freeze-embeddings"], "--freeze-embeddings would leave random word vectors"],
    [["--old-share", "0.3"], "--old-share is about --old-data"],
    [["--most-forgotten", "0.5"], "--most-forgotten is about --old-data"],
    [["--distil-consensus", "4"], "--distil-consensus is about a teacher"],
    [["--baseline", "greedy"], "--baseline is about rewards"],
    [["--encoder-learning-rate", "1e-5"], "--encoder-learning-rate is about --fine-tune"],
  ])("refuses %j, which would do nothing", async (words, message) => {
    const { status, stderr } = await train("never", words);
    expect([status, stderr]).toEqual([2, expect.stringContaining(`error ARGUMENT: ${message}`)]);
    expect(existsSync(join(folder, "never"))).toBe(false);
  });

  test("by rewards wants a model to go on from", async () => {
    const { status, stderr } = await train("never", ["--objective", "self-critical"]);
    expect(status).toBe(2);
    expect(stderr).toContain(
      "error ARGUMENT: --objective self-critical goes on from a trained model: name it with --init",
    );
  });

  test("refuses data that is not there", async () => {
    const { status, stderr } = await run(["train", "--data", "gone", "--out", "never"]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^error FILE_NOT_FOUND: .*gone/);
    expect(existsSync(join(folder, "never"))).toBe(false);
  });
});
