// Occlusion: hiding the part that a word rests on makes the word less probable, and no other part does.
import { describe, expect, test } from "vitest";
import { occlude } from "../../src/explain/occlusion.ts";
import type { Weigher } from "../../src/explain/occlusion.ts";

/** A model that sees a word at a point: hidden, the word has a quarter of its probability. The end is always as probable. */
function seeing(points: readonly (readonly [x: number, y: number])[]): Weigher<string> & { asked: number } {
  const model = {
    asked: 0,
    weigh: async (
      _image: string,
      tokens: readonly string[],
      { hidden, signal }: Parameters<Weigher<string>["weigh"]>[2],
    ) => {
      if (signal?.aborted === true) throw new Error("aborted");
      return hidden.map((region) => {
        model.asked++;
        const weights = tokens.map((_, i) => {
          const [x, y] = points[i]!;
          const covered =
            region !== undefined && region.left <= x && x < region.right && region.top <= y && y < region.bottom;
          return Math.log(covered ? 0.1 : 0.4);
        });
        return [...weights, Math.log(0.9)];
      });
    },
  };
  return model;
}

/** Places of the parts whose hiding matters to a token. */
function places(drops: readonly number[]): number[] {
  return drops.flatMap((drop, place) => (drop > 1e-9 ? [place] : []));
}

describe("occlusion", () => {
  test("finds the cell of each word and its neighbours, for parts overlap, and nothing else", async () => {
    // In the upper left quarter of the cell in row 1, column 2, which three neighbours reach into; and in the corner's cell.
    const { side, tokens, drops } = await occlude(
      seeing([
        [0.45, 0.25],
        [0.01, 0.01],
      ]),
      "photo",
      ["dog", "grass"],
      { side: 5 },
    );
    expect([side, tokens]).toEqual([5, ["dog", "grass"]]);
    expect(places(drops[0]!)).toEqual([1, 2, 6, 7]);
    expect(drops[0]![7]).toBeCloseTo(Math.log(4), 12);
    expect(places(drops[1]!)).toEqual([0]);
    expect(places(drops[2]!)).toEqual([]);
  });

  test("covers every point of the picture", async () => {
    for (let i = 0; i < 40; i++) {
      const point = [(i % 8) / 8 + 0.06, Math.floor(i / 8) / 5 + 0.1] as const;
      const { drops } = await occlude(seeing([point]), "photo", ["dog"]);
      expect(places(drops[0]!).length, String(point)).toBeGreaterThan(0);
    }
  });

  test("weighs the whole picture once and each part once, and tells how far it is", async () => {
    const model = seeing([[0.5, 0.5]]);
    const told: string[] = [];
    await occlude(model, "photo", ["dog"], { side: 3, onProgress: (done, all) => told.push(`${done}/${all}`) });
    expect(model.asked).toBe(10);
    expect(told).toEqual(["3/9", "6/9", "9/9"]);
  });

  test("hands the signal on, and refuses sides that make no sense", async () => {
    const options = { signal: AbortSignal.abort() };
    await expect(occlude(seeing([[0, 0]]), "photo", ["dog"], options)).rejects.toThrow("aborted");
    for (const side of [0, 2.5, 29]) {
      await expect(occlude(seeing([[0, 0]]), "photo", ["dog"], { side })).rejects.toMatchObject({ code: "ARGUMENT" });
    }
  });
});
