// `showtell web build`: a whole page in a folder of its own; what is not a page is never replaced.
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { showtell } from "./run.ts";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "showtell-web-build-"));
});

afterAll(() => rmSync(folder, { recursive: true }));

describe("the page", () => {
  test("has every file that it names, of the size that it says, and replaces an earlier one", async () => {
    const out = join(folder, "public");
    for (const attempt of [1, 2]) {
      const { status, stdout, stderr } = await showtell(["web", "build", "--out", out]);
      expect([status, stdout], `${attempt}: ${stderr}`).toEqual([0, `${out}\n`]);
      writeFileSync(join(out, "left-over.js"), "");
    }
    rmSync(join(out, "left-over.js"));
    const { device, service } = JSON.parse(readFileSync(join(out, "page.json"), "utf8")) as {
      service: boolean;
      device: Record<"model" | "encoder", { url: string; bytes: number }> & { engine: string };
    };
    expect(service).toBe(false);
    for (const { url, bytes } of [device.model, device.encoder]) expect(statSync(join(out, url)).size).toBe(bytes);
    expect(readdirSync(join(out, device.engine))).toContain("ort-wasm-simd-threaded.wasm");
    const html = readFileSync(join(out, "index.html"), "utf8");
    for (const [, path] of html.matchAll(/(?:src|href)="(\.[^"]+)"/g))
      expect(statSync(join(out, path!)).isFile()).toBe(true);
    expect(readdirSync(folder)).toEqual(["public"]);
  });

  test("is not written over other files", async () => {
    const out = join(folder, "public");
    rmSync(join(out, "page.json"));
    const { status, stderr } = await showtell(["web", "build", "--out", out]);
    expect(status).toBe(2);
    expect(stderr).toContain(`the folder "${out}" holds other files`);
    expect(readdirSync(out)).toContain("index.html");
  });
});
