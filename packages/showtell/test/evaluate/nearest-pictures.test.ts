// Nearest pictures by the cosine of features, and which caption of a picture speaks for it.
import { documentFrequencies, ptbTokens } from "caption-metrics";
import { describe, expect, test } from "vitest";
import { seededRandom } from "../../src/base/random.ts";
import { mostAgreedCaption, nearestPictures, unitVectors } from "../../src/evaluate/nearest-pictures.ts";
import { openSession } from "../../src/node/ort-session.ts";

const random = seededRandom(3);
const drawn = (count: number, size: number): Float32Array =>
  Float32Array.from({ length: count * size }, () => random.normal());

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

function cosine(a: Float32Array, b: Float32Array): number {
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

describe("nearest pictures", () => {
  test("are those with the greatest cosine, however the candidates are cut into pieces", async () => {
    const [queries, candidates] = [drawn(7, 6), drawn(11, 6)];
    const expected = Array.from({ length: 7 }, (_, q) => {
      const cosines = Array.from({ length: 11 }, (__, c) =>
        cosine(queries.subarray(6 * q, 6 * q + 6), candidates.subarray(6 * c, 6 * c + 6)),
      );
      return cosines.indexOf(Math.max(...cosines));
    });
    for (const piece of [11, 4, 1]) {
      async function* cut() {
        for (let start = 0; start < 11; start += piece) {
          const part = candidates.slice(6 * start, 6 * (start + piece));
          yield unitVectors(part, part.length / 6, 6);
        }
      }
      const found = await nearestPictures(unitVectors(queries, 7, 6), cut(), (model) =>
        openSession(model, { threads: 1 }),
      );
      expect([...found]).toEqual(expected);
    }
  });

  test("a grid counts as the mean of its positions, and a picture without any feature stays zero", () => {
    const { data } = unitVectors(Float32Array.of(3, 0, 0, 8, /**/ 0, 0, 0, 0), 2, 2);
    expect([...data]).toEqual([expect.closeTo(3 / Math.hypot(3, 8), 6), expect.closeTo(8 / Math.hypot(3, 8), 6), 0, 0]);
  });
});

test("the caption that speaks for a picture is the one that agrees best with the others", () => {
  const captions = ["a bird in a tree", "a dog runs on grass", "A dog runs.", "the brown dog runs on grass"];
  const others = [["a man sits"], ["a woman sits"], ["a cat"]];
  const frequencies = documentFrequencies([captions, ...others].map((own) => own.map(ptbTokens)));
  expect(mostAgreedCaption(captions, frequencies)).toBe("a dog runs on grass");
  expect(mostAgreedCaption(["alone"], frequencies)).toBe("alone");
});
