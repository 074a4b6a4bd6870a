// Blocks in the drawings of models, and their lines of text.
import { sizeOf } from "../base/tensor.ts";
import type { ParameterSpecs } from "../nn/parameters.ts";
import type { Block } from "../plot/architecture.ts";

/** The number of elements of tensors of some shapes, in words. */
export function countLine(shapes: readonly (readonly number[])[]): string {
  const count = shapes.reduce((sum, shape) => sum + sizeOf(shape), 0);
  if (count < 1e3) return `${count} parameters`;
  return count < 1e6 ? `${Math.round(count / 1e3)} k parameters` : `${(count / 1e6).toFixed(1)} M parameters`;
}

/** How many parameters there are whose names begin with `prefix`, in words. */
export function parameterLine(specs: ParameterSpecs, prefix = ""): string {
  return countLine(Object.entries(specs).flatMap(([name, { shape }]) => (name.startsWith(prefix) ? [shape] : [])));
}

/** A block of a model that is trained, its last line the number of parameters whose names begin with its own. */
export function trainedBlock(specs: ParameterSpecs, id: string, title: string, lines: readonly string[]): Block {
  return { id, title, lines: [...lines, parameterLine(specs, `${id}.`)], kind: "trained" };
}
