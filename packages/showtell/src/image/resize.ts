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
  const data = new Uint8Array(height * width * 3);
  // Input rows at the output's width: each is made once, and only as many are kept as one output row reads.
  const lines = Array.from({ length: rows.stride }, () => new Float64Array(width * 3));
  const sum = new Float64Array(width * 3);
  let narrowed = 0;
  for (let y = 0; y < height; y++) {
    const first = rows.first[y]!;
    const end = first + rows.count[y]!;
    for (; narrowed < end; narrowed++) narrowRow(picture, narrowed, columns, lines[narrowed % lines.length]!);
    sum.fill(0.5); // truncating then rounds; the weights sum to 1, so nothing leaves 0 … 255
    for (let row = first; row < end; row += 2) {
      const weight = y * rows.stride + row - first; // after an odd number of rows the next weight is 0
      const other = lines[(row + 1) % lines.length]!;
      addTwo(sum, lines[row % lines.length]!, rows.weights[weight]!, other, rows.weights[weight + 1]!);
    }
    data.set(sum, y * sum.length);
  }
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

/** Adds two weighted lines at once, which spares half of the reads and writes of the sum. */
function addTwo(sum: Float64Array, a: Float64Array, weightA: number, b: Float64Array, weightB: number): void {
  for (let i = 0; i < sum.length; i++) sum[i]! += weightA * a[i]! + weightB * b[i]!;
}
