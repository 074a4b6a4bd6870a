// Learning on for a small domain: the pictures of Flickr8k whose captions have certain words are cut out and held back from a base model,
// which then learns them. Prints the scores of both models on both dev splits, for several shares of old captions.
// Usage: node bench/training/adaptation.mjs FLICKR8K [--words surf,surfer,wave,…] [--out FOLDER] [--base BUNDLE] [--shares 0,0.5,0.8]
//   [--decoder show-and-tell] [--epochs 12] [--adapting-epochs 6] [--learning-rate 3e-4] [--pictures N] [--minimum-count 3]
// A base that is named must have been trained on FOLDER/base.jsonl; without one it is trained first.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { root, setup } from "../../scripts/setup.mjs";
import { describeMachine } from "../machine.mjs";
import { usage } from "../usage.mjs";

usage(import.meta.url);
setup();
const { ptbTokens } = await import("../../packages/caption-metrics/dist/index.js");
const { openDataset } = await import("../../packages/showtell/dist/node/index.js");
const { defaultThreads } = await import("../../packages/showtell/dist/node/threads.js");

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    words: { type: "string", default: "surf,surfs,surfer,surfers,surfing,surfboard,surfboards,wave,waves,ocean" },
    out: { type: "string" },
    base: { type: "string" },
    shares: { type: "string", default: "0,0.5,0.8" },
    decoder: { type: "string", default: "show-and-tell" },
    epochs: { type: "string", default: "12" },
    "adapting-epochs": { type: "string", default: "6" },
    "learning-rate": { type: "string", default: "3e-4" },
    "minimum-count": { type: "string", default: "3" },
    pictures: { type: "string" },
  },
});
const [data] = positionals;
if (data === undefined) usage(import.meta.url, true);
const out = resolve(values.out ?? mkdtempSync(join(tmpdir(), "showtell-domain-")));
mkdirSync(out, { recursive: true });

const words = new Set(values.words.split(","));
const dataset = await openDataset(data);
/** In the domain is a picture if two or more people named it so. */
const isInDomain = ({ captions }) =>
  captions.filter((text) => ptbTokens(text).some((word) => words.has(word))).length >= 2;
const lines = { base: [], domain: [] };
for (const split of ["train", "dev"]) {
  const most = values.pictures === undefined ? Infinity : Number(values.pictures);
  const counts = { base: 0, domain: 0 };
  for (const { image, captions } of dataset.split(split)) {
    const part = isInDomain({ captions }) ? "domain" : "base";
    if (++counts[part] <= most) lines[part].push(JSON.stringify({ image, captions, split }));
  }
  console.log(
    `${split}: ${Math.min(most, counts.domain)} pictures in the domain, ${Math.min(most, counts.base)} outside`,
  );
}
const file = (part) => join(out, `${part}.jsonl`);
for (const part of ["base", "domain"]) writeFileSync(file(part), `${lines[part].join("\n")}\n`);

/** Runs `showtell train` and gives its seconds; a model that is refused has status 1 and its report. */
function train(run, options) {
  const started = performance.now();
  const cli = join(root, "packages/showtell/dist/cli/main.js");
  const images = ["--images", dataset.imageFolder, "--decoder", values.decoder];
  const args = [cli, "train", "--out", run, ...images, ...options];
  const { status } = spawnSync(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0 && !existsSync(join(run, "adaptation.json"))) throw new Error(`showtell train ended with ${status}`);
  return (performance.now() - started) / 1000;
}

console.log(describeMachine({ threads: defaultThreads() }));
const base = values.base ?? join(out, "base", "best.safetensors");
if (!existsSync(base)) {
  const seconds = train(join(out, "base"), ["--data", file("base"), "--epochs", values.epochs]);
  console.log(`base            ${(seconds / 60).toFixed(1)} min`);
}

const points = ({ CIDEr, "BLEU-4": bleu }) =>
  `${(100 * CIDEr).toFixed(1).padStart(5)} ${(100 * bleu).toFixed(1).padStart(5)}`;
const columns = ["domain before", "→ after", "old before", "→ after"].map((name) => name.padEnd(15)).join("");
console.log(`CIDEr and BLEU-4, × 100\nold share  new words  ${columns}accepted  minutes`);
for (const share of values.shares.split(",")) {
  const run = mkdtempSync(join(out, `share-${share}-`));
  const learning = ["--epochs", values["adapting-epochs"], "--learning-rate", values["learning-rate"]];
  const old = ["--old-data", file("base"), "--old-images", dataset.imageFolder, "--old-share", share];
  const fresh = ["--init", base, "--minimum-count", values["minimum-count"]];
  const seconds = train(join(run, "run"), ["--data", file("domain"), ...fresh, ...old, ...learning]);
  const { addedWords, learned, remembered } = JSON.parse(readFileSync(join(run, "run", "adaptation.json"), "utf8"));
  const scores = [learned.before, learned.after, remembered.before, remembered.after].map(points);
  const row = [share.padEnd(11), String(addedWords.length).padEnd(11), ...scores.map((text) => text.padEnd(15))];
  const verdict = remembered.accepted ? "yes" : "no";
  console.log(`${row.join("")}${verdict.padEnd(10)}${(seconds / 60).toFixed(1)}`);
}
console.log(`the cut and all runs are in ${out}`);
