// Agreement of maps: a rank correlation, with its bounds, ties and the cases that have none.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { agreement, captionAgreement } from "../../src/explain/agreement.ts";

describe("agreement", () => {
  test("is 1 for the same order, whatever the values, and −1 for the reverse", () => {
    expect(agreement([1, 2, 3, 4], [0.1, 0.2, 0.7, 100])).toBe(1);
    expect(agreement([1, 2, 3, 4], [4, 3, 2, 1])).toBe(-1);
  });

  test("is Spearman's coefficient: 1 − 6 Σd² / (n³ − n) without ties, mean ranks with them", () => {
    // d = 1, 1, 0, 1, 1.
    expect(agreement([1, 2, 3, 4, 5], [2, 1, 3, 5, 4])).toBeCloseTo(1 - 24 / 120, 12);
    // Ranks 1.5, 1.5, 3 against 1, 2, 3.
    expect(agreement([5, 5, 9], [1, 2, 3])).toBeCloseTo(1.5 / Math.sqrt(1.5 * 2), 12);
  });

  test("is undefined where a map orders nothing, and refused where sizes differ", () => {
    expect(agreement([1, 1, 1], [1, 2, 3])).toBeUndefined();
    expect(agreement([], [])).toBeUndefined();
    expect(() => agreement([1], [1, 2])).toThrow(expect.objectContaining({ code: "ARGUMENT" }));
  });

  test("lies between −1 and 1 and does not care which map comes first", () => {
    const map = fc.array(fc.double({ noNaN: true, min: -5, max: 5 }), { minLength: 9, maxLength: 9 });
    fc.assert(
      fc.property(map, map, (one, other) => {
        const found = agreement(one, other);
        expect(agreement(other, one)).toBe(found);
        if (found !== undefined) expect(Math.abs(found)).toBeLessThanOrEqual(1 + 1e-12);
      }),
    );
  });
});

describe("captionAgreement", () => {
  test("has one for each token, leaves the end out, and averages those that there are", () => {
    const drops = [
      [0.3, 0.1, 0.2],
      [0, 0, 0],
      [1, 2, 3],
    ];
    const attention = [
      [0.5, 0.2, 0.3],
      [0.1, 0.2, 0.7],
      [0.1, 0.2, 0.7],
    ];
    expect(captionAgreement(["a", "dog"], attention, drops)).toEqual({ tokens: [1, undefined], mean: 1 });
    expect(captionAgreement(["dog", "end"], attention.toReversed(), drops)).toEqual({
      tokens: [-0.5, undefined],
      mean: -0.5,
    });
    expect(captionAgreement([], attention, drops)).toEqual({ tokens: [], mean: undefined });
    expect(() => captionAgreement(["a", "dog"], attention, drops.slice(0, 1))).toThrow(
      expect.objectContaining({ code: "ARGUMENT", message: expect.stringContaining("2 tokens") as string }),
    );
  });
});
