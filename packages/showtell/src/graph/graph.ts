// The graph language's core: graphs, values, nodes and how an operator is applied. Knows no operator and no file format.
import { ShowtellError } from "../base/errors.ts";
import type { DType, Tensor } from "../base/tensor.ts";
import { bytesOf, tensor } from "../base/tensor.ts";

/** A dimension: its size, or (inference only) the name of one that may differ from run to run, such as `"batch"`. */
export type Dim = number | string;

/** The dimensions of a value, outermost first. */
export type Shape = readonly Dim[];

/** Element type and shape of a value. */
export interface ValueType {
  readonly dtype: DType;
  readonly shape: Shape;
}

/** Where a value comes from. */
export type Source =
  | { readonly kind: "input"; readonly name: string }
  | { readonly kind: "parameter"; readonly name: string }
  | { readonly kind: "constant"; readonly tensor: Tensor }
  | { readonly kind: "node"; readonly node: Node; readonly output: number };

/** A tensor that a graph will compute: an edge of the graph. */
export interface Value extends ValueType {
  readonly graph: Graph;
  /** Counts up in order of creation, so that inputs of a node have smaller ids than its outputs. */
  readonly id: number;
  readonly source: Source;
}

/** How an attribute is written to a file; an `"unwritten"` one serves shape inference only. */
export type AttributeKind = "int" | "float" | "text" | "ints" | "unwritten";
/** An attribute's value. */
export type AttributeValue = number | string | readonly Dim[];
/** Attributes by ONNX's names. */
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** An operator: its ONNX name, the attributes it takes, and its shape inference, which is where mistakes are found. */
export interface Operator<Name extends string = string> {
  readonly name: Name;
  readonly attributes: Readonly<Record<string, AttributeKind>>;
  /** Types of the outputs; throws GRAPH_SHAPE (through {@link shapeError}) when the inputs do not fit. */
  infer(inputs: readonly Value[], attributes: Attributes): readonly ValueType[];
}

/** An operator applied to values. */
export interface Node {
  readonly operator: Operator;
  readonly attributes: Attributes;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
}

/** A value, or a number that stands for a scalar constant of the other operand's type. */
export type Operand = Value | number;

/** A graph under construction. Operators with equal inputs and attributes are built once (all operators are pure). */
export class Graph {
  readonly inputs: Value[] = [];
  readonly parameters: Value[] = [];
  #count = 0;
  readonly #names = new Set<string>();
  readonly #known = new Map<string, readonly Value[]>();

  /** Declares a tensor that is fed at every run. */
  input(name: string, shape: Shape, dtype: DType = "float32"): Value {
    const value = this.#value({ dtype, shape }, { kind: "input", name: this.#claim(name) });
    this.inputs.push(value);
    return value;
  }

  /** Declares a trained tensor; the export decides whether it is fed (training) or stored in the model (inference). */
  parameter(name: string, shape: readonly number[], dtype: DType = "float32"): Value {
    const value = this.#value({ dtype, shape }, { kind: "parameter", name: this.#claim(name) });
    this.parameters.push(value);
    return value;
  }

  /** A tensor known when the graph is built. Small equal constants are shared. */
  constant(content: Tensor): Value {
    const make = (): readonly Value[] => [this.#value(content, { kind: "constant", tensor: content })];
    if (content.data.length > 64) return make()[0]!;
    const key = `${content.dtype}[${content.shape.join()}]${bytesOf(content).join()}`;
    return this.#once(key, make)[0]!;
  }

  /** A scalar constant. */
  scalar(value: number, dtype: DType = "float32"): Value {
    if (dtype === "float32") return this.constant(tensor(dtype, [], Float32Array.of(value)));
    if (dtype === "float64") return this.constant(tensor(dtype, [], Float64Array.of(value)));
    if (dtype === "int64") return this.constant(tensor(dtype, [], BigInt64Array.of(BigInt(value))));
    throw new ShowtellError("GRAPH_SHAPE", `a number cannot stand for a ${dtype} scalar; make the constant explicitly`);
  }

  /** One-dimensional int64 constant, which is how ONNX wants shapes and axes. */
  ints(values: readonly number[]): Value {
    return this.constant(tensor("int64", [values.length], BigInt64Array.from(values, BigInt)));
  }

  /** Applies an operator; use the functions of `operators/` instead of calling this. */
  apply(operator: Operator, inputs: readonly Value[], attributes: Attributes): readonly Value[] {
    const stranger = inputs.find((value) => value.graph !== this);
    if (stranger !== undefined) throw shapeError(operator, inputs, "its inputs belong to different graphs");
    const key = `${operator.name}(${inputs.map((value) => value.id).join()})${JSON.stringify(attributes)}`;
    return this.#once(key, () => {
      const types = operator.infer(inputs, attributes);
      const outputs: Value[] = [];
      const node: Node = { operator, attributes, inputs, outputs };
      types.forEach((type, output) => outputs.push(this.#value(type, { kind: "node", node, output })));
      return outputs;
    });
  }

  #once(key: string, make: () => readonly Value[]): readonly Value[] {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const made = make();
    this.#known.set(key, made);
    return made;
  }

  #claim(name: string): string {
    if (this.#names.has(name))
      throw new ShowtellError("GRAPH_SHAPE", `the graph already has an input or parameter "${name}"`);
    this.#names.add(name);
    return name;
  }

  #value(type: ValueType, source: Source): Value {
    return { graph: this, id: this.#count++, dtype: type.dtype, shape: type.shape, source };
  }
}

/** Applies an operator with one output. */
export function applyOne(operator: Operator, inputs: readonly Value[], attributes: Attributes = {}): Value {
  return inputs[0]!.graph.apply(operator, inputs, attributes)[0]!;
}

/** The graph of the first value among operands. */
export function asValues(operands: readonly Operand[]): readonly Value[] {
  const first = operands.find((operand) => typeof operand !== "number");
  if (first === undefined)
    throw new ShowtellError("GRAPH_SHAPE", "an operator needs at least one value; compute numbers outside the graph");
  return operands.map((operand) => (typeof operand === "number" ? first.graph.scalar(operand, first.dtype) : operand));
}

/** A type for messages: `float32[batch, 512]`. */
export function describe(type: ValueType): string {
  return `${type.dtype}[${type.shape.join(", ")}]`;
}

/** An operator with its inputs, for messages: `Add(float32[2], float32[3])`. */
export function describeCall(operator: Operator, inputs: readonly ValueType[]): string {
  return `${operator.name}(${inputs.map(describe).join(", ")})`;
}

/** Throws a shape error unless all inputs have one floating-point type. */
export function checkFloating(operator: Operator, inputs: readonly ValueType[]): void {
  const { dtype } = inputs[0]!;
  if (!dtype.startsWith("float")) throw shapeError(operator, inputs, "takes floating-point numbers only");
  if (inputs.some((input) => input.dtype !== dtype)) throw shapeError(operator, inputs, "element types differ");
}

/** The error for inputs that do not fit an operator. */
export function shapeError(operator: Operator, inputs: readonly ValueType[], reason: string): ShowtellError {
  return new ShowtellError("GRAPH_SHAPE", `${describeCall(operator, inputs)}: ${reason}`);
}
