// What an epoch costs beside its pure step time: batching, masks, reading features, the loop. The real trainer over 30,000 made-up
// captions; two epochs, of which the first also builds and compiles the graphs.
// Usage: node bench/training/epoch.mjs [--captions 30000] [--threads N]
import { parseArgs } from "node:util";
import { setup } from "../../scripts/setup.mjs";
import { describeMachine } from "../machine.mjs";
import { usage } from "../usage.mjs";

usage(import.meta.url);
setup();
const dist = "../../packages/showtell/dist";
const { openSession } = await import(`${dist}/node/ort-session.js`);
const { defaultThreads } = await import(`${dist}/node/threads.js`);
const { initialState } = await import(`${dist}/train/learner.js`);
const { firstProgress, train } = await import(`${dist}/train/trainer.js`);
const { workloadOf } = await import("./workload.mjs");

const { values } = parseArgs({
  options: {
    captions: { type: "string", default: "30000" },
    threads: { type: "string", default: String(defaultThreads()) },
  },
});

const { spec, options, makeExamples, makeFeatures, readerOf } = workloadOf("show-and-tell");
const examples = makeExamples();
const count = Math.min(Number(values.captions), examples.length);
const features = readerOf(makeFeatures());
const taken = Array.from({ length: count }, (_, i) => examples[Math.floor((i * examples.length) / count)]);

/** Milliseconds in which the engine ran since the last look. */
let engineMs = 0;

async function timedSession(model, sessionOptions) {
  const session = await openSession(model, { threads: Number(values.threads), ...sessionOptions });
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    async run(feeds, into) {
      const started = performance.now();
      const outputs = await session.run(feeds, into);
      engineMs += performance.now() - started;
      return outputs;
    },
    dispose: () => session.dispose(),
  };
}

const run = {
  spec,
  options: { ...options, epochs: 2 },
  train: { examples: taken, features },
  dev: { examples: taken.slice(0, options.batchSize), features },
  from: { progress: firstProgress, state: initialState(spec, options.seed) },
  openSession: timedSession,
  now: () => performance.now(),
};

console.log(describeMachine({ threads: values.threads }));
console.log(`${count} captions an epoch, batches of ${options.batchSize}`);
let started = performance.now();
for await (const event of train(run)) {
  if (event.kind !== "epoch") continue;
  const whole = performance.now() - started;
  const share = `${(100 * (whole / engineMs - 1)).toFixed(1)} % above`;
  const speed = `${Math.round(count / (whole / 1000))} captions/s`;
  const note = event.epoch === 1 ? " (building and compiling the graphs included)" : "";
  console.log(
    `epoch ${event.epoch}: ${seconds(whole)} in all, steps alone ${seconds(engineMs)}: ${share}, ${speed}${note}`,
  );
  [started, engineMs] = [performance.now(), 0];
}

function seconds(ms) {
  return `${(ms / 1000).toFixed(2)} s`;
}
