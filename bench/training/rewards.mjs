// What a step of self-critical training spends on drawing captions, on their rewards and on learning, with made-up data of Flickr8k's size.
// Usage: node bench/training/rewards.mjs [--steps 10] [--threads N]
import { parseArgs } from "node:util";
import { setup } from "../../scripts/setup.mjs";
import { describeMachine } from "../machine.mjs";
import { usage } from "../usage.mjs";

usage(import.meta.url);
setup();
const dist = "../../packages/showtell/dist";
const { ciderScorer } = await import("../../packages/caption-metrics/dist/index.js");
const { seededRandom } = await import(`${dist}/base/random.js`);
const { decoderNamed } = await import(`${dist}/models/catalogue.js`);
const { sessionsWith } = await import(`${dist}/node/ort-session.js`);
const { defaultThreads } = await import(`${dist}/node/threads.js`);
const { defaultTraining } = await import(`${dist}/node/training-request.js`);
const { createLearner, initialState } = await import(`${dist}/train/learner.js`);
const { tokenOrder } = await import(`${dist}/nn/token-order.js`);
const { createSelfCritic } = await import(`${dist}/train/self-critical.js`);
const { workloadOf } = await import("./workload.mjs");

const { values } = parseArgs({
  options: {
    steps: { type: "string", default: "10" },
    threads: { type: "string", default: String(defaultThreads()) },
  },
});
const threads = Number(values.threads);
const { embeddingSize, decoderOptions, training: options } = defaultTraining("parallel-attention", "self-critical");
const grid = [49, 2048];
const { makeExamples, spec: sizes } = workloadOf("parallel-attention");
const spec = decoderNamed("parallel-attention").specOf(
  { features: grid, words: sizes.words, embeddingSize, vectorSize: embeddingSize, vectors: "random" },
  decoderOptions,
);

const words = Array.from({ length: spec.words }, (_, id) => `w${id}`);
const references = Array.from({ length: 6000 }, () => []);
for (const example of makeExamples()) references[example.picture].push(example.words.map((id) => words[id]));
for (const own of references) if (own.length === 0) own.push([words[4]]);

const random = seededRandom(1, "grid");
const bits = Uint16Array.from({ length: grid[0] * grid[1] }, () => 0x3400 + random.below(1024)); // 0.25 … 0.5
const features = {
  size: bits.length,
  async read(rows, into) {
    rows.forEach((_, i) => into.set(bits, i * bits.length));
  },
};
const open = sessionsWith(threads);
const learner = createLearner(spec, options, initialState(spec, 1), open);
const images = options.batchSize / options.captionsPerPicture;
const weights = () => learner.state();
const critic = await createSelfCritic({
  spec,
  options,
  rewards: { references, words },
  images,
  weights,
  openSession: open,
});
const scorer = ciderScorer(references, { endToken: "</s>" });

/** The drawn captions again, to time their rewards alone. */
function captionsOf(batch) {
  const { lengths, pictures, targets } = batch;
  const { rows, group, at } = tokenOrder(batch);
  return Array.from({ length: rows }, (_, row) => {
    const [image, place] = [Math.floor(row / group), row % group];
    const ids = Array.from({ length: lengths[place] }, (__, step) => Number(targets[at(step, image, place)]));
    return { picture: pictures[image], tokens: ids.filter((id) => id > 2).map((id) => words[id]) };
  });
}

const spent = { draw: 0, rewards: 0, learn: 0 };
for (let step = 0; step <= Number(values.steps); step++) {
  const pictures = Int32Array.from({ length: images }, () => random.below(references.length));
  const started = performance.now();
  const { batch } = await critic.draw(pictures, features, step + 1);
  const drawn = performance.now();
  await learner.learn(batch, features, step + 1, 1e-9);
  const learnt = performance.now();
  const captions = captionsOf(batch);
  const rewarding = performance.now();
  for (const { picture, tokens } of captions) scorer.score(picture, tokens);
  const rewarded = performance.now() - rewarding;
  if (step === 0) continue; // compiles
  spent.rewards += rewarded;
  spent.draw += drawn - started - rewarded;
  spent.learn += learnt - drawn;
}
await critic.dispose();
await learner.dispose();

const whole = spent.draw + spent.rewards + spent.learn;
console.log(describeMachine({ threads: values.threads }));
console.log(
  `${images} pictures × ${options.captionsPerPicture} captions, a step ${(whole / Number(values.steps)).toFixed(0)} ms:`,
);
for (const [part, ms] of Object.entries(spent)) {
  console.log(
    `  ${part.padEnd(8)} ${(ms / Number(values.steps)).toFixed(1).padStart(8)} ms  ${((100 * ms) / whole).toFixed(1)} %`,
  );
}
