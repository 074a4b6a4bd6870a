// `npm test -- ARGS…`: sets up if needed, runs vitest once with ARGS, and ends with the groups of tests that were left out.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root, setup } from "./setup.mjs";

setup({ withPage: true });

// packages/showtell/test/groups.ts writes a line for each group that it leaves out, from whichever worker meets it.
const folder = mkdtempSync(join(tmpdir(), "showtell-test-"));
const report = join(folder, "left-out.jsonl");
const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
const { status } = spawnSync(process.execPath, [vitest, "run", ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
  env: { ...process.env, SHOWTELL_LEFT_OUT: report },
});

const lines = existsSync(report) ? readFileSync(report, "utf8").trim().split("\n") : [];
for (const line of new Set(lines)) {
  const { group, needs, command } = JSON.parse(line);
  console.log(`left out: ${group}: it needs ${needs}. To run it too: ${command}`);
}
rmSync(folder, { recursive: true });
process.exitCode = status ?? 1;
