// Two ways to the gradient of a k×k kernel at stride 1, and that of its input, on the shapes of ResNet-50's conv5: milliseconds a run.
// Usage: node bench/training/conv-gradients.mjs [--images 20] [--channels 512] [--size 7] [--window 3] [--runs 20] [--threads 2]
import { parseArgs } from "node:util";
import { setup } from "../../scripts/setup.mjs";
import { describeMachine } from "../machine.mjs";
import { usage } from "../usage.mjs";

usage(import.meta.url);
setup();

const dist = "../../packages/showtell/dist";
const { seededRandom } = await import(`${dist}/base/random.js`);
const { exportModel } = await import(`${dist}/graph/export.js`);
const { kernelByShifts, kernelOverBatch } = await import(`${dist}/graph/gradients/vision.js`);
const { Graph } = await import(`${dist}/graph/graph.js`);
const { conv, convTranspose } = await import(`${dist}/graph/operators/vision.js`);
const { openSession } = await import(`${dist}/node/ort-session.js`);

const { values } = parseArgs({
  options: {
    images: { type: "string", default: "20" },
    channels: { type: "string", default: "512" },
    size: { type: "string", default: "7" },
    window: { type: "string", default: "3" },
    runs: { type: "string", default: "20" },
    threads: { type: "string", default: "2" },
  },
});
const [images, channels, size, window, runs, threads] = [
  values.images,
  values.channels,
  values.size,
  values.window,
  values.runs,
  values.threads,
].map(Number);
const side = Math.floor(window / 2);
const padding = [side, side, side, side];
const stride = [1, 1];

function drawn(shape) {
  const random = seededRandom(1, shape.join());
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => 2 * random.uniform() - 1);
  return { dtype: "float32", shape, data };
}

const map = [images, channels, size, size];
const shape = [channels, channels, window, window];
const feeds = { x: drawn(map), dy: drawn(map), kernel: drawn(shape) };

const ways = {
  "forward (Conv)": ({ x, kernel }) => conv(x, kernel, { padding }),
  "input's gradient (ConvTranspose)": ({ dy, kernel }) => convTranspose(dy, kernel, { padding, extra: [0, 0] }),
  "kernel's, a Gemm for each element": ({ x, dy, kernel }) => kernelByShifts(x, kernel, dy, padding),
  "kernel's, a Conv over the batch axis": (all) => kernelOverBatch({ ...all, stride, padding }),
};

console.log(describeMachine({ threads }));
const macs = images * size * size * channels * channels * window * window;
for (const [name, build] of Object.entries(ways)) {
  const graph = new Graph();
  const inputs = { x: graph.input("x", map), dy: graph.input("dy", map), kernel: graph.input("kernel", shape) };
  const session = await openSession(exportModel(graph, { y: build(inputs) }, { parameters: "inputs" }), { threads });
  const own = Object.fromEntries(session.inputNames.map((input) => [input, feeds[input]]));
  await session.run(own);
  const times = [];
  for (let run = 0; run < runs; run++) {
    const started = performance.now();
    await session.run(own);
    times.push(performance.now() - started);
  }
  await session.dispose();
  times.sort((a, b) => a - b);
  const best = times[Math.floor(times.length / 2)];
  console.log(
    `${name.padEnd(38)} ${best.toFixed(2).padStart(9)} ms  ${((2 * macs) / best / 1e6).toFixed(0).padStart(5)} GFLOPS`,
  );
}
