// Modules of tests, bundled for a page by the tool that bundles the web page itself. Knows no browser.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const here = dirname(fileURLToPath(import.meta.url));

/** The folder of onnxruntime-web's files. */
export const engineFolder: string = dirname(
  createRequire(import.meta.url).resolve("onnxruntime-web/ort-wasm-simd-threaded.wasm"),
);

/** Headers that make a page cross-origin isolated: only then has WebAssembly threads. */
export const isolation = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
} as const;

/** Bundles a module of this folder as `NAME.js` in a folder. */
export async function bundleForPage(name: string, folder: string): Promise<void> {
  await build({
    configFile: false,
    root: here,
    logLevel: "error",
    base: "./",
    resolve: { alias: { vitest: join(here, "page-vitest.ts") } },
    build: {
      outDir: folder,
      emptyOutDir: false,
      target: "esnext",
      minify: false,
      modulePreload: false,
      rolldownOptions: { input: { [name]: join(here, `${name}.ts`) }, output: { entryFileNames: "[name].js" } },
    },
    worker: { format: "es" },
  });
}
