// `showtell serve` from end to end: a process of its own that listens, answers and ends when it is told to.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { photo, showtell } from "./run.ts";
import type { Ended } from "./run.ts";
import { writeTinyModel } from "./tiny-model.ts";

let folder = "";
let model = "";

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "showtell-serve-"));
  model = join(folder, "tiny.safetensors");
  await writeTinyModel(model);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** At a free port; on a machine that may be busy with other tests. */
const calmly = ["--port", "0", "--threads", "1", "--deadline", "300"];

/** Serves until `use` has been done with its address, then sends a signal; `use` may not fail unnoticed. */
async function served(
  args: readonly string[],
  use: (url: string) => Promise<void>,
  signal: NodeJS.Signals = "SIGTERM",
  environment = {},
): Promise<Ended> {
  let using: Promise<void> | undefined;
  const ended = await showtell(["serve", "--model", model, ...calmly, ...args], {
    environment,
    onOutput(child, { stdout }) {
      const [, url] = /^showtell listens at (\S+)\n/.exec(stdout) ?? [];
      if (url === undefined || using !== undefined) return;
      using = use(url).finally(() => child.kill(signal));
      using.catch(() => undefined);
    },
  });
  await using;
  expect(using, ended.stderr).toBeDefined();
  return ended;
}

async function captionStatus(url: string, headers: Readonly<Record<string, string>> = {}): Promise<number> {
  const body = readFileSync(photo("coffee.webp"));
  const response = await fetch(`${url}v1/captions`, {
    method: "POST",
    body,
    headers: { "Content-Type": "image/webp", ...headers },
  });
  await response.arrayBuffer();
  return response.status;
}

test("captions, logs a line of JSON for each request, and ends with status 0 after SIGTERM", async () => {
  const { status, stderr, stdout } = await served([], async (url) => {
    expect(await captionStatus(url)).toBe(200);
    expect((await fetch(url)).status).toBe(200);
  });
  expect(status).toBe(0);
  expect(stdout).toMatch(/^showtell listens at http:\/\/127\.0\.0\.1:\d+\/\n$/);
  // A note may come before, on the page that is not built.
  const lines = stderr
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as object);
  expect(lines).toMatchObject([
    { operation: "createCaptions", status: 200 },
    { operation: "page", status: 200 },
  ]);
});

test("finishes what it took after Ctrl-C, with status 130", async () => {
  let answers: Promise<number>[] = [];
  const { status, stderr } = await served(
    ["--quiet"],
    async (url) => {
      answers = [captionStatus(url), captionStatus(url), captionStatus(url)];
      const isOpen = async (): Promise<boolean> =>
        /^showtell_open_requests 3$/m.test(await (await fetch(`${url}metrics`)).text());
      while (!(await isOpen())) await new Promise((resolve) => setTimeout(resolve, 5));
    },
    "SIGINT",
  );
  expect(await Promise.all(answers)).toEqual([200, 200, 200]);
  expect({ status, stderr }).toEqual({ status: 130, stderr: "" });
});

describe("options", () => {
  test("ask for a token, which may come from the environment", async () => {
    await served(
      ["--quiet"],
      async (url) => {
        expect(await captionStatus(url)).toBe(401);
        expect(await captionStatus(url, { Authorization: "Bearer s3cret" })).toBe(200);
      },
      "SIGTERM",
      { SHOWTELL_TOKEN: "s3cret" },
    );
  });

  test.each(["", "two words", " padded", "schlüssel"])(
    "do not take a token that no request can carry: %j",
    async (token) => {
      const { status, stderr } = await showtell(["serve", "--port", "0", "--token", token]);
      expect(status).toBe(2);
      expect(stderr).toMatch(/^error ARGUMENT: the token \(--token, SHOWTELL_TOKEN\)/);
    },
  );

  test.each(["127.0.0.1", "127.1", "LOCALHOST"])(
    "let no other name in where they name this machine: %s",
    async (host) => {
      await served(["--quiet", "--host", host], async (url) => {
        const statusOf = (name: string): Promise<number> =>
          new Promise((resolve, reject) => {
            get(url, { headers: { Host: name } }, (response) => resolve(response.resume().statusCode!)).on(
              "error",
              reject,
            );
          });
        expect(await statusOf("evil.example")).toBe(403);
        expect(await statusOf("localhost")).not.toBe(403);
      });
    },
  );

  test("let in web pages that are named", async () => {
    await served(["--quiet", "--cors", "https://a.example", "https://b.example"], async (url) => {
      expect(await captionStatus(url, { Origin: "https://b.example" })).toBe(200);
      expect(await captionStatus(url, { Origin: "https://c.example" })).toBe(403);
    });
  });

  test.each([
    ["an origin that is none", ["--cors", "example.org"], 2, "ARGUMENT"],
    ["a host that is not this machine's", ["--host", "192.0.2.1"], 1, "LISTEN"],
    ["a folder of runs that is not there", ["--runs", "nowhere/runs"], 1, "FILE_NOT_FOUND: .*nowhere/runs.*no such"],
    ["a folder of runs that is a file", ["--runs", "tiny.safetensors"], 1, "FILE_NOT_FOUND: .*tiny\\.safetensors"],
    ["neighbours that are not there", ["--neighbours", "none.safetensors"], 1, "FILE_NOT_FOUND: .*none\\.safetensors"],
    ["a store that is a file", ["--store", "tiny.safetensors"], 1, "STORE: .*tiny\\.safetensors"],
  ])("are refused: %s", async (_, args, status, reason) => {
    const ended = await showtell(["serve", "--model", model, ...calmly, ...args], { cwd: folder });
    expect(ended.status).toBe(status);
    // A note may come before, on the page that is not built.
    expect(ended.stderr).toMatch(new RegExp(`^error ${reason}`, "m"));
  });

  test("name a store that is made where there is none", async () => {
    const store = join(folder, "new", "store");
    await served(["--quiet", "--store", store], async (url) => {
      expect((await fetch(`${url}healthz`)).status).toBe(200);
    });
    expect(existsSync(join(store, "showtell.db"))).toBe(true);
  });
});
