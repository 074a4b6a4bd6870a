// What the layers of an encoder read on pictures of a data set's train split: the ranges that a network in integers rounds to.
// Usage: node bench/encoders/ranges.mjs DATA NAME [--pictures 16] [--out FILE]   (DATA: a data set's folder; NAME: resnet50, …)
//   --out  writes them for `showtell weights fetch`: packages/showtell/models/NAME.ranges.json. Default: prints them only
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { setup } from "../../scripts/setup.mjs";
import { usage } from "../usage.mjs";

usage(import.meta.url);
setup();

const dist = "../../packages/showtell/dist";
const { tensor } = await import(`${dist}/base/tensor.js`);
const { parameterContent } = await import(`${dist}/bundle/precision.js`);
const { preprocess } = await import(`${dist}/image/preprocess.js`);
const { calibrationGraph } = await import(`${dist}/models/encoder-graph.js`);
const { readBundleFile } = await import(`${dist}/node/bundle-files.js`);
const { openDataset, picturePath } = await import(`${dist}/node/dataset-folder.js`);
const { readImage } = await import(`${dist}/node/image-reader.js`);
const { openSession } = await import(`${dist}/node/ort-session.js`);
const { fetchEncoder } = await import(`${dist}/node/published-encoder.js`);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { pictures: { type: "string", default: "16" }, out: { type: "string" } },
});
const [data, kind] = positionals;
if (kind === undefined) usage(import.meta.url, true);

const { encoder } = await readBundleFile((await fetchEncoder(kind, "float32")).path);
const { spec, preprocessing } = encoder.manifest;
const session = await openSession(calibrationGraph(spec, (name) => parameterContent(encoder.tensors, name)));
const { width, height } = preprocessing.resize;

const dataset = await openDataset(data);
const all = dataset.split("train");
const count = Number(values.pictures);
const ranges = [];
for (let i = 0; i < count; i++) {
  const { image } = all[Math.floor((i * all.length) / count)];
  const input = new Float32Array(3 * height * width);
  preprocess(await readImage(picturePath(dataset, image)), preprocessing, input);
  const { least, largest } = await session.run({ pictures: tensor("float32", [1, 3, height, width], input) });
  least.data.forEach((value, at) => {
    const [low, high] = ranges[at] ?? [0, 0];
    ranges[at] = [Math.min(low, value), Math.max(high, largest.data[at])];
  });
}
await session.dispose();

const rounded = ranges.map((pair) => pair.map((value) => Number(value.toPrecision(5))));
const text = JSON.stringify({ data: `${dataset.name} train`, pictures: count, ranges: rounded }, undefined, 2);
if (values.out === undefined) console.log(text);
else writeFileSync(values.out, `${text}\n`);
