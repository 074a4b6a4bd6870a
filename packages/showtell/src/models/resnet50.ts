// ResNet-50 (He et al. 2016) as Keras published it: Caffe's layout, with the stride on the first 1×1 convolution of a stage.
import type { Value } from "../graph/graph.ts";
import { add, relu } from "../graph/operators/arithmetic.ts";
import { maxPool } from "../graph/operators/vision.ts";
import type { WindowOptions } from "../graph/operators/vision.ts";
import type { Parameters } from "../nn/parameters.ts";
import { convNamed, convTensors } from "./convolution.ts";
import type { TensorShapes } from "./convolution.ts";
import type { Encoder } from "./encoder.ts";
import { lastMapLayers } from "./encoder.ts";

/** conv2_x … conv5_x: number of blocks and channels inside a block (a quarter of those outside). */
const stages = [
  { name: "conv2", blocks: 3, width: 64, stride: 1 },
  { name: "conv3", blocks: 4, width: 128, stride: 2 },
  { name: "conv4", blocks: 6, width: 256, stride: 2 },
  { name: "conv5", blocks: 3, width: 512, stride: 2 },
] as const;

/** A bottleneck block: 1×1 (a), 3×3 (b), 1×1 (c), and in a stage's first block a projection of its input. */
interface Block {
  readonly name: string;
  readonly inputs: number;
  readonly width: number;
  readonly stride: number;
  readonly projected: boolean;
}

const blocks: readonly Block[] = stages.flatMap((stage, at) =>
  Array.from({ length: stage.blocks }, (_, i) => ({
    name: `${stage.name}.${i + 1}`,
    inputs: i > 0 ? 4 * stage.width : at === 0 ? 64 : 4 * stages[at - 1]!.width,
    width: stage.width,
    stride: i === 0 ? stage.stride : 1,
    projected: i === 0,
  })),
);

function blockTensors({ name, inputs, width, projected }: Block): TensorShapes {
  return {
    ...convTensors(`${name}.a`, width, inputs, [1, 1]),
    ...convTensors(`${name}.b`, width, width, [3, 3]),
    ...convTensors(`${name}.c`, 4 * width, width, [1, 1]),
    ...(projected && convTensors(`${name}.projection`, 4 * width, inputs, [1, 1])),
  };
}

/** x [batch, inputs, h, w] → relu(c(relu(b(relu(a(x))))) + shortcut) [batch, 4 · width, h / stride, w / stride]. */
function bottleneck(p: Parameters, { name, stride, projected }: Block, x: Value): Value {
  const strided: WindowOptions = { stride: [stride, stride] };
  const a = relu(convNamed(p, `${name}.a`, x, strided));
  const b = relu(convNamed(p, `${name}.b`, a, { padding: [1, 1, 1, 1] }));
  const c = convNamed(p, `${name}.c`, b);
  return relu(add(c, projected ? convNamed(p, `${name}.projection`, x, strided) : x));
}

export const resnet50: Encoder = {
  title: "ResNet-50",

  tensors: Object.assign(convTensors("conv1", 64, 3, [7, 7]), ...blocks.map(blockTensors)) as TensorShapes,

  // Keras's "caffe" mode: BGR bytes minus the means of ImageNet.
  preprocessing: {
    resize: { kind: "squeeze", width: 224, height: 224, filter: "triangle" },
    channels: "BGR",
    layout: "NCHW",
    mean: [103.939, 116.779, 123.68],
    scale: [1, 1, 1],
  },

  layers: {
    ...lastMapLayers("conv5", [2048, 7, 7]),
    conv4: { map: "conv4", size: [1024, 14, 14], take: "positions" },
    // All that conv5 reads of conv4, since both of its convolutions there have stride 2 and 1×1 windows.
    "conv4-even": { map: "conv4", size: [1024, 14, 14], take: "positions", every: 2 },
  },

  stages: {
    conv5: {
      from: "conv4-even",
      map: "conv5",
      prefix: "conv5.",
      // Its stride was taken with the positions.
      lastMap: (p, map) => blocksOf("conv5").reduce((x, block) => bottleneck(p, { ...block, stride: 1 }, x), map),
    },
  },

  featureMaps(p, pictures) {
    const stem = relu(convNamed(p, "conv1", pictures, { stride: [2, 2], padding: [3, 3, 3, 3] }));
    // Keras pads the pool with zeros; after relu that is the same as padding that never wins.
    const pooled = maxPool(stem, [3, 3], { stride: [2, 2], padding: [1, 1, 1, 1] });
    const conv4 = blocksOf("conv2", "conv3", "conv4").reduce((x, block) => bottleneck(p, block, x), pooled);
    return { conv4, conv5: blocksOf("conv5").reduce((x, block) => bottleneck(p, block, x), conv4) };
  },
};

function blocksOf(...names: readonly string[]): readonly Block[] {
  return blocks.filter(({ name }) => names.includes(name.split(".")[0]!));
}
