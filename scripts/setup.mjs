// Makes a clone ready to run: installs the dependencies and builds, each only if needed. Knows nothing of what runs afterwards.
// Plain Node without dependencies, since it runs before there are any.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, realpathSync, statSync, writeFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

const stampFile = join(root, "node_modules", ".showtell-setup");
const packages = ["packages/caption-metrics", "packages/showtell"];

/** What `npm start` and `npm test` run: everything but the type check of the tests. Projects that are referred to come along. */
const projects = ["packages/showtell/tsconfig.node.json", "packages/showtell/tsconfig.web.json"];

/** The web page's sources, and what building them leaves. */
const page = { sources: "packages/showtell/ui", built: "packages/showtell/dist/ui/index.html" };

/**
 * Installs and builds what is missing or out of date; ends the process with a message if that fails. The web page only where it
 * is wanted: captioning does not wait for it.
 */
export function setup({ withPage = false } = {}) {
  requireNode();
  const stamp = readJson(stampFile) ?? {};
  const wanted = { platform: `${process.platform} ${process.arch}`, lock: hashOf(read("package-lock.json")) };
  if (!isInstalled(stamp, wanted)) {
    run("installing the dependencies (npm ci)", ...npm("ci", "--include=dev", "--prefer-offline", "--loglevel=error"));
  }
  const sources = fingerprintOfSources();
  if (stamp.sources !== sources || !packages.every((folder) => existsSync(join(root, folder, "dist/index.js")))) {
    run("building (tsc -b)", process.execPath, [join("node_modules", "typescript", "bin", "tsc"), "-b", ...projects]);
  }
  const pageSources = withPage ? hashOf(sources + fingerprintOf(filesBelow(page.sources))) : stamp.page;
  if (withPage && (stamp.page !== pageSources || !existsSync(join(root, page.built)))) {
    run("building the web page (vite)", process.execPath, [
      join("node_modules", "vite", "bin", "vite.js"),
      "build",
      page.sources,
    ]);
  }
  const next = JSON.stringify({ ...wanted, sources, page: pageSources });
  if (next !== JSON.stringify(stamp)) writeFileSync(stampFile, next);
}

function requireNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  fail(`Node.js 20.19 or newer is needed; this is ${process.versions.node}`);
}

function isInstalled(stamp, wanted) {
  // A folder shared with another system (a container, WSL) holds that system's native packages.
  if (stamp.platform !== undefined && stamp.platform !== wanted.platform) return false;
  return stamp.lock === wanted.lock || holdsWhatIsLocked();
}

/** Whether node_modules holds what the lock file asks for without our doing, as after an `npm install` by hand. */
function holdsWhatIsLocked() {
  const present = readJson(join(root, "node_modules", ".package-lock.json"))?.packages;
  if (present === undefined) return false;
  return Object.entries(JSON.parse(read("package-lock.json")).packages).every(([path, { version, optional }]) => {
    if (path === "" || (optional && present[path] === undefined)) return true;
    return present[path] !== undefined && present[path].version === version;
  });
}

/** Changes whenever a file that the build reads is added, removed or written. */
function fingerprintOfSources() {
  const configs = [".", ...packages].flatMap((folder) => filesIn(folder).filter((path) => path.endsWith(".json")));
  return fingerprintOf([...configs, ...packages.flatMap((folder) => filesBelow(join(folder, "src")))]);
}

function fingerprintOf(paths) {
  const lines = paths.map((path) => {
    const { mtimeMs, size } = statSync(join(root, path));
    return `${path} ${mtimeMs} ${size}`;
  });
  return hashOf(lines.sort().join("\n"));
}

function filesIn(folder) {
  const entries = readdirSync(join(root, folder), { withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(folder, entry.name));
}

function filesBelow(folder) {
  const entries = readdirSync(join(root, folder), { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

/** The command and arguments that run npm: the one we were called by, or the one on the path (a script file on Windows). */
export function npm(...args) {
  const caller = process.env.npm_execpath;
  if (caller !== undefined && basename(caller) === "npm-cli.js") return [process.execPath, [caller, ...args]];
  return process.platform === "win32" ? ["cmd.exe", ["/c", "npm", ...args]] : ["npm", args];
}

/** Runs a step and says so in one line, on standard error: standard output belongs to what runs afterwards. */
function run(what, command, args) {
  console.error(`set-up: ${what}`);
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ["ignore", 2, 2] });
  if (error !== undefined) fail(`${what} could not start: ${error.message}`);
  if (status !== 0) fail(`${what} failed; the reason stands above`);
}

function fail(message) {
  console.error(`set-up: ${message}`);
  process.exit(1);
}

function read(path) {
  return readFileSync(join(root, path), "utf8");
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined; // not there, or cut off by a kill: both mean that nothing is known
  }
}

function hashOf(text) {
  return createHash("sha256").update(text).digest("hex");
}

const script = process.argv[1];
if (script !== undefined && import.meta.url === pathToFileURL(realpathSync(script)).href) {
  setup({ withPage: process.argv.includes("--page") });
}
