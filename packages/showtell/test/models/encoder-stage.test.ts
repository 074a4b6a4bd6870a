// The last stage of ResNet-50 by itself: what it gives from the features before it, its gradients, and what it refuses.
import { beforeAll, describe, expect, it } from "vitest";
import type { Tensor } from "../../src/base/tensor.ts";
import { asFloat32, parameterContent } from "../../src/bundle/precision.ts";
import type { BundlePart } from "../../src/bundle/bundle.ts";
import type { EncoderManifest } from "../../src/bundle/manifest.ts";
import { gradients } from "../../src/graph/backward.ts";
import { Graph } from "../../src/graph/graph.ts";
import { mul } from "../../src/graph/operators/arithmetic.ts";
import { reduceSum } from "../../src/graph/operators/reduction.ts";
import { encoderGraph } from "../../src/models/encoder-graph.ts";
import type { StageSpec } from "../../src/models/encoder-stage.ts";
import {
  ownName,
  stageFeatures,
  stageGraph,
  stageInputShape,
  stageParameters,
} from "../../src/models/encoder-stage.ts";
import { declareParameters } from "../../src/nn/parameters.ts";
import { readBundleFile } from "../../src/node/bundle-files.ts";
import { defaultEncoder } from "../../src/node/shipped-models.ts";
import { openSession } from "../../src/node/ort-session.ts";
import { runGraph } from "../graph/run.ts";
import { drawn, expectClose, numbersOf } from "../tensors.ts";

const spec: StageSpec = { encoder: { kind: "resnet50" }, stage: "conv5", layer: "grid", rate: 0.1 };

let encoder: BundlePart<EncoderManifest>;
let weights: Record<string, Tensor<"float32">>;
beforeAll(async () => {
  encoder = (await readBundleFile(defaultEncoder)).encoder!;
  const names = Object.keys(stageParameters(spec));
  weights = Object.fromEntries(names.map((name) => [name, asFloat32(encoder.tensors, ownName(name)!)]));
});

describe("conv5", () => {
  it("has ten convolutions, whose parameters do not decay", () => {
    const parameters = stageParameters(spec);
    expect(Object.keys(parameters)).toHaveLength(20);
    expect(Object.values(parameters).some(({ decay }) => decay)).toBe(false);
    expect(stageInputShape(spec)).toEqual([49, 1024]);
  });

  it("is none of an encoder that computes in integers", () => {
    const integers = { ...spec, encoder: { kind: "resnet50", arithmetic: "integer" } } as const;
    expect(() => stageParameters(integers)).toThrow(
      expect.objectContaining({
        code: "ARGUMENT",
        message: expect.stringMatching(/computes in integers, .*--encoder resnet50$/),
      }),
    );
  });

  it("gives from every second position of conv4 what the whole network gives", async () => {
    const pictures = drawn([2, 3, 224, 224], "picture", 100);
    const layers = ["conv4-even", "grid", "pooled"];
    const model = encoderGraph(spec.encoder, layers, (name) => parameterContent(encoder.tensors, name));
    const whole = await openSession(model);
    const wanted = await whole.run({ pictures });
    await whole.dispose();
    for (const layer of ["grid", "pooled"]) {
      const stage = await openSession(stageGraph({ ...spec, layer }));
      const found = await stage.run({ features: wanted["conv4-even"]!, ...weights });
      await stage.dispose();
      expectClose(numbersOf(found["features.out"]), numbersOf(wanted[layer]), 1e-4);
    }
  });

  it("has gradients that point along the loss, for kernels and biases of each kind", async () => {
    const graph = new Graph();
    const p = declareParameters(graph, stageParameters(spec));
    const features = drawn([2, 49, 1024], "features");
    const out = stageFeatures(p, spec, graph.constant(features));
    const loss = reduceSum(mul(out, graph.constant(drawn([2, 49, 2048], "direction", 0.1))));
    const names = ["conv5.1.a.weight", "conv5.1.b.weight", "conv5.1.projection.weight", "conv5.2.b.bias"];
    const slopes = gradients(
      loss,
      names.map((name) => p[`encoder.${name}`]!),
    );
    const outputs = { loss, ...Object.fromEntries(names.map((name, i) => [`slope ${name}`, slopes[i]!])) };
    const found = await runGraph(graph, outputs, weights);
    for (const name of names) {
      const slope = numbersOf(found[`slope ${name}`]);
      const own = weights[`encoder.${name}`]!;
      const norm = Math.sqrt(slope.reduce((sum, value) => sum + value * value, 0));
      // A step along the gradient changes the loss by its length: the sum over all elements, seen at once.
      const step = 0.5 / norm;
      const moved = (sign: number): Tensor<"float32"> => ({
        ...own,
        data: own.data.map((value, i) => value + (sign * step * slope[i]!) / norm),
      });
      const lossAt = async (sign: number): Promise<number> =>
        Number((await runGraph(graph, { loss }, { ...weights, [`encoder.${name}`]: moved(sign) }))["loss"]!.data[0]);
      const numeric = ((await lossAt(1)) - (await lossAt(-1))) / (2 * step);
      expect(numeric / norm, name).toBeGreaterThan(0.95);
      expect(numeric / norm, name).toBeLessThan(1.05);
    }
  });
});

describe("a stage", () => {
  it.each([
    [{ stage: "conv2" }, 'ResNet-50 has no stage "conv2" that can be fine-tuned: name one of conv5'],
    [{ encoder: { kind: "xception" } }, 'Xception has no stage "conv5" that can be fine-tuned: take resnet50'],
    [
      { layer: "conv4" },
      'the decoder reads "conv4", which does not come after conv5: take a decoder that reads others',
    ],
  ] as const)("that can't be trained is refused: %j", (change, message) => {
    expect(() => stageInputShape({ ...spec, ...change })).toThrow(
      expect.objectContaining({ code: "ARGUMENT", message }),
    );
  });
});
