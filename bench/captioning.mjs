// What captioning one photo costs in a warm process, and what captioning many does to memory.
// Usage: node bench/captioning.mjs [--photo FILE] [--runs 100] [--data FLICKR8K] [--limit 7000]
//   --data  also captions the pictures of a data set's folder and prints the resident memory as it goes
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import sharp from "sharp";
import { setup } from "../scripts/setup.mjs";
import { describeMachine } from "./training/machine.mjs";

setup();

const { loadCaptioner } = await import("../packages/showtell/dist/node/index.js");
const { openDataset, picturePath } = await import("../packages/showtell/dist/node/dataset-folder.js");

const { values } = parseArgs({
  options: {
    photo: { type: "string", default: fileURLToPath(new URL("../examples/photos/astronaut.jpg", import.meta.url)) },
    runs: { type: "string", default: "100" },
    data: { type: "string" },
    limit: { type: "string", default: "7000" },
  },
});

console.log(describeMachine({ threads: availableParallelism() }));
const started = performance.now();
const captioner = await loadCaptioner();
console.log(`loading and self-test ${(performance.now() - started).toFixed(0)} ms`);
await measure("500 × 375 JPEG", await jpeg(500, 375), Number(values.runs));
await measure("12-megapixel JPEG", await jpeg(4000, 3000), Math.ceil(Number(values.runs) / 5));
if (values.data !== undefined) await captionMany();
await captioner.dispose();

function jpeg(width, height) {
  return sharp(values.photo).resize(width, height, { fit: "fill" }).jpeg({ quality: 90 }).toBuffer();
}

/** Medians over single pictures, beam 3, one after the other. */
async function measure(name, bytes, runs) {
  const times = [];
  for (let run = -5; run < runs; run++) {
    const begun = performance.now();
    const { timings } = await captioner.caption(bytes, { beam: 3 });
    if (run >= 0) times.push({ whole: performance.now() - begun, ...timings });
  }
  const at = (field, share) =>
    times.map((time) => time[field]).sort((a, b) => a - b)[Math.floor(share * (times.length - 1))];
  const [whole, encode] = [at("whole", 0.5), at("encodeMs", 0.5)];
  console.log(
    `${name}: p50 ${whole.toFixed(1)} ms, p95 ${at("whole", 0.95).toFixed(1)} ms; decode ${at("decodeMs", 0.5).toFixed(1)}, ` +
      `encode ${encode.toFixed(1)}, beam 3 ${at("searchMs", 0.5).toFixed(1)}; besides the encoder ` +
      `${((100 * (whole - encode)) / encode).toFixed(0)} % of the encoder's time`,
  );
}

async function captionMany() {
  const dataset = await openDataset(values.data);
  const pictures = dataset.splits.flatMap((split) =>
    dataset.split(split).map(({ image }) => picturePath(dataset, image)),
  );
  const begun = performance.now();
  let done = 0;
  for await (const outcome of captioner.captionAll(pictures.slice(0, Number(values.limit)), { beam: 3 })) {
    if ("error" in outcome) console.log(`${outcome.image}: ${outcome.error.code}`);
    if (++done % 500 !== 0) continue;
    const perSecond = (1000 * done) / (performance.now() - begun);
    console.log(
      `${done} pictures, ${perSecond.toFixed(1)} a second, ${(process.memoryUsage.rss() / 1e6).toFixed(0)} MB resident`,
    );
  }
}
