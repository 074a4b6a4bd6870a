// The closed table of operators: everything a graph can hold. Gradients and tests are driven by it.
import type { Operator } from "./graph.ts";
import * as arithmetic from "./operators/arithmetic.ts";
import * as indexing from "./operators/indexing.ts";
import * as matrix from "./operators/matrix.ts";
import * as quantisation from "./operators/quantisation.ts";
import * as reduction from "./operators/reduction.ts";
import * as reshaping from "./operators/reshaping.ts";
import * as vision from "./operators/vision.ts";

/** The name of an operator. */
export type OperatorName =
  | "Add"
  | "Sub"
  | "Mul"
  | "Div"
  | "Min"
  | "Greater"
  | "GreaterOrEqual"
  | "Neg"
  | "Exp"
  | "Log"
  | "Sqrt"
  | "Tanh"
  | "Sigmoid"
  | "Relu"
  | "Clip"
  | "Where"
  | "Cast"
  | "Gemm"
  | "MatMul"
  | "Transpose"
  | "Shape"
  | "Reshape"
  | "Concat"
  | "Split"
  | "Slice"
  | "Expand"
  | "ReduceSum"
  | "ReduceSumSquare"
  | "ReduceMean"
  | "ReduceMax"
  | "Softmax"
  | "LogSoftmax"
  | "Gather"
  | "GatherElements"
  | "ScatterElements"
  | "Conv"
  | "ConvTranspose"
  | "MaxPool"
  | "AveragePool"
  | "BatchNormalization"
  | "QuantizeLinear"
  | "DequantizeLinear";

export const operators: { readonly [Name in OperatorName]: Operator<Name> } = {
  Add: arithmetic.Add,
  Sub: arithmetic.Sub,
  Mul: arithmetic.Mul,
  Div: arithmetic.Div,
  Min: arithmetic.Min,
  Greater: arithmetic.Greater,
  GreaterOrEqual: arithmetic.GreaterOrEqual,
  Neg: arithmetic.Neg,
  Exp: arithmetic.Exp,
  Log: arithmetic.Log,
  Sqrt: arithmetic.Sqrt,
  Tanh: arithmetic.Tanh,
  Sigmoid: arithmetic.Sigmoid,
  Relu: arithmetic.Relu,
  Clip: arithmetic.Clip,
  Where: arithmetic.Where,
  Cast: arithmetic.Cast,
  Gemm: matrix.Gemm,
  MatMul: matrix.MatMul,
  Transpose: matrix.Transpose,
  Shape: reshaping.ShapeOf,
  Reshape: reshaping.Reshape,
  Concat: reshaping.Concat,
  Split: reshaping.Split,
  Slice: reshaping.Slice,
  Expand: reshaping.Expand,
  ReduceSum: reduction.ReduceSum,
  ReduceSumSquare: reduction.ReduceSumSquare,
  ReduceMean: reduction.ReduceMean,
  ReduceMax: reduction.ReduceMax,
  Softmax: reduction.Softmax,
  LogSoftmax: reduction.LogSoftmax,
  Gather: indexing.Gather,
  GatherElements: indexing.GatherElements,
  ScatterElements: indexing.ScatterElements,
  Conv: vision.Conv,
  ConvTranspose: vision.ConvTranspose,
  MaxPool: vision.MaxPool,
  AveragePool: vision.AveragePool,
  BatchNormalization: vision.BatchNormalization,
  QuantizeLinear: quantisation.QuantizeLinear,
  DequantizeLinear: quantisation.DequantizeLinear,
};
