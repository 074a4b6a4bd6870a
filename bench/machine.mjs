// What a bench runs on, in words: the processor and the versions.
import { existsSync, readFileSync } from "node:fs";
import { cpus } from "node:os";
import { run } from "./python.mjs";

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
