// The store's database: made, brought from version to version, whole whatever happens in between.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openStore, storeFileName } from "../../src/store/store.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "showtell-store-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const first = { name: "first", sql: "CREATE TABLE one (a TEXT) STRICT;\nCREATE TABLE two (b BLOB) STRICT;" };
const second = { name: "second", sql: "ALTER TABLE one ADD COLUMN c INTEGER;\nINSERT INTO one VALUES ('new', 2);" };

test("a folder gets its database, which keeps every value", async () => {
  const below = join(folder, "a", "b");
  const store = await openStore(below, [first]);
  expect(store.run("INSERT INTO one VALUES (?)", "ü")).toBe(1);
  expect(store.run("INSERT INTO two VALUES (?)", Uint8Array.of(0, 255))).toBe(1);
  store.close();

  const again = await openStore(below, [first]);
  expect(again.rows("SELECT a FROM one WHERE a = ?", "ü")).toEqual([{ a: "ü" }]);
  expect(again.rows("SELECT b FROM two")[0]!["b"]).toEqual(Uint8Array.of(0, 255));
  again.close();
});

test("each answer is synced to the disk, and two processes may write", async () => {
  const [one, other] = [await openStore(folder, [first]), await openStore(folder, [first])];
  // 2 is FULL.
  expect(one.rows("PRAGMA synchronous")).toEqual([{ synchronous: 2 }]);
  expect(one.rows("PRAGMA journal_mode")).toEqual([{ journal_mode: "wal" }]);
  one.run("INSERT INTO one VALUES ('x')");
  other.run("INSERT INTO one VALUES ('y')");
  expect(one.rows("SELECT a FROM one ORDER BY a")).toEqual([{ a: "x" }, { a: "y" }]);
  one.close();
  other.close();
});

test("an older database is brought to the present version with what is in it, a newer one is refused", async () => {
  const old = await openStore(folder, [first]);
  old.run("INSERT INTO one VALUES ('old')");
  old.close();
  const present = await openStore(folder, [first, second]);
  expect(present.rows("SELECT a, c FROM one ORDER BY a")).toEqual([
    { a: "new", c: 2 },
    { a: "old", c: null },
  ]);
  present.close();
  await expect(openStore(folder, [first])).rejects.toMatchObject({
    code: "STORE_FORMAT",
    message: expect.stringContaining("has version 2; this release knows 1: update showtell"),
  });
});

test("a step that fails half way leaves the old version whole", async () => {
  (await openStore(folder, [first])).close();
  const broken = { name: "broken", sql: "CREATE TABLE three (a TEXT);\nINSERT INTO nowhere VALUES (1);" };
  await expect(openStore(folder, [first, broken])).rejects.toMatchObject({ code: "STORE" });
  const store = await openStore(folder, [first]);
  expect(store.rows("SELECT name FROM sqlite_master ORDER BY name")).toEqual([{ name: "one" }, { name: "two" }]);
  store.close();
});

test("a transaction happens as a whole or not at all, within another as a part of it", async () => {
  const store = await openStore(folder, [first]);
  const insert = (): number => store.run("INSERT INTO one VALUES ('x')");
  expect(() =>
    store.transaction(() => {
      store.transaction(insert);
      throw new Error("no");
    }),
  ).toThrow("no");
  expect(store.rows("SELECT * FROM one")).toEqual([]);
  expect(store.transaction(() => store.transaction(insert))).toBe(1);
  expect(store.rows("SELECT * FROM one")).toHaveLength(1);
  store.close();
});

test("what is no database, and what can't be opened, is refused with its name", async () => {
  await writeFile(join(folder, storeFileName), "captions, but no database\n".repeat(100));
  await expect(openStore(folder)).rejects.toMatchObject({
    code: "STORE_FORMAT",
    message: expect.stringContaining(storeFileName),
  });
  await expect(openStore(join(folder, storeFileName))).rejects.toMatchObject({ code: "STORE" });
});
