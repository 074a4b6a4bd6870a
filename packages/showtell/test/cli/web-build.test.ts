// `showtell web build`: a whole page in a folder of its own; what is not a page is never replaced.
import {
  lstatSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, normalize } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tensor } from "../../src/base/tensor.ts";
import { packNeighbours } from "../../src/bundle/neighbour-table.ts";
import type { CaptionerInput } from "../../src/caption/captioning-service.ts";
import { defaultModel } from "../../src/node/shipped-models.ts";
import { readCaptionerFiles } from "../../src/node/captioner-files.ts";
import { writeFileAtomically } from "../../src/node/files.ts";
import { safetensorsParts } from "../../src/safetensors/write.ts";
import { showtell } from "./run.ts";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "showtell-web-build-"));
});

afterAll(() => rmSync(folder, { recursive: true }));

describe("the page", () => {
  test("has every file that it names, of the size that it says, and replaces an earlier one", async () => {
    const out = join(folder, "public");
    for (const attempt of [1, 2]) {
      const { status, stdout, stderr } = await showtell(["web", "build", "--out", out]);
      expect([status, stdout], `${attempt}: ${stderr}`).toEqual([0, `${out}\n`]);
      if (attempt === 1) rmSync(join(out, "index.html"));
    }
    expect(readdirSync(out).toSorted()).toEqual(
      [
        ...new Set(
          readFileSync(join(out, "page-files.txt"), "utf8")
            .split("\n")
            .map((name) => name.split("/")[0]!),
        ),
      ].toSorted(),
    );
    const { device, service } = JSON.parse(readFileSync(join(out, "page.json"), "utf8")) as {
      service: boolean;
      device: Record<"model" | "encoder", { url: string; bytes: number }> & { engine: string };
    };
    expect(service).toBe(false);
    for (const { url, bytes } of [device.model, device.encoder]) expect(statSync(join(out, url)).size).toBe(bytes);
    expect(readdirSync(join(out, device.engine))).toContain("ort-wasm-simd-threaded.wasm");
    const html = readFileSync(join(out, "index.html"), "utf8");
    for (const [, path] of html.matchAll(/(?:src|href)="(\.[^"]+)"/g))
      expect(statSync(join(out, path!)).isFile()).toBe(true);
    expect(readdirSync(folder)).toEqual(["public"]);
    symlinkSync(out, join(folder, "linked"));
    rmSync(join(out, "index.html"));
    expect((await showtell(["web", "build", "--out", join(folder, "linked")])).status).toBe(0);
    expect(lstatSync(join(folder, "linked")).isSymbolicLink()).toBe(true);
    expect(readdirSync(out)).toContain("index.html");
    rmSync(join(folder, "linked"));
  });

  test("hands out the table of training neighbours that it is given, if that fits the model", async () => {
    const [out, table] = [join(folder, "taught"), join(folder, "table.safetensors")];
    const [{ features }] = (await readCaptionerFiles(defaultModel)).inputs as [CaptionerInput];
    const written = async (identity: string): Promise<void> => {
      const { tensors, metadata } = packNeighbours({
        version: 1,
        writer: "a test",
        encoder: { identity, name: features.name },
        layer: "pooled",
        data: { name: "one", split: "train" },
        pictures: [{ image: "cat.jpg", captions: ["a cat"] }],
        vectors: tensor("float16", [1, 2048], new Uint16Array(2048)),
      });
      await writeFileAtomically(table, safetensorsParts(tensors, metadata));
    };
    await written(features.identity);
    const build = ["web", "build", "--out", out, "--neighbours", table];
    expect(await showtell(build)).toMatchObject({ status: 0 });
    const { device, neighbours } = JSON.parse(readFileSync(join(out, "page.json"), "utf8")) as {
      neighbours: boolean;
      device: { neighbours: { url: string } };
    };
    expect(neighbours).toBe(false);
    expect(readFileSync(join(out, device.neighbours.url))).toEqual(readFileSync(table));

    await written("0".repeat(64));
    const { status, stderr } = await showtell(build);
    expect([status, stderr]).toEqual([1, expect.stringMatching(/^error ENCODER_MISMATCH: the table of neighbours/)]);
    rmSync(out, { recursive: true });
    rmSync(table);
  });

  test("is not made for an ensemble, which captions on a server only", async () => {
    const out = join(folder, "ensemble");
    const { status, stderr } = await showtell([
      "web",
      "build",
      "--out",
      out,
      "--model",
      `${defaultModel},${defaultModel}`,
    ]);
    expect([status, stderr]).toEqual([2, expect.stringMatching(/^error ARGUMENT: .*an ensemble/)]);
    expect(readdirSync(folder)).not.toContain("ensemble");
  });

  test.each([".git", "CNAME", "engine/mine.js", "index.html"])(
    "is not written over %s that is not of an earlier one",
    async (name) => {
      const out = join(folder, "public");
      if (name === "index.html") rmSync(join(out, "page-files.txt"));
      else writeFileSync(join(out, name), "mine");
      const { status, stderr } = await showtell(["web", "build", "--out", out]);
      expect(status).toBe(2);
      expect(stderr).toMatch(/^error ARGUMENT: the folder ".*public" holds ".+", which would be lost: /);
      expect(readdirSync(out, { recursive: true })).toContain(normalize(name));
      if (name !== "index.html") rmSync(join(out, name));
    },
  );
});
