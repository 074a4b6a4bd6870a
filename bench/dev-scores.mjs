// The scores of a captioner on Flickr8k dev: all pictures, five references, judged by the reference toolkit and by caption-metrics.
// Usage: node bench/dev-scores.mjs DATA [--model BUNDLE] [--beam 3] [--split dev] [--float32] [--meteor] [--ours-only] [--python PATH]
//   --float32    features from the published float32 encoder instead of the one that the decoder was trained on: what int8 costs
//   --meteor     the reference toolkit also gives METEOR, with its paraphrase table (half a minute)
//   --ours-only  without the reference toolkit, which needs Java
//   --python     a Python that has pycocoevalcap 1.2; without it pip makes an environment in .tmp/ (100 MB)
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { setup } from "../scripts/setup.mjs";
import { pythonWith, run } from "./python.mjs";
import { splitFeatures } from "./split-features.mjs";
import { usage } from "./usage.mjs";

usage(import.meta.url);
setup();

const dist = "../packages/showtell/dist";
const { scoreCaptions } = await import("../packages/caption-metrics/dist/index.js");
const { openFeatureCaptioner } = await import(`${dist}/caption/captioner.js`);
const { readBundleFile } = await import(`${dist}/node/bundle-files.js`);
const { defaultModel } = await import(`${dist}/node/shipped-models.js`);
const { readCaptionerFiles } = await import(`${dist}/node/captioner-files.js`);
const { openDataset } = await import(`${dist}/node/dataset-folder.js`);
const { openSession } = await import(`${dist}/node/ort-session.js`);
const { fetchEncoder } = await import(`${dist}/node/published-encoder.js`);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: "string", default: defaultModel },
    beam: { type: "string", default: "3" },
    split: { type: "string", default: "dev" },
    float32: { type: "boolean", default: false },
    meteor: { type: "boolean", default: false },
    "ours-only": { type: "boolean", default: false },
    python: { type: "string" },
  },
});
const [data] = positionals;
if (data === undefined) usage(import.meta.url, true);

const {
  members: [{ decoder }],
  inputs: [{ encoder: trainedOn }],
} = await readCaptionerFiles(values.model);
const encoder = values.float32
  ? (await readBundleFile((await fetchEncoder("resnet50", "float32")).path)).encoder
  : trainedOn;
const dataset = await openDataset(data);
const { layer } = decoder.manifest.encoder;
const features = await splitFeatures(dataset, values.split, { encoder, layer, openSession });
const { records } = features;
const batch = await features.read();
await features.close();

const captioner = await openFeatureCaptioner(decoder, openSession);
const captions = await captioner.caption(batch, { beam: Number(values.beam) });
await captioner.dispose();
const hypotheses = Object.fromEntries(records.map(({ image }, i) => [image, captions[i].tokens.join(" ")]));
const references = Object.fromEntries(records.map(({ image, captions: own }) => [image, own]));

const lengths = captions.map(({ tokens }) => tokens.length);
const cut = /(^| )(a|an|the|in|on|of|at|with|and|to|by|for|from)$/;
console.log(`model      ${values.model}, decoder ${decoder.manifest.identity.slice(0, 12)}, beam ${values.beam}`);
console.log(`encoder    ${encoder.manifest.identity.slice(0, 12)}${values.float32 ? " (float32)" : ""}`);
console.log(`pictures   ${records.length} of ${values.split}, ${references[records[0].image].length} references each`);
console.log(
  `captions   ${new Set(Object.values(hypotheses)).size} different, ${mean(lengths).toFixed(2)} words on average,`,
);
console.log(
  `           ${Object.values(hypotheses).filter((caption) => cut.test(caption)).length} end in an article, a preposition or a conjunction`,
);
const { scores, signatures } = scoreCaptions(hypotheses, references);
const reference = values["ours-only"] ? {} : judged();
console.log("\n           caption-metrics  reference toolkit");
for (const name of new Set([...Object.keys(scores), ...Object.keys(reference)])) {
  const [own, other] = [scores[name], reference[name]].map((score) => score?.toFixed(6) ?? "");
  console.log(`${name.padEnd(10)} ${own.padStart(15)} ${other.padStart(18)}  ${signatures[name] ?? ""}`);
}

function mean(numbers) {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

/** The reference toolkit's scores. */
function judged() {
  const python = values.python ?? pythonWith("bench-metrics", ["pycocoevalcap==1.2"]);
  const folder = mkdtempSync(join(tmpdir(), "showtell-scores-"));
  try {
    const file = join(folder, "captions.json");
    writeFileSync(file, JSON.stringify({ hypotheses, references }));
    const script = fileURLToPath(new URL("metrics/reference.py", import.meta.url));
    const groups = values.meteor ? ["none", "all"] : ["none"];
    // It prints how it is getting on, and last the scores.
    const found = groups.map((group) => JSON.parse(run(python, [script, file, group]).trim().split("\n").at(-1)));
    return Object.assign({}, ...found);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
