// How long an encoder takes for a picture in float32 and in integers, in the engine of Node.js and in the browser's (WebAssembly, in Node.js).
// Usage: node bench/encoders/speed.mjs [--threads 1] [--runs 30]
import { createRequire } from "node:module";
import { parseArgs } from "node:util";
import { setup } from "../../scripts/setup.mjs";
import { describeMachine } from "../machine.mjs";
import { usage } from "../usage.mjs";

usage(import.meta.url);
setup();

const dist = "../../packages/showtell/dist";
const { encoderModel } = await import(`${dist}/bundle/encoder-model.js`);
const { readEncoderFile } = await import(`${dist}/node/bundle-files.js`);
const { openSession } = await import(`${dist}/node/ort-session.js`);
const { fetchEncoder } = await import(`${dist}/node/published-encoder.js`);

const { values } = parseArgs({
  options: { threads: { type: "string", default: "1" }, runs: { type: "string", default: "30" } },
});
const [threads, runs] = [Number(values.threads), Number(values.runs)];
const ort = createRequire(new URL("../../packages/showtell/package.json", import.meta.url))("onnxruntime-web");
ort.env.wasm.numThreads = threads;

const shape = [1, 3, 224, 224];
const data = Float32Array.from({ length: 3 * 224 * 224 }, () => 250 * Math.random() - 120);

async function openNative(model) {
  const session = await openSession(model, { threads });
  return () => session.run({ pictures: { dtype: "float32", shape, data } });
}

async function openWasm(model) {
  const session = await ort.InferenceSession.create(model, { executionProviders: ["wasm"] });
  return () => session.run({ pictures: new ort.Tensor("float32", data, shape) });
}

async function timed(run) {
  const started = performance.now();
  await run();
  return performance.now() - started;
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

console.log(describeMachine({ threads }));
const models = [];
for (const precision of ["float32", "integer"]) {
  const { encoder } = await readEncoderFile((await fetchEncoder("resnet50", precision)).path);
  models.push(encoderModel(encoder, ["grid"]));
}
for (const [engine, open, count] of [
  ["Node.js", openNative, runs],
  ["WebAssembly", openWasm, Math.ceil(runs / 5)],
]) {
  const sides = [];
  for (const model of models) sides.push(await open(model));
  for (const run of sides) await run(); // a warm-up
  const times = [[], []];
  // In turn, so that both see the machine in the same minutes.
  for (let i = 0; i < count; i++) for (const [side, run] of sides.entries()) times[side].push(await timed(run));
  const [float, integer] = times.map(median);
  console.log(
    `${engine.padEnd(12)} float32 ${float.toFixed(1)} ms, integers ${integer.toFixed(1)} ms: ${(float / integer).toFixed(2)} times as fast`,
  );
}
process.exit(0);
