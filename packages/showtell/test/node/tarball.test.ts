// Unpacking: exactly the chosen files, nothing outside the folder, and no end without bounds.
import { existsSync, readdirSync } from "node:fs";
import { mkdir, mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { seededRandom } from "../../src/base/random.ts";
import { unpackTarball } from "../../src/node/tarball.ts";
import { tarballOf } from "./package-fixture.ts";
import type { Entry } from "./package-fixture.ts";

let root: string;
let folder: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "showtell-tarball-"));
  folder = join(root, "into");
  await mkdir(folder);
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function* inPieces(bytes: Uint8Array, size = 1000): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** How many files this process has open; 0 where the system does not tell. */
function openFiles(): number {
  return existsSync("/proc/self/fd") ? readdirSync("/proc/self/fd").length : 0;
}

async function unpack(entries: readonly Entry[], files: readonly string[], maximumBytes = 1e6): Promise<string[]> {
  await unpackTarball(inPieces(tarballOf(entries)), folder, { files, maximumBytes });
  return (await readdir(folder, { recursive: true })).sort();
}

test("chosen files are unpacked, whatever the outer folder is called; the rest is skipped", async () => {
  const long = "x".repeat(70_000);
  const entries = [
    { path: "package/", type: "5" },
    { path: "package/a/b.txt", content: long },
    { path: "package/a/c.txt", content: "not wanted" },
    { path: "other/d.txt", content: "d" },
    { path: "package/empty", content: "" },
  ];
  expect(await unpack(entries, ["a/b.txt", "d.txt", "empty", "absent"])).toEqual(["a", "a/b.txt", "d.txt", "empty"]);
  expect(await readFile(join(folder, "a", "b.txt"), "utf8")).toBe(long);
  expect(await readFile(join(folder, "empty"), "utf8")).toBe("");
});

test("paths that lead out of the folder, and links, write nothing", async () => {
  const entries: Entry[] = [
    { path: "package/../../evil", content: "x" },
    { path: "../evil", content: "x" },
    { path: `${root}/evil`, content: "x" },
    { path: "package/model", type: "2", link: root },
    { path: "package/model/evil", content: "x" },
    { path: "package/wanted", type: "2", link: "/etc/passwd" },
    { path: "package/also", type: "1", link: "/etc/passwd" },
  ];
  expect(await unpack(entries, ["wanted", "also", "model"])).toEqual([]);
  expect(await readdir(root)).toEqual(["into"]);
});

test("even when a path that leads out is asked for, it stays inside", async () => {
  const asking = unpack([{ path: "package/../../evil", content: "x" }], ["../../evil", "../evil", "evil"]);
  await asking.catch(() => undefined);
  expect(existsSync(join(root, "evil"))).toBe(false);
  expect(existsSync(join(root, "..", "evil"))).toBe(false);
});

test("what unpacks to more than is allowed is stopped early", async () => {
  const bomb = gzipSync(Buffer.alloc(200_000_000)); // 200 kB
  let taken = 0;
  async function* counted(): AsyncIterable<Uint8Array> {
    for await (const piece of inPieces(bomb)) {
      taken += piece.length;
      yield piece;
    }
  }
  await expect(unpackTarball(counted(), folder, { files: ["a"], maximumBytes: 1e6 })).rejects.toMatchObject({
    code: "INTEGRITY",
    message: "the package unpacks to more than the expected 1000000 bytes",
  });
  expect(taken).toBeLessThan(bomb.length / 2);
});

test("broken bytes are an error and never a crash or an endless wait", async () => {
  const random = seededRandom(3, "broken tarballs");
  const whole = tarballOf([{ path: "package/a", content: Uint8Array.from({ length: 5000 }, () => random.below(256)) }]);
  for (let i = 0; i < 200; i++) {
    const broken = Uint8Array.from(whole);
    broken[random.below(broken.length)]! ^= 1 + random.below(255);
    const bytes = i % 2 === 0 ? broken : whole.subarray(0, random.below(whole.length));
    await unpackTarball(inPieces(bytes), folder, { files: ["a"], maximumBytes: 1e6 }).catch((thrown: unknown) => {
      expect(thrown).toBeInstanceOf(Error);
    });
  }
});

test("a tarball that is cut off in the middle of a file leaves no file open", async () => {
  const random = seededRandom(4, "broken tarballs");
  const content = Uint8Array.from({ length: 300_000 }, () => random.below(256));
  const cut = tarballOf([{ path: "package/a", content }]).subarray(0, 200_000);
  const before = openFiles();
  for (let i = 0; i < 10; i++) {
    const unpacking = unpackTarball(inPieces(cut), folder, { files: ["a"], maximumBytes: 1e6 });
    await expect(unpacking).rejects.toThrow("unexpected end of file");
  }
  expect(openFiles()).toBeLessThan(before + 5);
});

test("cancelling stops it", async () => {
  const options = { files: ["a"], maximumBytes: 1e6, signal: { aborted: true } };
  const bytes = tarballOf([{ path: "package/a", content: "x" }]);
  await expect(unpackTarball(inPieces(bytes), folder, options)).rejects.toMatchObject({ code: "CANCELLED" });
});

test("a disk that refuses is an error", async () => {
  await mkdir(join(folder, "a", "full"), { recursive: true });
  const bytes = tarballOf([
    { path: "package/a", content: "a folder of that name is in the way" },
    { path: "package/b", content: "x".repeat(200_000) },
  ]);
  await expect(unpackTarball(inPieces(bytes), folder, { files: ["a", "b"], maximumBytes: 1e6 })).rejects.toBeInstanceOf(
    Error,
  );
});
