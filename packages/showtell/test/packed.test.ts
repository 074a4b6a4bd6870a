// The packages as their users get them: packed, installed into an empty folder, imported and run there by plain Node.js.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { modelShips, root } from "./source-files.ts";

const installTimeoutMs = 300_000;
const manifest = JSON.parse(readFileSync(join(root, "packages/showtell/package.json"), "utf8")) as {
  readonly version: string;
  readonly exports: Readonly<Record<string, unknown>>;
};
const entries = [
  "caption-metrics",
  ...Object.keys(manifest.exports)
    .filter((entry) => !entry.endsWith(".json"))
    .map((entry) => `showtell${entry.slice(1)}`),
];

let folder = "";

/** Runs a program in the folder of installation and gives its standard output. */
function run(command: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, ...environment },
  });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}: ${error?.message ?? stderr}`);
  return stdout;
}

/** Runs npm as it was run to start the tests, or as the shell finds it. */
function npm(...args: string[]): string {
  const caller = process.env["npm_execpath"];
  if (caller?.endsWith("npm-cli.js") === true) return run(process.execPath, [caller, ...args]);
  return process.platform === "win32" ? run("cmd.exe", ["/c", "npm", ...args]) : run("npm", args);
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "showtell-packed-"));
  const packages = ["caption-metrics", "showtell"].map((name) => join(root, "packages", name));
  npm("pack", ...packages, "--silent");
  const tarballs = readdirSync(folder).filter((name) => name.endsWith(".tgz"));
  writeFileSync(join(folder, "package.json"), "{}");
  npm("install", ...tarballs.map((name) => `./${name}`), "--prefer-offline", "--ignore-scripts");
}, installTimeoutMs);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("both packages, installed from their tarballs into an empty folder", () => {
  test.each(entries)("%s can be imported", (entry) => {
    const script = `console.log(Object.keys(await import("${entry}")).length)`;
    expect(run(process.execPath, ["--input-type=module", "--eval", script])).toMatch(/^\d+\n$/);
  });

  test("the command runs and knows its version", () => {
    expect(npm("exec", "--offline", "--no", "--", "showtell", "--version").trim()).toBe(manifest.version);
  });

  if (modelShips) {
    test("the command captions a photo without cached weights and without a registry to fetch any from", () => {
      const photo = join(root, "examples", "photos", "camera.png");
      const main = join("node_modules", "showtell", "dist", "cli", "main.js");
      const nowhere = "http://127.0.0.1:9/";
      const line = run(process.execPath, [main, "caption", photo], {
        SHOWTELL_CACHE: join(folder, "empty-cache"),
        npm_config_registry: nowhere,
        HTTPS_PROXY: nowhere,
      });
      expect(line.startsWith(`${photo}\t`)).toBe(true);
      expect(
        line
          .slice(photo.length + 1)
          .trim()
          .split(" ").length,
      ).toBeGreaterThan(2);
    });
  }

  test("nothing but what is built, the models and the notes is packed", () => {
    const names = readdirSync(join(folder, "node_modules", "showtell"));
    expect(names.toSorted()).toEqual(["LICENSE", "README.md", "dist", "models", "package.json"]);
    const built = readdirSync(join(folder, "node_modules", "showtell", "dist"));
    expect(built.filter((name) => name.endsWith(".tsbuildinfo"))).toEqual([]);
  });
});
