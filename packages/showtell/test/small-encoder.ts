// Encoders with weights drawn from a seed: ResNet-50, and EfficientNet-lite0, which takes a tenth of its time. What they see means nothing.
import { seededRandom } from "../src/base/random.ts";
import type { Tensor } from "../src/base/tensor.ts";
import { tensor, zeros } from "../src/base/tensor.ts";
import type { Bundle } from "../src/bundle/bundle.ts";
import { gainName, makeEncoderBundle, quantisedEncoder } from "../src/bundle/encoder-bundle.ts";
import type { EncoderKind } from "../src/models/encoder-graph.ts";
import { encoderOf, rangesName, roundedValuesGraph, shiftName } from "../src/models/encoder-graph.ts";
import { openSession } from "../src/node/ort-session.ts";

/** How the names of convolutions begin, or what is in them, whose results are added to what came before. */
const addedConvolutions = /\.c\.|_project_conv/;

/** Weights with which activations neither die nor explode (He et al. 2015); the branches that are added, smaller. */
export function drawnEncoder(kind: EncoderKind): Map<string, Tensor<"float32">> {
  const random = seededRandom(1, "encoder");
  const tensors = new Map<string, Tensor<"float32">>();
  for (const [name, shape] of Object.entries(encoderOf({ kind }).tensors)) {
    const value = zeros("float32", shape);
    const inputs = shape.length === 4 ? shape[1]! * shape[2]! * shape[3]! : 1000;
    const spread = (addedConvolutions.test(name) ? 0.5 : 1) * Math.sqrt(6 / inputs);
    for (let i = 0; i < value.data.length; i++) value.data[i] = spread * (2 * random.uniform() - 1);
    tensors.set(name, value);
  }
  return tensors;
}

/**
 * A bundle with an encoder that costs little: for tests in which any encoder does. Pooled features have 1,280 channels.
 * @param tensors Default: drawn ones, kernels rounded to int8.
 */
export function smallEncoder(
  tensors: ReadonlyMap<string, Tensor> = quantisedEncoder(drawnEncoder("efficientnet-lite0")),
): Promise<Omit<Bundle, "source">> {
  const spec = { kind: "efficientnet-lite0" } as const;
  const licences = [{ part: "encoder", origin: "drawn from a seed", licence: "CC0-1.0" }];
  const input = { spec, tensors, licences, writer: "test" };
  return makeEncoderBundle(input, (model) => openSession(model, { threads: 1 }));
}

/**
 * What a network in integers is told at least: the least and the largest of what it rounds of some pictures [batch, 3, height, width], and
 * that nothing has to be set right.
 */
export async function plainCalibration(
  kind: EncoderKind,
  weights: ReadonlyMap<string, Tensor<"float32">>,
  pictures: Tensor<"float32">,
): Promise<Map<string, Tensor<"float32">>> {
  const session = await openSession(roundedValuesGraph({ kind }, (name) => weights.get(name)!));
  const results = await session.run({ pictures });
  await session.dispose();
  const values = [pictures, ...Object.keys(results).map((_, i) => results[`${i}`]!)];
  const ranges = values.flatMap(({ data }) => {
    let [least, largest] = [0, 0];
    for (const value of data as Float32Array) [least, largest] = [Math.min(least, value), Math.max(largest, value)];
    return [least, largest];
  });
  const calibration = new Map([[rangesName, tensor("float32", [values.length, 2], Float32Array.from(ranges))]]);
  for (const [name, { shape }] of weights) {
    if (shape.length === 1) calibration.set(shiftName(name), zeros("float32", shape));
    else calibration.set(gainName(name), tensor("float32", [shape[0]!], new Float32Array(shape[0]!).fill(1)));
  }
  return calibration;
}
