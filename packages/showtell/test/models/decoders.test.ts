// What every decoder of the catalogue must hold, whatever it is: captioning sees the model that was trained, and follows its rows.
import { describe, expect, it } from "vitest";
import { toFloat16 } from "../../src/bundle/precision.ts";
import { decoderOf, decoderSpecSchema } from "../../src/models/catalogue.ts";
import { scoringGraph } from "../../src/models/training-graph.ts";
import { openSession } from "../../src/node/ort-session.ts";
import { paddedWords } from "../../src/nn/vocabulary-layer.ts";
import { expectClose, floats, numbersOf } from "../tensors.ts";
import { evenShape, readBefore, sentence, steps, tokenFeeds } from "./teacher-forcing.ts";
import { drawnFeatures, drawnParameters, openSteps, tinyDecoders } from "./tiny-decoders.ts";

describe.each(tinyDecoders)("%s", (_, spec) => {
  const parameters = drawnParameters(spec);

  it("has features of its layer's rank alone", () => {
    expect(decoderSpecSchema.safeParse(spec).success).toBe(true);
    const other = decoderOf(spec).layer === "pooled" ? [3, ...spec.features] : spec.features.slice(1);
    const wrong = decoderSpecSchema.safeParse({ ...spec, features: other });
    expect(wrong.error?.issues.map(({ path }) => path)).toEqual([["features"]]);
  });

  it.each([1, 5])("scores a sentence as it does word by word, %d captions a picture", async (group) => {
    const images = 2;
    const rows = images * group;
    const features = drawnFeatures(spec, images);
    const scoring = await openSession(scoringGraph(spec, evenShape(images, group, steps)), { threads: 1 });
    const feeds = { ...parameters, features: toFloat16(features), ...tokenFeeds(rows) };
    // The loss of a single token is its negative log-probability; tokens are time-major.
    const scored: number[] = [];
    for (let token = 0; token < steps * rows; token++) {
      const weights = floats([steps * rows], new Float32Array(steps * rows).fill(1, token, token + 1));
      scored.push(-numbersOf((await scoring.run({ ...feeds, weights }))["loss"])[0]!);
    }
    await scoring.dispose();

    const stepper = await openSteps(spec, parameters);
    const allRows = Array.from({ length: rows }, (__, row) => row);
    let position = await stepper.begin(features);
    let parents = allRows.map((row) => Math.floor(row / group));
    const stepped: number[] = [];
    for (let step = 0; step < steps; step++) {
      const words = allRows.map((row) => readBefore(sentence(row))[step]!);
      const result = await stepper.step(position, parents, words);
      stepped.push(...allRows.map((row) => result.logProbabilities[row]![sentence(row)[step]!]!));
      position = result.position;
      parents = allRows;
    }
    await stepper.dispose();
    expectClose(scored, stepped, 1e-5);
  });

  it("gives probabilities that sum to 1 over the real words, and exactly 0 to padding", async () => {
    const stepper = await openSteps(spec, parameters);
    const { logProbabilities } = await stepper.step(await stepper.begin(drawnFeatures(spec, 2)), [0, 1], [1, 1]);
    await stepper.dispose();
    for (const row of logProbabilities) {
      expect(row).toHaveLength(paddedWords(spec.words));
      const probabilities = row.map(Math.exp);
      expectClose([probabilities.slice(0, spec.words).reduce((sum, p) => sum + p, 0)], [1], 1e-5);
      expect(probabilities.slice(spec.words).every((p) => p === 0)).toBe(true);
    }
  });

  it("goes on from the states of the parents it is told, however rows are dropped, doubled and reordered", async () => {
    const stepper = await openSteps(spec, parameters);
    const begun = await stepper.begin(drawnFeatures(spec, 1));
    const first = [5, 6, 7];
    const three = await stepper.step(begun, [0, 0, 0], first);
    const [parents, second] = [
      [2, 0, 0, 1],
      [8, 9, 10, 11],
    ];
    const { logProbabilities: found } = await stepper.step(three.position, parents, second);
    const distinct = new Set<number>();
    for (const [row, parent] of parents.entries()) {
      const alone = await stepper.step(begun, [0], [first[parent]!]);
      const { logProbabilities } = await stepper.step(alone.position, [0], [second[row]!]);
      expectClose(found[row]!, logProbabilities[0]!, 1e-5);
      distinct.add(Math.round(1e4 * found[row]![4]!));
    }
    await stepper.dispose();
    // The rows differ, or mixing them up would not show.
    expect(distinct.size).toBe(4);
  });

  it("sees the picture: other features give other probabilities", async () => {
    const stepper = await openSteps(spec, parameters);
    const { logProbabilities } = await stepper.step(await stepper.begin(drawnFeatures(spec, 2)), [0, 1], [1, 1]);
    await stepper.dispose();
    const differences = logProbabilities[0]!.map((value, word) => Math.abs(value - logProbabilities[1]![word]!));
    expect(Math.max(...differences)).toBeGreaterThan(1e-2);
  });

  it("says how much each row looks at each position of its picture, if it has positions, and what the sentinel leaves", async () => {
    const stepper = await openSteps(spec, parameters);
    const begun = await stepper.begin(drawnFeatures(spec, 2));
    const { attention, sentinel } = await stepper.step(begun, [0, 0, 1, 1], [5, 6, 5, 6]);
    await stepper.dispose();
    if (spec.features.length === 1) {
      expect(attention).toBeUndefined();
      return;
    }
    expect(attention!.map((row) => row.length)).toEqual([3, 3, 3, 3]);
    for (const [row, weights] of attention!.entries()) {
      expect(Math.min(...weights)).toBeGreaterThan(0);
      expectClose([weights.reduce((sum, weight) => sum + weight, sentinel?.[row] ?? 0)], [1], 1e-5);
    }
    // Other pictures are looked at otherwise.
    expect(attention![0]).not.toEqual(attention![2]);
  });
});
