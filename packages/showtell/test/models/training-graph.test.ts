// A training step as one graph, for every decoder: what learns, that its gradients are slopes, and that groups and masks change nothing else.
import { describe, expect, it } from "vitest";
import type { Tensor } from "../../src/base/tensor.ts";
import { tensor } from "../../src/base/tensor.ts";
import { toFloat16 } from "../../src/bundle/precision.ts";
import { decoderOf } from "../../src/models/catalogue.ts";
import { scoringGraph, trainingGraph } from "../../src/models/training-graph.ts";
import { maskOwners } from "../../src/nn/noise.ts";
import { tokenOrder } from "../../src/nn/token-order.ts";
import type { BatchShape, TokenOrder } from "../../src/nn/token-order.ts";
import { openSession } from "../../src/node/ort-session.ts";
import { expectClose, floats, numbersOf } from "../tensors.ts";
import { evenShape, runOnce, steps, tokenFeeds } from "./teacher-forcing.ts";
import { drawnFeatures, drawnParameters, tinyDecoders, trainingFeeds } from "./tiny-decoders.ts";

const adam = {};

/** After the first step a first moment is (1 − β₁) · gradient. */
function gradientOf(results: Readonly<Record<string, Tensor>>, name: string): number[] {
  return numbersOf(results[`next.adam.first.${name}`]).map((value) => value / (1 - 0.9));
}

/** Image, place and step of every token. */
function tokensOf({ images, lengths }: TokenOrder): readonly (readonly [number, number, number])[] {
  return Array.from({ length: images }, (_, image) =>
    lengths.flatMap((length, place) => Array.from({ length }, (__, step) => [image, place, step] as const)),
  ).flat();
}

describe.each(tinyDecoders)("a training step of %s", (_, spec) => {
  const parameters = drawnParameters(spec);
  const specs = decoderOf(spec).parameters(spec);
  const learning = Object.keys(specs).filter((name) => specs[name]!.frozen !== true);

  const train = async (shape: BatchShape, smoothing = 0): Promise<Record<string, Tensor>> => {
    const graph = trainingGraph(spec, shape, { adam, smoothing });
    const rows = shape.images * shape.lengths.length;
    const features = drawnFeatures(spec, shape.images);
    return runOnce(graph.model, {
      ...trainingFeeds(parameters, graph, adam),
      features: toFloat16(features),
      ...tokenFeeds(rows),
    });
  };
  it("learns with all its parameters but the frozen ones: each is given, gets a gradient and is replaced", async () => {
    const shape = evenShape(3, 2, steps);
    const { replaced } = trainingGraph(spec, shape, { adam, smoothing: 0 });
    expect(replaced.filter((name) => !name.startsWith("adam."))).toEqual(learning);
    const results = await train(shape);
    for (const name of learning) {
      expect(
        gradientOf(results, name).some((slope) => Math.abs(slope) > 1e-6),
        name,
      ).toBe(true);
      expect(numbersOf(results[`next.${name}`]), name).not.toEqual(numbersOf(parameters[name]));
    }
    const scoring = await openSession(scoringGraph(spec, shape), { threads: 1 });
    expect(scoring.inputNames).toEqual(expect.arrayContaining(Object.keys(specs)));
    await scoring.dispose();
  });

  it("trains on captions of one picture as on copies of that picture", async () => {
    const [images, group] = [2, 3];
    const rows = images * group;
    const features = drawnFeatures(spec, images);
    const copies = Array.from({ length: rows }, (__, row) =>
      numbersOf(features).slice(
        Math.floor(row / group) * (features.data.length / images),
        (Math.floor(row / group) + 1) * (features.data.length / images),
      ),
    );
    const shapes: readonly (readonly [BatchShape, Tensor])[] = [
      [evenShape(images, group, steps), features],
      [evenShape(rows, 1, steps), floats([rows, ...spec.features], copies.flat())],
    ];
    const [grouped, alone] = await Promise.all(
      shapes.map(async ([shape, fed]) => {
        const graph = trainingGraph(spec, shape, { adam, smoothing: 0 });
        const feeds = trainingFeeds(parameters, graph, adam);
        // Masks of ones: a picture's dropout is one mask in a group, and one a copy otherwise.
        for (const mask of graph.masks) feeds[mask.name]!.data.fill(1);
        return runOnce(graph.model, { ...feeds, features: toFloat16(fed), ...tokenFeeds(rows) });
      }),
    );
    expectClose(numbersOf(grouped!["loss"]), numbersOf(alone!["loss"]), 1e-6);
    for (const name of learning) expectClose(gradientOf(grouped!, name), gradientOf(alone!, name), 1e-4);
  });

  it("trains on captions of different lengths as on equally long ones whose rest counts nothing", async () => {
    const lengths = [4, 3, 3, 1];
    const [even, ragged] = [evenShape(2, 4, steps), { images: 2, lengths }].map((shape) => ({
      shape,
      order: tokenOrder(shape),
    })) as [{ shape: BatchShape; order: TokenOrder }, { shape: BatchShape; order: TokenOrder }];
    const all = tokenFeeds(8);
    const found = [];
    for (const { shape, order } of [even, ragged]) {
      // The same tokens at their places in either order.
      const placed = (name: "words" | "targets" | "weights"): Tensor => {
        const { dtype, data } = all[name]!;
        const own = tensor(dtype, [order.size], data.slice(0, order.size));
        for (const [image, place, step] of tokensOf(order)) {
          const from = data[even.order.at(step, image, place)]!;
          own.data[order.at(step, image, place)] = name === "weights" && step >= lengths[place]! ? 0 : from;
        }
        return own;
      };
      const graph = trainingGraph(spec, shape, { adam, smoothing: 0.1 });
      const feeds = trainingFeeds(parameters, graph, adam);
      const tokens = { words: placed("words"), targets: placed("targets"), weights: placed("weights") };
      const fed = { ...feeds, ...all, ...tokens, features: toFloat16(drawnFeatures(spec, 2)) };
      found.push(await runOnce(graph.model, fed));
    }
    const [padded, exact] = found as [Record<string, Tensor>, Record<string, Tensor>];
    expectClose(numbersOf(exact["loss"]), numbersOf(padded["loss"]), 1e-6);
    expect(numbersOf(exact["correct"])).toEqual(numbersOf(padded["correct"]));
    for (const name of learning) expectClose(gradientOf(exact, name), gradientOf(padded, name), 1e-5);
  });

  it("has the scoring graph's loss and hits where no element is dropped", async () => {
    const shape = evenShape(2, 2, steps);
    const graph = trainingGraph(spec, shape, { adam, smoothing: 0 });
    const feeds = trainingFeeds(parameters, graph, adam);
    for (const mask of graph.masks) feeds[mask.name]!.data.fill(1);
    const all = { ...feeds, features: toFloat16(drawnFeatures(spec, 2)), ...tokenFeeds(4) };
    const [trained, scored] = [await runOnce(graph.model, all), await runOnce(scoringGraph(spec, shape), all)];
    expectClose(numbersOf(trained["loss"]), numbersOf(scored["loss"]), 1e-6);
    expect(numbersOf(trained["correct"])).toEqual(numbersOf(scored["correct"]));
  });

  it.each(maskOwners)("feels every mask it declares, row by row, where each %s has its own", async (dropoutMasks) => {
    const graph = trainingGraph(spec, evenShape(2, 2, steps), { adam, smoothing: 0, dropoutMasks });
    const learningFeeds = trainingFeeds(parameters, graph, adam);
    for (const mask of graph.masks) learningFeeds[mask.name]!.data.fill(1);
    const feeds = { ...learningFeeds, features: toFloat16(drawnFeatures(spec, 2)), ...tokenFeeds(4) };
    const session = await openSession(graph.model, { threads: 1 });
    const lossWith = async (changes: Readonly<Record<string, Tensor>>): Promise<number> =>
      numbersOf((await session.run({ ...feeds, ...changes }))["loss"])[0]!;
    const undisturbed = await lossWith({});
    for (const { name, shape } of graph.masks) {
      const [rows, size] = shape;
      for (let row = 0; row < rows; row++) {
        const dropped = floats(shape, learningFeeds[name]!.data.slice().fill(0, row * size, (row + 1) * size));
        expect(Math.abs((await lossWith({ [name]: dropped })) - undisturbed), `${name}, row ${row}`).toBeGreaterThan(
          1e-5,
        );
      }
    }
    await session.dispose();
  });

  it.each(maskOwners)(
    "has gradients that are the slopes of its loss, smoothing and a %s's masks included",
    async (dropoutMasks) => {
      const shape = evenShape(2, 2, steps);
      const graph = trainingGraph(spec, shape, { adam, smoothing: 0.1, dropoutMasks });
      const session = await openSession(graph.model, { threads: 1 });
      const feeds: Record<string, Tensor> = {
        ...trainingFeeds(parameters, graph, adam),
        features: toFloat16(drawnFeatures(spec, 2)),
        ...tokenFeeds(4),
      };
      const results = await session.run(feeds);
      for (const name of learning) {
        const slopes = gradientOf(results, name);
        const size = Math.hypot(...slopes);
        // Along the gradient itself the loss rises by its norm.
        const lossAt = async (way: number): Promise<number> => {
          const moved = numbersOf(parameters[name]).map((value, i) => value + (way * slopes[i]!) / size);
          return numbersOf(
            (await session.run({ ...feeds, [name]: floats(parameters[name]!.shape, moved) }))["loss"],
          )[0]!;
        };
        // Wide steps see curvature and kinks, narrow ones drown in rounding where a slope is slight: one of them must do.
        const rises: number[] = [];
        for (const step of [5e-3, 1e-3, 4e-4]) rises.push(((await lossAt(step)) - (await lossAt(-step))) / (2 * step));
        const error = Math.min(...rises.map((rise) => Math.abs(rise / size - 1)));
        expect(error, `${name}: ${rises.join(" or ")} should be ${size}`).toBeLessThan(5e-3);
      }
      const norm = Math.hypot(...learning.flatMap((name) => gradientOf(results, name)));
      expectClose(numbersOf(results["gradientNorm"]), [norm], 1e-4);
      await session.dispose();
    },
  );
});
