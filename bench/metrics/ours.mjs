// Scores captions with caption-metrics. Usage: node ours.mjs CAPTIONS.json MODULES|none [PARAPHRASES.json]; see reference.py.
// PARAPHRASES.json: pairs of phrases, for the modules "all". Prints the corpus scores, and milliseconds within the process, as JSON.
import { readFileSync } from "node:fs";
import {
  bleu,
  ciderD,
  createParaphrases,
  meteor,
  ptbTokens,
  rougeL,
} from "../../packages/caption-metrics/dist/index.js";
import { usage } from "../usage.mjs";

usage(import.meta.url);
const [path, modules, pairs] = process.argv.slice(2);
const start = performance.now();
const data = JSON.parse(readFileSync(path, "utf8"));
const guesses = Object.values(data.hypotheses).map(ptbTokens);
const truths = Object.keys(data.hypotheses).map((id) => data.references[id].map(ptbTokens));
const scores = modules === "none" ? plainScores() : { METEOR: meteor(guesses, truths, await resources()).score };
console.log(JSON.stringify({ ...scores, inProcessMs: performance.now() - start }));

function plainScores() {
  const levels = bleu(guesses, truths).map(({ score }, index) => [`BLEU-${index + 1}`, score]);
  return {
    ...Object.fromEntries(levels),
    "ROUGE-L": rougeL(guesses, truths).score,
    CIDEr: ciderD(guesses, truths).score,
  };
}

async function resources() {
  if (modules === "exact") return { stem: false };
  if (modules === "exact stem") return {};
  const { wordnet } = await import("../../packages/caption-metrics/dist/wordnet.js");
  const paraphrases = modules === "all" ? createParaphrases(JSON.parse(readFileSync(pairs, "utf8"))) : undefined;
  return { synonyms: wordnet, ...(paraphrases && { paraphrases }) };
}
