// How fast a matrix product can be on this machine, in showtell's engine and in PyTorch: the ceiling of training, which is mostly that.
// Usage: node bench/training/gemm.mjs [--threads N] [--python PATH]   (the Python of bench/training/run.mjs)
import { parseArgs } from "node:util";
import { setup } from "../../scripts/setup.mjs";
import { describeMachine } from "../machine.mjs";
import { pythonWith, run } from "../python.mjs";
import { usage } from "../usage.mjs";

usage(import.meta.url);
setup();
const dist = "../../packages/showtell/dist";
const { tensor } = await import(`${dist}/base/tensor.js`);
const { exportModel } = await import(`${dist}/graph/export.js`);
const { Graph } = await import(`${dist}/graph/graph.js`);
const { gemm } = await import(`${dist}/graph/operators/matrix.js`);
const { slice } = await import(`${dist}/graph/operators/reshaping.js`);
const { openSession } = await import(`${dist}/node/ort-session.js`);
const { defaultThreads } = await import(`${dist}/node/threads.js`);

const { values } = parseArgs({
  options: { threads: { type: "string", default: String(defaultThreads()) }, python: { type: "string" } },
});
const threads = Number(values.threads);
const python = values.python ?? pythonWith("bench-training", ["torch==2.13.0", "numpy"]);

/** [m, k, n] of the products in a step of Show and Tell, batch 256: logits, gates of all inputs, gates of one state, two weight gradients. */
const products = [
  [3072, 512, 2560],
  [3072, 300, 2048],
  [256, 512, 2048],
  [512, 3072, 2560],
  [512, 3072, 2048],
];
const rounds = 3;
const workPerRound = 2e10;

const torch = `
import json, sys, time, torch
torch.set_num_threads(${threads})
for m, k, n in json.loads(sys.argv[1]):
    a, b, c = torch.rand(m, k), torch.rand(k, n), torch.empty(m, n)
    torch.mm(a, b, out=c)
    count = max(2, int(${workPerRound} / (2 * m * k * n)))
    started = time.perf_counter()
    for _ in range(count): torch.mm(a, b, out=c)
    print(2 * m * k * n * count / (time.perf_counter() - started) / 1e9)
`;

function drawn(rows, columns) {
  return tensor("float32", [rows, columns], Float32Array.from({ length: rows * columns }, Math.random));
}

async function engineSpeed([m, k, n]) {
  const graph = new Graph();
  const product = gemm(graph.input("a", [m, k]), graph.input("b", [k, n]));
  // The whole product stays in the engine, as in a step: handing it out copies it, which takes as long for large ones.
  const outputs = { row: slice(product, 0, 0, 1) };
  const session = await openSession(exportModel(graph, outputs, { parameters: "inputs" }), { threads });
  const feeds = { a: drawn(m, k), b: drawn(k, n) };
  await session.run(feeds);
  const count = Math.max(2, Math.floor(workPerRound / (2 * m * k * n)));
  const started = performance.now();
  for (let i = 0; i < count; i++) await session.run(feeds);
  const seconds = (performance.now() - started) / 1000;
  await session.dispose();
  return (2 * m * k * n * count) / seconds / 1e9;
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

console.log(describeMachine({ threads: values.threads, python }));
const speeds = products.map(() => ({ engine: [], torch: [] }));
for (let round = 0; round < rounds; round++) {
  for (const [i, product] of products.entries()) speeds[i].engine.push(await engineSpeed(product));
  const lines = run(python, ["-c", torch, JSON.stringify(products)])
    .trim()
    .split("\n");
  lines.forEach((line, i) => speeds[i].torch.push(Number(line)));
}
console.log(`\n[m, k] · [k, n], GFLOP/s, float32, medians of ${rounds} rounds in turn`);
for (const [i, [m, k, n]] of products.entries()) {
  const [ours, theirs] = [median(speeds[i].engine), median(speeds[i].torch)];
  const name = `${m} × ${k} × ${n}`.padEnd(20);
  console.log(
    `${name} engine ${ours.toFixed(0).padStart(4)}   PyTorch ${theirs.toFixed(0).padStart(4)}   ${(ours / theirs).toFixed(2)}`,
  );
}
