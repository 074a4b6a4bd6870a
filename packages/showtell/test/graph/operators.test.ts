// Every operator of the table: what it computes in the real engine, with the type that was inferred, and which mistakes it finds.
import { describe, expect, it } from "vitest";
import type { Tensor } from "../../src/base/tensor.ts";
import { tensor } from "../../src/base/tensor.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { Value } from "../../src/graph/graph.ts";
import type { OperatorName } from "../../src/graph/operators.ts";
import { operators } from "../../src/graph/operators.ts";
import * as a from "../../src/graph/operators/arithmetic.ts";
import * as i from "../../src/graph/operators/indexing.ts";
import * as m from "../../src/graph/operators/matrix.ts";
import * as q from "../../src/graph/operators/quantisation.ts";
import * as r from "../../src/graph/operators/reduction.ts";
import * as s from "../../src/graph/operators/reshaping.ts";
import * as v from "../../src/graph/operators/vision.ts";
import { expectClose, floats, integers, numbersOf } from "../tensors.ts";
import { runGraph } from "./run.ts";

/** What an operator computes for an example, and calls it refuses with the text its message must contain. */
interface Specification {
  readonly example: (given: Given) => Value;
  readonly result: readonly number[];
  readonly refuses: readonly (readonly [call: (given: Given) => unknown, message: string])[];
}

/** Makes the inputs of a call: constants from their elements, inputs of a shape. */
interface Given {
  of(shape: readonly number[], elements: readonly number[]): Value;
  ints(shape: readonly number[], elements: readonly number[]): Value;
  bools(elements: readonly number[]): Value;
  shaped(...shape: readonly (number | string)[]): Value;
  double(...shape: readonly number[]): Value;
}

function givenFor(graph: Graph): Given {
  let count = 0;
  const constant = (content: Tensor): Value => graph.constant(content);
  return {
    of: (shape, elements) => constant(floats(shape, elements)),
    ints: (shape, elements) => constant(integers(elements, shape)),
    bools: (elements) => constant(tensor("bool", [elements.length], Uint8Array.from(elements))),
    shaped: (...shape) => graph.input(`x${count++}`, shape),
    double: (...shape) => graph.input(`x${count++}`, shape, "float64"),
  };
}

type Mistakes = Specification["refuses"];

function broadcasting(apply: (x: Value, y: Value) => Value): Mistakes {
  return [
    [(g) => apply(g.shaped(2, 3), g.shaped(2)), "(float32[2, 3], float32[2]): shapes do not broadcast"],
    [(g) => apply(g.shaped("batch", 3), g.shaped(2, 3)), "(float32[batch, 3], float32[2, 3]): shapes do not broadcast"],
    [(g) => apply(g.shaped(2), g.double(2)), "(float32[2], float64[2]): element types differ"],
  ];
}

function floating(apply: (x: Value) => Value): Mistakes {
  return [[(g) => apply(g.ints([2], [1, 2])), "(int64[2]): takes floating-point numbers only"]];
}

function reducing(apply: (x: Value, options: r.ReduceOptions) => Value): Mistakes {
  return [[(g) => apply(g.shaped(2, 3), { axes: [0, 2] }), "(float32[2, 3], int64[2]): there is no axis 0, 2"]];
}

const specifications: { readonly [Name in OperatorName]: Specification } = {
  Add: { example: (g) => a.add(g.of([2], [1, 2]), 10), result: [11, 12], refuses: broadcasting(a.add) },
  Sub: { example: (g) => a.sub(1, g.of([2], [1, 2])), result: [0, -1], refuses: broadcasting(a.sub) },
  Mul: {
    example: (g) => a.mul(g.of([2, 1], [1, 2]), g.of([2], [3, 4])),
    result: [3, 4, 6, 8],
    refuses: broadcasting(a.mul),
  },
  Div: { example: (g) => a.div(g.of([2], [1, 2]), 4), result: [0.25, 0.5], refuses: broadcasting(a.div) },
  Min: { example: (g) => a.minimum(g.of([3], [1, 2, 3]), 2), result: [1, 2, 2], refuses: broadcasting(a.minimum) },
  Greater: {
    example: (g) => a.greater(g.of([3], [1, 2, 3]), 2),
    result: [0, 0, 1],
    refuses: broadcasting(a.greater),
  },
  GreaterOrEqual: {
    example: (g) => a.greaterOrEqual(g.of([3], [1, 2, 3]), 2),
    result: [0, 1, 1],
    refuses: broadcasting(a.greaterOrEqual),
  },
  Neg: { example: (g) => a.neg(g.of([2], [1, -2])), result: [-1, 2], refuses: floating(a.neg) },
  Exp: { example: (g) => a.exp(g.of([2], [0, 1])), result: [1, Math.E], refuses: floating(a.exp) },
  Log: { example: (g) => a.log(g.of([2], [1, 2])), result: [0, Math.LN2], refuses: floating(a.log) },
  Sqrt: { example: (g) => a.sqrt(g.of([2], [4, 9])), result: [2, 3], refuses: floating(a.sqrt) },
  Tanh: { example: (g) => a.tanh(g.of([2], [0, 1])), result: [0, Math.tanh(1)], refuses: floating(a.tanh) },
  Sigmoid: {
    example: (g) => a.sigmoid(g.of([2], [0, Math.log(3)])),
    result: [0.5, 0.75],
    refuses: floating(a.sigmoid),
  },
  Clip: {
    example: (g) => a.clip(g.of([3], [-1, 2, 9]), 0, 6),
    result: [0, 2, 6],
    refuses: [
      [(g) => a.clip(g.ints([2], [1, 2]), 0, 6), "takes floating-point numbers only"],
      [
        (g) => {
          const x = g.shaped(2);
          x.graph.apply(operators.Clip, [x, x, x], {});
        },
        "bounds must be scalars",
      ],
    ],
  },
  Relu: { example: (g) => a.relu(g.of([3], [-1, 0, 2])), result: [0, 0, 2], refuses: floating(a.relu) },
  Where: {
    example: (g) => a.where(g.bools([1, 0]), g.of([2, 1], [1, 2]), 9),
    result: [1, 9, 2, 9],
    refuses: [
      [(g) => a.where(g.shaped(2), g.shaped(2), 0), "(float32[2], float32[2], float32[]): element types do not fit"],
      [(g) => a.where(g.bools([1, 0]), g.shaped(3), 0), "(bool[2], float32[3], float32[]): shapes do not broadcast"],
    ],
  },
  // Every type casts to every other, so there is nothing to refuse.
  Cast: { example: (g) => a.cast(g.of([3], [-1.5, 0, 2.5]), "int64"), result: [-1, 0, 2], refuses: [] },
  Gemm: {
    // [1 2; 3 4]ᵀ · [5 6; 7 8]ᵀ + [100; 200]
    example: (g) =>
      m.gemm(g.of([2, 2], [1, 2, 3, 4]), g.of([2, 2], [5, 6, 7, 8]), {
        transposeA: true,
        transposeB: true,
        bias: g.of([2, 1], [100, 200]),
      }),
    result: [123, 131, 234, 246],
    refuses: [
      [
        (g) => m.gemm(g.shaped(2, 3), g.shaped(2, 3)),
        "(float32[2, 3], float32[2, 3]): inner dimensions 3 and 2 differ",
      ],
      [(g) => m.gemm(g.shaped(2, 3), g.shaped(3, 4), { transposeB: true }), "inner dimensions 3 and 4 differ"],
      [(g) => m.gemm(g.shaped(2, 3, 4), g.shaped(4, 3)), "both factors must be matrices"],
      [(g) => m.gemm(g.shaped(2, 3), g.double(3, 4)), "element types differ"],
      [
        (g) => m.gemm(g.shaped(2, 3), g.shaped(3, 4), { bias: g.shaped(2) }),
        "(float32[2, 3], float32[3, 4], float32[2]): the third input does not broadcast to [2, 4]",
      ],
    ],
  },
  MatMul: {
    example: (g) => m.matmul(g.of([2, 1, 2], [1, 2, 3, 4]), g.of([2, 1], [5, 6])),
    result: [17, 39],
    refuses: [
      [(g) => m.matmul(g.shaped(2, 3), g.shaped(2, 3)), "inner dimensions 3 and 2 differ"],
      [(g) => m.matmul(g.shaped(3), g.shaped(3, 2)), "(float32[3], float32[3, 2]): both factors need at least two"],
      [(g) => m.matmul(g.shaped(2, 1, 3), g.shaped(4, 3, 1)), "leading dimensions do not broadcast"],
    ],
  },
  Transpose: {
    example: (g) => m.transpose(g.of([1, 2, 3], [1, 2, 3, 4, 5, 6]), [2, 0, 1]),
    result: [1, 4, 2, 5, 3, 6],
    refuses: [
      [(g) => m.transpose(g.shaped(2, 3), [0, 0]), "(float32[2, 3]): [0, 0] is no order of its axes"],
      [(g) => m.transpose(g.shaped(2, 3), [1, 0, 2]), "(float32[2, 3]): [1, 0, 2] is no order of its axes"],
    ],
  },
  Shape: {
    example: (g) => s.sizesOf(g.of([2, 3, 1], [1, 2, 3, 4, 5, 6]), 0, 2),
    result: [2, 3],
    refuses: [
      [(g) => s.sizesOf(g.shaped(2, 3), 1, 3), "(float32[2, 3]): it has no dimensions 1 … 2"],
      [(g) => s.sizesOf(g.shaped(2, 3), 1, 1), "it has no dimensions 1 … 0"],
    ],
  },
  Reshape: {
    example: (g) => s.reshape(g.of([2, 3], [1, 2, 3, 4, 5, 6]), [3, 2]),
    result: [1, 2, 3, 4, 5, 6],
    refuses: [
      [(g) => s.reshape(g.shaped(2, 3), [4, 2]), "cannot reshape to [4, 2]: the number of elements differs"],
      [
        (g) => s.reshape(g.shaped("rows", 6), ["rows", 4]),
        "cannot reshape to [rows, 4]: the number of elements differs",
      ],
      [(g) => s.reshape(g.shaped("rows", 6), [2, 3]), 'cannot reshape to [2, 3]: the size of "rows" is not known'],
      [(g) => s.reshape(g.shaped("rows", 6), ["rows", "columns"]), "more than one name"],
    ],
  },
  Concat: {
    example: (g) => s.concat([g.of([2, 1], [1, 2]), g.of([2, 2], [3, 4, 5, 6])], -1),
    result: [1, 3, 4, 2, 5, 6],
    refuses: [
      [
        (g) => s.concat([g.shaped(2, 3), g.shaped(3, 3)], 1),
        "(float32[2, 3], float32[3, 3]): cannot be joined along axis 1",
      ],
      [(g) => s.concat([g.shaped(2, 3), g.shaped(2, 3)], 2), "cannot be joined along axis 2"],
      [(g) => s.concat([g.shaped("rows", 3), g.shaped("rows", 4)], 0), "cannot be joined along axis 0"],
      [(g) => s.concat([g.shaped(2), g.double(2)], 0), "cannot be joined along axis 0"],
    ],
  },
  Split: {
    example: (g) => s.split(g.of([3], [1, 2, 3]), [1, 2], 0)[1]!,
    result: [2, 3],
    refuses: [
      [(g) => s.split(g.shaped(2, 3), [1, 3], 1), "parts of 1 + 3 along axis 1 do not make 3"],
      [(g) => s.split(g.shaped(2, 3), [4], 1), "parts of 4 along axis 1 do not make 3"],
    ],
  },
  Slice: {
    example: (g) => s.slice(g.of([2, 3], [1, 2, 3, 4, 5, 6]), 1, 1, 3),
    result: [2, 3, 5, 6],
    refuses: [
      [(g) => s.slice(g.shaped(2, 3), 1, 1, 4), "1 … 4 along axis 1 is outside its dimension 3"],
      [(g) => s.slice(g.shaped(2, 3), 1, -1, 2), "-1 … 2 along axis 1 is outside its dimension 3"],
      [(g) => s.slice(g.shaped("rows", 3), 0, 0, 1), "0 … 1 along axis 0 is outside its dimension rows"],
    ],
  },
  Expand: {
    example: (g) => s.expand(g.of([2, 1], [1, 2]), [2, 2, 2]),
    result: [1, 1, 2, 2, 1, 1, 2, 2],
    refuses: [
      [(g) => s.repeatedPerImage(g.shaped(2, 3), g.shaped("images", 5)), "cannot expand to [images, 3]"],
      [(g) => s.expand(g.shaped(2, 3), [2, 4]), "(float32[2, 3], int64[2]): cannot expand to [2, 4]"],
      [(g) => s.expand(g.shaped(2, 3), [1, 3]), "cannot expand to [1, 3]"],
    ],
  },
  ReduceSum: {
    example: (g) => r.reduceSum(g.of([2, 2], [1, 2, 3, 4]), { axes: [0] }),
    result: [4, 6],
    refuses: reducing(r.reduceSum),
  },
  ReduceSumSquare: {
    example: (g) => r.reduceSumSquare(g.of([2, 2], [1, 2, 3, 4])),
    result: [30],
    refuses: reducing(r.reduceSumSquare),
  },
  ReduceMean: {
    example: (g) => r.reduceMean(g.of([2, 2], [1, 2, 3, 4]), { axes: [-1], keep: true }),
    result: [1.5, 3.5],
    refuses: reducing(r.reduceMean),
  },
  ReduceMax: {
    example: (g) => r.reduceMax(g.of([2, 2], [1, 2, 4, 3]), { axes: [1] }),
    result: [2, 4],
    refuses: reducing(r.reduceMax),
  },
  Softmax: {
    example: (g) => r.softmax(g.of([2, 2], [0, 0, 0, Math.log(3)])),
    result: [0.5, 0.5, 0.25, 0.75],
    refuses: [...floating(r.softmax), [(g) => r.softmax(g.shaped()), "(float32[]): a scalar has no axis"]],
  },
  LogSoftmax: {
    example: (g) => r.logSoftmax(g.of([2, 2], [0, 0, 0, Math.log(3)])),
    result: [0.5, 0.5, 0.25, 0.75].map(Math.log),
    refuses: floating(r.logSoftmax),
  },
  Gather: {
    example: (g) => i.gather(g.of([3, 2], [1, 2, 3, 4, 5, 6]), g.ints([2], [2, 0])),
    result: [5, 6, 1, 2],
    refuses: [
      [(g) => i.gather(g.shaped(3, 2), g.shaped(2)), "(float32[3, 2], float32[2]): indices must be int64"],
      [(g) => i.gather(g.shaped(), g.ints([1], [0])), "a scalar has no rows to pick"],
    ],
  },
  GatherElements: {
    example: (g) => i.gatherElements(g.of([2, 3], [1, 2, 3, 4, 5, 6]), g.ints([2, 1], [2, 0]), 1),
    result: [3, 4],
    refuses: [
      [(g) => i.gatherElements(g.shaped(2, 3), g.ints([1, 1], [0]), 1), "differ in shape along axis 1 only"],
      [(g) => i.gatherElements(g.shaped(2, 3), g.shaped(2, 1), 1), "indices must be int64"],
      [(g) => i.gatherElements(g.shaped(1, 1), g.ints([1, 1], [0]), 2), "along axis 2 only"],
    ],
  },
  ScatterElements: {
    example: (g) => i.scatterAdd(g.of([2], [10, 20]), g.ints([3], [1, 0, 1]), g.of([3], [1, 2, 3]), 0),
    result: [12, 24],
    refuses: [
      [(g) => i.scatterAdd(g.shaped(2), g.ints([3], [1, 0, 1]), g.shaped(2), 0), "do not fit along axis 0"],
      [(g) => i.scatterAdd(g.shaped(2), g.ints([2], [1, 0]), g.double(2), 0), "do not fit along axis 0"],
      [(g) => i.scatterAdd(g.shaped(2), g.ints([2], [1, 0]), g.shaped(2), 1), "do not fit along axis 1"],
    ],
  },
  Conv: {
    example: (g) => v.conv(g.of([1, 1, 2, 2], [1, 2, 3, 4]), g.of([1, 1, 1, 2], [10, 1])),
    result: [12, 34],
    refuses: [
      [(g) => v.conv(g.shaped(1, 2, 5, 5), g.shaped(4, 3, 1, 1)), "the kernel takes 3 channels, the input has 2"],
      [
        (g) => v.conv(g.shaped(1, 3, 5, 5), g.shaped(4, 1, 1, 1), { groups: 3 }),
        "4 outputs can't be shared among 3 groups",
      ],
      [(g) => v.conv(g.shaped(1, 4, 5, 5), g.shaped(4, 4, 1, 1), { groups: 2 }), "the kernel takes 8 channels"],
      [(g) => v.conv(g.shaped(2, 5, 5), g.shaped(4, 2, 1, 1)), "input and kernel need four dimensions"],
      [(g) => v.conv(g.shaped(1, 2, 5, 5), g.shaped(4, 2, 1, 1), { bias: g.shaped(2) }), "the bias must be [4]"],
      [(g) => v.conv(g.shaped(1, 2, 2, 5), g.shaped(4, 2, 3, 3)), "a 3×3 window does not fit"],
      [(g) => v.conv(g.shaped(1, 2, "rows", 5), g.shaped(4, 2, 3, 3)), "does not fit the (fixed) height and width"],
      [(g) => v.conv(g.shaped(1, 2, 5, 5), g.double(4, 2, 1, 1)), "element types differ"],
    ],
  },
  ConvTranspose: {
    example: (g) =>
      v.convTranspose(g.of([1, 1, 1, 2], [1, 2]), g.of([1, 1, 1, 2], [10, 1]), { stride: [1, 2], extra: [0, 1] }),
    result: [10, 1, 20, 2, 0],
    refuses: [
      [
        (g) => v.convTranspose(g.shaped(1, 2, 5, 5), g.shaped(3, 4, 1, 1), { extra: [0, 0] }),
        "the kernel takes 3 channels, the input has 2",
      ],
      [
        (g) => v.convTranspose(g.shaped(2, 5, 5), g.shaped(2, 4, 1, 1), { extra: [0, 0] }),
        "input and kernel need four dimensions",
      ],
      [
        (g) => v.convTranspose(g.shaped(1, 2, 1, 1), g.shaped(2, 4, 1, 1), { padding: [1, 0, 0, 0], extra: [0, 0] }),
        "nothing is left",
      ],
      [
        (g) => v.convTranspose(g.shaped(1, 2, "rows", 1), g.shaped(2, 4, 1, 1), { extra: [0, 0] }),
        "nothing is left of the (fixed)",
      ],
    ],
  },
  AveragePool: {
    example: (g) => v.averagePool(g.of([1, 1, 2, 2], [1, 4, 3, 2]), [1, 2], { padding: [0, 1, 0, 0] }),
    result: [1, 2.5, 3, 2.5],
    refuses: [
      [(g) => v.averagePool(g.shaped(2, 5, 5), [2, 2]), "(float32[2, 5, 5]): the input needs four dimensions"],
      [(g) => v.averagePool(g.shaped(1, 2, 2, 2), [3, 3]), "a 3×3 window does not fit"],
    ],
  },
  MaxPool: {
    example: (g) => v.maxPool(g.of([1, 1, 2, 2], [1, 4, 3, 2]), [1, 2]),
    result: [4, 3],
    refuses: [
      [(g) => v.maxPool(g.shaped(2, 5, 5), [2, 2]), "(float32[2, 5, 5]): the input needs four dimensions"],
      [(g) => v.maxPool(g.shaped(1, 2, 2, 2), [3, 3]), "a 3×3 window does not fit"],
    ],
  },
  BatchNormalization: {
    example: (g) => {
      const [scale, shift, mean, variance] = [2, 100, 5, 4].map((x) => g.of([1], [x])) as [Value, Value, Value, Value];
      return v.batchNorm(g.of([1, 1, 1, 2], [7, 9]), { scale, shift, mean, variance }, 0);
    },
    result: [102, 104],
    refuses: [
      [
        (g) => {
          const [three, two] = [g.shaped(3), g.shaped(2)];
          v.batchNorm(g.shaped(1, 3, 4, 4), { scale: three, shift: three, mean: two, variance: three }, 1e-3);
        },
        "scale, shift, mean and variance must be [3]",
      ],
    ],
  },
  QuantizeLinear: {
    // Levels 0.5 apart from −1 on.
    example: (g) => q.nearestLevels(g.of([6], [-9, -0.8, 0, 0.3, 2.75, 1000]), { scale: 0.5, zero: 2 }),
    result: [0, 0, 2, 3, 8, 255],
    refuses: [
      [(g) => q.roundedTo(g.ints([2], [1, 2]), { scale: 1, zero: 0 }), "takes floating-point numbers only"],
      [
        (g) => {
          const x = g.shaped(2);
          x.graph.apply(operators.QuantizeLinear, [x, x, x], {});
        },
        "scale and zero must be scalars",
      ],
    ],
  },
  DequantizeLinear: {
    example: (g) =>
      q.widened(g.shaped(1).graph, {
        quantised: tensor("int8", [2, 2], Int8Array.of(1, -2, 3, 64)),
        scale: floats([2], [0.5, 10]),
      }),
    result: [0.5, -1, 30, 640],
    refuses: [
      [
        (g) =>
          q.widened(g.shaped(1).graph, {
            quantised: tensor("int8", [2, 2], new Int8Array(4)),
            scale: floats([3], [1, 1, 1]),
          }),
        "there must be one scale, or one for each channel",
      ],
      [
        (g) => q.widened(g.shaped(1).graph, { quantised: floats([2], [1, 2]) as never, scale: floats([2], [1, 1]) }),
        "takes 8-bit integers, or int32",
      ],
      [
        (g) => {
          const [bytes, scale] = [tensor("int8", [1], Int8Array.of(1)), floats([], [1])];
          const { graph } = g.shaped(1);
          const zero = graph.constant(tensor("uint8", [], Uint8Array.of(1)));
          graph.apply(operators.DequantizeLinear, [graph.constant(bytes), graph.constant(scale), zero], { axis: 0 });
        },
        "the zero must be of the type of what is widened",
      ],
    ],
  },
};

describe.each(Object.keys(operators) as OperatorName[])("%s", (name) => {
  const { example, result, refuses } = specifications[name];

  it("computes its example, with the type and shape that were inferred", async () => {
    const graph = new Graph();
    const value = example(givenFor(graph));
    expect(value.source).toMatchObject({ kind: "node", node: { operator: { name } } });
    const { found } = await runGraph(graph, { found: value }, {});
    expectClose(numbersOf(found), result, 1e-6);
    expect([found!.dtype, found!.shape]).toEqual([value.dtype, value.shape]);
  });

  it("names itself, its inputs and the reason when they do not fit", () => {
    for (const [call, message] of refuses) {
      const thrown = thrownBy(() => call(givenFor(new Graph())));
      expect(thrown).toMatchObject({ code: "GRAPH_SHAPE" });
      expect(thrown.message).toMatch(new RegExp(`^${name}\\((?:(?:float|u?int|bool)\\w*\\[[^\\]]*\\](?:, )?)+\\): `));
      expect(thrown.message).toContain(message);
    }
  });
});

function thrownBy(call: () => unknown): Error {
  try {
    call();
  } catch (thrown) {
    return thrown as Error;
  }
  throw new Error("nothing was refused");
}
