// One step of fine-tuning ResNet-50's conv5 with a decoder, on random features: seconds a step, pictures a second, memory.
// Usage: node bench/training/fine-tuning.mjs [--images 20] [--group 5] [--steps 12] [--runs 5] [--threads 2] [--decoder parallel-attention]
import { parseArgs } from "node:util";
import { setup } from "../../scripts/setup.mjs";
import { describeMachine } from "../machine.mjs";
import { usage } from "../usage.mjs";

usage(import.meta.url);
setup();

const dist = "../../packages/showtell/dist";
const { encodeFloat16 } = await import(`${dist}/base/float16.js`);
const { seededRandom } = await import(`${dist}/base/random.js`);
const { decoderNamed } = await import(`${dist}/models/catalogue.js`);
const { featureShape } = await import(`${dist}/models/encoder-graph.js`);
const { readEncoderFile } = await import(`${dist}/node/bundle-files.js`);
const { defaultEncoder } = await import(`${dist}/node/shipped-models.js`);
const { openFineTuning } = await import(`${dist}/node/fine-tuning.js`);
const { sessionsWith } = await import(`${dist}/node/ort-session.js`);
const { defaultTraining } = await import(`${dist}/node/training-request.js`);
const { createLearner, initialState } = await import(`${dist}/train/learner.js`);

const { values } = parseArgs({
  options: {
    images: { type: "string", default: "20" },
    group: { type: "string", default: "5" },
    steps: { type: "string", default: "12" },
    runs: { type: "string", default: "5" },
    threads: { type: "string", default: "2" },
    decoder: { type: "string", default: "parallel-attention" },
  },
});
const { images, group, steps, runs, threads } = Object.fromEntries(
  Object.entries(values).map(([name, value]) => [name, Number(value)]),
);

const bundle = await readEncoderFile(defaultEncoder);
const encoder = bundle.encoder.manifest.spec;
const { layer, specOf, recipe } = decoderNamed(values.decoder);
const words = 2539;
const { embeddingSize } = recipe;
const sizes = {
  features: featureShape(encoder, layer),
  words,
  embeddingSize,
  vectorSize: embeddingSize,
  vectors: "random",
};
const request = defaultTraining(values.decoder);
const spec = specOf(sizes, request.decoderOptions);
const open = sessionsWith(threads);
const tuning = await openFineTuning({ encoder, stage: "conv5", layer, rate: 0.1 }, bundle, open);
const state = { ...initialState(spec, 1), ...tuning.stateOf() };
const learner = createLearner(spec, request.training, state, open, tuning.spec);

const random = seededRandom(1, "features");
const size = 49 * 1024;
const bits = encodeFloat16(Float32Array.from({ length: images * size }, () => random.uniform()));
const features = { size, read: async (_rows, into) => into.set(bits) };
const rows = images * group;
const tokens = steps * rows;
const ids = () => BigInt64Array.from({ length: tokens }, () => BigInt(4 + random.below(words - 4)));
const batch = {
  images,
  group,
  rows,
  steps,
  pictures: Int32Array.from({ length: images }, (_, row) => row),
  words: ids(),
  targets: ids(),
  weights: new Float32Array(tokens).fill(1),
  tokens,
  captions: rows,
};

console.log(describeMachine({ threads }));
await learner.learn(batch, features, 1, 1e-4);
const times = [];
let processor = process.cpuUsage();
for (let run = 0; run < runs; run++) {
  const started = performance.now();
  await learner.learn(batch, features, run + 2, 1e-4);
  times.push((performance.now() - started) / 1000);
}
processor = process.cpuUsage(processor);
times.sort((a, b) => a - b);
const median = times[Math.floor(runs / 2)];
console.log(`a step of ${images} pictures  ${median.toFixed(3)} s (${(images / median).toFixed(1)} pictures a second)`);
console.log(`processor time a step  ${((processor.user + processor.system) / 1e6 / runs).toFixed(3)} s`);
console.log(`resident memory        ${(process.memoryUsage.rss() / 1e9).toFixed(2)} GB`);
await learner.dispose();
await tuning.dispose();
