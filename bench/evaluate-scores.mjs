// Whether `evaluate` gives the scores that the reference toolkit (pycocoevalcap, which needs Java) gives to the very same captions.
// Usage: node bench/evaluate-scores.mjs DATA [--split dev] [--model BUNDLE] [--beam N] [--python PATH]
//   --python  a Python that has pycocoevalcap 1.2; without it pip makes an environment in .tmp/ (100 MB)
// Fails if a score differs by 1e-9. METEOR is compared in the variant that evaluate used: full with the paraphrase table in the cache.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { setup } from "../scripts/setup.mjs";
import { pythonWith, run } from "./python.mjs";
import { usage } from "./usage.mjs";

usage(import.meta.url);
setup();

const { defaultEvaluation, evaluateCaptioners } = await import("../packages/showtell/dist/node/index.js");
const { defaultModel } = await import("../packages/showtell/dist/node/shipped-models.js");

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    split: { type: "string", default: "dev" },
    model: { type: "string", default: defaultModel },
    beam: { type: "string" },
    python: { type: "string" },
  },
});
const [data] = positionals;
if (data === undefined) usage(import.meta.url, true);

const python = values.python ?? pythonWith("bench-metrics", ["pycocoevalcap==1.2"]);
const folder = mkdtempSync(join(tmpdir(), "showtell-evaluate-"));
process.on("exit", () => rmSync(folder, { recursive: true }));

const { rows, signatures } = await evaluateCaptioners({
  ...defaultEvaluation,
  data,
  split: values.split,
  models: [values.model],
  ...(values.beam !== undefined && { beam: Number(values.beam) }),
  baselines: false,
  resamples: 1,
  out: folder,
});
const { pictures } = JSON.parse(readFileSync(join(folder, "report.json"), "utf8"));
const captions = join(folder, "captions.json");
writeFileSync(
  captions,
  JSON.stringify({
    hypotheses: Object.fromEntries(pictures.map(({ image, captions: [own] }) => [image, own.caption])),
    references: Object.fromEntries(pictures.map(({ image, references }) => [image, references])),
  }),
);
const { scores } = rows[0];
const meteor = Object.keys(scores).find((name) => name.startsWith("METEOR"));
const script = fileURLToPath(new URL("metrics/reference.py", import.meta.url));
// It prints how it is getting on, and last the scores.
const judged = (modules) => JSON.parse(run(python, [script, captions, modules]).trim().split("\n").at(-1));
const reference = {
  ...judged("none"),
  [meteor]: judged(meteor === "METEOR" ? "all" : "exact stem synonym").METEOR,
};

console.log(`${pictures.length} pictures of ${values.split}, ${values.model}\n`);
console.log(`${"".padEnd(24)}${"evaluate".padStart(16)}${"reference".padStart(16)}  difference`);
for (const [name, expected] of Object.entries(reference)) {
  const difference = Math.abs(scores[name].value - expected);
  if (!(difference < 1e-9)) process.exitCode = 1;
  const [own, other] = [scores[name].value, expected].map((score) => score.toFixed(10).padStart(16));
  console.log(`${name.padEnd(24)}${own}${other}  ${difference.toExponential(1)}  ${signatures[name]}`);
}
