// Nearest pictures by the cosine of features.
import { describe, expect, test } from "vitest";
import type { OpenSession } from "../../src/engine/session.ts";
import { seededRandom } from "../../src/base/random.ts";
import { nearestPictures, unitVectors } from "../../src/caption/nearest-pictures.ts";
import { openSession } from "../../src/node/ort-session.ts";

const open: OpenSession = (model) => openSession(model, { threads: 1 });
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
      return Array.from(cosines.keys())
        .sort((a, b) => cosines[b]! - cosines[a]!)
        .slice(0, 3)
        .map((place) => ({ place, cosine: expect.closeTo(cosines[place]!, 5) as number }));
    });
    for (const piece of [11, 4, 1]) {
      async function* cut() {
        for (let start = 0; start < 11; start += piece) {
          const part = candidates.slice(6 * start, 6 * (start + piece));
          yield unitVectors(part, part.length / 6, 6);
        }
      }
      const found = await nearestPictures(unitVectors(queries, 7, 6), cut(), open, 3);
      expect(found).toEqual(expected);
      const [all] = await nearestPictures(unitVectors(queries, 7, 6), cut(), open, 20);
      expect(all).toHaveLength(11);
    }
  });

  test("a grid counts as the mean of its positions, and a picture without any feature stays zero", () => {
    const { data } = unitVectors(Float32Array.of(3, 0, 0, 8, /**/ 0, 0, 0, 0), 2, 2);
    expect([...data]).toEqual([expect.closeTo(3 / Math.hypot(3, 8), 6), expect.closeTo(8 / Math.hypot(3, 8), 6), 0, 0]);
  });
});
