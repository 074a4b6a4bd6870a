// Averages of weights: what they are after each step, that they judge, and that a run that is interrupted ends in the same bits.
import { describe, expect, it } from "vitest";
import { tensor } from "../../src/base/tensor.ts";
import { judgedWeights, updateAverages, withAverages } from "../../src/train/averaging.ts";
import type { LearnerState } from "../../src/train/learner.ts";
import { expectClose, numbersOf } from "../tensors.ts";

const values = (...numbers: readonly number[]) => tensor("float32", [numbers.length], Float32Array.from(numbers));
const first: LearnerState = {
  "output.weight": values(1, 2),
  "adam.first.output.weight": values(0, 0),
  "adam.second.output.weight": values(0, 0),
  "words.vectors": values(7),
};

describe("averages", () => {
  it("are of what learns, and begin as the weights without sharing their memory", () => {
    const state = withAverages(first);
    expect(Object.keys(state).filter((name) => name.startsWith("average."))).toEqual(["average.output.weight"]);
    expect(numbersOf(state["average.output.weight"])).toEqual([1, 2]);
    expect(state["average.output.weight"]!.data).not.toBe(state["output.weight"]!.data);
    // What a checkpoint had goes on.
    const kept = { ...state, "average.output.weight": values(5, 5) };
    expect(numbersOf(withAverages(kept)["average.output.weight"])).toEqual([5, 5]);
  });

  it("forget the first weights soon, and later keep their decay", () => {
    const state = withAverages(first);
    state["output.weight"]!.data.set([3, 3]);
    updateAverages(state, 0.99, 1);
    // (1 + 1) / (10 + 1) of [1, 2] is kept.
    expectClose(numbersOf(state["average.output.weight"]), [3 - (2 * 2) / 11, 3 - 2 / 11], 1e-6);
    const late = withAverages({ ...first, "average.output.weight": values(1, 2) });
    late["output.weight"]!.data.set([3, 3]);
    updateAverages(late, 0.99, 5000);
    expectClose(numbersOf(late["average.output.weight"]), [1.02, 2.01], 1e-6);
    state["output.weight"]!.data.set([1, 2]);
  });

  it("stand for the weights where a run is judged, and leave alone what has none", () => {
    const state = { ...withAverages(first), "average.output.weight": values(5, 6) };
    expect(numbersOf(judgedWeights(state)["output.weight"])).toEqual([5, 6]);
    expect(judgedWeights(state)["words.vectors"]).toBe(first["words.vectors"]);
    expect(judgedWeights(first)).toEqual(first);
  });
});
