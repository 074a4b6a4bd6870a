// Calibrates an encoder that computes in integers on pictures of a data set's train split: ranges, gains and shifts, in about four minutes.
// Usage: node bench/encoders/calibrate.mjs DATA ENCODER [--pictures 64] [--out FILE]
//   DATA     a data set's folder
//   ENCODER  the encoder that is to compute in integers: resnet50-int8, or another name or file
//   --out    writes them: packages/showtell/models/resnet50.integers.safetensors. Default: prints ranges only
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { setup } from "../../scripts/setup.mjs";
import { usage } from "../usage.mjs";

usage(import.meta.url);
setup();

const dist = "../../packages/showtell/dist";
const { tensor } = await import(`${dist}/base/tensor.js`);
const { asFloat32 } = await import(`${dist}/bundle/precision.js`);
const { encoderOf } = await import(`${dist}/models/encoder-graph.js`);
const { calibratedIntegers } = await import(`${dist}/bundle/integer-calibration.js`);
const { preprocess } = await import(`${dist}/image/preprocess.js`);
const { readBundleFile } = await import(`${dist}/node/bundle-files.js`);
const { openDataset, picturePath } = await import(`${dist}/node/dataset-folder.js`);
const { readImage } = await import(`${dist}/node/image-reader.js`);
const { openSession } = await import(`${dist}/node/ort-session.js`);
const { encoderFile } = await import(`${dist}/node/weights-folder.js`);
const { writeSafetensors } = await import(`${dist}/safetensors/write.js`);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { pictures: { type: "string", default: "64" }, out: { type: "string" } },
});
const [data, name] = positionals;
if (name === undefined) usage(import.meta.url, true);

const { encoder } = await readBundleFile(encoderFile(name));
const { spec, preprocessing } = encoder.manifest;
const { width, height } = preprocessing.resize;

const dataset = await openDataset(data);
const all = dataset.split("train");
const count = Number(values.pictures);
const pictures = [];
for (let i = 0; i < count; i++) {
  const { image } = all[Math.floor((i * all.length) / count)];
  const input = new Float32Array(3 * height * width);
  preprocess(await readImage(picturePath(dataset, image)), preprocessing, input);
  pictures.push(tensor("float32", [1, 3, height, width], input));
}

const found = await calibratedIntegers({
  spec,
  tensors: new Map(Object.keys(encoderOf(spec).tensors).map((one) => [one, asFloat32(encoder.tensors, one)])),
  pictures,
  openSession,
  onProgress: (done, of) => process.stderr.write(`\r${done} of ${of} convolutions${done === of ? "\n" : ""}`),
});
const metadata = { data: `${dataset.name} train`, pictures: String(count) };
if (values.out === undefined) console.log(found.get("ranges").data);
else writeFileSync(values.out, writeSafetensors(found, metadata));
