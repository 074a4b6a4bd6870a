// `showtell web build`: the web page as static files, for any host. What belongs to it is node/page-files.ts.
import { existsSync, realpathSync } from "node:fs";
import { copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import type { Command } from "commander";
import { ShowtellError } from "../base/errors.ts";
import { systemCodeOf, unwritable } from "../node/files.ts";
import type { PageFile } from "../node/page-files.ts";
import { builtPageFiles, deviceFiles } from "../node/page-files.ts";
import { quietOption } from "./options.ts";
import type { Shell } from "./shell.ts";

interface BuildOptions {
  readonly out: string;
  readonly model?: string;
  readonly neighbours?: string;
}

const notes = `
The page captions inside the browser: photos are not uploaded, and no other host is asked for anything. The folder can be served by
any web server, below any path, over HTTPS (or from localhost). For captions by several threads the server has to send

  Cross-Origin-Opener-Policy: same-origin
  Cross-Origin-Embedder-Policy: require-corp

The file _headers says so to the hosts that read it. Without them the page works with one thread, and says so.

Examples:
  showtell web build --out public
  showtell web build --out public --model runs/first/best.safetensors
  showtell web build --out public --neighbours neighbours.safetensors`;

/** Headers in the form that several hosts of static files read. */
const headers = `/*
  Cross-Origin-Opener-Policy: same-origin
  Cross-Origin-Embedder-Policy: require-corp
`;

/** The list of a page's files, a line each: what stands beside them is somebody else's. */
const listName = "page-files.txt";

/** Adds `build` to the group `web`. */
export function addWebBuild(group: Command, shell: Shell): void {
  group
    .command("build")
    .summary("write the web page as static files")
    .description("Write the web page that captions on the device, as static files for any host.")
    .requiredOption(
      "-o, --out <folder>",
      "where to write it: a new folder, an empty one, or an earlier page to be replaced",
    )
    .option("-m, --model <file>", "bundle to caption with (default: the one that ships, trained on Flickr8k)")
    .option(
      "--neighbours <file>",
      "also tell which training pictures a photo looks like; a table of showtell neighbours build, which the page then hands out",
    )
    .addOption(quietOption())
    .addHelpText("after", notes)
    .action((options: BuildOptions) => build(options, shell));
}

async function build({ out, ...content }: BuildOptions, { terminal }: Shell): Promise<void> {
  // Where a link leads: what is published is the folder behind it.
  const folder = existsSync(out) ? realpathSync(out) : resolve(out);
  await requireReplaceable(folder, out);
  const beside = await deviceFiles({ service: false, ...content });
  if (beside.size === 1) {
    throw new ShowtellError(
      "ARGUMENT",
      `"${content.model}" is an ensemble, which captions on a server only (showtell serve): name one bundle`,
    );
  }
  const files = new Map<string, PageFile>([
    ...(await builtPageFiles()),
    ...beside,
    ["_headers", { kind: "text", text: headers }],
  ]);
  files.set(listName, { kind: "text", text: [...files.keys(), listName].join("\n") });
  // Whole or not at all: an interruption leaves an earlier page as it was.
  const [partial, former] = ["partial", "former"].map((what) => `${folder}.${what}-${process.pid}`) as [string, string];
  try {
    for (const [name, file] of files) await put(join(partial, name), file);
    if (existsSync(folder)) await rename(folder, former);
    await rename(partial, folder);
  } catch (cause) {
    if (existsSync(former) && !existsSync(folder)) await rename(former, folder);
    throw unwritable(out, cause);
  } finally {
    for (const rest of [partial, former]) await rm(rest, { recursive: true, force: true });
  }
  await terminal.print(folder);
  terminal.note(`${files.size} files: serve the folder, or look at it with any local web server`);
}

async function put(path: string, file: PageFile): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  if (file.kind === "file") await copyFile(file.path, path);
  else await writeFile(path, file.text);
}

/** All that stands in a folder with these files and below: the files and the folders that they are in. */
function placesOf(files: readonly string[]): ReadonlySet<string> {
  return new Set(
    files.flatMap((file) => file.split("/").map((_, depth, parts) => parts.slice(0, depth + 1).join("/"))),
  );
}

/** A folder with anything in it that is not of an earlier page is not ours to replace. */
async function requireReplaceable(folder: string, out: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((cause: unknown) => {
    if (systemCodeOf(cause) === "ENOENT") return [];
    throw unwritable(out, cause);
  });
  const names = entries.map(({ parentPath, name }) => relative(folder, join(parentPath, name)).replaceAll(sep, "/"));
  const list = names.includes(listName) ? await readFile(join(folder, listName), "utf8") : "";
  const own = placesOf(list.split("\n"));
  const stranger = names.find((name) => !own.has(name));
  if (stranger === undefined) return;
  throw new ShowtellError(
    "ARGUMENT",
    `the folder "${out}" holds "${stranger}", which would be lost: name a new folder or an empty one, or move it away`,
  );
}
