// Vectors for words that a trained decoder gets besides its own: of the source that its own came from, in the same size.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultTraining } from "showtell/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newWordVectors } from "../../src/node/learning-on.ts";
import type { LearntDecoder } from "../../src/node/learning-on.ts";
import { readGlove } from "../../src/node/word-vectors.ts";
import { drawn } from "../tensors.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "showtell-vectors-"));
  await writeFile(join(folder, "own.txt"), "surfer 1 2 3\n");
});
afterAll(() => rm(folder, { recursive: true }));

const words = 40;
const never = { aborted: false };

/** What of a decoder counts here: the size and source of its word vectors. */
function learnt(size: number, vectors: "given" | "random", embeddings?: string): LearntDecoder {
  const manifest = { spec: { words, vectorSize: size, vectors } };
  const tensors = new Map([["words.vectors", drawn([words, size], "vectors")]]);
  const training = embeddings === undefined ? {} : { options: { embeddings } };
  return { path: "old.safetensors", manifest, tensors, training, licences: [] } as unknown as LearntDecoder;
}

const asked = (embeddings: string): Pick<ReturnType<typeof defaultTraining>, "embeddings" | "training"> => ({
  ...defaultTraining("show-and-tell"),
  embeddings,
});

describe("vectors of new words", () => {
  test("are GloVe's where the decoder's were, whatever the recipe says", async () => {
    const table = await newWordVectors(asked("random"), learnt(100, "given", "glove"), ["surfer", "wave"], never);
    const { vectors } = await readGlove(new Set(["surfer", "wave"]));
    expect(table!.missing).toEqual([]);
    expect(table!.table.slice(0, 100)).toEqual(vectors.get("surfer"));
    expect(table!.table.slice(100)).toEqual(vectors.get("wave"));
  });

  test("are drawn where the decoder's were, and the same seed draws the same", async () => {
    const drawnOnce = await newWordVectors(asked("glove"), learnt(5, "random", "glove"), ["surfer"], never);
    expect(drawnOnce!.missing).toEqual(["surfer"]);
    expect(await newWordVectors(asked("glove"), learnt(5, "random"), ["surfer"], never)).toEqual(drawnOnce);
  });

  test("come from the file that is named, if the decoder's came from one", async () => {
    const file = join(folder, "own.txt");
    const init = learnt(3, "given", "/moved/own.txt");
    expect(await newWordVectors(asked(file), init, ["surfer"], never)).toMatchObject({ missing: [] });
    await expect(newWordVectors(asked("glove"), init, ["surfer"], never)).rejects.toMatchObject({
      code: "FILE_NOT_FOUND",
    });
    await expect(newWordVectors(asked(file), learnt(4, "given", file), ["surfer"], never)).rejects.toMatchObject({
      code: "ARGUMENT",
      message: expect.stringContaining("4 numbers") as string,
    });
  });

  test("are not asked for where there are no new words", async () => {
    expect(await newWordVectors(asked("glove"), learnt(3, "given"), [], never)).toBeUndefined();
  });
});
