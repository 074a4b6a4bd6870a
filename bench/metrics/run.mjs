// caption-metrics beside the reference toolkit (pycocoevalcap, which needs Java): the same scores? and how long, process against process?
// Usage: node bench/metrics/run.mjs [--runs 3] [--python PATH]
//   --python  a Python that has pycocoevalcap 1.2; without it pip makes an environment in .tmp/ (100 MB)
// 1,000 images with five references, raw captions, each process with its start-up, in turns. METEOR with its paraphrase table is
// compared for its score only: here the table is cut to the captions' words, which is not part of scoring.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import { pythonWith } from "../python.mjs";
import { ptbTokens } from "../../packages/caption-metrics/dist/index.js";
import { meteorWords } from "../../packages/caption-metrics/dist/meteor/normalise.js";
import { usage } from "../usage.mjs";

usage(import.meta.url);
const { values } = parseArgs({ options: { runs: { type: "string", default: "3" }, python: { type: "string" } } });
const here = fileURLToPath(new URL(".", import.meta.url));
const root = join(here, "../..");
const python = values.python ?? pythonWith("bench-metrics", ["pycocoevalcap==1.2"]);
const folder = mkdtempSync(join(tmpdir(), "caption-metrics-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true }));

const golden = join(root, "packages/caption-metrics/test/golden/dev-references.json");
const images = Object.entries(JSON.parse(readFileSync(golden, "utf8")));
const captions = join(folder, "captions.json");
const data = {
  // Half of the picture's own caption and half of the next one's: neither perfect nor hopeless.
  hypotheses: Object.fromEntries(
    images.map(([id, { captions: own }], at) => [id, mixed(own[0], images[(at + 1) % images.length][1].captions[0])]),
  ),
  references: Object.fromEntries(images.map(([id, { captions: own }]) => [id, own])),
};
writeFileSync(captions, JSON.stringify(data));
const paraphrases = join(folder, "paraphrases.json");
writeFileSync(paraphrases, JSON.stringify(paraphrasePairs(vocabularyOf(data))));

let wrong = 0;
for (const modules of ["none", "exact", "exact stem", "exact stem synonym", "all"]) {
  const reference = [];
  const ours = [];
  for (let run = 0; run < Number(values.runs); run++) {
    reference.push(timed(python, [join(here, "reference.py"), captions, modules]));
    ours.push(timed(process.execPath, [join(here, "ours.mjs"), captions, modules, paraphrases]));
  }
  report(modules, reference, ours);
}
process.exitCode = wrong === 0 ? 0 : 1;

function report(modules, reference, ours) {
  const { inProcessMs, ...scores } = ours[0].scores;
  const names = Object.keys(reference[0].scores);
  const difference = Math.max(...names.map((name) => Math.abs(reference[0].scores[name] - scores[name])));
  if (!(difference < 1e-9)) wrong++;
  const [slow, fast] = [median(reference.map(({ ms }) => ms)), median(ours.map(({ ms }) => ms))];
  const what = modules === "none" ? "BLEU, ROUGE-L, CIDEr" : `METEOR (${modules})`;
  console.log(
    `${what.padEnd(30)} largest difference ${difference.toExponential(1)}   reference ${slow.toFixed(0)} ms, ` +
      `caption-metrics ${fast.toFixed(0)} ms (${inProcessMs.toFixed(0)} within the process), ratio ${(slow / fast).toFixed(1)}`,
  );
}

function timed(command, parameters) {
  const start = performance.now();
  const { status, stdout, stderr } = spawnSync(command, parameters, { encoding: "utf8", maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(`${command} failed:\n${stderr}`);
  return { ms: performance.now() - start, scores: JSON.parse(stdout.trim().split("\n").at(-1)) };
}

function mixed(a, b) {
  const [first, second] = [a.split(" "), b.split(" ")];
  return [...first.slice(0, first.length >> 1), ...second.slice(second.length >> 1)].join(" ");
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
}

/** The table's pairs that hold no other word: a line of probability, then the two phrases. */
function paraphrasePairs(vocabulary) {
  const find =
    "import os, pycocoevalcap.meteor.meteor as m; print(os.path.join(os.path.dirname(m.__file__), 'data', 'paraphrase-en.gz'))";
  const path = spawnSync(python, ["-c", find], { encoding: "utf8" }).stdout.trim();
  const known = (phrase) => phrase.split(" ").every((word) => vocabulary.has(word));
  const lines = gunzipSync(readFileSync(path)).toString("utf8").split("\n");
  const pairs = [];
  for (let at = 0; at + 2 < lines.length; at += 3) {
    if (known(lines[at + 1]) && known(lines[at + 2])) pairs.push([lines[at + 1], lines[at + 2]]);
  }
  return pairs;
}

function vocabularyOf({ hypotheses, references }) {
  const all = [...Object.values(hypotheses), ...Object.values(references).flat()];
  return new Set(all.flatMap((caption) => meteorWords(ptbTokens(caption).join(" "))));
}
