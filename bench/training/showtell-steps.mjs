// One side of bench/training/run.mjs: showtell's training steps. Prints captions, seconds and the most memory it held as JSON.
// Usage: node showtell-steps.mjs DECODER STEPS THREADS
import { workloadOf } from "./workload.mjs";
import { usage } from "../usage.mjs";

usage(import.meta.url);
const dist = "../../packages/showtell/dist";
const { sessionsWith } = await import(`${dist}/node/ort-session.js`);
const { createLearner, initialState } = await import(`${dist}/train/learner.js`);

const [decoder, ...numbers] = process.argv.slice(2);
const [count, threads] = numbers.map(Number);
const { spec, options, columns, makeSteps, makeFeatures, readerOf } = workloadOf(decoder);
const batches = makeSteps(count);
const reader = readerOf(makeFeatures());
const learner = createLearner(spec, options, initialState(spec, options.seed), sessionsWith(threads));

let step = 0;
const learn = (batch) => learner.learn(batch, reader, ++step, 1e-3);

// Once a shape before the clock starts: compiling, and the memory's first touch.
for (const batch of new Map(batches.map((one) => [one.lengths.join(), one])).values()) await learn(batch);

const started = performance.now();
let captions = 0;
let result;
for (const batch of batches) {
  result = await learn(batch);
  captions += batch.captions;
}
const seconds = (performance.now() - started) / 1000;
await learner.dispose();
const variant = `output layer of ${columns} columns`;
const megabytes = process.resourceUsage().maxRSS / 1000;
console.log(JSON.stringify({ captions, seconds, loss: result.loss / result.tokens, variant, megabytes }));
