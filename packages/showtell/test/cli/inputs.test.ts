// Finding what is named on the command line, where a process would show no more.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { findInputs } from "../../src/cli/inputs.ts";

test("a folder may hold more pictures than a function takes arguments", { timeout: 120_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "showtell-many-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const pictures = 130_000;
  for (let i = 0; i < pictures; i++) writeFileSync(join(folder, `${i}.jpg`), "");
  const found = await findInputs({ paths: [folder], onFound: () => undefined, signal: new AbortController().signal });
  expect(found).toHaveLength(pictures);
  expect(found[1]).toEqual({ name: join(folder, "1.jpg"), source: join(folder, "1.jpg") });
});
