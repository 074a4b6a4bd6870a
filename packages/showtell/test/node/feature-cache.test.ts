// The feature cache: rows come back bit for bit, a kill at any moment loses at most what was being appended, and damage is named.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { appendFile, mkdtemp, open, readFile, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { seededRandom } from "../../src/base/random.ts";
import { openFeatureCache } from "../../src/node/feature-cache.ts";
import type { FeatureCache, FeatureRow } from "../../src/node/feature-cache.ts";
import { indexLine } from "../../src/node/feature-index.ts";
import { featureFolder } from "../../src/node/feature-key.ts";
import type { FeatureKey } from "../../src/node/feature-key.ts";
import { lockFolder } from "../../src/node/lock.ts";

const key: FeatureKey = { encoder: "resnet50-abc", preprocessing: "squeeze-1", layer: "grid", shape: [3, 4] };
const elements = 12;
const rowBytes = 24;

let root: string;
let folder: string;
let dataPath: string;
let indexPath: string;
let opened: FeatureCache[];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "showtell-features-"));
  folder = featureFolder(root, key);
  dataPath = join(folder, "features.f16");
  indexPath = join(folder, "features.index.jsonl");
  opened = [];
});
afterEach(async () => {
  for (const cache of opened) await cache.close();
  await rm(root, { recursive: true, force: true });
});

async function opening(of: FeatureKey = key): Promise<FeatureCache> {
  const cache = await openFeatureCache(root, of);
  opened.push(cache);
  return cache;
}

/** The row that stands for picture `i` in these tests. */
function rowOf(i: number, size = elements): FeatureRow {
  const random = seededRandom(i, "features");
  return { hash: `picture-${i}`, data: Uint16Array.from({ length: size }, () => random.below(65536)) };
}

function rows(from: number, to: number): FeatureRow[] {
  return Array.from({ length: to - from }, (_, i) => rowOf(from + i));
}

/** A cache on the disk with the given number of rows, closed. */
async function cacheOf(count: number): Promise<void> {
  const cache = await openFeatureCache(root, key);
  await cache.append(rows(0, count));
  await cache.close();
}

async function expectRows(cache: FeatureCache, count: number): Promise<void> {
  expect(cache.size).toBe(count);
  const into = new Uint16Array(count * elements);
  await cache.read(
    Array.from({ length: count }, (_, i) => `picture-${i}`),
    into,
  );
  for (let i = 0; i < count; i++) {
    expect(into.subarray(i * elements, (i + 1) * elements)).toEqual(rowOf(i).data);
  }
}

describe("appending and reading", () => {
  test("what was appended is read back in any order, also twice, and after opening again", async () => {
    const cache = await opening();
    expect([cache.size, cache.has("picture-0"), cache.rowOf("picture-0")]).toEqual([0, false, undefined]);
    await cache.append(rows(0, 5));
    await cache.append(rows(5, 7));
    for (const each of [cache, await opening()]) {
      expect([each.size, each.has("picture-6"), each.rowOf("picture-6")]).toEqual([7, true, 6]);
      const order = [6, 2, 3, 2, 0, 1];
      const into = new Uint16Array(order.length * elements);
      await each.read(
        order.map((i) => `picture-${i}`),
        into,
      );
      for (const [at, i] of order.entries()) {
        expect(into.subarray(at * elements, (at + 1) * elements)).toEqual(rowOf(i).data);
      }
    }
  });

  test("the files are rows after each other, a line for each, and what they are", async () => {
    await cacheOf(2);
    expect((await readdir(folder)).sort()).toEqual(["features.f16", "features.index.jsonl", "features.json"]);
    const data = await readFile(dataPath);
    expect(data).toEqual(Buffer.concat(rows(0, 2).map(({ data: row }) => Buffer.from(row.buffer))));
    expect(await readFile(indexPath, "utf8")).toBe(
      `{"row":0,"hash":"picture-0","crc32":${crc32(data.subarray(0, rowBytes))}}\n` +
        `{"row":1,"hash":"picture-1","crc32":${crc32(data.subarray(rowBytes))}}\n`,
    );
    expect(JSON.parse(await readFile(join(folder, "features.json"), "utf8"))).toEqual({
      format: 1,
      encoder: "resnet50-abc",
      preprocessing: "squeeze-1",
      layer: "grid",
      shape: [3, 4],
      dtype: "float16",
    });
  });

  test("a view into a larger array is appended and filled, and nothing beside it", async () => {
    const cache = await opening();
    const large = new Uint16Array(100).fill(7);
    large.set(rowOf(0).data, 9);
    await cache.append([{ hash: "picture-0", data: large.subarray(9, 9 + elements) }]);
    const into = new Uint16Array(50).fill(5);
    await cache.read(["picture-0"], into.subarray(3, 3 + elements));
    expect([...into]).toEqual([5, 5, 5, ...rowOf(0).data, ...Array<number>(50 - 3 - elements).fill(5)]);
  });

  test("a picture that has a row already is passed over, within one call too", async () => {
    const cache = await opening();
    await cache.append([rowOf(0), rowOf(1), rowOf(0)]);
    await cache.append([rowOf(1), rowOf(2)]);
    await expectRows(cache, 3);
    await expectRows(await opening(), 3);
  });

  test("more neighbouring rows than one call can take are read", async () => {
    await cacheOf(2500);
    await expectRows(await opening(), 2500);
  });

  test("calls that overlap are done one after the other", async () => {
    const cache = await opening();
    await Promise.all([cache.append(rows(0, 3)), cache.append(rows(3, 4)), cache.append(rows(4, 9))]);
    await expectRows(cache, 9);
    await expectRows(await opening(), 9);
  });

  test("opening and reading leave no trace where there is no cache", async () => {
    const cache = await opening();
    await cache.read([], new Uint16Array(0));
    await cache.append([]);
    expect(await readdir(root)).toEqual([]);
  });

  test("wrong sizes, unknown pictures and impossible keys are refused", async () => {
    const cache = await opening();
    const argument = { code: "ARGUMENT" };
    await expect(cache.append([rowOf(0), rowOf(1, 11)])).rejects.toMatchObject(argument);
    expect(cache.size).toBe(0);
    await cache.append(rows(0, 2));
    await expect(cache.read(["picture-0"], new Uint16Array(13))).rejects.toMatchObject(argument);
    await expect(cache.read(["picture-9"], new Uint16Array(12))).rejects.toMatchObject({
      ...argument,
      message: expect.stringContaining("picture-9"),
    });
    await expect(opening({ ...key, layer: "../up" })).rejects.toMatchObject(argument);
    await expect(opening({ ...key, shape: [] })).rejects.toMatchObject(argument);
    await expect(opening({ ...key, shape: [0, 2] })).rejects.toMatchObject(argument);
  });

  test("another key is another cache", async () => {
    await cacheOf(3);
    const others: FeatureKey[] = [
      { ...key, encoder: "resnet50-abd" },
      { ...key, preprocessing: "squeeze-2" },
      { ...key, layer: "pooled" },
      { ...key, shape: [4, 3] },
      { ...key, view: "flipped" as const },
    ];
    for (const other of others) expect((await opening(other)).size).toBe(0);
    expect(new Set([key, ...others].map((each) => featureFolder(root, each))).size).toBe(6);
    expect(featureFolder(root, { ...key, view: "plain" })).toBe(featureFolder(root, key));
    expect(featureFolder(root, { ...key, view: "flipped" })).toMatch(/grid-flipped-[0-9a-f]{16}$/);
  });

  test("rows beyond 2 GiB are read and appended where they lie", async () => {
    const large: FeatureKey = { ...key, shape: [49, 2048] };
    const size = 49 * 2048;
    const count = 12_000; // 2.24 GiB
    const first = await opening(large);
    await first.append([{ hash: "h0", data: new Uint16Array(size) }]);
    await first.close();
    const path = join(featureFolder(root, large), "features.f16");
    await truncate(path, count * size * 2); // zeros, sparse: they take no space on the disk
    const zeros = crc32(new Uint8Array(size * 2));
    const lines = Array.from({ length: count }, (_, i) => indexLine(i, `h${i}`, zeros));
    await writeFile(join(featureFolder(root, large), "features.index.jsonl"), lines.join(""));

    const cache = await opening(large);
    const last = rowOf(1, size);
    await cache.append([last]);
    const into = new Uint16Array(3 * size).fill(1);
    await cache.read([last.hash, "h11999", "h11998"], into);
    expect(Buffer.from(into.buffer, 0, size * 2).equals(Buffer.from(last.data.buffer))).toBe(true);
    expect(into.subarray(size).every((value) => value === 0)).toBe(true);
  });
});

describe("several processes", () => {
  test("while one appends, another can't, but reads what was there when it opened", async () => {
    await cacheOf(2);
    const writer = await opening();
    await writer.append(rows(2, 3));
    const other = await opening();
    await writer.append(rows(3, 5));
    await expectRows(other, 3);
    await expect(other.append(rows(5, 6))).rejects.toMatchObject({ code: "LOCKED" });
    await other.append(rows(0, 3)); // nothing new: needs no lock

    await writer.close();
    await other.append(rows(4, 6)); // picture 4 is there by now
    await expectRows(other, 6);
    await expectRows(await opening(), 6);
  });

  test("after a failed append nothing is lost, and it can be tried again", async () => {
    const cache = await opening();
    await cache.append(rows(0, 2));
    await cache.close();
    const lock = await lockFolder(folder);
    await expect(cache.append(rows(2, 4))).rejects.toMatchObject({ code: "LOCKED" });
    await lock.release();
    await cache.append(rows(2, 4));
    await expectRows(cache, 4);
  });
});

/** Opens what is there, which must hold the first `count` rows, and goes on from there. */
async function expectResumed(count: number): Promise<void> {
  const cache = await openFeatureCache(root, key);
  await expectRows(cache, count);
  await cache.append(rows(count, 5));
  await cache.close();
  const again = await openFeatureCache(root, key);
  await expectRows(again, 5);
  await again.close();
  expect((await readFile(dataPath)).length).toBe(5 * rowBytes);
  expect((await readFile(indexPath, "utf8")).split("\n")).toHaveLength(6);
}

describe("what a kill leaves behind", () => {
  test("a torn row is cut, at every byte", async () => {
    for (let bytes = 0; bytes < rowBytes; bytes++) {
      await rm(folder, { recursive: true, force: true });
      await cacheOf(3);
      await truncate(dataPath, 2 * rowBytes + bytes);
      await expectResumed(2);
    }
  });

  test("a torn line is cut, at every byte", async () => {
    await cacheOf(3);
    const lengths = (await readFile(indexPath, "utf8")).split("\n").map((line) => line.length + 1);
    const before = lengths[0]! + lengths[1]!;
    for (let bytes = 0; bytes < lengths[2]!; bytes++) {
      await rm(folder, { recursive: true, force: true });
      await cacheOf(3);
      await truncate(indexPath, before + bytes);
      await expectResumed(2);
    }
  });

  test("rows without lines, and part of one, are cut", async () => {
    await cacheOf(3);
    await appendFile(dataPath, Buffer.alloc(2 * rowBytes + 5, 1));
    await expectResumed(3);
  });

  test("lines without rows are cut", async () => {
    await cacheOf(4);
    await truncate(dataPath, 0);
    await expectResumed(0);
  });

  test("a folder, or a description, without anything else is an empty cache", async () => {
    await cacheOf(1);
    await rm(dataPath);
    await rm(indexPath);
    await expectResumed(0);
    await rm(folder, { recursive: true });
    await cacheOf(1);
    for (const name of await readdir(folder)) await rm(join(folder, name));
    await expectResumed(0);
  });

  test("a process killed while it appends loses none of the rows that it had reported", async () => {
    const built = new URL("../../dist/node/feature-cache.js", import.meta.url);
    expect(existsSync(built), "this test runs the built files: build first").toBe(true);
    const program = `
      import { openFeatureCache } from ${JSON.stringify(built.href)};
      const [root, key] = process.argv.slice(1);
      const cache = await openFeatureCache(root, JSON.parse(key));
      for (;;) {
        const rows = Array.from({ length: 7 }, (_, i) => {
          const row = cache.size + i;
          return { hash: "picture-" + row, data: Uint16Array.from({ length: 5000 }, (_, j) => (row * 31 + j) % 65536) };
        });
        await cache.append(rows);
        process.stdout.write("\\n" + cache.size);
      }`;
    const large = { ...key, shape: [5000] };
    const random = seededRandom(1, "kills");
    let reported = 0;
    for (let round = 0; round < 6; round++) {
      const child = spawn(process.execPath, ["--input-type=module", "-e", program, root, JSON.stringify(large)]);
      let output = "";
      child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
      await once(child.stdout, "data");
      await new Promise((resolve) => setTimeout(resolve, random.below(60)));
      child.kill("SIGKILL");
      await once(child, "close");
      // The last number may be cut off; the one before it is whole.
      reported = Math.max(reported, Number(output.split("\n").at(-2)));

      const cache = await openFeatureCache(root, large);
      expect(cache.size).toBeGreaterThanOrEqual(reported);
      const into = new Uint16Array(5000);
      for (let row = 0; row < cache.size; row++) {
        await cache.read([`picture-${row}`], into);
        expect(into[0]! + into[4999]!).toBe(((row * 31) % 65536) + ((row * 31 + 4999) % 65536));
      }
      await cache.close();
    }
    expect(reported).toBeGreaterThan(20);
  });
});

describe("damage elsewhere is an error that names the place", () => {
  beforeEach(() => cacheOf(5));

  test("a changed bit in any row is noticed when that row is read, and only then", async () => {
    const random = seededRandom(2, "damage");
    const whole = await readFile(dataPath);
    for (let i = 0; i < 40; i++) {
      const changed = Buffer.from(whole);
      const at = random.below(whole.length);
      changed[at]! ^= 1 << random.below(8);
      await writeFile(dataPath, changed);
      const row = Math.floor(at / rowBytes);
      const cache = await opening();
      for (let j = 0; j < 5; j++) {
        const reading = cache.read([`picture-${j}`], new Uint16Array(elements));
        if (j !== row) await reading;
        else
          await expect(reading).rejects.toMatchObject({
            code: "CACHE_FORMAT",
            message: expect.stringContaining(`"${dataPath}", row ${row}:`),
          });
      }
    }
  });

  test("a file that shrinks after opening", async () => {
    const cache = await opening();
    await truncate(dataPath, 3 * rowBytes + 1);
    await expect(cache.read(["picture-3", "picture-4"], new Uint16Array(2 * elements))).rejects.toMatchObject({
      code: "CACHE_FORMAT",
      message: expect.stringContaining("row 3"),
    });
  });

  test.each([
    ["no JSON", "{", "line 2: it is not JSON"],
    ["no object", "17", "line 2: it is no object"],
    ["an empty line", "", "line 2: it is not JSON"],
    ["another row", '{"row":2,"hash":"x","crc32":1}', "line 2: it should be of row 1"],
    ["no hash", '{"row":1,"crc32":1}', "line 2: it has no hash"],
    ["no checksum", '{"row":1,"hash":"x","crc32":"1"}', "line 2: it has no crc32"],
    ["a picture twice", '{"row":1,"hash":"picture-0","crc32":1}', "line 2: the picture picture-0 occurs twice"],
  ])("a line of the index: %s", async (_, line, what) => {
    const lines = (await readFile(indexPath, "utf8")).split("\n");
    await writeFile(indexPath, lines.with(1, line).join("\n"));
    const expected = { code: "CACHE_FORMAT", message: expect.stringContaining(what) };
    await expect(opening()).rejects.toMatchObject(expected);
    await expect(opening()).rejects.toMatchObject({ message: expect.stringContaining(`"${indexPath}"`) });
  });

  test("a file without line ends is not gathered in memory", async () => {
    const file = await open(indexPath, "w");
    await file.truncate(3 * 2 ** 30); // sparse
    await file.close();
    await expect(opening()).rejects.toMatchObject({
      code: "CACHE_FORMAT",
      message: expect.stringContaining("a line of more than 4096 bytes"),
    });
  });

  test("a description of other features, or none", async () => {
    const path = join(folder, "features.json");
    const text = await readFile(path, "utf8");
    for (const wrong of [text.replace('"format": 1', '"format": 2'), text.replace("grid", "pooled"), "{", "null"]) {
      await writeFile(path, wrong);
      await expect(opening()).rejects.toMatchObject({
        code: "CACHE_FORMAT",
        message: expect.stringContaining(`"${path}"`),
      });
    }
    await rm(path);
    await expect(opening()).rejects.toMatchObject({
      code: "CACHE_FORMAT",
      message: expect.stringContaining("no features.json"),
    });
  });
});
