// What the benches of training run on: the processor in words, and a Python environment with PyTorch.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";

/** What pip installs. */
const packages = ["torch==2.13.0", "numpy"];

/** Flags of the processor that decide how fast matrix products are. */
const telling =
  /^(avx2|fma|avx512f|avx512_vnni|avx_vnni|avx512_bf16|avx512_fp16|amx_tile|amx_bf16|amx_int8|asimd|bf16|i8mm|sve)$/;

/** Processor, its telling flags, threads, and versions, in lines; those of `python` if it is given. */
export function describeMachine({ threads, python }) {
  const versions = [`Node.js ${process.versions.node}`];
  if (python !== undefined) {
    const script = "import sys, torch; print(f'Python {sys.version.split()[0]}, PyTorch {torch.__version__}')";
    versions.push(run(python, ["-c", script]).trim());
  }
  return [
    `processor  ${cpus()[0]?.model ?? "unknown"} (${cpus().length} seen)`,
    `flags      ${flags()
      .filter((flag) => telling.test(flag))
      .join(" ")}`,
    `threads    ${threads}`,
    `versions   ${versions.join(", ")}`,
    "",
  ].join("\n");
}

function flags() {
  const info = "/proc/cpuinfo";
  if (!existsSync(info)) return [];
  const line = readFileSync(info, "utf8").match(/^(?:flags|Features)\s*:(.*)$/m);
  return line?.[1]?.trim().split(/\s+/) ?? [];
}

/** The Python of an environment with PyTorch in a folder, which is made first if it is not there. */
export function pythonWithTorch(folder) {
  const python = process.platform === "win32" ? join(folder, "Scripts", "python.exe") : join(folder, "bin", "python");
  const stamp = join(folder, "packages.json");
  const wanted = JSON.stringify(packages);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return python;
  console.error(`making a Python environment in ${folder} …`);
  mkdirSync(folder, { recursive: true });
  run(process.platform === "win32" ? "python" : "python3", ["-m", "venv", folder]);
  run(python, ["-m", "pip", "install", "--quiet", ...packages]);
  writeFileSync(stamp, wanted);
  return python;
}

function run(command, args) {
  const { status, stdout, error } = spawnSync(command, args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed`, { cause: error });
  return stdout;
}
