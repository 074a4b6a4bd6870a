// EfficientNet-lite0 in the graph language beside PyTorch (double precision) on the same weights and pictures: the largest difference.
// Usage: node bench/encoders/efficientnet-lite0.mjs [--python PYTHON] [--write]
//   --python  a Python that has torch and numpy; without it pip makes an environment in .tmp/
//   --write   keep PyTorch's answers as packages/showtell/test/golden/efficientnet-lite0.json, which a test compares with
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { setup } from "../../scripts/setup.mjs";
import { pythonWith, run } from "../python.mjs";
import { usage } from "../usage.mjs";

usage(import.meta.url);
setup();

const { values } = parseArgs({ options: { python: { type: "string" }, write: { type: "boolean", default: false } } });
const dist = "../../packages/showtell/dist";
const { preprocess } = await import(`${dist}/image/preprocess.js`);
const { encoderGraph, encoderOf } = await import(`${dist}/models/encoder-graph.js`);
const { encoderSources } = await import(`${dist}/node/encoder-sources.js`);
const { readImage } = await import(`${dist}/node/image-reader.js`);
const { openSession } = await import(`${dist}/node/ort-session.js`);
const { packageFolder } = await import(`${dist}/node/package-file.js`);

const kind = "efficientnet-lite0";
const golden = fileURLToPath(new URL("../../packages/showtell/test/golden/", import.meta.url));
const source = encoderSources[kind];
const folder = await packageFolder(source.package);

const synthetic = Uint8Array.from({ length: 224 * 224 * 3 }, (_, i) => {
  const [y, x, c] = [Math.floor(i / (224 * 3)), Math.floor(i / 3) % 224, i % 3];
  return (7 * y + 13 * x + 31 * c) % 256;
});
const photo = (name) => readImage(readFileSync(join(golden, "resnet50", `${name}-224.png`)));
const pictures = [
  { name: "synthetic", pixels: { width: 224, height: 224, data: synthetic } },
  { name: "chelsea", pixels: await photo("chelsea") },
  { name: "coffee", pixels: await photo("coffee") },
];

const python = values.python ?? pythonWith("bench-training", ["torch==2.13.0", "numpy"]);
const script = fileURLToPath(new URL("efficientnet_lite0.py", import.meta.url));
const temporary = mkdtempSync(join(tmpdir(), "showtell-lite0-"));
const files = pictures.map(({ name, pixels }) => {
  const file = join(temporary, `${name}.rgb`);
  writeFileSync(file, pixels.data);
  return file;
});
const weights = Object.keys(source.package.files).find((file) => file.endsWith(".pth"));
const answers = JSON.parse(run(python, [script, join(folder, weights), ...files]));
rmSync(temporary, { recursive: true });

const tensors = await source.load(folder);
const session = await openSession(encoderGraph({ kind }, ["pooled", "grid"], (name) => tensors.get(name)));
const { preprocessing } = encoderOf({ kind });
for (const [i, { name, pixels }] of pictures.entries()) {
  const data = preprocess(pixels, preprocessing);
  const ours = await session.run({ pictures: { dtype: "float32", shape: [1, 3, 224, 224], data } });
  const { pooled, grid } = answers[i];
  const found = [...ours.pooled.data.subarray(0, 8), ...ours.grid.data.subarray(0, 8)];
  found.push(...ours.grid.data.subarray(24 * 1280, 24 * 1280 + 8), Math.hypot(...ours.pooled.data));
  const wanted = [...pooled.first8, ...grid.corner8, ...grid.center8, pooled.norm];
  const worst = Math.max(...found.map((value, at) => Math.abs(value - wanted[at])));
  console.log(`${name.padEnd(10)} largest difference ${worst.toExponential(2)}, norm ${pooled.norm.toFixed(4)}`);
}
await session.dispose();

if (values.write) {
  const cases = pictures.map(({ name }, i) => ({ name, ...answers[i] }));
  writeFileSync(join(golden, `${kind}.json`), `${JSON.stringify({ cases }, undefined, 1)}\n`);
}
