// `showtell weights list`: every encoder with its facts, for people and as JSON.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { encoderKinds } from "../../src/models/encoder-graph.ts";
import { defaultEncoder } from "../../src/node/shipped-models.ts";
import type { ListedEncoder } from "../../src/node/encoder-list.ts";
import { showtell } from "./run.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "showtell-list-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const environment = (): NodeJS.ProcessEnv => ({ SHOWTELL_CACHE: join(folder, "cache") });

test("every encoder has its block; what ships is here", async () => {
  const { status, stdout } = await showtell(["weights", "list"], { cwd: folder, environment: environment() });
  expect(status).toBe(0);
  const blocks = stdout.trimEnd().split("\n\n");
  expect(blocks.map((block) => /^encoder +(\S+)/.exec(block)![1])).toEqual(encoderKinds);
  expect(blocks[0]).toContain("input    224×224, BGR minus 103.939, 116.779, 123.68\n");
  expect(blocks[0]).toContain("layers   pooled 2048, grid 49×2048, conv4 196×1024, conv4-even 49×1024\n");
  expect(blocks[0]).toContain(`file     ${defaultEncoder}`);
  expect(blocks[1]).toContain("input    299×299, (RGB minus 128, 128, 128) / 128\n");
  expect(blocks[1]).not.toContain("file  ");
});

test("--json has the same as data, with sizes that fit the parameters", async () => {
  const { stdout } = await showtell(["weights", "list", "--json"], { cwd: folder, environment: environment() });
  const encoders = JSON.parse(stdout) as ListedEncoder[];
  expect(encoders.map(({ name }) => name)).toEqual(encoderKinds);
  for (const { parameters, files, layers } of encoders) {
    expect(files.float32!.bytes).toBe(4 * parameters);
    expect(files.int8!.bytes).toBeLessThan(0.27 * files.float32!.bytes);
    expect(layers["grid"]![1]).toBe(layers["pooled"]![0]);
  }
});
