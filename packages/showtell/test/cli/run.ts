// Runs the built command as its users do: a process of its own, with what it prints and how it ends.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { root } from "../source-files.ts";

/** How a run ended. */
export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a run is given besides its arguments. */
export interface RunOptions {
  readonly cwd?: string;
  /** All of standard input; default: nothing. */
  readonly input?: Uint8Array | string;
  readonly environment?: NodeJS.ProcessEnv;
  /** Called with the process and all of its output so far, whenever there is more. */
  readonly onOutput?: (child: ChildProcess, output: Pick<Ended, "stdout" | "stderr">) => void;
}

/** Runs `showtell` with arguments. */
export function showtell(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const main = join(root, "packages", "showtell", "dist", "cli", "main.js");
  const child = spawn(process.execPath, [main, ...args], {
    cwd: options.cwd,
    env: { ...process.env, ...options.environment },
  });
  const texts = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      texts[name] += text;
      options.onOutput?.(child, texts);
    });
  }
  child.stdin.on("error", () => undefined); // it may end without reading
  child.stdin.end(options.input ?? "");
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, ...texts }));
  });
}

/** The path of a committed photo. */
export function photo(name: string): string {
  return join(root, "packages", "showtell", "test", "fixtures", "photos", name);
}
