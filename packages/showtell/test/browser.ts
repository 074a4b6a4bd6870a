// A real browser for tests: finds Chromium, starts it with a profile of its own, and serves folders to it on loopback. Knows no page.
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { delimiter, extname, join, normalize } from "node:path";
import { chromium } from "playwright-core";
import type { Browser } from "playwright-core";

/** What the browser's program is called, by system and distribution. */
const programs = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/** Where Chromium is: what `SHOWTELL_CHROMIUM` names, else the first of its names on the path; undefined if there is none. */
export function chromiumPath(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const named = environment["SHOWTELL_CHROMIUM"];
  if (named !== undefined && named !== "") return named;
  const folders = (environment["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders.flatMap((folder) => programs.map((program) => join(folder, program))).find((path) => existsSync(path));
}

/** What WebGPU is given: nothing, or the graphics processor that Chromium computes in software (SwiftShader). */
const graphics = {
  none: ["--disable-gpu"],
  software: ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--ignore-gpu-blocklist"],
} as const;

/** Starts Chromium without a window; each start has an empty profile, and `close` ends it. */
export async function launchBrowser({ gpu = "none" }: { readonly gpu?: keyof typeof graphics } = {}): Promise<Browser> {
  const executablePath = chromiumPath();
  if (executablePath === undefined) throw new Error("no Chromium on the path: install it, or set SHOWTELL_CHROMIUM");
  return chromium.launch({
    executablePath,
    headless: true,
    ...(gpu !== "none" && { ignoreDefaultArgs: ["--disable-gpu"] }),
    // Without a sandbox, since containers have no user namespaces; and nothing that asks the network by itself.
    args: [
      "--no-sandbox",
      ...graphics[gpu],
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
    ],
  });
}

/** Folders served over HTTP. */
export interface ServedFolders {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly origin: string;
  close(): Promise<void>;
}

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".wasm": "application/wasm",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".jpg": "image/jpeg",
};

/**
 * Serves folders on loopback, each below the path that it stands under: `{ "/metrics/": "packages/caption-metrics" }`. The path `/` is an
 * empty page unless a folder stands there.
 * @param headers Sent with every answer: those of cross-origin isolation, say.
 */
export async function serveFolders(
  folders: Readonly<Record<string, string>>,
  headers: OutgoingHttpHeaders = {},
): Promise<ServedFolders> {
  const server = createServer((request, response) => void answer(request, response, folders, headers));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  folders: Readonly<Record<string, string>>,
  headers: OutgoingHttpHeaders,
): Promise<void> {
  const path = decodeURIComponent(new URL(request.url ?? "/", "http://loopback").pathname);
  const mount = Object.keys(folders).find((prefix) => path.startsWith(prefix));
  const file = mount === undefined ? undefined : join(folders[mount]!, normalize(`/${path.slice(mount.length)}`));
  const page = file?.endsWith("/") === true ? join(file, "index.html") : file;
  const bytes = page === undefined ? undefined : await readFile(page).catch(() => undefined);
  const type = types[extname(page ?? path)] ?? "application/octet-stream";
  if (bytes !== undefined) response.writeHead(200, { ...headers, "content-type": type }).end(bytes);
  else if (path === "/") response.writeHead(200, { ...headers, "content-type": types[".html"] }).end("<!doctype html>");
  else response.writeHead(404, headers).end();
}
