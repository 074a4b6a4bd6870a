// Learning rates by step.
import { describe, expect, it } from "vitest";
import type { Schedule } from "../../src/nn/schedules.ts";
import { learningRate } from "../../src/nn/schedules.ts";
import { expectClose } from "../tensors.ts";

const ratesOf = (schedule: Schedule, total: number): number[] =>
  Array.from({ length: total }, (_, i) => learningRate(schedule, i + 1, total));

describe("a constant schedule", () => {
  it("is the peak at every step", () => {
    expect(ratesOf({ kind: "constant", peak: 0.1 }, 4)).toEqual([0.1, 0.1, 0.1, 0.1]);
  });

  it("rises linearly to the peak during the warm-up", () => {
    expectClose(ratesOf({ kind: "constant", peak: 0.4, warmup: 4 }, 6), [0.1, 0.2, 0.3, 0.4, 0.4, 0.4], 1e-12);
  });
});

describe("a cosine schedule", () => {
  it("falls along half a cosine, to 0 at the last step", () => {
    const half = Math.SQRT1_2 / 2;
    expectClose(ratesOf({ kind: "cosine", peak: 1 }, 4), [0.5 + half, 0.5, 0.5 - half, 0], 1e-12);
  });

  it("falls to the floor, a share of the peak, and stays there", () => {
    const schedule: Schedule = { kind: "cosine", peak: 2, floor: 0.1 };
    expectClose([learningRate(schedule, 5, 10), learningRate(schedule, 10, 10)], [1.1, 0.2], 1e-12);
    expectClose([learningRate(schedule, 15, 10)], [0.2], 1e-12);
  });

  it("begins its fall after the warm-up, at the peak", () => {
    const rates = ratesOf({ kind: "cosine", peak: 1, warmup: 2 }, 6);
    expectClose(rates.slice(0, 2), [0.5, 1], 1e-12);
    expectClose([rates[3]!, rates[5]!], [0.5, 0], 1e-12);
  });

  it("reaches its peak and its end in runs shorter than the warm-up, which then takes half of the steps", () => {
    expectClose(ratesOf({ kind: "cosine", peak: 1, warmup: 8 }, 4), [0.5, 1, 0.5, 0], 1e-12);
    expectClose(ratesOf({ kind: "constant", peak: 1, warmup: 100 }, 5), [0.5, 1, 1, 1, 1], 1e-12);
    expect(ratesOf({ kind: "cosine", peak: 1, warmup: 100, floor: 0.25 }, 1)).toEqual([1]);
  });
});
