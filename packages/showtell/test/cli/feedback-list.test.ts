// `showtell feedback list` of a large store, called as the program calls it.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { expect, onTestFinished, test } from "vitest";
import { addFeedbackList } from "../../src/cli/feedback-list.ts";
import { openStore } from "../../src/store/store.ts";

test("a store may hold more feedback than a function takes arguments", { timeout: 120_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "showtell-many-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const entries = 130_000;
  const store = await openStore(folder);
  store.run(
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
     INSERT INTO feedback (key, changed_at, model, caption, thumb)
     SELECT i, '2026-01-01T00:00:00Z', 'm', 'a dog runs', 'up' FROM n`,
    entries,
  );
  store.close();
  const lines: string[] = [];
  const program = new Command();
  addFeedbackList(program, {
    terminal: {
      print: async (...more) => void lines.push(...more),
      note: () => undefined,
      error: () => undefined,
      progress: () => ({ update: () => undefined, stop: () => undefined }),
      beQuiet: () => undefined,
    },
    signal: new AbortController().signal,
    fail: () => undefined,
  });
  await program.parseAsync(["list", "--store", folder], { from: "user" });
  expect(lines).toHaveLength(entries);
  expect(lines[0]).toMatch(/^1 {2}2026-01-01 00:00 {2}up {6}.*a dog runs$/);
});
