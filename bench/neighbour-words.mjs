// What it gives that people's words about similar training pictures count in the search, by how much they count: CIDEr and BLEU-4 of dev's first 500
// pictures, which chose how much, of the others and of all, for the likeliest caption and for the one that neighbours and a matcher choose; and captions a second, with features at hand.
// Usage: node bench/neighbour-words.mjs DATA [--model BUNDLE]… [--weights 0,0.2,0.4] [--beam 5] [--threads N]   (DATA: a folder with the splits train and dev)
import { parseArgs } from "node:util";
import { setup } from "../scripts/setup.mjs";
import { splitFeatures } from "./split-features.mjs";
import { usage } from "./usage.mjs";

usage(import.meta.url);
setup();

const dist = "../packages/showtell/dist";
const { scoreCaptions } = await import("../packages/caption-metrics/dist/index.js");
const { openEnsembleCaptioner } = await import(`${dist}/caption/captioner.js`);
const { defaultModel } = await import(`${dist}/node/shipped-models.js`);
const { readCaptionerFiles } = await import(`${dist}/node/captioner-files.js`);
const { openDataset } = await import(`${dist}/node/dataset-folder.js`);
const { neighbourTable, withMatcher } = await import(`${dist}/node/neighbours.js`);
const { sessionsWith } = await import(`${dist}/node/ort-session.js`);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: "string", multiple: true, default: [defaultModel] },
    weights: { type: "string", default: "0,0.2,0.3,0.4,0.5,0.6,0.8" },
    beam: { type: "string", default: "5" },
    threads: { type: "string" },
  },
});
const [data] = positionals;
if (data === undefined) usage(import.meta.url, true);

const first = 500;
const picturesAtOnce = 50;
const weights = values.weights.split(",").map(Number);
const beam = Number(values.beam);
const openSession = sessionsWith(values.threads === undefined ? undefined : Number(values.threads));
const dataset = await openDataset(data);

let table;
const models = [];
for (const path of values.model) {
  const { members, inputs } = await readCaptionerFiles(path);
  const [{ encoder, features }] = inputs;
  const dev = await splitFeatures(dataset, "dev", { encoder, layer: features.layer, openSession });
  table ??= await withMatcher(await neighbourTable(dataset, "train", inputs[0], { openSession }, new Set(dev.hashes)), {
    openSession,
  });
  const captioner = await openEnsembleCaptioner(members, openSession, { neighbours: table });
  models.push({ captioner, dev });
}
const { records } = models[0].dev;

/** The caption of each picture that a search ranks first, and the one that is chosen of as many as it found. */
async function captionsOf({ captioner, dev }, neighbourWords) {
  const searches = { likeliest: { beam }, chosen: { consensus: beam, consensusVoters: "neighbours-and-matcher" } };
  const said = { likeliest: [], chosen: [] };
  const seconds = { likeliest: 0, chosen: 0 };
  for (let start = 0; start < records.length; start += picturesAtOnce) {
    const batch = await dev.read(start, start + picturesAtOnce);
    for (const [name, search] of Object.entries(searches)) {
      const started = performance.now();
      const found = await captioner.caption(batch, { ...search, neighbourWords });
      seconds[name] += (performance.now() - started) / 1000;
      said[name].push(...found.map(({ caption }) => caption));
    }
  }
  return { said, seconds };
}

/** CIDEr of the first 500, of the others and of all, and BLEU-4 of the same. */
function scoresOf(captions) {
  const parts = [[0, first], [first], [0]].map(([from, to]) => {
    const some = records.slice(from, to);
    return scoreCaptions(
      some.map(({ image }, i) => [image, captions[from + i]]),
      some.map((record) => [record.image, record.captions]),
    ).scores;
  });
  return ["CIDEr", "BLEU-4"].flatMap((metric) => parts.map((scores) => scores[metric]));
}

const columns = ["first", "others", "all", "first", "others", "all", "speed"].map((name) => name.padStart(8)).join("");
const title = models.length === 1 ? "" : `, mean of ${models.length} models`;
console.log(`${`CIDEr × 100, and BLEU-4 × 100, beam ${beam}${title}`.padEnd(56)} ${columns}`);
for (const weight of weights) {
  const all = { likeliest: [], chosen: [] };
  for (const model of models) {
    const { said, seconds } = await captionsOf(model, weight);
    for (const [name, captions] of Object.entries(said)) {
      all[name].push([...scoresOf(captions).map((score) => 100 * score), captions.length / seconds[name]]);
    }
  }
  for (const [name, rows] of Object.entries(all)) {
    const means = rows[0].map((_, column) => rows.reduce((sum, row) => sum + row[column], 0) / rows.length);
    const printed = means.map((mean) => mean.toFixed(1).padStart(8)).join("");
    console.log(`${`weight ${weight}, the ${name} caption`.padEnd(56)} ${printed}`);
  }
}
for (const { captioner, dev } of models) {
  await captioner.dispose();
  await dev.close();
}
