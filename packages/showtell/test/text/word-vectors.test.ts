// Word vectors: the two formats as streams cut anywhere, and the table of start values made of them.
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../src/base/random.ts";
import { parseGloveText } from "../../src/text/glove-text.ts";
import { parseVectorJson } from "../../src/text/vector-json.ts";
import { createVocabulary } from "../../src/text/vocabulary.ts";
import { type WordVectors, embeddingTable, furtherRows } from "../../src/text/word-vectors.ts";

const refusal = (part: string): unknown =>
  expect.objectContaining({ code: "VECTORS_FORMAT", message: expect.stringContaining(part) });

/** A text as a stream of bytes, cut after the given numbers of bytes (in turn). */
async function* stream(text: string, sizes: readonly number[] = [1 << 16]): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length]!;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}
async function* inTurn(pieces: Iterable<string>): AsyncGenerator<string> {
  yield* pieces;
}
const plain = ({ size, vectors }: WordVectors): unknown => ({
  size,
  vectors: Object.fromEntries(Array.from(vectors, ([word, vector]) => [word, [...vector]])),
});
const cuts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });

describe("parseGloveText", () => {
  const text = "the 0.5 -1 2\nnaïve 1e-3 0.25 -0.125\ndog 1 2 3\n";
  const wanted = new Set(["naïve", "dog", "unicorn"]);
  const expected = { size: 3, vectors: { naïve: [Math.fround(1e-3), 0.25, -0.125], dog: [1, 2, 3] } };

  it("keeps the wanted words, wherever the stream is cut", async () => {
    await fc.assert(
      fc.asyncProperty(cuts, async (sizes) => {
        expect(plain(await parseGloveText(stream(text, sizes), wanted))).toEqual(expected);
      }),
    );
  });

  it("takes pieces of text, CRLF, trailing spaces, and a last line without an end", async () => {
    const pieces = ["the 0.5 -1 2\r\nnaïve 1e-3 0.25 -0.1", "25 \r\ndog 1 2 3"];
    expect(plain(await parseGloveText(inTurn(pieces), wanted))).toEqual(expected);
  });

  it("skips the header of word2vec and fastText", async () => {
    expect(plain(await parseGloveText(stream(`3 3\n${text}`), wanted))).toEqual(expected);
  });

  it("does not take a word that contains spaces for its first part", async () => {
    const large = "dog 1 2 3\n. . . 7 8 9\ndog at home 4 5 6\n";
    expect(plain(await parseGloveText(stream(large), new Set(["dog", "."])))).toEqual({
      size: 3,
      vectors: { dog: [1, 2, 3] },
    });
  });

  it.each([
    ["another number of numbers", "the 1 2 3\ndog 1 2\n", "line 2"],
    ["something that is no number", "the 1 2 3\ndog 1 x 3\n", "line 2"],
    ["a first line that is no vector", "<!DOCTYPE html>\n", "line 1"],
    ["a line without numbers", "the\n", "line 1"],
    ["nothing", "", "no line"],
  ])("refuses %s, and names file and line", async (_, bad, place) => {
    await expect(parseGloveText(stream(bad), wanted, "glove.txt")).rejects.toEqual(refusal(place));
    await expect(parseGloveText(stream(bad), wanted, "glove.txt")).rejects.toEqual(refusal("glove.txt"));
  });

  it("gives up on a file without lines instead of holding all of it", async () => {
    const pieces = Array.from({ length: 20 }, () => "x".repeat(100_000));
    await expect(parseGloveText(inTurn(pieces), wanted)).rejects.toEqual(refusal("1000000"));
  });
});

describe("parseVectorJson", () => {
  const text = JSON.stringify({
    precision: 8,
    dimensions: 2,
    words: ["vectors", "dimensions", '"', "naïve"],
    vectors: { the: [0, 0, 0, 0], '"': [1, 2, 2.2, 1], naïve: [0.5, -1e-2, 1, 2], "tab\t": [3, 4, 5, 3] },
    unkVector: [9, 9],
  });
  const wanted = new Set(['"', "naïve", "tab\t", "unkVector", "words"]);
  const expected = { size: 2, vectors: { '"': [1, 2], naïve: [0.5, Math.fround(-1e-2)], "tab\t": [3, 4] } };

  it("keeps the wanted words and the first numbers of each, wherever the stream is cut", async () => {
    await fc.assert(
      fc.asyncProperty(cuts, async (sizes) => {
        expect(plain(await parseVectorJson(stream(text, sizes), wanted))).toEqual(expected);
      }),
    );
  });

  it("reads a size of several digits whole", async () => {
    const ten = JSON.stringify({ dimensions: 10, vectors: { x: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 16.9, 1] } });
    const { size, vectors } = await parseVectorJson(stream(ten, [1]), new Set(["x"]));
    expect([size, vectors.get("x")?.length]).toEqual([10, 10]);
  });

  it("does not care for white space", async () => {
    const spaced = JSON.stringify(JSON.parse(text), undefined, 2);
    expect(plain(await parseVectorJson(stream(spaced, [7]), wanted))).toEqual(expected);
  });

  it.each([
    ["a file cut in an entry", text.slice(0, text.indexOf("1,2,2.2") + 3), `an entry of "vectors"`],
    ["a file cut before the vectors", text.slice(0, 40), `"vectors"`],
    ["JSON of something else", `{"name": "x", "version": "1.0.0"}`, `"dimensions"`],
    ["an entry that is too short", `{"dimensions":3,"vectors":{"naïve":[1,2]}}`, `"naïve"`],
    ["an entry that holds no numbers", `{"dimensions":2,"vectors":{"naïve":[1,"2"]}}`, `"naïve"`],
    ["an empty entry", `{"dimensions":1,"vectors":{"naïve":[]}}`, `"naïve"`],
    ["an entry that is no list", `{"dimensions":1,"vectors":{"naïve":1}}`, `an entry of "vectors"`],
    ["a word that is no JSON string", `{"dimensions":1,"vectors":{"\\x":[1]}}`, "\\x"],
  ])("refuses %s", async (_, bad, part) => {
    await expect(parseVectorJson(stream(bad, [5]), wanted, "vectors.json")).rejects.toEqual(refusal(part));
    await expect(parseVectorJson(stream(bad, [5]), wanted, "vectors.json")).rejects.toEqual(refusal("vectors.json"));
  });
});

describe("embeddingTable", () => {
  const vectors: WordVectors = {
    size: 2,
    vectors: new Map([
      ["dog", Float32Array.of(1, -4)],
      ["cat", Float32Array.of(3, -4)],
      ["<end>", Float32Array.of(99, 99)],
      ["elephant", Float32Array.of(50, 50)],
    ]),
  };
  const manyWords = Array.from({ length: 2000 }, (_, i) => `made-up-${i}`);

  it("gives each word its vector, and padding zeros", () => {
    const { table } = embeddingTable(createVocabulary(["dog", "unheard", "cat"]), vectors, seededRandom(1));
    expect(table.length).toBe(7 * 2);
    expect([...table.subarray(0, 2)]).toEqual([0, 0]);
    expect([...table.subarray(8, 10)]).toEqual([1, -4]);
    expect([...table.subarray(12, 14)]).toEqual([3, -4]);
  });

  it("lists the words without a vector; the special ones are none", () => {
    const { missing } = embeddingTable(createVocabulary(["dog", "unheard", "cat", "of"]), vectors, seededRandom(1));
    expect(missing).toEqual(["unheard", "of"]);
  });

  it("draws words without a vector, and start, end and unknown, with the mean and deviation of each dimension", () => {
    const { table } = embeddingTable(createVocabulary(["dog", "cat", ...manyWords]), vectors, seededRandom(1));
    const drawn = Array.from({ length: manyWords.length }, (_, i) => table[(i + 6) * 2]!);
    const mean = drawn.reduce((sum, value) => sum + value, 0) / drawn.length;
    const variance = drawn.reduce((sum, value) => sum + (value - mean) ** 2, 0) / drawn.length;
    expect(mean).toBeCloseTo(2, 1); // of 1 and 3
    expect(Math.sqrt(variance)).toBeCloseTo(1, 1);
    // The second dimension does not vary, so every drawn row has -4 there: no vector of the special words' names is taken.
    for (let id = 1; id < 6 + manyWords.length; id++) expect(table[id * 2 + 1]).toBe(-4);
    for (const id of [1, 2, 3]) expect(Math.abs(table[id * 2]! - 2)).toBeLessThan(5);
  });

  it("is the same for the same seed", () => {
    const vocabulary = createVocabulary(["dog", "cat", "unheard"]);
    const table = (seed: number): Float32Array => embeddingTable(vocabulary, vectors, seededRandom(seed)).table;
    expect(table(7)).toEqual(table(7));
    expect(table(7)).not.toEqual(table(8));
  });

  it("refuses vectors that have none of the words", () => {
    expect(() => embeddingTable(createVocabulary(["Hund"]), vectors, seededRandom(1))).toThrow(refusal("1 words"));
  });
});

describe("furtherRows", () => {
  // Special words, then three whose vectors have mean (2, 5) and deviation (√⅔, 0).
  const table = Float32Array.of(...Array.from({ length: 8 }, () => 99), 1, 5, 2, 5, 3, 5);

  it("takes the vectors that there are, and draws the others like the table's real words", () => {
    const words = ["known", ...Array.from({ length: 500 }, (_, i) => `drawn${i}`)];
    const { table: rows, missing } = furtherRows(
      table,
      2,
      words,
      new Map([["known", Float32Array.of(7, 8)]]),
      seededRandom(1),
    );
    expect(rows.slice(0, 2)).toEqual(Float32Array.of(7, 8));
    expect(missing).toEqual(words.slice(1));
    const firsts = missing.map((_, i) => rows[2 + 2 * i]!);
    const mean = firsts.reduce((a, b) => a + b) / firsts.length;
    const deviation = Math.sqrt(firsts.reduce((sum, value) => sum + (value - mean) ** 2, 0) / firsts.length);
    expect(Math.abs(mean - 2)).toBeLessThan(0.15);
    expect(Math.abs(deviation - Math.sqrt(2 / 3))).toBeLessThan(0.1);
    expect(missing.every((_, i) => rows[3 + 2 * i] === 5)).toBe(true);
  });
});
