// Extracts features in a process of its own, so that a test can kill it: node feature-extraction-child.mjs ROOT PICTURE…
import { readBundleFile } from "showtell/node";
import { extractFeatures } from "../../dist/node/feature-extraction.js";
import { openSession } from "../../dist/node/ort-session.js";

const [encoderFile, root, ...pictures] = process.argv.slice(2);
const { cache } = await extractFeatures({
  pictures,
  encoder: (await readBundleFile(encoderFile)).encoder,
  layer: "pooled",
  openSession: (model) => openSession(model, { threads: 1 }),
  root,
  onProgress: ({ done }) => process.stdout.write(`${done}\n`),
});
await cache.close();
