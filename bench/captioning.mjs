// What captioning one photo costs in a warm process, where the time goes, and what captioning many does to memory.
// Usage: node bench/captioning.mjs [--photo FILE] [--model BUNDLE] [--runs 100] [--data FLICKR8K] [--limit N]
//   --data  also captions the pictures of a data set (the first N) and watches the resident memory: the exit status is 1 if it
//           exceeds 700 MB or grows
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import sharp from "sharp";
import { setup } from "../scripts/setup.mjs";
import { describeMachine } from "./machine.mjs";
import { usage } from "./usage.mjs";

usage(import.meta.url);
setup();

const dist = "../packages/showtell/dist";
const { openFeatureCaptioner } = await import(`${dist}/caption/captioner.js`);
const { openPictureEncoder } = await import(`${dist}/caption/picture-encoder.js`);
const { resize } = await import(`${dist}/image/resize.js`);
const { defaultModel } = await import(`${dist}/node/shipped-models.js`);
const { readCaptionerFiles } = await import(`${dist}/node/captioner-files.js`);
const { openDataset, picturePath } = await import(`${dist}/node/dataset-folder.js`);
const { loadCaptioner, readImage } = await import(`${dist}/node/index.js`);
const { openSession } = await import(`${dist}/node/ort-session.js`);
const { defaultThreads } = await import(`${dist}/node/threads.js`);

const { values } = parseArgs({
  options: {
    photo: { type: "string", default: fileURLToPath(new URL("../examples/photos/astronaut.jpg", import.meta.url)) },
    model: { type: "string", default: defaultModel },
    runs: { type: "string", default: "100" },
    data: { type: "string" },
    limit: { type: "string" },
  },
});
const runs = Number(values.runs);
const beam = 3;
const warmUps = 10;

console.log(describeMachine({ threads: defaultThreads() }));
const small = await jpeg(500, 375);
const started = performance.now();
const captioner = await loadCaptioner({ model: values.model });
console.log(`loading and self-test ${ms(performance.now() - started)}`);
await measureWhole("500 × 375 JPEG", small, runs);
// Before anything else that takes memory.
if (values.data !== undefined) await captionMany();
await measureWhole("12-megapixel JPEG", await jpeg(4000, 3000), Math.ceil(runs / 5));
await captioner.dispose();
await measureParts(small);

function jpeg(width, height) {
  return sharp(values.photo).resize(width, height, { fit: "fill" }).jpeg({ quality: 90 }).toBuffer();
}

/** The share of sorted numbers that lies below the result. */
function quantile(numbers, share) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(share * (numbers.length - 1))];
}

function ms(number, digits = 1) {
  return `${number.toFixed(digits)} ms`;
}

/** Single pictures through the captioner's thread, one after the other, as a caller sees it. */
async function measureWhole(name, bytes, count) {
  const times = [];
  for (let run = -warmUps; run < count; run++) {
    const begun = performance.now();
    const { timings } = await captioner.caption(bytes, { beam });
    if (run >= 0) times.push({ whole: performance.now() - begun, ...timings });
  }
  const at = (field, share) =>
    quantile(
      times.map((time) => time[field]),
      share,
    );
  const [whole, encode] = [at("whole", 0.5), at("encodeMs", 0.5)];
  console.log(
    `${name}: p50 ${ms(whole)}, p95 ${ms(at("whole", 0.95))}; decode ${ms(at("decodeMs", 0.5))}, encode ${ms(encode)}, ` +
      `beam ${beam} ${ms(at("searchMs", 0.5))}; besides the encoder ${percent(whole - encode, encode)} of the encoder's time`,
  );
}

function percent(part, whole) {
  return `${((100 * part) / whole).toFixed(0)} %`;
}

/** The parts on this thread: where the milliseconds go. */
async function measureParts(bytes) {
  const {
    members: [{ decoder }],
    inputs: [{ encoder }],
  } = await readCaptionerFiles(values.model);
  const { width, height } = encoder.manifest.preprocessing.resize;
  const engine = timedEngine();
  const network = await openPictureEncoder(encoder, decoder.manifest.encoder.layer, engine.open);
  const search = await openFeatureCaptioner(decoder, engine.open);
  const times = [];
  for (let run = -warmUps; run < runs; run++) {
    const marks = [performance.now()];
    const mark = () => marks.push(performance.now());
    const picture = await readImage(bytes);
    mark();
    const pixels = resize(picture, width, height);
    mark();
    engine.taken.length = 0;
    const data = await network.encode([pixels]);
    mark();
    await search.caption({ images: 1, data }, { beam });
    mark();
    if (run < 0) continue;
    const [decode, squeeze, encode, found] = marks.slice(1).map((time, i) => time - marks[i]);
    const [own, begin, ...steps] = engine.taken;
    const inSteps = steps.reduce((sum, step) => sum + step, 0);
    times.push({
      "decode the JPEG": decode,
      "resize to the encoder's size": squeeze,
      "the encoder's network": own,
      "normalise and round to float16": encode - own,
      "search: look at the features": begin,
      "search: steps": inSteps,
      "search: JavaScript": found - begin - inSteps,
      steps: steps.length,
      "one step": inSteps / steps.length,
    });
  }
  await network.dispose();
  await search.dispose();
  console.log("\nthe parts of captioning the small one:");
  const rows = Object.keys(times[0]).map((name) => [name, times.map((time) => time[name])]);
  for (const [name, numbers] of rows) {
    const show = (number) => (name === "steps" ? String(number) : ms(number, 2));
    console.log(
      `${name.padEnd(32)} p50 ${show(quantile(numbers, 0.5)).padStart(9)}   p95 ${show(quantile(numbers, 0.95)).padStart(9)}`,
    );
  }
}

/** The engine, writing down how long each of its runs takes. */
function timedEngine() {
  const taken = [];
  const openTimed = async (model, options) => {
    const session = await openSession(model, options);
    const run = async (feeds, into) => {
      const begun = performance.now();
      const outputs = await session.run(feeds, into);
      taken.push(performance.now() - begun);
      return outputs;
    };
    return { inputNames: session.inputNames, outputNames: session.outputNames, run, dispose: () => session.dispose() };
  };
  return { taken, open: openTimed };
}

async function captionMany() {
  const every = 500;
  const bound = 700e6;
  const dataset = await openDataset(values.data);
  const names = dataset.splits.flatMap((split) => dataset.split(split).map(({ image }) => image));
  const pictures = names.slice(0, values.limit === undefined ? undefined : Number(values.limit));
  const resident = [];
  const begun = performance.now();
  let done = 0;
  for await (const outcome of captioner.captionAll(
    pictures.map((image) => picturePath(dataset, image)),
    { beam },
  )) {
    if ("error" in outcome) console.log(`${outcome.image}: ${outcome.error.code}`);
    if (++done % every !== 0) continue;
    resident.push(process.memoryUsage.rss());
    const perSecond = (1000 * done) / (performance.now() - begun);
    console.log(`${done} pictures, ${perSecond.toFixed(1)} a second, ${megabytes(resident.at(-1))} resident`);
  }
  if (resident.length < 4) return;
  // Not from the start: allocators and the just-in-time compiler take what they want within the first hundreds of pictures.
  const half = resident.slice(Math.floor(resident.length / 2));
  const growth = (half.at(-1) - half[0]) / ((half.length - 1) * every);
  const most = Math.max(...resident);
  console.log(`at most ${megabytes(most)}; in the second half ${(growth / 1e3).toFixed(2)} kB more with each picture`);
  // A leak of one decoded Flickr8k picture would be 150 kB each.
  if (most > bound || growth > 5e3) process.exitCode = 1;
}

function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
