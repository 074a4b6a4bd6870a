// The files of the web page, by their addresses: what is not in the list is not there. Knows nothing of what they do.
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { Readable } from "node:stream";
import type { Context, MiddlewareHandler } from "hono";
import { html } from "hono/html";
import { getMimeType } from "hono/utils/mime";
import type { PageFile, PageFiles } from "../node/page-files.ts";

/** Serves the page's files, or, where there are none, says at "/" how to get them and what else there is. */
export function pages(files: PageFiles): MiddlewareHandler {
  return async (context, next) => {
    const { method, path } = context.req;
    if (method !== "GET" && method !== "HEAD") return next();
    const name = path === "/" ? "index.html" : path.slice(1);
    const file = files.get(name);
    if (file !== undefined) return answerOf(context, name, file);
    return path === "/" ? context.html(notBuilt()) : next();
  };
}

async function answerOf(context: Context, name: string, file: PageFile): Promise<Response> {
  context.header("Content-Type", getMimeType(name) ?? "application/octet-stream");
  // Names stay the same when the page or the model changes.
  context.header("Cache-Control", "no-cache");
  if (file.kind === "text") return context.body(file.text);
  const { size } = await stat(file.path);
  context.header("Content-Length", String(size));
  if (context.req.method === "HEAD") return context.body(null);
  return context.body(Readable.toWeb(createReadStream(file.path)) as ReadableStream);
}

function notBuilt(): ReturnType<typeof html> {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>showtell</title>
      </head>
      <body>
        <h1>showtell</h1>
        <p>The service runs. Its page is not built: in a clone, run <code>npm run build:page</code> and start again.</p>
        <p><a href="/docs">The API</a></p>
      </body>
    </html>`;
}
