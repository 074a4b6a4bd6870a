// Runs a graph through the real engine: for tests of graphs, layers and models.
import type { Tensor } from "../../src/base/tensor.ts";
import type { Tensors } from "../../src/engine/session.ts";
import { exportModel } from "../../src/graph/export.ts";
import type { Graph, Value } from "../../src/graph/graph.ts";
import { openSession } from "../../src/node/ort-session.ts";

/** Computes named outputs of a graph whose parameters are fed like inputs. */
export async function runGraph(
  graph: Graph,
  outputs: Readonly<Record<string, Value>>,
  feeds: Tensors,
): Promise<Record<string, Tensor>> {
  const session = await openSession(exportModel(graph, outputs, { parameters: "inputs" }), { threads: 1 });
  const fed = Object.fromEntries(session.inputNames.map((name) => [name, feeds[name]!]));
  const results = await session.run(fed);
  await session.dispose();
  return results;
}
