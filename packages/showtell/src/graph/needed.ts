// Which nodes and values some values depend on. Shared by differentiation and export.
import type { Node, Value } from "./graph.ts";

/** What the given values need, themselves included; nodes come in an order in which each follows its inputs. */
export function neededBy(results: readonly Value[]): {
  readonly nodes: readonly Node[];
  readonly values: ReadonlySet<Value>;
} {
  const nodes = new Set<Node>();
  const values = new Set<Value>();
  // An explicit stack, because unrolled graphs are too deep for recursion; ids give the order.
  const stack = [...results];
  while (stack.length > 0) {
    const value = stack.pop()!;
    if (values.has(value)) continue;
    values.add(value);
    if (value.source.kind !== "node") continue;
    nodes.add(value.source.node);
    stack.push(...value.source.node.inputs);
  }
  return { nodes: [...nodes].sort((a, b) => a.outputs[0]!.id - b.outputs[0]!.id), values };
}
