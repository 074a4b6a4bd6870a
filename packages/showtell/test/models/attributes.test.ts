// Attributes, whatever the decoder: what is told of a picture, that it is all that differs, and which specifications are refused.
import { describe, expect, it } from "vitest";
import type { DecoderSpec } from "../../src/models/catalogue.ts";
import { decoderNamed, decoderOf, decoderSpecSchema } from "../../src/models/catalogue.ts";
import { expectClose, floats, numbersOf } from "../tensors.ts";
import { drawnFeatures, drawnParameters, openSteps } from "./tiny-decoders.ts";

const attributes = [9, 4, 6];
const sizes = { features: [3, 12], words: 17, embeddingSize: 10, vectorSize: 10, vectors: "random" } as const;
const dropout = { features: 0, input: 0, output: 0 };
const plain = decoderNamed("parallel-attention").specOf(sizes, { hiddenSize: 14, dropout });
const told: DecoderSpec = { ...plain, attributes };
const features = drawnFeatures(told, 2);
const parameters = drawnParameters(told);

/** Log-probabilities of a picture's second word. */
async function spoken(spec: DecoderSpec, weights: typeof parameters): Promise<readonly number[]> {
  const steps = await openSteps(spec, weights);
  const first = await steps.step(await steps.begin(features), [0, 1], [1, 1]);
  const { logProbabilities } = await steps.step(first.position, [0, 1], [5, 8]);
  await steps.dispose();
  return logProbabilities.flat();
}

describe("a decoder with attributes", () => {
  it("is told each word's probability: a logistic regression on the standardised mean of the features", async () => {
    const steps = await openSteps(told, parameters);
    const { memory } = await steps.begin(features);
    await steps.dispose();
    const [weight, bias, input] = ["weight", "bias", "input"].map((name) =>
      numbersOf(parameters[`attributes.${name}`]),
    );
    const values = numbersOf(features);
    const expected = [0, 1].flatMap((image) => {
      const mean = Array.from({ length: 12 }, (_, c) =>
        [0, 1, 2].reduce((sum, position) => sum + values[(3 * image + position) * 12 + c]! / 3, 0),
      );
      const centre = mean.reduce((sum, value) => sum + value / 12, 0);
      const variance = mean.reduce((sum, value) => sum + (value - centre) ** 2 / 12, 0);
      const found = attributes.map((_, word) => {
        const logit = mean.reduce(
          (sum, value, c) => sum + ((value - centre) / Math.sqrt(variance)) * weight![3 * c + word]!,
          bias![word]!,
        );
        return 1 / (1 + Math.exp(-logit));
      });
      // Four gates of 14.
      return Array.from({ length: 56 }, (_, i) =>
        found.reduce((sum, probability, word) => sum + probability * input![56 * word + i]!, 0),
      );
    });
    expectClose(numbersOf(memory["memory.attributes"]), expected, 1e-4);
  });

  it("says what it would without them where they add nothing, and else says something else", async () => {
    const silent = floats(parameters["attributes.input"]!.shape, new Float32Array(3 * 56));
    const without = await spoken(plain, parameters);
    expectClose(await spoken(told, { ...parameters, "attributes.input": silent }), without, 1e-6);
    const changed = (await spoken(told, parameters)).map((value, i) => Math.abs(value - without[i]!));
    expect(Math.max(...changed)).toBeGreaterThan(0.1);
  });

  it("has the detector as parameters that do not learn", () => {
    const specs = decoderOf(told).parameters(told);
    const own = Object.entries(specs).filter(([name]) => !(name in decoderOf(plain).parameters(plain)));
    expect(own.map(([name, { shape, frozen = false }]) => [name, shape, frozen])).toEqual([
      ["attributes.weight", [12, 3], true],
      ["attributes.bias", [3], true],
      ["attributes.input", [3, 56], false],
    ]);
  });

  it("is drawn with what it is told", () => {
    const { nodes, edges } = decoderOf(told).blocks(told);
    expect(nodes.find(({ id }) => id === "attributes")).toMatchObject({
      kind: "frozen",
      lines: expect.arrayContaining(["12 → 3 words, dropout 0"]) as string[],
    });
    expect(edges).toContainEqual({ from: "attributes", to: "lstm", label: "every step" });
    expect(
      decoderOf(plain)
        .blocks(plain)
        .nodes.map(({ id }) => id),
    ).not.toContain("attributes");
  });

  it.each([[[]], [[4, 4]], [[17]], [[3]], [[4.5]], [4]])("can't have %j", (wrong) => {
    expect(decoderSpecSchema.safeParse({ ...plain, attributes: wrong }).success).toBe(false);
    expect(decoderSpecSchema.parse(told)).toEqual(told);
  });
});
