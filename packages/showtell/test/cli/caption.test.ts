// `showtell caption` from end to end: a process of its own for each call, mostly with an encoder that costs little; a tiny decoder.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { photo, showtell } from "./run.ts";
import type { Ended, RunOptions } from "./run.ts";
import { writeSmallModel, writeTinyModel } from "./tiny-model.ts";

let folder = "";
let model = "";

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "showtell-caption-"));
  model = join(folder, "small.safetensors");
  await writeSmallModel(model);
  for (const name of ["coffee.webp", "one-pixel.png", "coffee-truncated.jpg"]) {
    mkdirSync(join(folder, "photos", "deeper", ".hidden"), { recursive: true });
    cpSync(photo(name), join(folder, "photos", name));
  }
  cpSync(photo("coffee.webp"), join(folder, "photos", "deeper", "COFFEE.WebP"));
  cpSync(photo("coffee.webp"), join(folder, "photos", "deeper", ".hidden", "coffee.webp"));
  writeFileSync(join(folder, "photos", "notes.txt"), "no picture");
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs `caption` with the tiny model, in the folder of the photos. */
function caption(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return showtell(["caption", "--model", model, ...args], { cwd: folder, ...options });
}

function linesOf(text: string): string[] {
  return text.split("\n").slice(0, -1);
}

interface Line {
  readonly image: string;
  readonly caption?: string;
  readonly logProbability?: number;
  readonly score?: number;
  readonly candidates?: readonly {
    readonly caption: string;
    readonly logProbability: number;
    readonly score: number;
  }[];
  readonly model?: string;
  readonly error?: { readonly code: string; readonly message: string };
}

function objectsOf(text: string): Line[] {
  return linesOf(text).map((line) => JSON.parse(line) as Line);
}

const sentence = /^(?:a|dog|cat|runs|on|grass)?(?: (?:a|dog|cat|runs|on|grass))*$/;

describe("a line for each picture", () => {
  test("path, tab, caption, in the order of the pictures, by the encoder that ships", async () => {
    const named = ["photos/one-pixel.png", "photos/coffee.webp", "photos/one-pixel.png"];
    const shipped = join(folder, "tiny.safetensors");
    await writeTinyModel(shipped);
    const { status, stdout, stderr } = await showtell(["caption", "--model", shipped, ...named, "-q"], { cwd: folder });
    expect(status).toBe(0);
    expect(stderr).toBe("");
    const lines = linesOf(stdout).map((line) => line.split("\t"));
    expect(lines.map(([path]) => path)).toEqual(named);
    for (const line of lines) {
      expect(line).toHaveLength(2);
      expect(line[1]).toMatch(sentence);
    }
    expect(lines[0]).toEqual(lines[2]);
  });

  test("a broken picture among them is an error on standard error, and the exit status is 1", async () => {
    const { status, stdout, stderr } = await caption(["photos/coffee-truncated.jpg", "photos/coffee.webp", "no.jpg"]);
    expect(status).toBe(1);
    expect(linesOf(stdout).map((line) => line.split("\t")[0])).toEqual(["photos/coffee.webp"]);
    expect(linesOf(stderr)).toEqual([
      expect.stringMatching(/^error IMAGE_DECODE: .*coffee-truncated\.jpg/),
      expect.stringMatching(/^error FILE_NOT_FOUND: .*no\.jpg/),
      "1 picture captioned, 2 failed",
    ]);
  });

  test("several candidates are as many lines, the best first", async () => {
    const args = ["photos/coffee.webp", "--candidates", "4"];
    const text = linesOf((await caption(args)).stdout).map((line) => line.split("\t"));
    const [json] = objectsOf((await caption([...args, "--json"])).stdout);
    expect(text).toEqual(json!.candidates!.map((candidate) => ["photos/coffee.webp", candidate.caption]));
    expect(text).toHaveLength(4);
  });

  test("tabs and line breaks in names do not break the format", async () => {
    cpSync(photo("one-pixel.png"), join(folder, "odd\tna\nme.png"));
    const args = ["odd\tna\nme.png", "odd\n.jpg"];
    const { stdout, stderr } = await caption([...args, "--quiet"]);
    expect(stdout).toMatch(/^odd\\tna\\nme\.png\t[^\t\n]*\n$/);
    expect(stderr).toMatch(/^error FILE_NOT_FOUND: [^\n]*odd\\n\.jpg[^\n]*\n$/);
    expect(objectsOf((await caption([...args, "--json"])).stdout).map(({ image }) => image)).toEqual(args);
  });
});

describe("--json", () => {
  test("is an object for each picture with exactly the promised fields, failures in their place", async () => {
    const { status, stdout, stderr } = await caption(
      ["photos/coffee.webp", "photos/coffee-truncated.jpg", "photos/one-pixel.png", "--json", "--candidates", "2"],
      {},
    );
    expect(status).toBe(1);
    expect(linesOf(stderr)).toEqual(["2 pictures captioned, 1 failed"]);
    const [first, broken, last] = objectsOf(stdout);
    const fields = ["image", "caption", "logProbability", "score", "candidates", "model"];
    for (const [line, image] of [
      [first!, "photos/coffee.webp"],
      [last!, "photos/one-pixel.png"],
    ] as const) {
      expect(Object.keys(line)).toEqual(fields);
      expect(line.image).toBe(image);
      expect(line.model).toMatch(/^[0-9a-f]{64}$/);
      expect(line.candidates).toHaveLength(2);
      expect(line.candidates!.map((candidate) => Object.keys(candidate))).toEqual([
        fields.slice(1, 4),
        fields.slice(1, 4),
      ]);
      const { caption: best, logProbability, score } = line;
      expect(line.candidates![0]).toEqual({ caption: best, logProbability, score });
      expect(line.candidates![1]!.score).toBeLessThanOrEqual(score!);
      expect(logProbability).toBeLessThan(0);
    }
    const error = { code: "IMAGE_DECODE", message: expect.stringContaining("coffee-truncated.jpg") as string };
    expect(broken).toEqual({ image: "photos/coffee-truncated.jpg", error });
  });
});

test("every picture gives a caption or an error with a code, however odd it is", async () => {
  const { status, stdout, stderr } = await caption([dirname(photo("coffee.webp")), "--json", "-q"]);
  expect({ status, stderr }).toEqual({ status: 1, stderr: "" });
  const lines = objectsOf(stdout);
  expect(lines).toHaveLength(6);
  for (const line of lines) {
    if (line.error === undefined) expect(line.caption).toMatch(sentence);
    else expect(line.error.code).toMatch(/^IMAGE_/);
  }
});

describe("what may be named", () => {
  test("a folder: its pictures and those below, sorted, told by their endings; hidden ones are passed over", async () => {
    const { stderr, stdout } = await caption(["photos", "--json"]);
    expect(objectsOf(stdout).map(({ image }) => image)).toEqual(
      ["coffee-truncated.jpg", "coffee.webp", "deeper/COFFEE.WebP", "one-pixel.png"].map((name) =>
        join("photos", name),
      ),
    );
    expect(linesOf(stderr)).toEqual(["photos: 4 pictures", "3 pictures captioned, 1 failed"]);
  });

  test("a glob, for shells that do not expand it, and --limit", async () => {
    const { status, stdout } = await caption(["photos/**/*.{png,[wW]eb[pP]}", "--limit", "2", "-q"]);
    expect(status).toBe(0);
    expect(linesOf(stdout).map((line) => line.split("\t")[0])).toEqual([
      "photos/coffee.webp",
      "photos/deeper/COFFEE.WebP",
    ]);
  });

  test("a picture on standard input", async () => {
    const { status, stdout } = await caption(["-"], { input: readFileSync(photo("coffee.webp")) });
    const named = await caption(["photos/coffee.webp"]);
    expect(status).toBe(0);
    expect(stdout).toBe(named.stdout.replace("photos/coffee.webp", "-"));
    const empty = await caption(["-"]);
    expect(empty.status).toBe(1);
    expect(empty.stderr).toMatch(/^error IMAGE_EMPTY: picture "standard input" is empty/);
  });

  test("a list of paths, in a file or on standard input, after the paths given as arguments", async () => {
    const list = "photos/one-pixel.png\r\n\nphotos/coffee.webp\n";
    writeFileSync(join(folder, "list.txt"), list);
    const fromFile = await caption(["photos/coffee.webp", "--paths-from", "list.txt", "-q"]);
    const fromInput = await caption(["photos/coffee.webp", "--paths-from", "-", "-q"], { input: list });
    expect(linesOf(fromFile.stdout).map((line) => line.split("\t")[0])).toEqual([
      "photos/coffee.webp",
      "photos/one-pixel.png",
      "photos/coffee.webp",
    ]);
    expect(fromInput).toEqual(fromFile);
  });
});

describe("--results", () => {
  test("writes COCO results: file names and captions, without what failed", async () => {
    const { stdout } = await caption(["photos", "--results", "results.json", "--json"]);
    const captioned = objectsOf(stdout).filter((line) => line.caption !== undefined);
    expect(JSON.parse(readFileSync(join(folder, "results.json"), "utf8"))).toEqual(
      captioned.map((line) => ({ image_id: line.image.split(/[\\/]/).at(-1), caption: line.caption })),
    );
    expect(captioned).toHaveLength(3);
  });

  test.each(["photos/coffee.webp", "./photos/one-pixel.png", "list.txt", "small.safetensors"])(
    "is not written over %s, which is read",
    async (own) => {
      writeFileSync(join(folder, "list.txt"), "photos/coffee.webp\n");
      const before = readFileSync(join(folder, own));
      const args = ["photos/one-pixel.png", "--paths-from", "list.txt", "--limit", "1", "--results", own];
      const { status, stdout, stderr } = await caption(args);
      expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
      expect(stderr).toMatch(/^error ARGUMENT: the results would be written over ".*", which is read/);
      expect(readFileSync(join(folder, own)).equals(before)).toBe(true);
    },
  );

  test("is refused before any work where two pictures would go by one name", async () => {
    mkdirSync(join(folder, "other"));
    cpSync(photo("coffee.webp"), join(folder, "other", "coffee.webp"));
    const args = ["photos/coffee.webp", "other/coffee.webp"];
    const { status, stdout, stderr } = await caption([...args, "--results", "twice.json"]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toBe(
      'error ARGUMENT: "photos/coffee.webp" and "other/coffee.webp" would both be "coffee.webp" in --results: ' +
        "caption them in two calls, or leave one out\n",
    );
    expect(existsSync(join(folder, "twice.json"))).toBe(false);
    expect((await caption([...args, "--limit", "1", "--results", "twice.json"])).status).toBe(0);
  });

  test("is refused before any work if it cannot be written", async () => {
    const { status, stdout, stderr } = await caption(["photos", "--results", "nowhere/results.json", "-q"]);
    expect(status).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^error FILE_WRITE: .*nowhere/);
  });
});

describe("drawing", () => {
  test("depends on the seed alone", async () => {
    const args = ["photos/coffee.webp", "--temperature", "2", "--candidates", "8", "--seed"];
    const one = await caption([...args, "5"]);
    const again = await caption([...args, "5"]);
    const other = await caption([...args, "6"]);
    expect(again.stdout).toBe(one.stdout);
    expect(other.stdout).not.toBe(one.stdout);
    expect(linesOf(one.stdout)).toHaveLength(8);
  });
});

describe("Ctrl-C", () => {
  const names = Array.from({ length: 600 }, (_, i) => `many/${i}.webp`);
  const many = names.join("\n");
  beforeAll(() => {
    mkdirSync(join(folder, "many"));
    for (const name of names) symlinkSync("../photos/coffee.webp", join(folder, name));
  });

  test("ends with status 130, and what was printed by then is whole", async () => {
    const [, said] = (await caption(["photos/coffee.webp"])).stdout.split("\t");
    const { status, stdout, stderr } = await caption(["--paths-from", "-", "--results", "never.json"], {
      input: many,
      onOutput: (child, output) => output.stdout !== "" && !child.killed && child.kill("SIGINT"),
    });
    expect(status).toBe(130);
    const lines = linesOf(stdout);
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.length).toBeLessThan(600);
    expect(lines).toEqual(names.slice(0, lines.length).map((name) => `${name}\t${said!.trimEnd()}`));
    expect(stderr).toBe("stopping (Ctrl-C again stops at once)\nstopped\n");
    expect(() => readFileSync(join(folder, "never.json"))).toThrow("ENOENT");
  });

  test("whoever reads the results may leave early", async () => {
    const { status, stderr } = await caption(["--paths-from", "-", "-q"], {
      input: many,
      onOutput: (child) => child.stdout!.destroy(),
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });
});

describe("wrong usage", () => {
  test.each([
    ["no picture", []],
    ["standard input twice", ["-", "--paths-from", "-"]],
    ["standard input in a list from there", ["--paths-from", "-"], "-\n"],
    ["more candidates than the beam", ["photos/coffee.webp", "--beam", "2", "--candidates", "3"]],
    ["a search that draws", ["photos/coffee.webp", "--beam", "2", "--temperature", "1"]],
  ])("%s is refused with status 2", async (_, args, input = "") => {
    const { status, stdout, stderr } = await caption(args, { input });
    expect(status).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^error ARGUMENT: /);
  });
});

test("a model that is not there is named", async () => {
  const { status, stderr } = await showtell(["caption", photo("coffee.webp"), "--model", "gone.safetensors"]);
  expect(status).toBe(1);
  expect(stderr).toMatch(/^error FILE_NOT_FOUND: .*gone\.safetensors/);
});
