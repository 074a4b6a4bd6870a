// The examples of docs/api.md, run as a reader would who has a service at hand, and its tables held against the sources.
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { defaultLimits, listen } from "showtell/server";
import type { ListeningService } from "showtell/server";
import { errorCodes } from "../../src/base/errors.ts";
import type { ErrorCode } from "../../src/base/errors.ts";
import { statusOf } from "../../src/server/refusal.ts";
import { modelShips, root } from "../source-files.ts";
import { openServiceFixture } from "./service-fixture.ts";
import type { ServiceFixture } from "./service-fixture.ts";

const page = readFileSync(join(root, "docs", "api.md"), "utf8");
const snippets = [...page.matchAll(/(<!-- needs the shipped model -->\n)?^```js\n([\s\S]*?)^```$/gm)].map(
  ([, needs, code]) => ({ needsModel: needs !== undefined, code: code! }),
);

let fixture: ServiceFixture;
let listening: ListeningService;

beforeAll(async () => {
  fixture = await openServiceFixture();
  listening = await listen(fixture.service(), { port: 0 });
});
afterAll(async () => {
  await listening.close();
  await fixture.dispose();
});

/** Runs an example against the service, and gives what it prints. */
async function printedBy(code: string, name: string): Promise<string> {
  const file = join(root, ".tmp", `${name}.mjs`);
  mkdirSync(join(root, ".tmp"), { recursive: true });
  writeFileSync(file, code.replaceAll("http://127.0.0.1:8080/", listening.url));
  const { stdout } = await promisify(execFile)(process.execPath, [file], { cwd: root });
  rmSync(file);
  return stdout;
}

describe("the examples", () => {
  const [bytes, json, events, inside] = snippets.map(({ code }) => code);

  test("are four, of which one needs the model that ships", () => {
    expect(snippets.map(({ needsModel }) => needsModel)).toEqual([false, false, false, true]);
  });

  test("print the caption of a picture's bytes, with its candidates and tokens", async () => {
    const { caption } = await fixture.captioner.caption(join(root, "examples", "photos", "camera.png"));
    const printed = await printedBy(bytes!, "api-bytes");
    expect(printed.startsWith(`${caption} 2 [`)).toBe(true);
    expect(printed).toContain(fixture.model.id);
  });

  test("print captions and errors of JSON", async () => {
    const lines = (await printedBy(json!, "api-json")).split("\n");
    expect(lines[0]).toMatch(/^camera /);
    expect(lines[1]).toBe("text IMAGE_FORMAT");
  });

  test("print words as they settle", async () => {
    const { caption } = await fixture.captioner.caption(join(root, "examples", "photos", "camera.png"));
    const lines = (await printedBy(events!, "api-events")).split("\n").slice(0, -1);
    expect(lines.at(-2)).toBe(`${caption} | ${caption}`);
    expect(lines.at(-1)).toBe(caption);
  });

  if (modelShips) {
    test("serve inside a program", async () => {
      expect(await printedBy(inside!, "api-inside")).toContain("models:");
    });
  }
});

describe("the table of errors", () => {
  test("has the statuses that the service gives, and every code of its own", () => {
    const rows = [...page.matchAll(/^\| ([\d, ]+) \| (.+?) \|/gm)].flatMap(([, statuses, codes]) => {
      const all = statuses!.split(", ").map(Number);
      return [...codes!.matchAll(/`(\w+)`/g)].map(([, code], i) => [code as ErrorCode, all[i] ?? all[0]] as const);
    });
    expect(rows.map(([code]) => [code, statusOf(code)])).toEqual(rows);
    const codes = Object.keys(errorCodes) as ErrorCode[];
    const own = codes.slice(codes.indexOf("REQUEST_FORMAT"), codes.indexOf("LISTEN"));
    expect(rows.map(([code]) => code)).toEqual(expect.arrayContaining(own));
  });

  test("names the limits that there are by default", () => {
    const { maxBodyBytes, maxPictures, deadlineMs } = defaultLimits;
    expect(page).toContain(`more than ${maxBodyBytes / 2 ** 20} MiB, or more than ${maxPictures} pictures`);
    expect(page).toContain(`(${deadlineMs / 1000} s, \`--deadline\`)`);
  });
});
