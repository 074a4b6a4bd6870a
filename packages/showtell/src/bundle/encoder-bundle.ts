// Makes encoder bundles: weights in float32, or rounded to float16, to int8, or to what computes in integers.
import { tensor } from "../base/tensor.ts";
import type { Tensor } from "../base/tensor.ts";
import type { OpenSession } from "../engine/session.ts";
import type { Quantised } from "../graph/operators/quantisation.ts";
import type { EncoderSpec } from "../models/encoder-graph.ts";
import { encoderOf } from "../models/encoder-graph.ts";
import { largestInteger } from "../models/integer-network.ts";
import type { Bundle } from "./bundle.ts";
import { encoderIdentity } from "./bundle.ts";
import type { Licence } from "./manifest.ts";
import { manifestVersion } from "./manifest.ts";
import { quantise, scaleName, toFloat16 } from "./precision.ts";
import { encoderSelfTest } from "./self-test.ts";

/** Convolution kernels as int8 with a scale for each output channel; biases stay float32. */
export function quantisedEncoder(tensors: ReadonlyMap<string, Tensor>): ReadonlyMap<string, Tensor> {
  return withIntegers(tensors, (_, kernel) => quantise(kernel));
}

function withIntegers(
  tensors: ReadonlyMap<string, Tensor>,
  integersOf: (name: string, kernel: Tensor) => Quantised,
): Map<string, Tensor> {
  const result = new Map<string, Tensor>();
  for (const [name, value] of tensors) {
    if (value.shape.length !== 4) {
      result.set(name, value);
      continue;
    }
    const { quantised, scale } = integersOf(name, value);
    result.set(name, quantised);
    result.set(scaleName(name), scale);
  }
  return result;
}

/** Convolution kernels as float16; biases stay float32. */
export function halvedEncoder(tensors: ReadonlyMap<string, Tensor>): ReadonlyMap<string, Tensor> {
  return new Map([...tensors].map(([name, value]) => [name, value.shape.length === 4 ? toFloat16(value) : value]));
}

/** What a bias may be in units of its channel's scale, so that it is an integer of 32 bits in those of any step above 5e-4. */
const largestBias = 2 ** 20;

/** The name of the bias of the convolution that a kernel is of, whether it has one or not. */
export function biasName(kernel: string): string {
  return kernel.replace(/weight$/, "bias");
}

/** The name of what the scales of a kernel are multiplied by, for what rounding does to its channels on average. */
export function gainName(kernel: string): string {
  return `${kernel}.gain`;
}

function isGain(name: string): boolean {
  return name.endsWith(".gain");
}

/**
 * Weights of the same network in integers: kernels of ±{@link largestInteger} with a scale for each output channel, the ranges of what its
 * layers read, and what is added to biases. A channel whose bias is far larger than its kernel has a coarser kernel.
 * @param calibration What `calibratedIntegers` found: ranges, shifts and gains.
 */
export function integerEncoder(
  tensors: ReadonlyMap<string, Tensor>,
  calibration: ReadonlyMap<string, Tensor<"float32">>,
): ReadonlyMap<string, Tensor> {
  const result = withIntegers(tensors, (name, kernel) => {
    const bias = tensors.get(biasName(name))?.data as Float32Array | undefined;
    const { quantised, scale } = quantise(
      kernel,
      largestInteger,
      (output) => Math.abs(bias?.[output] ?? 0) / largestBias,
    );
    const gains = calibration.get(gainName(name))!.data;
    return {
      quantised,
      scale: tensor(
        "float32",
        scale.shape,
        scale.data.map((value, i) => value * gains[i]!),
      ),
    };
  });
  for (const [name, value] of calibration) if (!isGain(name)) result.set(name, value);
  return result;
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
