// What int8 weights, or computing in integers, cost: cosine of a ResNet-50's pooled features to those of the float32 weights.
// Usage: node bench/encoder-precision.mjs DATA [SPLIT] [--encoder FILE]   (DATA: a data set's folder; SPLIT: default dev)
//   --encoder  a file, or a name such as resnet50-integer; default: the encoder that ships
import { parseArgs } from "node:util";
import { setup } from "../scripts/setup.mjs";
import { usage } from "./usage.mjs";

usage(import.meta.url);
setup();

const dist = "../packages/showtell/dist";
const { decodeFloat16 } = await import(`${dist}/base/float16.js`);
const { openPictureEncoder } = await import(`${dist}/caption/picture-encoder.js`);
const { readBundleFile } = await import(`${dist}/node/bundle-files.js`);
const { defaultEncoder } = await import(`${dist}/node/shipped-models.js`);
const { openDataset, picturePath } = await import(`${dist}/node/dataset-folder.js`);
const { readImage } = await import(`${dist}/node/image-reader.js`);
const { openSession } = await import(`${dist}/node/ort-session.js`);
const { encoderFile } = await import(`${dist}/node/weights-folder.js`);
const { fetchEncoder } = await import(`${dist}/node/published-encoder.js`);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { encoder: { type: "string", default: defaultEncoder } },
});
const [data, split = "dev"] = positionals;
if (data === undefined) usage(import.meta.url, true);

const judged = (await readBundleFile(encoderFile(values.encoder))).encoder;
const published = (await readBundleFile((await fetchEncoder("resnet50", "float32")).path)).encoder;
const encoders = await Promise.all([judged, published].map((part) => openPictureEncoder(part, "pooled", openSession)));

function cosine(a, b) {
  let [product, squaresA, squaresB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    product += a[i] * b[i];
    squaresA += a[i] * a[i];
    squaresB += b[i] * b[i];
  }
  return product / Math.sqrt(squaresA * squaresB);
}

const dataset = await openDataset(data);
const found = [];
for (const { image } of dataset.split(split)) {
  const pixels = await readImage(picturePath(dataset, image));
  const features = [];
  for (const encoder of encoders) features.push(decodeFloat16(await encoder.encode([pixels])));
  found.push({ image, similarity: cosine(...features) });
}
for (const encoder of encoders) await encoder.dispose();

const mean = found.reduce((sum, { similarity }) => sum + similarity, 0) / found.length;
const worst = found.reduce((least, one) => (one.similarity < least.similarity ? one : least));
console.log(`encoder            ${judged.manifest.identity}`);
console.log(`compared with      ${published.manifest.identity} (float32)`);
console.log(`pictures           ${found.length} (${split})`);
console.log(`mean cosine        ${mean.toFixed(5)}`);
console.log(`minimum            ${worst.similarity.toFixed(5)} (${worst.image})`);
console.log(`at least 0.999     ${found.filter(({ similarity }) => similarity >= 0.999).length}`);
