// Antialiased resize: separable triangle filter whose support grows with the down-scale factor, half-pixel centres (Pillow's BILINEAR).
// Squeezes the whole picture; knows nothing of aspect ratios, crops or models. All sums are in float64, so every platform gives the same bytes.
import { type Pixels, checkSides } from "./pixels.ts";

/** For each output position: which input positions it reads, and with what weights. */
interface Taps {
  readonly first: Int32Array; // [output]
  readonly count: Int32Array; // [output]
  readonly weights: Float64Array; // [output, stride], rows sum to 1
  readonly stride: number;
}

/**
 * The whole picture at `width` × `height`, in memory of its own; a picture that already has that size is copied byte for byte.
 * @throws ShowtellError `ARGUMENT` if a side is not a positive whole number.
 */
export function resize(picture: Pixels, width: number, height: number): Pixels {
  checkSides(width, height);
  if (picture.width === width && picture.height === height) return { width, height, data: picture.data.slice() };
  const columns = triangleTaps(picture.width, width);
  const rows = triangleTaps(picture.height, height);
  const sums = new Float64Array(height * width * 3);
  const line = new Float64Array(width * 3);
  // One narrowed input row at a time is added to the output rows that read it: no picture-sized intermediate, however tall the input.
  let top = 0;
  for (let y = 0; y < picture.height; y++) {
    while (rows.first[top]! + rows.count[top]! <= y) top++;
    narrowRow(picture, y, columns, line);
    for (let to = top; to < height && rows.first[to]! <= y; to++) {
      addScaled(sums, to * line.length, line, rows.weights[to * rows.stride + y - rows.first[to]!]!);
    }
  }
  const data = new Uint8Array(sums.length);
  for (let i = 0; i < data.length; i++) data[i] = sums[i]! + 0.5; // the sums are convex, so within 0 … 255: truncating rounds
  return { width, height, data };
}

function triangleTaps(from: number, to: number): Taps {
  const scale = from / to;
  const support = Math.max(scale, 1);
  const stride = Math.ceil(support * 2) + 1;
  const taps = {
    first: new Int32Array(to),
    count: new Int32Array(to),
    weights: new Float64Array(to * stride),
    stride,
  };
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - support + 0.5));
    const end = Math.min(from, Math.floor(centre + support + 0.5));
    const weights = taps.weights.subarray(i * stride, i * stride + end - first);
    for (let k = 0; k < weights.length; k++) {
      weights[k] = Math.max(0, 1 - Math.abs((first + k + 0.5 - centre) / support));
    }
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    for (let k = 0; k < weights.length; k++) weights[k]! /= total;
    taps.first[i] = first;
    taps.count[i] = weights.length;
  }
  return taps;
}

/** One input row at the output's width. */
function narrowRow(picture: Pixels, y: number, taps: Taps, line: Float64Array): void {
  const { data } = picture;
  const { first, count, weights, stride } = taps;
  const start = y * picture.width;
  for (let x = 0; x < first.length; x++) {
    let red = 0;
    let green = 0;
    let blue = 0;
    let from = (start + first[x]!) * 3;
    const end = x * stride + count[x]!;
    for (let k = x * stride; k < end; k++, from += 3) {
      const weight = weights[k]!;
      red += weight * data[from]!;
      green += weight * data[from + 1]!;
      blue += weight * data[from + 2]!;
    }
    line[x * 3] = red;
    line[x * 3 + 1] = green;
    line[x * 3 + 2] = blue;
  }
}

function addScaled(sums: Float64Array, offset: number, line: Float64Array, weight: number): void {
  for (let i = 0; i < line.length; i++) sums[offset + i]! += weight * line[i]!;
}
