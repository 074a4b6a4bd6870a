// The penalty on uneven attention in the training step of every decoder that attends: in the loss, in the gradients, and refused elsewhere.
import { describe, expect, it, test } from "vitest";
import { toFloat16 } from "../../src/bundle/precision.ts";
import type { DecoderSpec } from "../../src/models/catalogue.ts";
import { trainingGraph } from "../../src/models/training-graph.ts";
import { openSession } from "../../src/node/ort-session.ts";
import { floats, numbersOf, scalar } from "../tensors.ts";
import { evenShape, runOnce, steps, tokenFeeds } from "./teacher-forcing.ts";
import { drawnFeatures, drawnParameters, tinyDecoders, trainingFeeds } from "./tiny-decoders.ts";

const shape = evenShape(2, 2, steps);
const adam = {};
const attending = ["soft-attention", "adaptive-attention", "top-down", "parallel-attention"].map((kind) =>
  tinyDecoders.find(([, spec]) => spec.kind === kind)!,
);

/** What the penalty is of a sentence that looked so much at each position. */
function unevenness(looked: readonly number[]): number {
  return looked.reduce((sum, each) => sum + (1 - each) ** 2, 0);
}

function graphWith(spec: DecoderSpec, attentionPenalty: number) {
  return trainingGraph(spec, shape, { adam, smoothing: 0, attentionPenalty });
}

function feedsFor(spec: DecoderSpec, graph: ReturnType<typeof trainingGraph>) {
  const feeds = trainingFeeds(drawnParameters(spec), graph, adam);
  return { ...feeds, features: toFloat16(drawnFeatures(spec, 2)), ...tokenFeeds(4), normaliser: scalar(8) };
}

async function lossOf(spec: DecoderSpec, penalty: number): Promise<number> {
  const graph = graphWith(spec, penalty);
  return numbersOf((await runOnce(graph.model, feedsFor(spec, graph)))["loss"])[0]!;
}

describe.each(attending)("the penalty on %s", (_, spec) => {
  it("adds to the loss in proportion, no more than all looks at one place cost and no less than even ones", async () => {
    const [none, one, three] = [await lossOf(spec, 0), await lossOf(spec, 1), await lossOf(spec, 3)];
    expect(three - none).toBeCloseTo(3 * (one - none), 4);
    const positions = spec.features[0]!;
    const all = Array.from({ length: positions }, () => 0);
    // A decoder that looks away at the sentinel looks at the picture less than once a token.
    const [least, most] = [
      positions > steps ? unevenness(all.map(() => steps / positions)) : 0,
      unevenness([steps, ...all.slice(1)]),
    ];
    const perSentence = ((one - none) * 8) / 4;
    expect(perSentence).toBeGreaterThanOrEqual(least - 1e-3);
    expect(perSentence).toBeLessThanOrEqual(most + 1e-3);
  });

  it("has gradients that are its slopes", async () => {
    const graph = graphWith(spec, 5);
    const session = await openSession(graph.model, { threads: 1 });
    const feeds = {
      ...feedsFor(spec, graph),
      weights: floats(
        [steps * 4],
        Array.from({ length: steps * 4 }, () => 1e-6),
      ),
    };
    // Tokens that count next to nothing are looked at all the same, so that the penalty is all that there is.
    const results = await session.run(feeds);
    const moving = Object.keys(drawnParameters(spec))
      .filter((name) => results[`next.${name}`] !== undefined)
      .map((name) => ({ name, slopes: numbersOf(results[`next.adam.first.${name}`]).map((each) => each / 0.1) }))
      .toSorted((a, b) => Math.hypot(...b.slopes) - Math.hypot(...a.slopes));
    const { name, slopes } = moving[0]!;
    const size = Math.hypot(...slopes);
    expect(size).toBeGreaterThan(1e-2);
    const parameter = drawnParameters(spec)[name]!;
    const lossAt = async (way: number): Promise<number> => {
      const moved = numbersOf(parameter).map((value, i) => value + (way * slopes[i]!) / size);
      return numbersOf((await session.run({ ...feeds, [name]: floats(parameter.shape, moved) }))["loss"])[0]!;
    };
    const rises: number[] = [];
    for (const step of [5e-3, 4e-4]) rises.push(((await lossAt(step)) - (await lossAt(-step))) / (2 * step));
    expect(Math.min(...rises.map((rise) => Math.abs(rise / size - 1)))).toBeLessThan(1e-2);
    await session.dispose();
  });
});

test.each(["show-and-tell", "transformer"])(
  "the decoder %s, which training sees no attention of, refuses it",
  (kind) => {
    const [, spec] = tinyDecoders.find(([, each]) => each.kind === kind)!;
    expect(() => graphWith(spec, 1)).toThrowError(`the decoder ${kind} has no attention`);
  },
);
