// Every encoder's graph with random weights: shapes, independence of the batch, and that pooled features are the mean of the grid.
import { describe, expect, it } from "vitest";
import { sha256Hex } from "../../src/base/bytes.ts";
import { seededRandom } from "../../src/base/random.ts";
import type { Tensor } from "../../src/base/tensor.ts";
import { sizeOf } from "../../src/base/tensor.ts";
import type { ParameterContent } from "../../src/graph/export.ts";
import type { FeatureLayer } from "../../src/models/encoder.ts";
import type { EncoderSpec } from "../../src/models/encoder-graph.ts";
import { encoderGraph, encoderKinds, encoderOf, featureShape } from "../../src/models/encoder-graph.ts";
import { openSession } from "../../src/node/ort-session.ts";
import { drawn, expectClose, floats, numbersOf } from "../tensors.ts";

/** Weights small enough for the signal neither to vanish nor to explode on its way through many layers. */
function randomWeights(spec: EncoderSpec): (name: string) => ParameterContent {
  const { tensors } = encoderOf(spec);
  return (name) => ({
    write(target) {
      const random = seededRandom(1, name);
      const [outputs, ...inputs] = tensors[name]!;
      const bound = Math.sqrt(3 / (inputs.length > 0 ? sizeOf(inputs) : outputs!));
      const values = new Float32Array(target.length / 4);
      for (let i = 0; i < values.length; i++) values[i] = bound * (2 * random.uniform() - 1);
      target.set(new Uint8Array(values.buffer));
    },
  });
}

function hashOf(data: Tensor["data"]): string {
  return sha256Hex(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

/** What stands for the bits of each picture's features. */
function rowsOf({ shape, data }: Tensor): readonly string[] {
  const size = data.length / shape[0]!;
  return Array.from({ length: shape[0]! }, (_, row) => hashOf(data.subarray(row * size, (row + 1) * size)));
}

async function encode(spec: EncoderSpec, layer: FeatureLayer, batches: readonly Tensor[]): Promise<readonly Tensor[]> {
  const session = await openSession(encoderGraph(spec, [layer], randomWeights(spec)), { threads: 2 });
  const results: Tensor[] = [];
  for (const pictures of batches) results.push((await session.run({ pictures }))[layer]!);
  await session.dispose();
  return results;
}

describe.each(encoderKinds)("%s", (kind) => {
  const spec: EncoderSpec = { kind };
  const { preprocessing } = encoderOf(spec);
  const { width, height } = preprocessing.resize;
  const picture = drawn([1, 3, height, width], "picture", 100);
  const other = drawn([1, 3, height, width], "other", 100);
  const three = floats([3, 3, height, width], [...picture.data, ...other.data, ...picture.data]);

  it("gives a picture the same features alone and in a batch, and their mean as the pooled ones", async () => {
    const [alone, among] = (await encode(spec, "grid", [picture, three])) as [Tensor, Tensor];
    const [pooled] = (await encode(spec, "pooled", [three])) as [Tensor];
    const [positions, channels] = featureShape(spec, "grid") as [number, number];
    expect([alone.shape, among.shape]).toEqual([
      [1, positions, channels],
      [3, positions, channels],
    ]);
    expect(pooled.shape).toEqual([3, channels]);

    const [first, second, third] = rowsOf(among);
    expect([first, third]).toEqual([...rowsOf(alone), ...rowsOf(alone)]);
    expect(second).not.toBe(first);
    expect(rowsOf(pooled)[2]).toBe(rowsOf(pooled)[0]);

    const grid = numbersOf(alone);
    const means = Array.from({ length: channels }, (_, channel) => {
      let sum = 0;
      for (let position = 0; position < positions; position++) sum += grid[position * channels + channel]!;
      return sum / positions;
    });
    expectClose(numbersOf(pooled).slice(0, channels), means, 1e-5);
    // A signal got through: the test would hold for zeros too.
    expect(Math.max(...means)).toBeGreaterThan(1e-3);
    expect(new Set(means.map((mean) => mean.toFixed(4))).size).toBeGreaterThan(10);
  });
});

describe("layers of ResNet-50", () => {
  const spec: EncoderSpec = { kind: "resnet50" };
  const pictures = drawn([1, 3, 224, 224], "picture", 100);

  it("conv4 has 14×14 positions, of which conv4-even has every second row and column", async () => {
    const layers = ["conv4", "conv4-even", "grid"];
    const session = await openSession(encoderGraph(spec, layers, randomWeights(spec)), { threads: 2 });
    const found = await session.run({ pictures });
    await session.dispose();
    for (const layer of layers) expect(found[layer]!.shape).toEqual([1, ...featureShape(spec, layer)]);
    expect(featureShape(spec, "conv4")).toEqual([196, 1024]);

    const [all, even] = [numbersOf(found["conv4"]), numbersOf(found["conv4-even"])];
    const kept = Array.from({ length: 49 }, (_, i) => 28 * Math.floor(i / 7) + 2 * (i % 7));
    expect(even).toEqual(kept.flatMap((position) => all.slice(position * 1024, (position + 1) * 1024)));
    expect(new Set(even).size).toBeGreaterThan(1000);
  });

  it("a layer that it has not is refused with those that it has", () => {
    for (const layer of ["conv9", "toString"]) {
      expect(() => featureShape(spec, layer)).toThrow(
        expect.objectContaining({
          code: "ARGUMENT",
          message: `ResNet-50 has no layer "${layer}": name one of pooled, grid, conv4, conv4-even`,
        }),
      );
    }
  });
});
