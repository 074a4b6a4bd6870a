// What a network in integers is told by pictures: the ranges that its layers' inputs are rounded to, and what sets each channel right that
// rounding made smaller, larger or shifted (Banner et al. 2019, "Post training 4-bit quantization", section 3 of which corrects both).
import { tensor } from "../base/tensor.ts";
import type { Tensor } from "../base/tensor.ts";
import type { OpenSession, Session } from "../engine/session.ts";
import {
  convolutionGraph,
  integerConvolutionGraph,
  kernelNames,
  rangesName,
  roundedValuesGraph,
  shiftName,
} from "../models/encoder-graph.ts";
import type { EncoderSpec } from "../models/encoder-graph.ts";
import { biasName, gainName, integerEncoder } from "./encoder-bundle.ts";
import { integerWeights } from "./encoder-model.ts";

/** What a calibration needs. */
export interface IntegerCalibrationInput {
  /** The network in floating point, and its weights in float32. */
  readonly spec: EncoderSpec;
  readonly tensors: ReadonlyMap<string, Tensor<"float32">>;
  /** Preprocessed pictures, each [1, 3, height, width]. */
  readonly pictures: readonly Tensor<"float32">[];
  readonly openSession: OpenSession;
  /** Hears how many of how many convolutions are set right. */
  readonly onProgress?: (done: number, all: number) => void;
}

/**
 * The calibration of a network that is to compute in integers, as `integerEncoder` takes it: `ranges` [values, 2], of each kernel its
 * `gain` [outputs] and of each bias its `shift` [outputs]. Convolutions are set right in order, each by what the integers before it, already
 * set right, give it to read. Takes as many runs of both networks as there are convolutions, for each picture.
 */
export async function calibratedIntegers(input: IntegerCalibrationInput): Promise<Map<string, Tensor<"float32">>> {
  const { spec, tensors, openSession, onProgress } = input;
  const kernels = kernelNames(spec);
  const found = new Map<string, Tensor<"float32">>([[rangesName, await rangesOf(input)]]);
  for (const kernel of kernels) {
    const outputs = tensors.get(kernel)!.shape[0]!;
    found.set(gainName(kernel), tensor("float32", [outputs], new Float32Array(outputs).fill(1)));
    found.set(shiftName(biasName(kernel)), tensor("float32", [outputs], new Float32Array(outputs)));
  }
  for (const [i, kernel] of kernels.entries()) {
    const weights = integerWeights(integerEncoder(tensors, found));
    const exact = await openSession(convolutionGraph(spec, kernel, (name) => tensors.get(name)!));
    const rounded = await openSession(integerConvolutionGraph(spec, kernel, weights));
    const { gain, shift } = await nearestLine(exact, rounded, input.pictures);
    await exact.dispose();
    await rounded.dispose();
    const bias = weights.bias(biasName(kernel)).data;
    found.get(gainName(kernel))!.data.set(gain);
    // sums = kernel + bias: gain · sums + shift multiplies the bias, too.
    const shifts = gain.map((value, output) => shift[output]! + (value - 1) * bias[output]!);
    found.get(shiftName(biasName(kernel)))!.data.set(shifts);
    onProgress?.(i + 1, kernels.length);
  }
  return found;
}

/** What lies between the least and the largest of some numbers other than 0, counted in equal parts. */
interface Histogram {
  least: number;
  largest: number;
  readonly counts: Float64Array;
}

const parts = 2048;

/** For each rounded value the range by which its numbers, in all pictures, lose least to rounding and cutting off. */
async function rangesOf({ spec, tensors, pictures, openSession }: IntegerCalibrationInput): Promise<Tensor<"float32">> {
  const session = await openSession(roundedValuesGraph(spec, (name) => tensors.get(name)!));
  const histograms: Histogram[] = [];
  for (const count of [widen, countIn]) {
    for (const picture of pictures) {
      const results = await session.run({ pictures: picture });
      const values = [picture, ...Object.keys(results).map((_, i) => results[`${i}`]!)];
      for (const [i, { data }] of values.entries()) {
        histograms[i] ??= { least: 0, largest: 0, counts: new Float64Array(parts) };
        count(histograms[i], data as Float32Array);
      }
    }
  }
  await session.dispose();
  const ranges = histograms.flatMap((one) => rangeOfLeastError(one));
  return tensor("float32", [histograms.length, 2], Float32Array.from(ranges));
}

function widen(histogram: Histogram, data: Float32Array): void {
  let { least, largest } = histogram;
  for (const value of data) {
    if (value < least) least = value;
    else if (value > largest) largest = value;
  }
  histogram.least = least;
  histogram.largest = largest;
}

function countIn({ least, largest, counts }: Histogram, data: Float32Array): void {
  const width = (largest - least) / (parts - 1);
  for (const value of data) if (value !== 0) counts[Math.round((value - least) / width)]!++;
}

/**
 * Of 0.35, 0.4 … 1 times the range from the least to the largest the one with the least sum of squared errors, if numbers in it are off by
 * up to half a level (a twelfth of its square on average) and those beyond it are cut off.
 */
export function rangeOfLeastError({ least, largest, counts }: Readonly<Histogram>): readonly [number, number] {
  const width = (largest - least) / (parts - 1);
  let [best, bestError] = [1, Infinity];
  for (let percent = 100; percent >= 35; percent -= 5) {
    const share = percent / 100;
    const level = (share * (largest - least)) / 255;
    let error = 0;
    for (const [i, count] of counts.entries()) {
      const value = least + i * width;
      const beyond = Math.max(share * least - value, value - share * largest, 0);
      error += count * (beyond * beyond + (level * level) / 12);
    }
    if (error < bestError) [best, bestError] = [share, error];
  }
  return [best * least, best * largest];
}

/** How far a gain may lie from 1: beyond it a channel is as good as constant, and its regression says nothing. */
const largestGain = 1.5;

/** For each channel the line gain · rounded + shift that is nearest to the exact sums, by least squares over all pictures and positions. */
async function nearestLine(
  exact: Session,
  rounded: Session,
  pictures: readonly Tensor<"float32">[],
): Promise<{ readonly gain: Float32Array; readonly shift: Float32Array }> {
  const moments: Float64Array[] = []; // of each channel: count, sums of rounded, exact, rounded², rounded · exact
  for (const picture of pictures) {
    const { sums: x } = await rounded.run({ pictures: picture });
    const { sums: y } = await exact.run({ pictures: picture });
    const [, channels, rows, columns] = y!.shape as readonly [number, number, number, number];
    const positions = rows * columns;
    for (let channel = 0; channel < channels; channel++) {
      const [ofX, ofY] = [x, y].map((sums) => sums!.data.subarray(channel * positions, (channel + 1) * positions));
      addMoments((moments[channel] ??= new Float64Array(5)), ofX as Float32Array, ofY as Float32Array);
    }
  }
  const gain = new Float32Array(moments.length);
  const shift = new Float32Array(moments.length);
  for (const [i, [count, ...sums]] of moments.entries()) {
    const [meanX, meanY, meanXX, meanXY] = sums.map((sum) => sum / count!) as [number, number, number, number];
    const slope = (meanXY - meanX * meanY) / (meanXX - meanX * meanX);
    gain[i] = slope > 1 / largestGain && slope < largestGain ? slope : 1;
    shift[i] = meanY - gain[i] * meanX;
  }
  return { gain, shift };
}

function addMoments(moments: Float64Array, x: Float32Array, y: Float32Array): void {
  let [sumX, sumY, sumXX, sumXY] = [0, 0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    sumX += x[i]!;
    sumY += y[i]!;
    sumXX += x[i]! * x[i]!;
    sumXY += x[i]! * y[i]!;
  }
  for (const [i, sum] of [x.length, sumX, sumY, sumXX, sumXY].entries()) moments[i]! += sum;
}
