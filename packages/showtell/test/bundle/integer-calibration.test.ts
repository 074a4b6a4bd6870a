// Calibrating a network in integers: which range loses least, and that setting each channel right brings its features nearer to those of
// floating point, on pictures that it was not calibrated on. EfficientNet-lite0 with weights drawn from a seed.
import { beforeAll, describe, expect, it } from "vitest";
import type { Tensor } from "../../src/base/tensor.ts";
import { integerEncoder } from "../../src/bundle/encoder-bundle.ts";
import { encoderModel } from "../../src/bundle/encoder-model.ts";
import { calibratedIntegers, rangeOfLeastError } from "../../src/bundle/integer-calibration.ts";
import type { OpenSession } from "../../src/engine/session.ts";
import { kernelNames } from "../../src/models/encoder-graph.ts";
import { openSession as openInNode } from "../../src/node/ort-session.ts";
import { drawnEncoder, plainCalibration } from "../small-encoder.ts";
import { drawn, numbersOf } from "../tensors.ts";

const spec = { kind: "efficientnet-lite0" } as const;
const weights = drawnEncoder("efficientnet-lite0");
const openSession: OpenSession = (model) => openInNode(model, { threads: 1 });

/** A picture of noise. */
function picture(name: string): Tensor<"float32"> {
  return drawn([1, 3, 224, 224], name, 1);
}

/** A million numbers at a quarter of the range from 0 to 2, and some at its end. */
function withOutliers(outliers: number): Parameters<typeof rangeOfLeastError>[0] {
  const counts = new Float64Array(2048);
  counts[512] = 1e6;
  counts[2047] = outliers;
  return { least: 0, largest: 2, counts };
}

describe("a range", () => {
  it("is the whole one where numbers are everywhere in it", () => {
    const everywhere = new Float64Array(2048).fill(1);
    expect(rangeOfLeastError({ least: -1, largest: 3, counts: everywhere })).toEqual([-1, 3]);
  });

  it("leaves out a few that lie far from the others, as far as that costs less than coarser levels", () => {
    const level = 2 / 255;
    const errorOf = (share: number): number => (2 - 2 * share) ** 2 + ((1e6 + 1) * (share * level) ** 2) / 12;
    const shares = Array.from({ length: 14 }, (_, i) => (100 - 5 * i) / 100);
    const best = shares.reduce((a, b) => (errorOf(b) < errorOf(a) ? b : a));
    expect(best).toBeLessThan(0.8);
    expect(rangeOfLeastError(withOutliers(1))).toEqual([0, best * 2]);
    expect(rangeOfLeastError(withOutliers(1e4))).toEqual([0, 2]);
  });
});

describe("a calibrated network in integers", () => {
  let calibration: ReadonlyMap<string, Tensor<"float32">>;
  const heard: (readonly [number, number])[] = [];

  beforeAll(async () => {
    calibration = await calibratedIntegers({
      spec,
      tensors: weights,
      pictures: [picture("a"), picture("b")],
      openSession,
      onProgress: (done, all) => heard.push([done, all]),
    });
  }, 120_000);

  it("knows a range for each rounded value, a gain for each kernel and a shift for each bias", async () => {
    const plain = await plainCalibration(spec.kind, weights, picture("a"));
    expect([...calibration.keys()].toSorted()).toEqual([...plain.keys()].toSorted());
    for (const [name, { shape }] of plain) expect(calibration.get(name)!.shape, name).toEqual(shape);
    const kernels = kernelNames(spec);
    expect(heard).toEqual(kernels.map((_, i) => [i + 1, kernels.length]));
  });

  it("has features nearer to those of floating point than with plain ranges, without gains or without shifts", async () => {
    const unseen = [picture("c"), picture("d")];
    const exact = await features(weights, "float32", unseen);
    const errorOf = async (tensors: ReadonlyMap<string, Tensor<"float32">>): Promise<number> =>
      distance(await features(integerEncoder(weights, tensors), "integer", unseen), exact);
    const plain = await plainCalibration(spec.kind, weights, picture("a"));
    const withPlain = (which: RegExp): Map<string, Tensor<"float32">> =>
      new Map([...calibration, ...[...plain].filter(([name]) => which.test(name))]);
    const found = await errorOf(calibration);
    for (const which of [/./, /shift$|gain$/, /shift$/, /gain$/])
      expect(found, `${which}`).toBeLessThan(0.5 * (await errorOf(withPlain(which))));
  });
});

/** Pooled features of pictures, one after the other. */
async function features(
  tensors: ReadonlyMap<string, Tensor>,
  arithmetic: "float32" | "integer",
  pictures: readonly Tensor<"float32">[],
): Promise<readonly number[]> {
  const manifest = { spec: arithmetic === "integer" ? { ...spec, arithmetic } : spec };
  const session = await openSession(encoderModel({ manifest, tensors }, ["pooled"]));
  const found: number[] = [];
  for (const one of pictures) found.push(...numbersOf((await session.run({ pictures: one }))["pooled"]));
  await session.dispose();
  return found;
}

/** The sum of squared differences, in squares of the second. */
function distance(a: readonly number[], b: readonly number[]): number {
  const squares = b.reduce((sum, value) => sum + value * value, 0);
  return b.reduce((sum, value, i) => sum + (a[i]! - value) ** 2, 0) / squares;
}
