// The session port's contract on Node, and what a session in place spares there.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { zeros } from "../../src/base/tensor.ts";
import { exportModel } from "../../src/graph/export.ts";
import { Graph } from "../../src/graph/graph.ts";
import { mul } from "../../src/graph/operators/arithmetic.ts";
import { isStop, notDone } from "../../src/node/in-place.ts";
import { openSession, sessionsWith } from "../../src/node/ort-session.ts";
import { sessionConformance } from "./session-conformance.ts";

sessionConformance("Node", openSession);

const size = 4_000_000;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

function doubled(): Uint8Array {
  const graph = new Graph();
  return exportModel(graph, { next: mul(graph.input("state", [size]), 2) }, { parameters: "inputs" });
}

test("a session in place makes no array for its outputs", async () => {
  const [state, next] = [zeros("float32", [size]), zeros("float32", [size])];
  const session = await openSession(doubled(), { threads: 1, inPlace: true });
  collectGarbage();
  const before = process.memoryUsage().arrayBuffers;
  await session.run({ state }, { next });
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(size);
  await session.dispose();
});

test("a session in place wants a place for each output", async () => {
  const session = await sessionsWith(1)(doubled(), { inPlace: true });
  await expect(session.run({ state: zeros("float32", [size]) })).rejects.toMatchObject({
    code: "ENGINE",
    message: expect.stringContaining('output "next" has no place') as string,
  });
  await session.dispose();
});

test("a failure is the one that is awaited only if the run was done before it", () => {
  const [failure, done] = [new Error("Non tensor type is temporarily not supported."), notDone()];
  expect(isStop(failure, done)).toBe(false);
  done.data[0] = 0n;
  expect(isStop(failure, done)).toBe(true);
  expect(isStop(new Error("out of memory"), done)).toBe(false);
});
