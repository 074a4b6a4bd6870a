// `showtell inspect`: the facts about a bundle, for people and as JSON, and its drawing.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeBundleFile } from "../../src/node/bundle-files.ts";
import { defaultEncoder } from "../../src/node/shipped-models.ts";
import { smallEncoder } from "../small-encoder.ts";
import { showtell } from "./run.ts";
import { writeTinyModel } from "./tiny-model.ts";

let folder = "";

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "showtell-inspect-"));
  await writeTinyModel(join(folder, "tiny.safetensors"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("inspecting a decoder", () => {
  test("tells its sizes, words, training and licences, and finds its encoder", async () => {
    const { status, stdout, stderr } = await showtell(["inspect", "tiny.safetensors"], { cwd: folder });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    for (const line of [
      /^ {2}hidden size +6$/m,
      /^ {2}decoding +beam 3, length exponent 0.7, maximum length 8$/m,
      /^Vocabulary\n {2}words +6\n {2}first +a dog cat runs on grass$/m,
      /^ {2}file +.*resnet50-int8\.safetensors$/m,
      /^ {2}picture +.*squeezed to 224 × 224$/m,
      /^ {2}picture hashes +2$/m,
      /^ {2}decoder +drawn from a seed\n +CC0-1.0$/m,
      /^ {2}encoder +ResNet-50 .*\n +MIT$/m,
    ]) {
      expect(stdout).toMatch(line);
    }
  });

  test("as JSON has the same facts and the whole vocabulary", async () => {
    const { stdout } = await showtell(["inspect", "tiny.safetensors", "--json"], { cwd: folder });
    expect(JSON.parse(stdout)).toMatchObject({
      file: "tiny.safetensors",
      bytes: readFileSync(join(folder, "tiny.safetensors")).length,
      decoder: {
        spec: { kind: "show-and-tell", hiddenSize: 6 },
        vocabulary: { size: 6, words: ["a", "dog", "cat", "runs", "on", "grass"] },
      },
      training: { pictureHashes: 2, captionHashes: 0, epochs: 2 },
    });
  });

  test("--svg draws it with its encoder, and says so", async () => {
    const args = ["inspect", "tiny.safetensors", "--svg", "drawn.svg"];
    const { status, stderr } = await showtell(args, { cwd: folder });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "architecture drawn: drawn.svg\n" });
    const svg = readFileSync(join(folder, "drawn.svg"), "utf8");
    for (const title of ["Preprocessing", "Pooled features", "LSTM", "Caption"]) expect(svg).toContain(title);
  });
});

function at(name: string): string {
  return join(folder, name);
}

test("the drawing is not written over the bundle, nor over its encoder beside it", async () => {
  const small = await smallEncoder();
  await writeBundleFile(at("small.safetensors"), small);
  await writeTinyModel(at("reads-small.safetensors"), small);
  for (const own of ["reads-small.safetensors", "small.safetensors"]) {
    const before = readFileSync(at(own));
    const { status, stdout, stderr } = await showtell(["inspect", "reads-small.safetensors", "--svg", own], {
      cwd: folder,
    });
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(new RegExp(`^error ARGUMENT: the drawing would be written over ".*${own}", which is read`));
    expect(readFileSync(at(own)).equals(before)).toBe(true);
  }
});

test("inspecting an encoder tells its preprocessing", async () => {
  const { status, stdout } = await showtell(["inspect", defaultEncoder]);
  expect(status).toBe(0);
  expect(stdout).toMatch(/^ {2}channels +BGR, minus 103.939, 116.779, 123.68, times 1, 1, 1$/m);
  expect(stdout).not.toContain("Vocabulary");
});

test("what is no bundle is refused with a code", async () => {
  writeFileSync(join(folder, "notes.txt"), "no bundle");
  const { status, stdout, stderr } = await showtell(["inspect", "notes.txt"], { cwd: folder });
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  expect(stderr).toMatch(/^error SAFETENSORS_FORMAT: /);
});
