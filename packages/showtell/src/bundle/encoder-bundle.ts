// Makes encoder bundles: weights in float32, or rounded to float16 or int8.
import type { Tensor } from "../base/tensor.ts";
import type { OpenSession } from "../engine/session.ts";
import type { EncoderSpec } from "../models/encoder-graph.ts";
import { encoderOf } from "../models/encoder-graph.ts";
import type { Bundle } from "./bundle.ts";
import { encoderIdentity } from "./bundle.ts";
import type { Licence } from "./manifest.ts";
import { manifestVersion } from "./manifest.ts";
import { quantise, scaleName, toFloat16 } from "./precision.ts";
import { encoderSelfTest } from "./self-test.ts";

/** Convolution kernels as int8 with a scale for each output channel; biases stay float32. */
export function quantisedEncoder(tensors: ReadonlyMap<string, Tensor>): ReadonlyMap<string, Tensor> {
  const result = new Map<string, Tensor>();
  for (const [name, value] of tensors) {
    if (value.shape.length !== 4) {
      result.set(name, value);
      continue;
    }
    const { quantised, scale } = quantise(value);
    result.set(name, quantised);
    result.set(scaleName(name), scale);
  }
  return result;
}

/** Convolution kernels as float16; biases stay float32. */
export function halvedEncoder(tensors: ReadonlyMap<string, Tensor>): ReadonlyMap<string, Tensor> {
  return new Map([...tensors].map(([name, value]) => [name, value.shape.length === 4 ? toFloat16(value) : value]));
}

/** What an encoder bundle is made of. */
export interface EncoderBundleInput {
  readonly spec: EncoderSpec;
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly licences: readonly Licence[];
  /** Name and version of what writes it. */
  readonly writer: string;
}

/** An encoder bundle with identity and self-test. */
export async function makeEncoderBundle(
  { spec, tensors, licences, writer }: EncoderBundleInput,
  openSession: OpenSession,
): Promise<Omit<Bundle, "source">> {
  const { preprocessing } = encoderOf(spec);
  const identity = encoderIdentity(tensors, { spec, preprocessing });
  const selfTest = await encoderSelfTest({ manifest: { spec }, tensors }, openSession);
  const manifest = { spec, preprocessing, identity, selfTest };
  return {
    manifest: { version: manifestVersion, writer, encoder: manifest, licences: [...licences] },
    encoder: { manifest, tensors },
  };
}
