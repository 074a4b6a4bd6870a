// The ONNX file format (onnx.proto, IR version 10) as plain types, and their encoding. Knows nothing of the graph language.
import type { DType } from "../base/tensor.ts";
import { sizeOf, bytesPerElement } from "../base/tensor.ts";
import type { Part } from "./wire.ts";
import { encode, floatField, intField, message, partField, textField } from "./wire.ts";

/** A node's attribute; the kind tells ONNX the type (1 may be an int or a float). */
export type OnnxAttribute =
  | { readonly kind: "int"; readonly value: number }
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "ints"; readonly value: readonly number[] };

/** An operator applied to named values; an empty input name is an optional input left out. */
export interface OnnxNode {
  readonly operator: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

/** An input or output with its type; a named dimension may have any size. */
export interface OnnxValue {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly (number | string)[];
}

/** A constant whose bytes (little-endian, row-major) are written straight into the file's buffer. */
export interface OnnxInitialiser {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  write(target: Uint8Array): void;
}

/** A whole model. */
export interface OnnxModel {
  readonly name: string;
  readonly opset: number;
  readonly nodes: readonly OnnxNode[];
  readonly initialisers: readonly OnnxInitialiser[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
}

/** TensorProto.DataType. */
const dataTypes: Readonly<Record<DType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
};

/** AttributeProto: name 1, then the value's field, then type 20 (AttributeProto.AttributeType). */
const attributeEncoders: {
  readonly [K in OnnxAttribute["kind"]]: (value: Extract<OnnxAttribute, { kind: K }>["value"]) => readonly Part[];
} = {
  int: (value) => [intField(3, value), intField(20, 2)],
  float: (value) => [floatField(2, value), intField(20, 1)],
  text: (value) => [textField(4, value), intField(20, 3)],
  ints: (value) => [...value.map((item) => intField(8, item)), intField(20, 7)],
};

function encodeAttribute(name: string, attribute: OnnxAttribute): Part {
  const encoder = attributeEncoders[attribute.kind] as (value: OnnxAttribute["value"]) => readonly Part[];
  return partField(5, message(textField(1, name), encoder(attribute.value)));
}

/** A node, as a field of a graph. */
export function encodeNode(node: OnnxNode): Part {
  return partField(
    1,
    message(
      node.inputs.map((name) => textField(1, name)),
      node.outputs.map((name) => textField(2, name)),
      textField(3, node.name),
      textField(4, node.operator),
      Object.entries(node.attributes).map(([name, attribute]) => encodeAttribute(name, attribute)),
    ),
  );
}

function encodeInitialiser(initialiser: OnnxInitialiser): Part {
  const size = sizeOf(initialiser.shape) * bytesPerElement(initialiser.dtype);
  return partField(
    5,
    message(
      initialiser.shape.map((dimension) => intField(1, dimension)),
      intField(2, dataTypes[initialiser.dtype]),
      textField(8, initialiser.name),
      partField(9, { size, write: (target) => initialiser.write(target) }),
    ),
  );
}

/** An input (field 11) or an output (12) of a graph. */
export function encodeValue(field: 11 | 12, value: OnnxValue): Part {
  const dimensions = value.shape.map((dimension) =>
    partField(1, typeof dimension === "number" ? intField(1, dimension) : textField(2, dimension)),
  );
  const tensorType = message(intField(1, dataTypes[value.dtype]), partField(2, message(dimensions)));
  return partField(field, message(textField(1, value.name), partField(2, message(partField(1, tensorType)))));
}

/** The bytes of an `.onnx` file. */
export function encodeModel(model: OnnxModel): Uint8Array {
  const graph = message(
    model.nodes.map(encodeNode),
    textField(2, model.name),
    model.initialisers.map(encodeInitialiser),
    model.inputs.map((value) => encodeValue(11, value)),
    model.outputs.map((value) => encodeValue(12, value)),
  );
  const opset = message(textField(1, ""), intField(2, model.opset));
  return encode(message(intField(1, 10), textField(2, "showtell"), partField(7, graph), partField(8, opset)));
}
