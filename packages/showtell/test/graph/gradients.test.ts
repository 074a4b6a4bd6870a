// Every gradient rule against finite differences of its operator, both computed by the real engine in double precision.
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../src/base/random.ts";
import type { Tensor } from "../../src/base/tensor.ts";
import { sizeOf, tensor } from "../../src/base/tensor.ts";
import { gradients } from "../../src/graph/backward.ts";
import { gradientRules } from "../../src/graph/gradients.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { Value } from "../../src/graph/graph.ts";
import type { OperatorName } from "../../src/graph/operators.ts";
import * as a from "../../src/graph/operators/arithmetic.ts";
import * as i from "../../src/graph/operators/indexing.ts";
import * as m from "../../src/graph/operators/matrix.ts";
import * as r from "../../src/graph/operators/reduction.ts";
import * as s from "../../src/graph/operators/reshaping.ts";
import * as v from "../../src/graph/operators/vision.ts";
import { openSession } from "../../src/node/ort-session.ts";
import { exportModel } from "../../src/graph/export.ts";

interface Case {
  readonly shapes: readonly (readonly number[])[];
  /** Values are drawn uniformly from here; keep clear of poles and kinks. */
  readonly range?: readonly [number, number];
  readonly build: (...inputs: Value[]) => Value;
  /** Set for what the engine computes in single precision only; it is linear in each input, so that large steps are exact. */
  readonly single?: true;
}

const positive = [0.5, 2] as const;
const indices = (graph: Graph, shape: readonly number[], values: readonly bigint[]): Value =>
  graph.constant(tensor("int64", shape, BigInt64Array.from(values)));

/** A convolution over x [2, 3, …size] with a kernel [4, 3, …window], in single precision. */
function convolution(size: v.Pair, window: v.Pair, options: v.WindowOptions): Case {
  return {
    shapes: [[2, 3, ...size], [4, 3, ...window], [4]],
    single: true,
    build: (...inputs) => {
      const [x, kernel, bias] = inputs.map((value) => a.cast(value, "float32")) as [Value, Value, Value];
      return a.cast(v.conv(x, kernel, { ...options, bias }), "float64");
    },
  };
}

/** At least one case for each operator that has a rule; several where attributes or broadcasting change the rule. */
const cases: Partial<Record<OperatorName, readonly Case[]>> = {
  Add: [
    { shapes: [[2, 3], [3]], build: (x, y) => a.add(x, y) },
    {
      shapes: [
        [2, 1, 3],
        [4, 1],
      ],
      build: (x, y) => a.add(x, y),
    },
  ],
  Sub: [
    {
      shapes: [
        [2, 3],
        [2, 1],
      ],
      build: (x, y) => a.sub(x, y),
    },
  ],
  Mul: [
    { shapes: [[2, 3], []], build: (x, y) => a.mul(x, y) },
    { shapes: [[2, 3]], build: (x) => a.mul(x, x) },
  ],
  Div: [{ shapes: [[2, 3], [3]], range: positive, build: (x, y) => a.div(x, y) }],
  Neg: [{ shapes: [[3]], build: (x) => a.neg(x) }],
  Exp: [{ shapes: [[3]], build: (x) => a.exp(x) }],
  Log: [{ shapes: [[3]], range: positive, build: (x) => a.log(x) }],
  Sqrt: [{ shapes: [[3]], range: positive, build: (x) => a.sqrt(x) }],
  Tanh: [{ shapes: [[3]], build: (x) => a.tanh(x) }],
  Sigmoid: [{ shapes: [[3]], build: (x) => a.sigmoid(x) }],
  Relu: [
    { shapes: [[4]], range: positive, build: (x) => a.relu(x) },
    { shapes: [[4]], range: positive, build: (x) => a.relu(a.sub(x, 1.3)) },
  ],
  Clip: [{ shapes: [[6]], build: (x) => a.clip(x, -0.3, 0.4) }],
  Conv: [
    convolution([3, 5], [1, 1], {}),
    convolution([5, 4], [1, 1], { stride: [2, 2] }),
    convolution([3, 3], [1, 1], { padding: [1, 0, 0, 2] }),
    convolution([4, 5], [3, 3], { padding: [1, 1, 1, 1] }),
    convolution([5, 4], [3, 2], { padding: [2, 0, 1, 1] }),
    convolution([5, 7], [3, 3], { stride: [2, 2], padding: [1, 1, 1, 1] }),
    // Strides that leave a rest, so that the last row and column are not reached.
    convolution([6, 8], [3, 3], { stride: [2, 2], padding: [1, 0, 0, 1] }),
    convolution([7, 9], [2, 5], { stride: [3, 2], padding: [0, 2, 1, 1] }),
  ],
  Where: [
    {
      shapes: [[2, 3], [3]],
      build: (x, y) => a.where(x.graph.constant(tensor("bool", [2, 3], Uint8Array.of(1, 0, 0, 1, 1, 0))), x, y),
    },
  ],
  Cast: [{ shapes: [[3]], build: (x) => a.cast(a.cast(x, "float32"), "float64") }],
  Gemm: [false, true].flatMap((transposeA) =>
    [false, true].map((transposeB) => ({
      shapes: [transposeA ? [4, 2] : [2, 4], transposeB ? [3, 4] : [4, 3], [3]],
      build: (x: Value, y: Value, bias: Value) => m.gemm(x, y, { transposeA, transposeB, bias }),
    })),
  ),
  MatMul: [
    {
      shapes: [
        [2, 3, 4],
        [4, 5],
      ],
      build: (x, y) => m.matmul(x, y),
    },
    {
      shapes: [
        [2, 1, 3, 4],
        [2, 4, 2],
      ],
      build: (x, y) => m.matmul(x, y),
    },
  ],
  Transpose: [{ shapes: [[2, 3, 4]], build: (x) => m.transpose(x, [2, 0, 1]) }],
  Reshape: [{ shapes: [[2, 6]], build: (x) => s.reshape(x, [3, 4]) }],
  Concat: [
    {
      shapes: [
        [2, 3],
        [2, 1],
      ],
      build: (x, y) => s.concat([x, y, x], 1),
    },
  ],
  Split: [
    {
      shapes: [[2, 6]],
      build: (x) => {
        const [first, , third] = s.split(x, [1, 2, 3], 1);
        return a.mul(first!, third!);
      },
    },
  ],
  Slice: [
    { shapes: [[2, 5]], build: (x) => s.slice(x, 1, 1, 3) },
    { shapes: [[5]], build: (x) => s.slice(x, 0, 0, 2) },
  ],
  Expand: [{ shapes: [[2, 1]], build: (x) => s.expand(x, [3, 2, 4]) }],
  ReduceSum: [
    { shapes: [[2, 3, 4]], build: (x) => r.reduceSum(x, { axes: [0, -1] }) },
    { shapes: [[2, 3]], build: (x) => r.reduceSum(x, { axes: [1], keep: true }) },
  ],
  ReduceSumSquare: [{ shapes: [[2, 3]], build: (x) => r.reduceSumSquare(x, { axes: [1] }) }],
  ReduceMean: [{ shapes: [[2, 3, 4]], build: (x) => r.reduceMean(x, { axes: [1] }) }],
  ReduceMax: [{ shapes: [[3, 4]], build: (x) => r.reduceMax(x, { axes: [1] }) }],
  Softmax: [{ shapes: [[3, 4]], build: (x) => r.softmax(x) }],
  LogSoftmax: [
    { shapes: [[3, 4]], build: (x) => r.logSoftmax(x) },
    {
      shapes: [[3, 4]],
      build: (x) => i.gatherElements(r.logSoftmax(x), indices(x.graph, [3, 1], [2n, 0n, 3n]), 1),
    },
  ],
  Gather: [{ shapes: [[4, 3]], build: (x) => i.gather(x, indices(x.graph, [2, 3], [1n, 3n, 1n, 0n, 1n, 3n])) }],
  GatherElements: [
    { shapes: [[2, 3]], build: (x) => i.gatherElements(x, indices(x.graph, [2, 2], [1n, 1n, 0n, 2n]), 1) },
  ],
  ScatterElements: [
    {
      shapes: [
        [4, 2],
        [3, 2],
      ],
      build: (x, y) => i.scatterAdd(x, indices(x.graph, [3, 2], [1n, 1n, 0n, 2n, 1n, 3n]), y, 0),
    },
  ],
};

/** Largest relative error of the built gradients against central differences of a random projection of the output. */
async function gradientError({ shapes, range = [-1, 1], build, single }: Case): Promise<number> {
  const random = seededRandom(7, shapes.join(";"));
  const graph = new Graph();
  const inputs = shapes.map((shape, at) => graph.input(`x${at}`, shape, "float64"));
  const output = build(...inputs);
  const weights = graph.input("weights", output.shape, "float64");
  const loss = r.reduceSum(a.mul(output, weights));
  const wanted = gradients(loss, inputs);
  const outputs = { loss, ...Object.fromEntries(wanted.map((value, at) => [`d${at}`, value])) };
  const session = await openSession(exportModel(graph, outputs, { parameters: "inputs" }), { threads: 1 });

  const draw = (shape: readonly number[], low: number, high: number): Tensor<"float64"> =>
    tensor(
      "float64",
      shape,
      Float64Array.from({ length: sizeOf(shape) }, () => low + (high - low) * random.uniform()),
    );
  const feeds: Record<string, Tensor<"float64">> = Object.fromEntries(
    shapes.map((shape, at) => [`x${at}`, draw(shape, ...range)]),
  );
  feeds["weights"] = draw(output.shape as readonly number[], -1, 1);
  const built = await session.run(feeds);
  const lossAt = async (): Promise<number> => Number((await session.run(feeds))["loss"]!.data[0]);

  let worst = 0;
  for (let at = 0; at < shapes.length; at++) {
    const values = feeds[`x${at}`]!.data;
    for (let element = 0; element < values.length; element++) {
      const original = values[element]!;
      // Casts to single precision hide small steps; the operators under test are smooth on this scale.
      const step = single ? 0.5 : build.toString().includes("float32") ? 1e-2 : 1e-5;
      values[element] = original + step;
      const above = await lossAt();
      values[element] = original - step;
      const below = await lossAt();
      values[element] = original;
      const numeric = (above - below) / (2 * step);
      const analytic = Number(built[`d${at}`]!.data[element]);
      worst = Math.max(worst, Math.abs(numeric - analytic) / Math.max(1, Math.abs(numeric)));
    }
  }
  await session.dispose();
  return worst;
}

describe("gradients", () => {
  for (const name of Object.keys(gradientRules) as OperatorName[]) {
    if (gradientRules[name] === "none") continue;
    it(`${name} agrees with finite differences`, async () => {
      const listed = cases[name] ?? [];
      expect(listed, `no case for ${name}: add one`).not.toHaveLength(0);
      for (const one of listed) {
        expect(await gradientError(one)).toBeLessThan(
          one.single ? 1e-5 : one.build.toString().includes("float32") ? 1e-4 : 1e-8,
        );
      }
    });
  }
});
