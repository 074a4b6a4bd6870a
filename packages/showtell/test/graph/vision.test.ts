// Convolution, pooling and batch normalisation in the engine against loops written from their definitions.
import { describe, expect, it } from "vitest";
import type { Tensor } from "../../src/base/tensor.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { Pair, Padding, WindowOptions } from "../../src/graph/operators/vision.ts";
import { averagePool, batchNorm, conv, maxPool } from "../../src/graph/operators/vision.ts";
import { drawn, expectClose, floats, numbersOf } from "../tensors.ts";
import { runGraph } from "./run.ts";

/** Odd and even sizes, strides that leave a rest, padding that differs on all four sides. */
const windows: readonly {
  readonly size: Pair;
  readonly window: Pair;
  readonly stride: Pair;
  readonly padding: Padding;
}[] = [
  { size: [5, 7], window: [3, 3], stride: [1, 1], padding: [0, 0, 0, 0] },
  { size: [5, 7], window: [3, 3], stride: [2, 2], padding: [1, 1, 1, 1] },
  { size: [6, 5], window: [3, 2], stride: [2, 1], padding: [1, 0, 2, 1] },
  { size: [7, 7], window: [1, 1], stride: [2, 2], padding: [0, 0, 0, 0] },
  { size: [4, 9], window: [2, 5], stride: [3, 2], padding: [0, 2, 1, 1] },
];

/** Elements by [batch, channel, row, column]; outside the picture, `outside`. */
function reader(x: Tensor, outside: number): (n: number, c: number, row: number, column: number) => number {
  const [, channels, height, width] = x.shape as [number, number, number, number];
  return (n, c, row, column) => {
    const inside = row >= 0 && row < height && column >= 0 && column < width;
    return inside ? Number(x.data[((n * channels + c) * height + row) * width + column]) : outside;
  };
}

/** All windows of a padded picture, row by row: their result by the position of their first element. */
function slide(
  x: Tensor,
  window: Pair,
  stride: Pair,
  padding: Padding,
  at: (row: number, column: number) => number,
): number[] {
  const [height, width] = x.shape.slice(2) as [number, number];
  const [top, left, bottom, right] = padding;
  const results: number[] = [];
  for (let row = -top; row + window[0] <= height + bottom; row += stride[0]) {
    for (let column = -left; column + window[1] <= width + right; column += stride[1]) results.push(at(row, column));
  }
  return results;
}

const each = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);

function naiveConv(x: Tensor, kernel: Tensor, bias: readonly number[], stride: Pair, padding: Padding): number[] {
  const [outputs, channels, height, width] = kernel.shape as [number, number, number, number];
  const pixel = reader(x, 0);
  const weight = reader(kernel, 0);
  return each(x.shape[0]!).flatMap((n) =>
    each(outputs).flatMap((output) =>
      slide(x, [height, width], stride, padding, (row, column) => {
        let sum = bias[output]!;
        for (const c of each(channels))
          for (const i of each(height))
            for (const j of each(width)) sum += pixel(n, c, row + i, column + j) * weight(output, c, i, j);
        return sum;
      }),
    ),
  );
}

function naiveMaxPool(x: Tensor, window: Pair, stride: Pair, padding: Padding): number[] {
  const pixel = reader(x, -Infinity);
  return each(x.shape[0]!).flatMap((n) =>
    each(x.shape[1]!).flatMap((c) =>
      slide(x, window, stride, padding, (row, column) =>
        Math.max(...each(window[0]).flatMap((i) => each(window[1]).map((j) => pixel(n, c, row + i, column + j)))),
      ),
    ),
  );
}

function naiveAveragePool(x: Tensor, window: Pair, stride: Pair, padding: Padding): number[] {
  const pixel = reader(x, Number.NaN);
  return each(x.shape[0]!).flatMap((n) =>
    each(x.shape[1]!).flatMap((c) =>
      slide(x, window, stride, padding, (row, column) => {
        const inside = each(window[0])
          .flatMap((i) => each(window[1]).map((j) => pixel(n, c, row + i, column + j)))
          .filter((value) => !Number.isNaN(value));
        return inside.reduce((sum, value) => sum + value, 0) / inside.length;
      }),
    ),
  );
}

const caseName = ({ size, window, stride, padding }: (typeof windows)[number]): string =>
  `${window.join("×")} over ${size.join("×")}, stride ${stride.join("×")}, padding ${padding.join(" ")}`;

describe.each(windows.map((one) => [caseName(one), one] as const))(
  "a window of %s",
  (_, { size, window, stride, padding }) => {
    const options: WindowOptions = { stride, padding };
    const pictures = drawn([2, 3, ...size], `pictures ${size.join()}`);

    it("convolves", async () => {
      const graph = new Graph();
      const kernel = drawn([4, 3, ...window], "kernel");
      const bias = drawn([4], "bias");
      const x = graph.input("x", ["batch", 3, ...size]);
      const y = conv(x, graph.constant(kernel), { ...options, bias: graph.constant(bias) });
      const found = (await runGraph(graph, { y }, { x: pictures }))["y"]!;
      expectClose(numbersOf(found), naiveConv(pictures, kernel, numbersOf(bias), stride, padding), 1e-5);
      expect(found.shape.slice(1)).toEqual(y.shape.slice(1));
    });

    it("convolves without bias", async () => {
      const graph = new Graph();
      const kernel = drawn([1, 3, ...window], "kernel");
      const y = conv(graph.input("x", [2, 3, ...size]), graph.constant(kernel), options);
      const found = (await runGraph(graph, { y }, { x: pictures }))["y"]!;
      expectClose(numbersOf(found), naiveConv(pictures, kernel, [0], stride, padding), 1e-5);
    });

    it("convolves each channel by itself, as a convolution with one group for each", async () => {
      const graph = new Graph();
      const kernel = drawn([3, 1, ...window], "depthwise kernel");
      const y = conv(graph.input("x", [2, 3, ...size]), graph.constant(kernel), { ...options, groups: 3 });
      const found = (await runGraph(graph, { y }, { x: pictures }))["y"]!;
      const area = window[0] * window[1];
      // The same as a full kernel with zeros between different channels.
      const full = each(9).flatMap((i) =>
        each(area).map((at) => (i % 4 === 0 ? numbersOf(kernel)[(i / 4) * area + at]! : 0)),
      );
      const wide = floats([3, 3, ...window], full);
      expectClose(numbersOf(found), naiveConv(pictures, wide, [0, 0, 0], stride, padding), 1e-5);
    });

    it("takes the mean, without the padding", async () => {
      const graph = new Graph();
      const y = averagePool(graph.input("x", [2, 3, ...size]), window, options);
      const found = (await runGraph(graph, { y }, { x: pictures }))["y"]!;
      expectClose(numbersOf(found), naiveAveragePool(pictures, window, stride, padding), 1e-5);
      expect(found.shape).toEqual(y.shape);
    });

    it("takes the largest", async () => {
      const graph = new Graph();
      // All negative, so that a padding of zeros would win.
      const negative = floats(
        pictures.shape,
        numbersOf(pictures).map((value) => value - 2),
      );
      const y = maxPool(graph.input("x", [2, 3, ...size]), window, options);
      const found = (await runGraph(graph, { y }, { x: negative }))["y"]!;
      expectClose(numbersOf(found), naiveMaxPool(negative, window, stride, padding), 0);
      expect(found.shape).toEqual(y.shape);
    });
  },
);

describe("batch normalisation", () => {
  it("is (x − mean) / √(variance + ε) · scale + shift, channel by channel", async () => {
    const graph = new Graph();
    const x = drawn([2, 3, 2, 3], "x", 4);
    const [scale, shift, mean] = ["scale", "shift", "mean"].map((name) => drawn([3], name)) as [Tensor, Tensor, Tensor];
    const variance = floats([3], [0.1, 1, 2.5]);
    const statistics = {
      scale: graph.constant(scale),
      shift: graph.constant(shift),
      mean: graph.constant(mean),
      variance: graph.constant(variance),
    };
    const y = batchNorm(graph.input("x", ["batch", 3, 2, 3]), statistics, 1e-3);
    const { y: found } = await runGraph(graph, { y }, { x });
    const expected = numbersOf(x).map((value, i) => {
      const c = Math.floor(i / 6) % 3;
      const [gamma, beta, mu, sigma2] = [scale, shift, mean, variance].map((statistic) => numbersOf(statistic)[c]!) as [
        number,
        number,
        number,
        number,
      ];
      return ((value - mu) / Math.sqrt(sigma2 + 1e-3)) * gamma + beta;
    });
    expectClose(numbersOf(found), expected, 1e-5);
  });
});
