// Packs both packages as publishing would, and has publint and attw look at the tarballs.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { npm, root, setup } from "./setup.mjs";

setup({ withPage: true });

const folder = mkdtempSync(join(tmpdir(), "showtell-pack-"));
const modules = join(root, "node_modules");
const publint = join(modules, "publint", "src", "cli.js");
const attw = join(modules, "@arethetypeswrong", "cli", "dist", "index.js");

let failures = run(...npm("pack", "--workspaces", "--silent", "--pack-destination", folder));
for (const tarball of readdirSync(folder).map((name) => join(folder, name))) {
  failures += run(process.execPath, [publint, tarball, "--strict"]);
  failures += run(process.execPath, [attw, tarball, "--profile", "esm-only"]);
}
rmSync(folder, { recursive: true });
process.exitCode = failures > 0 ? 1 : 0;

function run(command, args) {
  return spawnSync(command, args, { cwd: root, stdio: "inherit" }).status === 0 ? 0 : 1;
}
