// The law of the project's structure, read from the sources: which layer may import which, and what a source file looks like.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join, posix } from "node:path";
import { describe, expect, test } from "vitest";
import { codeOnly, filesBelow, importsOf, root } from "./source-files.ts";
import type { SourceFile } from "./source-files.ts";

/** A module (folder or file right below `src/`) may import itself and lower layers: never a neighbour, never upward. */
const LAYERS: Readonly<Record<string, number>> = {
  base: 0,
  engine: 1,
  onnx: 1,
  safetensors: 1,
  image: 1,
  text: 1,
  datasets: 1,
  search: 1,
  statistics: 1,
  thread: 1,
  plot: 1,
  graph: 2,
  nn: 3,
  models: 4,
  bundle: 5,
  caption: 6,
  explain: 7,
  evaluate: 7,
  train: 8,
  compare: 9,
  study: 9,
  "index.ts": 10,
  "metrics.ts": 10,
  node: 11,
  web: 11,
  store: 11,
  server: 12,
  cli: 13,
};

/** The lowest layer that knows its platform; all below is core and runs in Node and in browsers alike. */
const FIRST_PLATFORM_LAYER = 11;

/** What `base/` may hold, so that it does not become the drawer for whatever has no place. */
const BASE_FILES = ["bytes.ts", "cancel.ts", "errors.ts", "float16.ts", "json.ts", "random.ts", "tensor.ts"];

/** Packages that bring a platform or print, and the modules that may import them. */
const PACKAGE_HOMES: Readonly<Record<string, readonly string[]>> = {
  "onnxruntime-node": ["node"],
  "onnxruntime-web": ["web"],
  sharp: ["node"],
  pacote: ["node"],
  "@npmcli/config": ["node"],
  "env-paths": ["node"],
  tinyglobby: ["node", "cli"],
  tar: ["node"],
  "@resvg/resvg-js": ["node"],
  hono: ["server"],
  "@hono/node-server": ["server"],
  "ipaddr.js": ["server"],
  pino: ["cli"],
  "prom-client": ["server"],
  libsql: ["store"],
  yaml: ["node"],
  commander: ["cli"],
  "cli-progress": ["cli"],
};

/** Folders under `test/` that mirror no source folder. */
const TEST_ONLY_FOLDERS: ReadonlySet<string> = new Set(["fixtures", "golden"]);

const MAX_LINES = 400;

/** The module of a path below `src/`: its first folder, or the file itself. */
function moduleOf(path: string): string {
  return path.split("/")[0]!;
}

function packageOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

function isCore(module: string): boolean {
  return (LAYERS[module] ?? 0) < FIRST_PLATFORM_LAYER;
}

/** What is wrong with a relative import. */
function relativeImportViolation(path: string, specifier: string): string | undefined {
  if (!specifier.endsWith(".ts")) return `${path}: "${specifier}" must end in .ts`;
  const target = posix.join(posix.dirname(path), specifier);
  if (target.startsWith("..")) return `${path}: "${specifier}" leaves src/`;
  const [from, to] = [moduleOf(path), moduleOf(target)];
  if (from === to) return undefined;
  const [here, there] = [LAYERS[from], LAYERS[to]];
  if (here === undefined || there === undefined) return undefined; // its own rule names a module without a layer
  if (there < here) return undefined;
  const how = there === here ? "a neighbour" : "upward";
  return `${path}: "${specifier}" imports ${how} (${from} is layer ${here}, ${to} is layer ${there})`;
}

/** What is wrong with an import of a package or of a part of Node. */
function packageImportViolation(path: string, specifier: string): string | undefined {
  const module = moduleOf(path);
  if (specifier.startsWith("node:")) {
    return isCore(module) ? `${path}: core must not import "${specifier}"` : undefined;
  }
  const homes = PACKAGE_HOMES[packageOf(specifier)];
  if (homes === undefined || homes.includes(module)) return undefined;
  return `${path}: "${specifier}" may be imported in ${homes.join(" and ")} only`;
}

/** Everything wrong with the imports of one file; the path is below `src/`. */
function importViolations(path: string, specifiers: readonly string[]): string[] {
  return specifiers.flatMap((specifier) => {
    const rule = specifier.startsWith(".") ? relativeImportViolation : packageImportViolation;
    return rule(path, specifier) ?? [];
  });
}

/** Everything wrong with a file's form, wherever it lies. */
function formViolations({ path, text }: SourceFile): string[] {
  const code = codeOnly(text);
  const lines = text.trimEnd().split("\n").length;
  const found: string[] = [];
  // What is run as a command has a line for the system before it.
  if (!/^(?:#!.*\n)?\/\/ \S+(?: \S+){2,}/.test(text))
    found.push(`${path}: the first line must be a // comment that says what the file is`);
  if (lines > MAX_LINES) found.push(`${path}: ${lines} lines, ${MAX_LINES} are allowed`);
  if (/\bexport\s+default\b|\bas\s+default\b/.test(code)) found.push(`${path}: default export`);
  if (/(?:^|\/)(?:utils?|helpers?|common)(?:\/|\.ts$)/.test(path)) found.push(`${path}: a name that says nothing`);
  return found;
}

/** Everything wrong with what a file of showtell touches: printing outside the command, Node's globals in core. */
function globalViolations({ path, text }: SourceFile): string[] {
  const code = codeOnly(text);
  const module = moduleOf(path);
  const found: string[] = [];
  if (module !== "cli" && /\bconsole\s*\.|\bprocess\s*\.\s*std(?:out|err)\b/.test(code)) {
    found.push(`${path}: only cli/ prints`);
  }
  if (isCore(module) && /\bBuffer\b/.test(code)) found.push(`${path}: core must not use Buffer`);
  return found;
}

describe("the rules", () => {
  test("an import of a lower layer or of the own module is allowed", () => {
    const specifiers = ["../base/errors.ts", "../onnx/model.ts", "./shapes.ts", "./operators/matrix.ts"];
    expect(importViolations("graph/graph.ts", specifiers)).toEqual([]);
    expect(importViolations("graph/operators/matrix.ts", ["../graph.ts", "../../base/tensor.ts"])).toEqual([]);
    expect(importViolations("node/index.ts", ["../index.ts", "node:fs", "onnxruntime-node"])).toEqual([]);
  });

  test("an import of a neighbour, upward or out of src is named with both layers", () => {
    expect(importViolations("image/resize.ts", ["../text/clean.ts"])).toEqual([
      'image/resize.ts: "../text/clean.ts" imports a neighbour (image is layer 1, text is layer 1)',
    ]);
    expect(importViolations("graph/operators/matrix.ts", ["../../nn/linear.ts"])).toEqual([
      'graph/operators/matrix.ts: "../../nn/linear.ts" imports upward (graph is layer 2, nn is layer 3)',
    ]);
    expect(importViolations("base/bytes.ts", ["../index.ts"])).toHaveLength(1);
    expect(importViolations("index.ts", ["./node/index.ts"])).toHaveLength(1);
    expect(importViolations("base/bytes.ts", ["../../test/x.ts"])).toEqual([
      'base/bytes.ts: "../../test/x.ts" leaves src/',
    ]);
  });

  test("a relative import without .ts is refused", () => {
    expect(importViolations("graph/graph.ts", ["./shapes", "./shapes.js"])).toHaveLength(2);
  });

  test("node: modules and platform packages are refused where they do not belong", () => {
    expect(importViolations("text/vocabulary.ts", ["node:fs"])).toHaveLength(1);
    expect(importViolations("caption/captioner.ts", ["sharp", "onnxruntime-node"])).toHaveLength(2);
    expect(importViolations("node/images.ts", ["commander", "@hono/node-server/serve"])).toHaveLength(2);
    expect(importViolations("base/bytes.ts", ["@noble/hashes/sha2.js", "zod"])).toEqual([]);
  });

  test("a file's form: first line, length, default export, empty names", () => {
    const first = "// A first line that says what this file is for.\n";
    expect(formViolations({ path: "a.ts", text: `${first}export const x = 1;\n` })).toEqual([]);
    expect(formViolations({ path: "a.ts", text: `#!/usr/bin/env node\n${first}` })).toEqual([]);
    expect(formViolations({ path: "a.ts", text: `${first}export default 1;\n` })).toHaveLength(1);
    expect(formViolations({ path: "a.ts", text: `${first}export { x as default };\n` })).toHaveLength(1);
    expect(formViolations({ path: "a.ts", text: `${first}// export default\n` })).toEqual([]);
    expect(formViolations({ path: "a.ts", text: "export const x = 1;\n" })).toHaveLength(1);
    expect(formViolations({ path: "a.ts", text: "// Types.\n" })).toHaveLength(1);
    expect(formViolations({ path: "a.ts", text: first + "x();\n".repeat(399) })).toEqual([]);
    expect(formViolations({ path: "a.ts", text: first + "x();\n".repeat(400) })).toHaveLength(1);
    for (const path of ["utils/a.ts", "text/helpers.ts", "text/common/a.ts"]) {
      expect(formViolations({ path, text: first })).toHaveLength(1);
    }
  });

  test("printing and Buffer are found in code, not in comments or strings", () => {
    expect(globalViolations({ path: "text/a.ts", text: 'console.log("x")' })).toHaveLength(1);
    expect(globalViolations({ path: "node/a.ts", text: "process.stdout.write(x)" })).toHaveLength(1);
    expect(globalViolations({ path: "cli/a.ts", text: "console.log(Buffer.from(x))" })).toEqual([]);
    expect(globalViolations({ path: "text/a.ts", text: "const x: Buffer = y" })).toHaveLength(1);
    expect(globalViolations({ path: "text/a.ts", text: '// console.log\nconst x: ArrayBuffer = "Buffer"' })).toEqual(
      [],
    );
  });
});

describe("the scanner", () => {
  test("finds every kind of import, over several lines too", () => {
    const text = [
      'import { a } from "./a.ts";',
      'import type { B } from "./b.ts";',
      'import {\n  c,\n  d,\n} from "./c.ts";',
      'import "./side-effect.ts";',
      'export * from "./e.ts";',
      'export { f } from "./f.ts";',
      'const g = await import("./g.ts");',
    ].join("\n");
    const names = ["./a.ts", "./b.ts", "./c.ts", "./side-effect.ts", "./e.ts", "./f.ts", "./g.ts"];
    expect(importsOf(text)).toEqual(names);
  });

  test("does not find imports in comments", () => {
    expect(importsOf('// import "./a.ts";\n/**\n * import { b } from "./b.ts";\nimport "./c.ts";\n */')).toEqual([]);
  });

  test("does not stumble over quotes and comment marks in strings and regular expressions", () => {
    const text = 'const glob = "**/*.jpg"; const quotes = /["\'`]|\\/\\//g;\nimport { a } from "./a.ts"; // "*/"\nb';
    expect(importsOf(text)).toEqual(["./a.ts"]);
    expect(codeOnly(text).trim()).toMatch(/^const glob = ""; const quotes = "";\nimport \{ a \} from ""; +\nb$/);
  });

  test("takes a division for what it is", () => {
    expect(codeOnly("x = a / b; y = (c) / d; // e")).toBe("x = a / b; y = (c) / d;  ");
  });
});

describe("showtell", () => {
  const files = filesBelow("packages/showtell/src", ".ts");

  test("every module has a layer", () => {
    const modules = [...new Set(files.map((file) => moduleOf(file.path)))];
    expect(modules.filter((module) => LAYERS[module] === undefined)).toEqual([]);
  });

  test("modules import lower layers only", () => {
    expect(files.flatMap((file) => importViolations(file.path, importsOf(file.text)))).toEqual([]);
  });

  test("only the command prints, and core is free of Node", () => {
    expect(files.flatMap(globalViolations)).toEqual([]);
  });

  test("files say what they are, stay short and have named exports", () => {
    expect(files.flatMap(formViolations)).toEqual([]);
  });

  test("base/ holds what is listed and nothing else", () => {
    expect(files.filter((file) => moduleOf(file.path) === "base").map((file) => file.path.slice(5))).toEqual(
      BASE_FILES,
    );
  });

  test("there is an index.ts for each public entry and nowhere else", () => {
    const text = readFileSync(join(root, "packages/showtell/package.json"), "utf8");
    const { exports } = JSON.parse(text) as { exports: Record<string, string | { default: string }> };
    const entries = Object.values(exports).flatMap((entry) =>
      typeof entry === "string" ? [] : [entry.default.replace(/^\.\/dist\//, "").replace(/\.js$/, ".ts")],
    );
    const paths = files.map((file) => file.path);
    expect(paths).toEqual(expect.arrayContaining(entries));
    expect(paths.filter((path) => posix.basename(path) === "index.ts")).toEqual(
      entries.filter((path) => posix.basename(path) === "index.ts").sort(),
    );
  });
});

describe("caption-metrics", () => {
  const files = filesBelow("packages/caption-metrics/src", ".ts");

  test("imports nothing but its own files: sources that end in .ts, and generated data", () => {
    const foreign = files.flatMap((file) =>
      importsOf(file.text).filter((specifier) => !/^\.\.?\/.*\.ts$|^\.\.\/data\/[a-z]+\.js$/.test(specifier)),
    );
    expect(foreign).toEqual([]);
  });

  test("has no dependency", () => {
    const text = readFileSync(join(root, "packages/caption-metrics/package.json"), "utf8");
    expect(JSON.parse(text)).not.toHaveProperty("dependencies");
  });

  test("files say what they are, stay short, have named exports and do not print", () => {
    expect(files.flatMap(formViolations)).toEqual([]);
    expect(files.flatMap(globalViolations)).toEqual([]);
  });
});

describe.each(["showtell", "caption-metrics"])("the tests of %s", (name) => {
  test("lie in folders that mirror src/", () => {
    const folder = join(root, "packages", name);
    const folders = readdirSync(join(folder, "test"), { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, "test").length + 1))
      .filter((path) => !TEST_ONLY_FOLDERS.has(moduleOf(path.replaceAll("\\", "/"))));
    expect(folders.filter((path) => !existsSync(join(folder, "src", path)))).toEqual([]);
  });
});
