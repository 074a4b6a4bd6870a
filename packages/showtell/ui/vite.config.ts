// How the web page is built: relative addresses, so that it works below any path, and everything from its own files.
import { join } from "node:path";
import { defaultClientConditions, defineConfig } from "vite";

export default defineConfig({
  root: import.meta.dirname,
  base: "./",
  logLevel: "warn",
  // The engine's WebAssembly files are served beside the page (page.json says where), not bundled into it.
  resolve: { conditions: ["onnxruntime-web-use-extern-wasm", ...defaultClientConditions] },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  worker: { format: "es" },
  build: {
    rolldownOptions: { input: ["index.html", "rate.html"].map((page) => join(import.meta.dirname, page)) },
    outDir: "../dist/ui",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: false,
    assetsInlineLimit: 0,
  },
});
