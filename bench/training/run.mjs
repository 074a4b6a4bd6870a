// How fast showtell trains beside PyTorch 2.13 on the same cores: float32, and bfloat16 by autocast. Takes turns, prints medians.
// Usage: node bench/training/run.mjs [--decoder show-and-tell] [--pairs 5] [--steps 60] [--no-bf16] [--threads N] [--python PATH]
//   --decoder show-and-tell (batches of 256), soft-attention, parallel-attention or transformer (100: 20 pictures with 5 captions each)
//   --steps   batches a run, evenly drawn from those of an epoch (118 of Show and Tell are the whole epoch, 300 of the others)
//   --no-bf16 leaves PyTorch's bfloat16 out: a processor without instructions for it takes minutes for a few steps
//   --python  a Python that has torch and numpy; without it pip makes an environment in .tmp/ (200 MB, or a lot more with a build for
//             graphics cards)
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { setup } from "../../scripts/setup.mjs";
import { describeMachine } from "../machine.mjs";
import { pythonWith } from "../python.mjs";
import { usage } from "../usage.mjs";

usage(import.meta.url);
setup();
const { defaultThreads } = await import("../../packages/showtell/dist/node/threads.js");
const { tokenOrder } = await import("../../packages/showtell/dist/nn/token-order.js");
const { comparedDecoders, workloadOf } = await import("./workload.mjs");

const { values } = parseArgs({
  options: {
    decoder: { type: "string", default: "show-and-tell" },
    pairs: { type: "string", default: "5" },
    steps: { type: "string", default: "60" },
    "no-bf16": { type: "boolean", default: false },
    threads: { type: "string", default: String(defaultThreads()) },
    python: { type: "string" },
  },
});
const pairs = Number(values.pairs);
if (!comparedDecoders.includes(values.decoder)) throw new Error(`--decoder is one of ${comparedDecoders.join(", ")}`);
const { spec, columns, makeSteps, makeFeatures } = workloadOf(values.decoder);

const here = fileURLToPath(new URL(".", import.meta.url));
const python = values.python ?? pythonWith("bench-training", ["torch==2.13.0", "numpy"]);
const folder = mkdtempSync(join(tmpdir(), "showtell-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true }));
writeSteps(makeSteps(Number(values.steps)));

const sides = {
  showtell: [process.execPath, join(here, "showtell-steps.mjs"), values.decoder, values.steps, values.threads],
  "PyTorch float32": [python, join(here, "torch_steps.py"), folder, values.threads, "fp32"],
  ...(!values["no-bf16"] && {
    "PyTorch bfloat16": [python, join(here, "torch_steps.py"), folder, values.threads, "bf16"],
  }),
};

console.log(describeMachine({ threads: values.threads, python }));
console.log(`decoder: ${values.decoder}`);
const runs = [];
for (let pair = 1; pair <= pairs; pair++) {
  const run = Object.fromEntries(Object.entries(sides).map(([name, command]) => [name, measure(command)]));
  runs.push(run);
  console.log(
    `pair ${pair}: ${Object.entries(run)
      .map(([name, side]) => `${name} ${speed(side)}`)
      .join(", ")}`,
  );
}
report();

/** The batches as plain files for PyTorch; showtell's side makes the same ones. */
function writeSteps(batches) {
  const rectangles = batches.map(rectangleOf);
  writeFileSync(join(folder, "pictures.i32"), bytesOf(batches.map(({ pictures }) => pictures)));
  writeFileSync(join(folder, "words.i64"), bytesOf(rectangles.map(({ words }) => words)));
  writeFileSync(join(folder, "targets.i64"), bytesOf(rectangles.map(({ targets }) => targets)));
  writeFileSync(join(folder, "features.f16"), new Uint8Array(makeFeatures().buffer));
  const shapes = rectangles.map(({ steps, rows }, i) => {
    const { images, captions } = batches[i];
    return { images, rows, steps, captions };
  });
  writeFileSync(join(folder, "batches.json"), JSON.stringify({ spec, columns, shapes }));
}

function bytesOf(arrays) {
  return Buffer.concat(arrays.map((array) => new Uint8Array(array.buffer)));
}

/** A batch's tokens [steps, rows], padded to its longest caption, which is what PyTorch takes: no shape is compiled there. */
function rectangleOf(batch) {
  const { images, lengths, weights } = batch;
  const { group, rows, at } = tokenOrder(batch);
  const tokens = Array.from({ length: images }, (_, image) =>
    lengths.flatMap((length, place) =>
      Array.from({ length }, (__, step) => ({ step, row: image * group + place, from: at(step, image, place) })),
    ),
  )
    .flat()
    .filter(({ from }) => weights[from] > 0);
  const steps = 1 + Math.max(...tokens.map(({ step }) => step));
  const words = new BigInt64Array(steps * rows);
  const targets = new BigInt64Array(steps * rows);
  for (const { step, row, from } of tokens) {
    words[step * rows + row] = batch.words[from];
    targets[step * rows + row] = batch.targets[from];
  }
  return { steps, rows, words, targets };
}

function measure([command, ...args]) {
  const { status, stdout, error } = spawnSync(command, args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (status !== 0) throw new Error(`${[command, ...args].join(" ")} failed`, { cause: error });
  return JSON.parse(stdout);
}

function speed({ captions, seconds }) {
  return Math.round(captions / seconds);
}

function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.floor(sorted.length / 2)]) / 2;
}

function report() {
  console.log("\ncaptions a second, medians:");
  for (const name of Object.keys(sides)) {
    const own = runs.map((run) => run[name]);
    const variants = [...new Set(own.map(({ variant }) => variant))].join(" / ");
    const facts = [variants, `loss of the last step ${own[0].loss.toFixed(2)}`];
    // PyTorch's side tries variants first, and its peak is not that of its steps.
    const megabytes = own.flatMap((run) => run.megabytes ?? []);
    if (megabytes.length > 0) facts.push(`at most ${Math.round(median(megabytes))} MB resident`);
    console.log(`  ${name.padEnd(18)}${Math.round(median(own.map(speed)))}   (${facts.join("; ")})`);
  }
  console.log("\nshowtell beside, median of the pairs' ratios:");
  for (const name of Object.keys(sides).slice(1)) {
    const ratios = runs.map((run) => run[name].seconds / run.showtell.seconds);
    const range = `${Math.min(...ratios).toFixed(2)} … ${Math.max(...ratios).toFixed(2)}`;
    console.log(`  ${name.padEnd(18)}${median(ratios).toFixed(2)}   (${range})`);
  }
}
