// Word vectors from files, and the GloVe table that ships.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { seededRandom } from "../../src/base/random.ts";
import { readGlove, readWordVectors } from "../../src/node/word-vectors.ts";
import { writeSafetensors } from "../../src/safetensors/write.ts";
import { packVectors } from "../../src/text/vector-table.ts";
import { createVocabulary } from "../../src/text/vocabulary.ts";
import { embeddingTable } from "../../src/text/word-vectors.ts";

const failure = (code: string, part: string): unknown =>
  expect.objectContaining({ name: "ShowtellError", code, message: expect.stringContaining(part) });
const wanted = new Set(["dog"]);

const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
const cosine = (a: Float32Array, b: Float32Array): number => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "showtell-vectors-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function written(name: string, content: string | Uint8Array): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, content);
  return file;
}

describe("readWordVectors", () => {
  const dog = { size: 2, vectors: new Map([["dog", Float32Array.of(1, -0.5)]]) };
  const table = packVectors(dog, wanted);

  it.each([
    ["glove.6B.2d.txt", "the 3 4\ndog 1 -0.5\n"],
    ["crawl.vec", "2 2\nthe 3 4\ndog 1 -0.5\n"],
    ["wink.json", `{"dimensions":2,"vectors":{"the":[3,4],"dog":[1,-0.5,9,9]}}`],
    ["table.safetensors", writeSafetensors(table.tensors, table.metadata)],
  ])("reads %s", async (name, content) => {
    expect(await readWordVectors(await written(name, content), wanted)).toMatchObject(dog);
  });

  it("names the file and the line of what it cannot read", async () => {
    const broken = await written("broken.txt", "the 3 4\ndog 1 x\n");
    await expect(readWordVectors(broken, wanted)).rejects.toEqual(failure("VECTORS_FORMAT", `${broken}: line 2`));
    const missing = path.join(folder, "missing.txt");
    await expect(readWordVectors(missing, wanted)).rejects.toEqual(failure("FILE_NOT_FOUND", missing));
    await expect(readWordVectors("vectors.bin", wanted)).rejects.toEqual(failure("ARGUMENT", ".safetensors"));
  });

  it("stops when it is cancelled", async () => {
    const file = await written("long.txt", "the 3 4\n");
    await expect(readWordVectors(file, wanted, AbortSignal.abort())).rejects.toEqual(failure("CANCELLED", ""));
  });
});

describe("readGlove", () => {
  it("answers from the table that ships, without any network access, where it knows all words", async () => {
    const { size, vectors } = await readGlove(new Set(["dog", "frisbee", "a"]));
    expect(size).toBe(100);
    // The first numbers of "dog" in glove.6B.100d.txt are 0.30817 0.30938 0.52803.
    for (const [i, value] of [0.30817, 0.30938, 0.52803].entries()) {
      expect(vectors.get("dog")![i]).toBeCloseTo(value, 3);
    }
    expect(vectors.has("a")).toBe(false); // the source lacks it
  });

  it("asks its package for other words", async () => {
    const from = path.join(folder, "no-such-package");
    await expect(readGlove(new Set(["dog", "kraken"]), { from })).rejects.toEqual(failure("FILE_NOT_FOUND", from));
  });

  it("puts words that mean the like near each other, as one would hope", async () => {
    const words = ["dog", "puppy", "skateboard"];
    const { table } = embeddingTable(createVocabulary(words), await readGlove(new Set(words)), seededRandom(1));
    const row = (id: number): Float32Array => table.subarray(id * 100, (id + 1) * 100);
    expect(cosine(row(4), row(5))).toBeGreaterThan(cosine(row(4), row(6)) + 0.2);
  });
});
