// Xception (Chollet 2017) as Keras publishes it: separable convolutions with residuals. Units have Keras's names.
import type { Tensor } from "../base/tensor.ts";
import { sizeOf, tensor } from "../base/tensor.ts";
import type { Value } from "../graph/graph.ts";
import { add, relu } from "../graph/operators/arithmetic.ts";
import { maxPool } from "../graph/operators/vision.ts";
import type { Parameters } from "../nn/parameters.ts";
import { convNamed, convTensors, samePadding } from "./convolution.ts";
import type { TensorShapes } from "./convolution.ts";
import type { Encoder } from "./encoder.ts";
import { lastMapLayers } from "./encoder.ts";
import { foldBatchNorm, published, turnedKernel } from "./folding.ts";
import type { PublishedTensors } from "./folding.ts";

/** A block of separable convolutions with a residual around it; a shortcut's convolution halves the map, and so does a pool then. */
interface Block {
  readonly name: string;
  readonly inputs: number;
  /** Outputs of its separable convolutions. */
  readonly outputs: readonly number[];
  /** Keras's names of the shortcut's convolution and batch norm; without, the input itself is added. */
  readonly shortcut?: { readonly convolution: string; readonly norm: string };
}

function halving(name: string, inputs: number, outputs: readonly number[], suffix: string): Block {
  return {
    name,
    inputs,
    outputs,
    shortcut: { convolution: `conv2d${suffix}`, norm: `batch_normalization${suffix}` },
  };
}

const middle: readonly Block[] = [5, 6, 7, 8, 9, 10, 11, 12].map((number) => ({
  name: `block${number}`,
  inputs: 728,
  outputs: [728, 728, 728],
}));

const blocks: readonly Block[] = [
  halving("block2", 64, [128, 128], ""),
  halving("block3", 128, [256, 256], "_1"),
  halving("block4", 256, [728, 728], "_2"),
  ...middle,
  halving("block13", 728, [728, 1024], "_3"),
];

/** The first and the last two units, around the blocks. */
const stem = [
  { name: "block1_conv1", inputs: 3, outputs: 32, stride: 2 },
  { name: "block1_conv2", inputs: 32, outputs: 64, stride: 1 },
] as const;
const end = [
  { name: "block14_sepconv1", inputs: 1024, outputs: 1536 },
  { name: "block14_sepconv2", inputs: 1536, outputs: 2048 },
] as const;

function separableTensors(name: string, inputs: number, outputs: number): TensorShapes {
  return { [`${name}.depthwise.weight`]: [inputs, 1, 3, 3], ...convTensors(name, outputs, inputs, [1, 1]) };
}

function blockTensors({ name, inputs, outputs, shortcut }: Block): TensorShapes {
  const units = outputs.map((size, i) =>
    separableTensors(`${name}_sepconv${i + 1}`, i === 0 ? inputs : outputs[i - 1]!, size),
  );
  const added = shortcut && convTensors(shortcut.convolution, outputs.at(-1)!, inputs, [1, 1]);
  return Object.assign({}, ...units, added) as TensorShapes;
}

/** x [batch, inputs, h, w]: each channel by itself over 3×3, then all of them at each position → [batch, outputs, h, w]. */
function separable(p: Parameters, name: string, x: Value): Value {
  const groups = x.shape[1] as number;
  const deep = convNamed(p, `${name}.depthwise`, x, { padding: samePadding(x, [3, 3], 1), groups });
  return convNamed(p, name, deep);
}

function applyBlock(p: Parameters, { name, outputs, shortcut }: Block, x: Value): Value {
  const units = outputs.map((_, i) => `${name}_sepconv${i + 1}`);
  // The input of block 2 went through a ReLU already: another one changes nothing.
  const y = units.reduce((value, one) => separable(p, one, relu(value)), x);
  if (shortcut === undefined) return add(y, x);
  const pooled = maxPool(y, [3, 3], { stride: [2, 2], padding: samePadding(y, [3, 3], 2) });
  return add(pooled, convNamed(p, shortcut.convolution, x, { stride: [2, 2] }));
}

export const xception: Encoder = {
  title: "Xception",

  tensors: Object.assign(
    {},
    ...stem.map(({ name, inputs, outputs }) => convTensors(name, outputs, inputs, [3, 3])),
    ...blocks.map(blockTensors),
    ...end.map(({ name, inputs, outputs }) => separableTensors(name, inputs, outputs)),
  ) as TensorShapes,

  preprocessing: {
    resize: { kind: "squeeze", width: 299, height: 299, filter: "triangle" },
    channels: "RGB",
    layout: "NCHW",
    mean: [127.5, 127.5, 127.5],
    scale: [1 / 127.5, 1 / 127.5, 1 / 127.5],
  },

  layers: lastMapLayers("block14", [2048, 10, 10]),

  featureMaps(p, pictures) {
    const start = stem.reduce(
      (x, { name, stride }) => relu(convNamed(p, name, x, { stride: [stride, stride] })),
      pictures,
    );
    const last = blocks.reduce((x, block) => applyBlock(p, block, x), start);
    return { block14: end.reduce((x, { name }) => relu(separable(p, name, x)), last) };
  },
};

const normOfShortcut = new Map(
  blocks.flatMap(({ shortcut }) => (shortcut === undefined ? [] : [[shortcut.convolution, shortcut.norm] as const])),
);

/**
 * The encoder's tensors from Keras's: layouts turned, batch norm folded into the convolution before it (of a separable one, the 1×1).
 * @throws ShowtellError `BUNDLE_TENSORS` if one is missing or has another size.
 */
export function xceptionFromKeras(source: PublishedTensors): ReadonlyMap<string, Tensor<"float32">> {
  const result = new Map<string, Tensor<"float32">>();
  for (const [name, shape] of Object.entries(xception.tensors)) {
    if (name.endsWith(".depthwise.weight")) {
      // Keras has [height, width, channels, 1]; with one input to a group that is [height, width, 1, channels].
      const kernel = published(source, name.replace(".depthwise.weight", "/depthwise_kernel"), sizeOf(shape));
      result.set(name, tensor("float32", shape, turnedKernel(kernel, shape)));
    } else if (name.endsWith(".weight")) {
      const unit = name.slice(0, -".weight".length);
      const norm = normOfShortcut.get(unit) ?? `${unit}_bn`;
      const part = (which: string): Float32Array => published(source, `${norm}/${which}`, shape[0]!);
      const batchNorm = {
        gamma: part("gamma"),
        beta: part("beta"),
        mean: part("moving_mean"),
        variance: part("moving_variance"),
        epsilon: 1e-3,
      };
      const kernelName = `${unit}/${unit.includes("sepconv") ? "pointwise_kernel" : "kernel"}`;
      const kernel = turnedKernel(published(source, kernelName, sizeOf(shape)), shape);
      const { weight, bias } = foldBatchNorm(kernel, shape, batchNorm);
      result.set(name, weight).set(`${unit}.bias`, bias);
    }
  }
  return result;
}
