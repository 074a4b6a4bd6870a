// A corpus of any size scored image by image: how long, and how much memory? And a hypothesis of 5,000 words: how long?
// Usage: node bench/metrics/stream.mjs [--images 200000]
//   --images  each with five references and a hypothesis drawn from Flickr8k's dev captions: 200,000 are a million references
import { once } from "node:events";
import { createWriteStream, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { scoreCaptions, scoreStream } from "../../packages/caption-metrics/dist/index.js";
import { wordnet } from "../../packages/caption-metrics/dist/wordnet.js";
import { usage } from "../usage.mjs";

usage(import.meta.url);
const { values } = parseArgs({ options: { images: { type: "string", default: "200000" } } });
const images = Number(values.images);
const golden = new URL("../../packages/caption-metrics/test/golden/dev-references.json", import.meta.url);
const captions = Object.values(JSON.parse(readFileSync(golden, "utf8"))).flatMap((entry) => entry.captions);
const meteor = { synonyms: wordnet };

/** The same images each time: captions in strides, so that few are alike. */
function* corpus() {
  for (let image = 0; image < images; image++) {
    const caption = (at) => captions[(image * 7 + at * 911) % captions.length];
    yield { id: String(image), hypothesis: caption(0), references: [1, 2, 3, 4, 5].map(caption) };
  }
}

let most = process.memoryUsage.rss();
let done = 0;
const path = join(tmpdir(), `caption-metrics-stream-${process.pid}.jsonl`);
const file = createWriteStream(path);
const start = performance.now();
const { scores } = await scoreStream(corpus, {
  meteor,
  async onImage(id, own) {
    if (!file.write(`${JSON.stringify({ id, scores: own })}\n`)) await once(file, "drain");
    if (++done % 100 === 0) most = Math.max(most, process.memoryUsage.rss());
  },
});
file.end();
await once(file, "close");
rmSync(path);
const seconds = (performance.now() - start) / 1000;
console.log(`${images} images: ${seconds.toFixed(1)} s, at most ${(most / 1e6).toFixed(0)} MB resident`, scores);

const long = "a big dog and the man's t-shirt ".repeat(715);
for (const [name, references] of [
  ["short references", ["a dog and a man", "the dog"]],
  ["a reference as long", ["the man and a small dog run ".repeat(834)]],
]) {
  const begin = performance.now();
  scoreCaptions({ long, b: "x" }, { long: references, b: ["y"] }, { meteor });
  console.log(`a hypothesis of 5,000 words, ${String(name)}: ${(performance.now() - begin).toFixed(0)} ms`);
}
