// From a graph to the bytes of an ONNX model. The only place where the graph language meets the file format.
import { ShowtellError } from "../base/errors.ts";
import { bytesOf } from "../base/tensor.ts";
import type { Tensor } from "../base/tensor.ts";
import type { OnnxAttribute, OnnxInitialiser, OnnxNode } from "../onnx/model.ts";
import { encodeModel } from "../onnx/model.ts";
import type { Graph, Node, Value } from "./graph.ts";
import { describe } from "./graph.ts";
import { neededBy } from "./needed.ts";

/** The contents of a parameter: a tensor, or a function that writes its bytes straight into the model's buffer. */
export type ParameterContent = Tensor | { write(target: Uint8Array): void };

/** What to do with parameters: `"inputs"` (fed at every run, for training) or their contents by name (stored in the model). */
export interface ExportOptions {
  readonly parameters: "inputs" | ((name: string) => ParameterContent);
  /** The model's name, for tools that show it. */
  readonly name?: string;
}

/** Operator-set version that the operators follow. */
const opset = 18;

function attributesOf(node: Node): Record<string, OnnxAttribute> {
  const entries = Object.entries(node.attributes).flatMap(([name, value]) => {
    const kind = node.operator.attributes[name];
    if (kind === undefined)
      throw new ShowtellError("INTERNAL", `${node.operator.name} declares no attribute "${name}"`);
    return kind === "unwritten" ? [] : [[name, { kind, value } as OnnxAttribute] as const];
  });
  return Object.fromEntries(entries);
}

function initialiser(name: string, value: Value, content: ParameterContent): OnnxInitialiser {
  const shape = value.shape as readonly number[];
  if (!("data" in content)) return { name, dtype: value.dtype, shape, write: (target) => content.write(target) };
  if (content.dtype !== value.dtype || content.shape.join() !== shape.join()) {
    throw new ShowtellError(
      "GRAPH_SHAPE",
      `parameter "${name}" is ${describe(value)}, but its tensor is ${describe(content)}`,
    );
  }
  return { name, dtype: value.dtype, shape, write: (target) => target.set(bytesOf(content)) };
}

/** The names of all values: inputs and parameters keep theirs, the others get one that no model is likely to use. */
function namesOf(values: Iterable<Value>): Map<Value, string> {
  const names = new Map<Value, string>();
  for (const value of values) {
    const { source } = value;
    names.set(value, source.kind === "input" || source.kind === "parameter" ? source.name : `%${value.id}`);
  }
  return names;
}

/** An ONNX name is given once: the same one for an input and an output makes a model that no engine loads. */
function checkOutputNames(outputs: readonly string[], names: ReadonlyMap<Value, string>): void {
  const taken = new Set(names.values());
  const twice = outputs.find((name) => taken.has(name));
  if (twice === undefined) return;
  throw new ShowtellError(
    "GRAPH_SHAPE",
    `output "${twice}" has the name of an input or parameter that it needs: give it another`,
  );
}

/**
 * The bytes of an ONNX model that computes the named outputs. Inputs that no output needs are left out.
 * @throws ShowtellError `GRAPH_SHAPE` if a parameter's contents do not fit, or an output has the name of an input.
 */
export function exportModel(
  graph: Graph,
  outputs: Readonly<Record<string, Value>>,
  options: ExportOptions,
): Uint8Array {
  const { nodes, values } = neededBy(Object.values(outputs));
  const fed = graph.inputs
    .concat(options.parameters === "inputs" ? graph.parameters : [])
    .filter((value) => values.has(value));
  const names = namesOf(values);
  checkOutputNames(Object.keys(outputs), names);
  // An output takes its name from the caller; one that is an input, or is wanted under two names, is a copy.
  const copies: OnnxNode[] = [];
  const claimed = new Set<Value>();
  for (const [name, value] of Object.entries(outputs)) {
    if (value.source.kind === "node" && !claimed.has(value)) names.set(value, name);
    else
      copies.push({
        operator: "Identity",
        name: `copy ${name}`,
        inputs: [names.get(value)!],
        outputs: [name],
        attributes: {},
      });
    claimed.add(value);
  }
  const nameOf = (value: Value): string => names.get(value)!;
  const initialisers = [...values].flatMap((value) => {
    const { source } = value;
    if (source.kind === "constant") return [initialiser(nameOf(value), value, source.tensor)];
    if (source.kind !== "parameter" || options.parameters === "inputs") return [];
    return [initialiser(source.name, value, options.parameters(source.name))];
  });
  return encodeModel({
    name: options.name ?? "graph",
    opset,
    nodes: [
      ...nodes.map((node) => ({
        operator: node.operator.name,
        name: `${node.operator.name} ${node.outputs[0]!.id}`,
        inputs: node.inputs.map(nameOf),
        outputs: node.outputs.map((value) => names.get(value) ?? `%${value.id}`),
        attributes: attributesOf(node),
      })),
      ...copies,
    ],
    initialisers,
    inputs: fed.map((value) => ({ name: nameOf(value), dtype: value.dtype, shape: value.shape })),
    outputs: Object.entries(outputs).map(([name, value]) => ({ name, dtype: value.dtype, shape: value.shape })),
  });
}
