// Python for benches that compare with what is written in it: an environment of their own below .tmp/, made on first use.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../scripts/setup.mjs";

const windows = process.platform === "win32";

/** The Python of the environment `.tmp/NAME` with these packages of pip, which is made first if it is not there. */
export function pythonWith(name, packages) {
  const folder = join(root, ".tmp", name);
  const python = join(folder, windows ? "Scripts" : "bin", windows ? "python.exe" : "python");
  const stamp = join(folder, "packages.json");
  const wanted = JSON.stringify(packages);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return python;
  console.error(`making a Python environment in ${folder} …`);
  mkdirSync(folder, { recursive: true });
  run(windows ? "python" : "python3", ["-m", "venv", folder]);
  run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...packages]);
  writeFileSync(stamp, wanted);
  return python;
}

/** Runs a program to its end and gives what it printed. */
export function run(command, args) {
  const { status, stdout, error } = spawnSync(command, args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed`, { cause: error });
  return stdout;
}
