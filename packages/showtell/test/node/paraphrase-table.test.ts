// The paraphrase table in the cache: made from every form that it comes in, whole or not at all, and METEOR through it.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { meteorScore, meteorStatistics, type Paraphrases, sumMeteorStatistics } from "caption-metrics";
import { wordnet } from "caption-metrics/wordnet";
import { zipSync } from "fflate";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { goldenSet, largestDifference, SET_NAMES } from "../../../caption-metrics/test/golden.ts";
import { publishedTable } from "../../src/node/paraphrase-source.ts";
import type { PublishedTable } from "../../src/node/paraphrase-source.ts";
import { addParaphrases, cachedParaphrases, paraphraseFile } from "../../src/node/paraphrase-table.ts";
import { wordsOfFiles } from "../../src/node/vocabulary-files.ts";
import { describeGroup } from "../groups.ts";

const pairs = [
  ["a lot of", "many"],
  ["many", "a lot of"],
  ["in front of", "before"],
  ["café", "coffee shop"],
] as const;
const text = pairs.map(([first, second], at) => `0.0${at + 1}\n${first}\n${second}\n`).join("");
const gzipped = gzipSync(text);
const file = Object.keys(publishedTable.wheel.files)[0]!;
const small: PublishedTable = {
  ...publishedTable,
  sha256: createHash("sha256").update(text).digest("hex"),
  bytes: text.length,
};

let folder = "";
let environment: NodeJS.ProcessEnv = {};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "showtell-paraphrases-test-"));
  environment = { ...process.env, SHOWTELL_CACHE: join(folder, "cache") };
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function lay(name: string, content: string | Uint8Array): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

function has(table: Paraphrases | undefined, first: string, second: string): boolean {
  const [from, to] = [first, second].map((phrase) =>
    phrase.split(" ").reduce<number | undefined>((node, word) => {
      const number = table?.word(word);
      return node === undefined || number === undefined ? undefined : table?.extend(node, number);
    }, 0),
  );
  return from !== undefined && to !== undefined && table?.has(from, to) === true;
}

describe("a table", () => {
  test.each([
    ["the text itself", "table.txt", () => text],
    ["the text, gzipped", "paraphrase-en.gz", () => gzipped],
    ["a wheel", "some.whl", () => zipSync({ "other.txt": new Uint8Array(9), [file]: gzipped })],
  ])("comes from %s", async (_, name, content) => {
    const from = lay(name, content());
    const made = await addParaphrases({ from, table: small, environment });
    expect(made).toEqual({
      file: paraphraseFile(environment),
      name: small.sha256.slice(0, 8),
      pairs: 4,
      sha256: small.sha256,
    });
    const table = await cachedParaphrases(environment);
    expect(table?.name).toBe(small.sha256.slice(0, 8));
    for (const [first, second] of pairs) expect(has(table, first, second)).toBe(true);
    expect(has(table, "before", "in front of")).toBe(false);
  });

  test("may be restricted to the words of text files, JSON among them", async () => {
    const lines = lay("captions.txt", "A lot of dogs.\nMany cats!");
    const json = lay("captions.json", '{"a.jpg": ["In front\\u0020of the caf\\u00e9"]}');
    const vocabulary = await wordsOfFiles([lines, json]);
    expect([...vocabulary]).toEqual(expect.arrayContaining(["lot", "many", "front", "of", "café"]));
    const made = await addParaphrases({ from: lay("t", text), table: small, environment, vocabulary });
    expect(made).toMatchObject({ pairs: 2, name: `${small.sha256.slice(0, 8)}-restricted` });
    const table = await cachedParaphrases(environment);
    expect(has(table, "a lot of", "many")).toBe(true);
    expect(has(table, "in front of", "before")).toBe(false);
  });

  test("is absent where none was made", async () => {
    expect(await cachedParaphrases(environment)).toBeUndefined();
  });
});

describe("what is no such table is refused, and the old one stays", () => {
  const failing: readonly (readonly [string, string, () => string | Uint8Array, string, RegExp])[] = [
    ["another table", "t.txt", () => text.replace("many", "few"), "INTEGRITY", /SHA-256 .*--any-table/],
    ["a gzip file cut off", "t.gz", () => gzipped.subarray(0, -12), "INTEGRITY", /broken or cut off/],
    [
      "a wheel without it",
      "t.whl",
      () => zipSync({ "x.txt": new Uint8Array(3) }),
      "INTEGRITY",
      /holds no .*paraphrase-en\.gz/,
    ],
    [
      "a zip file cut off",
      "t.whl",
      () => zipSync({ [file]: gzipped }).subarray(0, -9),
      "INTEGRITY",
      /no whole zip file/,
    ],
    ["some other text", "t.txt", () => "a dog\nruns\nfast\n", "DATA_FORMAT", /entry 1 is not .*"a dog"/],
    ["a text cut off", "t.txt", () => text.slice(0, text.lastIndexOf("coffee")), "DATA_FORMAT", /entry 4 is not/],
    ["an empty file", "t.txt", () => "", "DATA_FORMAT", /entry 1 is not/],
  ];
  test.each(failing)("%s", async (_, name, content, code, message) => {
    await addParaphrases({ from: lay("good", text), table: small, environment });
    const before = readFileSync(paraphraseFile(environment));
    const made = addParaphrases({ from: lay(name, content()), table: small, environment });
    await expect(made).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    expect(readFileSync(paraphraseFile(environment)).equals(before)).toBe(true);
    expect(readdirSync(dirname(paraphraseFile(environment)))).toHaveLength(1);
  });

  test("another one is taken if that is said, and named by its hash", async () => {
    const from = lay("t.txt", text.replace("many", "few"));
    const { name } = await addParaphrases({ from, table: small, environment, anyTable: true });
    expect(name).not.toBe(small.sha256.slice(0, 8));
    expect((await cachedParaphrases(environment))?.name).toBe(name);
  });

  test("a file that is not there, a vocabulary that has nothing of it, a call that was cancelled", async () => {
    await expect(addParaphrases({ from: join(folder, "gone"), environment })).rejects.toMatchObject({
      code: "FILE_NOT_FOUND",
    });
    const from = lay("t.txt", text);
    const nothing = addParaphrases({ from, table: small, environment, vocabulary: new Set(["zebra"]) });
    await expect(nothing).rejects.toMatchObject({ code: "DATA_EMPTY" });
    const cancelled = addParaphrases({ from, table: small, environment, signal: AbortSignal.abort() });
    await expect(cancelled).rejects.toMatchObject({ code: "CANCELLED" });
    expect(existsSync(paraphraseFile(environment))).toBe(false);
  });

  test("a damaged copy is said to be damaged, with the command that makes it again", async () => {
    mkdirSync(dirname(paraphraseFile(environment)), { recursive: true });
    writeFileSync(paraphraseFile(environment), "something else");
    await expect(cachedParaphrases(environment)).rejects.toMatchObject({
      code: "CACHE_FORMAT",
      message: expect.stringContaining("showtell metrics add-paraphrases"),
    });
  });
});

describeGroup("paraphrase-table", () => {
  // Read once: it has 61 MB.
  const loading = cachedParaphrases();

  test.each(SET_NAMES)(
    "through the cached table METEOR has METEOR 1.5's own statistics and scores for %s",
    async (set) => {
      const { hypotheses, references, scores } = goldenSet(set);
      const resources = { synonyms: wordnet, paraphrases: (await loading)! };
      const statistics = meteorStatistics(hypotheses, references, resources);
      expect(statistics).toEqual(scores.meteorStats.default);
      expect(Math.abs(meteorScore(sumMeteorStatistics(statistics)) - scores.corpus.METEOR)).toBeLessThan(1e-9);
      expect(largestDifference(statistics.map(meteorScore), scores.perImage.METEOR)).toBeLessThan(1e-9);
    },
  );

  test("it is the published one, whole", async () => {
    expect((await loading)?.name).toBe("en-1.5");
  });
});
