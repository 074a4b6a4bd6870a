// Every kind of graph that showtell writes, judged by the reference checker of the ONNX project with full shape inference.
// Usage: node bench/onnx-checker.mjs   (needs Python 3 with venv and pip; makes its own environment in a temporary folder)
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setup } from "../scripts/setup.mjs";
import { usage } from "./usage.mjs";

usage(import.meta.url);
setup();

const dist = "../packages/showtell/dist";
const { seededRandom } = await import(`${dist}/base/random.js`);
const { tensor } = await import(`${dist}/base/tensor.js`);
const { exportModel } = await import(`${dist}/graph/export.js`);
const { Graph } = await import(`${dist}/graph/graph.js`);
const { operators } = await import(`${dist}/graph/operators.js`);
const arithmetic = await import(`${dist}/graph/operators/arithmetic.js`);
const indexing = await import(`${dist}/graph/operators/indexing.js`);
const matrix = await import(`${dist}/graph/operators/matrix.js`);
const reduction = await import(`${dist}/graph/operators/reduction.js`);
const reshaping = await import(`${dist}/graph/operators/reshaping.js`);
const vision = await import(`${dist}/graph/operators/vision.js`);
const { decoderKinds, decoderNamed, decoderOf } = await import(`${dist}/models/catalogue.js`);
const { decoderChoices } = await import(`${dist}/models/decoder-options.js`);
const { encoderGraph, encoderKinds } = await import(`${dist}/models/encoder-graph.js`);
const { inferenceGraphs } = await import(`${dist}/models/inference-graphs.js`);
const { scoringGraph, trainingGraph } = await import(`${dist}/models/training-graph.js`);
const { initialise } = await import(`${dist}/nn/parameters.js`);

const checkerVersion = "1.22.0";
const checker = `
import json, sys, onnx
for path in sys.argv[1:]:
    try:
        onnx.checker.check_model(path, full_check=True)
        verdict = "ok"
    except Exception as error:
        verdict = f"{type(error).__name__}: {error}"
    print(json.dumps({"nodes": len(onnx.load(path).graph.node), "verdict": verdict}))
`;

/** One application of each operator to x (a matrix), n (integers), b (bools), p (pictures) and parameters that fit them. */
const examples = {
  ...Object.fromEntries(
    ["add", "sub", "mul", "div", "greater", "greaterOrEqual"].map((name) => [named(name), binary(name)]),
  ),
  ...Object.fromEntries(
    ["neg", "exp", "log", "sqrt", "tanh", "sigmoid", "relu"].map((name) => [named(name), unary(name)]),
  ),
  Clip: ({ x }) => arithmetic.clip(x, 0, 6),
  Min: ({ x }) => arithmetic.minimum(x, 1),
  Where: ({ x, b }) => arithmetic.where(b, x, 0),
  Cast: ({ x }) => arithmetic.cast(x, "float16"),
  Gemm: ({ x, square }) => matrix.gemm(x, square, { transposeB: true, bias: square }),
  MatMul: ({ x, square }) => matrix.matmul(x, square),
  Transpose: ({ p }) => matrix.transpose(p, [0, 2, 3, 1]),
  Shape: ({ p }) => reshaping.sizesOf(p, 0, 2),
  Reshape: ({ p }) => reshaping.reshape(p, ["batch", 3 * 64]),
  Concat: ({ x }) => reshaping.concat([x, x], 1),
  Split: ({ x }) => reshaping.split(x, [1, 3], 1)[0],
  Slice: ({ x }) => reshaping.slice(x, 1, 1, 3),
  Expand: ({ x }) => reshaping.expand(x, [2, 4, 4]),
  ReduceSum: ({ x }) => reduction.reduceSum(x),
  ReduceSumSquare: ({ x }) => reduction.reduceSumSquare(x),
  ReduceMean: ({ p }) => reduction.reduceMean(p, { axes: [2, 3] }),
  ReduceMax: ({ x }) => reduction.reduceMax(x, { axes: [1], keep: true }),
  Softmax: ({ x }) => reduction.softmax(x),
  LogSoftmax: ({ x }) => reduction.logSoftmax(x),
  Gather: ({ x, n }) => indexing.gather(x, n),
  GatherElements: ({ x, n }) => indexing.gatherElements(x, reshaping.reshape(n, [4, 1]), 1),
  ScatterElements: ({ x, n }) => indexing.scatterAdd(x, reshaping.expand(n, [4, 4]), x, 0),
  Conv: ({ p, kernel }) => vision.conv(p, kernel, { stride: [2, 2], padding: [1, 1, 1, 1] }),
  ConvTranspose: ({ p, back }) => vision.convTranspose(p, back, { extra: [0, 0] }),
  AveragePool: ({ p }) => vision.averagePool(p, [3, 3], { padding: [1, 1, 1, 1] }),
  MaxPool: ({ p }) => vision.maxPool(p, [3, 3], { stride: [2, 2], padding: [1, 1, 1, 1] }),
  BatchNormalization: ({ p, c }) => vision.batchNorm(p, { scale: c, shift: c, mean: c, variance: c }, 1e-3),
};

function named(name) {
  return name[0].toUpperCase() + name.slice(1);
}

function binary(name) {
  return ({ x }) => arithmetic[name](x, 1);
}

function unary(name) {
  return ({ x }) => arithmetic[name](x);
}

function operatorModel(name) {
  const graph = new Graph();
  const inputs = {
    x: graph.input("x", [4, 4]),
    n: graph.input("n", [4], "int64"),
    b: graph.input("b", [4], "bool"),
    p: graph.input("p", ["batch", 3, 8, 8]),
    square: graph.parameter("square", [4, 4]),
    kernel: graph.parameter("kernel", [2, 3, 3, 3]),
    back: graph.parameter("back", [3, 2, 3, 3]),
    c: graph.parameter("c", [3]),
  };
  if (examples[name] === undefined) throw new Error(`no example of the operator ${name}: add one`);
  return exportModel(graph, { y: examples[name](inputs) }, { parameters: "inputs" });
}

/** Small specifications of a decoder's kind, in which every choice that it leaves its user is met. */
function decoderSpecs(kind) {
  const decoder = decoderNamed(kind);
  const own = Object.entries(decoderChoices).filter(([name]) => decoder.takes.includes(name));
  const features = decoder.layer === "pooled" ? [16] : [9, 16];
  const sizes = { features, words: 70, embeddingSize: 8, vectorSize: 6, vectors: "random" };
  const dropout = { features: 0.1, input: 0.2, output: 0.3 };
  return Array.from({ length: Math.max(1, ...own.map(([, values]) => values.length)) }, (_, i) => {
    const choices = Object.fromEntries(own.map(([name, values]) => [name, values[i % values.length]]));
    const name = [kind, ...Object.values(choices)].join(" ");
    return { name, spec: decoder.specOf(sizes, { hiddenSize: 16, attentionSize: 10, dropout, ...choices }) };
  });
}

function* decoderModels(kind) {
  const options = { adam: { clipNorm: 1, weightDecay: 0.1 }, smoothing: 0.1 };
  for (const { name, spec } of decoderSpecs(kind)) {
    for (const group of [1, 5]) {
      const shape = { images: 3, group, steps: 4 };
      yield [`${name}: training, group ${group}`, trainingGraph(spec, shape, options).model];
      yield [`${name}: scoring, group ${group}`, scoringGraph(spec, shape)];
    }
    const parameters = decoderOf(spec).parameters(spec);
    const graphs = inferenceGraphs(spec, (parameter) => initialise(parameters[parameter], seededRandom(1, parameter)));
    yield [`${name}: begin`, graphs.begin];
    yield [`${name}: step`, graphs.step];
  }
}

/** Writes random weights straight into a model's buffer. */
const randomWeights = (name) => ({
  write(target) {
    const random = seededRandom(1, name);
    const values = Float32Array.from({ length: target.byteLength / 4 }, () => 0.1 * (random.uniform() - 0.5));
    target.set(new Uint8Array(values.buffer));
  },
});

function* models() {
  for (const name of Object.keys(operators)) yield [`operator ${name}`, operatorModel(name)];
  yield ["an output that is an input", copyModel()];
  for (const kind of decoderKinds) yield* decoderModels(kind);
  for (const kind of encoderKinds) {
    for (const layer of ["pooled", "grid"]) yield [`${kind}: ${layer}`, encoderGraph({ kind }, [layer], randomWeights)];
  }
}

function copyModel() {
  const graph = new Graph();
  const constant = graph.constant(tensor("float32", [2], new Float32Array(2)));
  return exportModel(graph, { y: graph.input("x", ["batch", 2]), z: constant }, { parameters: "inputs" });
}

function run(command, args, stdio = "inherit") {
  const { status, error, stdout } = spawnSync(command, args, { stdio: ["ignore", stdio, "inherit"], encoding: "utf8" });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ended with status ${status}`);
  return stdout;
}

const folder = mkdtempSync(join(tmpdir(), "showtell-onnx-"));
try {
  const windows = process.platform === "win32";
  const python = join(folder, "venv", windows ? "Scripts" : "bin", "python");
  run(windows ? "python" : "python3", ["-m", "venv", join(folder, "venv")]);
  run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", `onnx==${checkerVersion}`]);
  const rows = [...models()].map(([name, bytes], i) => {
    const path = join(folder, `${i}.onnx`);
    writeFileSync(path, bytes);
    return { name, bytes: bytes.length, path };
  });
  const verdicts = run(python, ["-c", checker, ...rows.map(({ path }) => path)], "pipe")
    .trim()
    .split("\n");
  console.log(`onnx.checker ${checkerVersion}, full check`);
  console.log(`${"model".padEnd(52)} ${"nodes".padStart(6)} ${"bytes".padStart(10)}  verdict`);
  rows.forEach(({ name, bytes }, i) => {
    const { nodes, verdict } = JSON.parse(verdicts[i]);
    if (verdict !== "ok") process.exitCode = 1;
    console.log(`${name.padEnd(52)} ${String(nodes).padStart(6)} ${String(bytes).padStart(10)}  ${verdict}`);
  });
} finally {
  rmSync(folder, { recursive: true });
}
