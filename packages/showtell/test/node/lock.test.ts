// The folder lock: held against others while its process lives, taken over when it is dead.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isFolderLocked, lockFileName, lockFolder } from "../../src/node/lock.ts";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "showtell-lock-"));
  path = join(folder, lockFileName);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function lockOf(pid: number, processStartMs = 0, host = hostname()): string {
  return JSON.stringify({ pid, host, processStartMs });
}

test("a folder that is locked can't be locked again until it is released", async () => {
  const lock = await lockFolder(folder);
  await expect(lockFolder(folder)).rejects.toMatchObject({
    code: "LOCKED",
    message: expect.stringContaining(`process ${process.pid} on ${hostname()}`),
  });
  await lock.release();
  expect(await readdir(folder)).toEqual([]);

  const second = await lockFolder(folder);
  await lock.release(); // the first one's again: must not release the second
  await expect(lockFolder(folder)).rejects.toMatchObject({ code: "LOCKED" });
  await second.release();
});

test("another living process keeps the folder; once killed, it is taken over", async () => {
  const other = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  await once(other, "spawn");
  await writeFile(path, lockOf(other.pid!));
  await expect(lockFolder(folder)).rejects.toMatchObject({
    code: "LOCKED",
    message: expect.stringContaining(`process ${other.pid}`),
  });
  other.kill("SIGKILL");
  await once(other, "exit");
  await (await lockFolder(folder)).release();
});

test("the lock of an earlier process that had this process's id is taken over", async () => {
  await writeFile(path, lockOf(process.pid, Date.now() - 3_600_000 * 24));
  const lock = await lockFolder(folder);
  expect(await readFile(path, "utf8")).toContain(`"pid":${process.pid}`);
  await lock.release();
});

test("a lock of another machine, or one that can't be read, holds, and the error says which file to delete", async () => {
  for (const text of [lockOf(1_999_999_999, 0, "another-machine"), "", "{}", "null", "[]", lockOf(-1), lockOf(0.5)]) {
    await writeFile(path, text);
    await expect(lockFolder(folder)).rejects.toMatchObject({
      code: "LOCKED",
      message: expect.stringContaining(`delete "${path}"`),
    });
    expect(await readFile(path, "utf8")).toBe(text);
  }
});

test("a pipe or a link in the lock's place makes nobody wait and is not followed", async () => {
  execFileSync("mkfifo", [path]);
  await expect(isFolderLocked(folder)).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
  await expect(lockFolder(folder)).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
  await rm(path);
  const elsewhere = join(folder, "elsewhere");
  await writeFile(elsewhere, lockOf(process.pid, 0, "another-machine"));
  await symlink(elsewhere, path);
  await expect(isFolderLocked(folder)).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
});

test("of many that find a dead lock at once, one gets it", async () => {
  for (let round = 0; round < 20; round++) {
    await writeFile(path, lockOf(1_999_999_999));
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => lockFolder(folder)));
    const locks = results.filter((result) => result.status === "fulfilled");
    expect(locks).toHaveLength(1);
    await locks[0]!.value.release();
    expect(await readdir(folder)).toEqual([]);
  }
});

test("a takeover that was killed in the middle is named", async () => {
  await writeFile(path, lockOf(1_999_999_999));
  await writeFile(`${path}.takeover`, "");
  await expect(lockFolder(folder)).rejects.toMatchObject({
    code: "LOCKED",
    message: expect.stringContaining(`delete "${path}.takeover"`),
  });
});

test("a folder that does not exist can't be locked", async () => {
  await expect(lockFolder(join(folder, "none"))).rejects.toMatchObject({ code: "FILE_WRITE" });
});
