// EfficientNet-lite0 (Tan and Le 2019, in the variant for small devices: ReLU6, no squeeze-and-excitation), as its PyTorch port names it.
import type { Tensor } from "../base/tensor.ts";
import { sizeOf } from "../base/tensor.ts";
import type { Value } from "../graph/graph.ts";
import { add, clip } from "../graph/operators/arithmetic.ts";
import type { ConvOptions } from "../graph/operators/vision.ts";
import type { Parameters } from "../nn/parameters.ts";
import { convNamed, convTensors, samePadding } from "./convolution.ts";
import type { TensorShapes } from "./convolution.ts";
import type { Encoder } from "./encoder.ts";
import { lastMapLayers } from "./encoder.ts";
import { foldBatchNorm, published } from "./folding.ts";
import type { PublishedTensors } from "./folding.ts";

/** Stages of inverted bottlenecks; the stride is that of a stage's first block. */
const stages = [
  { blocks: 1, outputs: 16, size: 3, stride: 1, expansion: 1 },
  { blocks: 2, outputs: 24, size: 3, stride: 2, expansion: 6 },
  { blocks: 2, outputs: 40, size: 5, stride: 2, expansion: 6 },
  { blocks: 3, outputs: 80, size: 3, stride: 2, expansion: 6 },
  { blocks: 3, outputs: 112, size: 5, stride: 1, expansion: 6 },
  { blocks: 4, outputs: 192, size: 5, stride: 2, expansion: 6 },
  { blocks: 1, outputs: 320, size: 3, stride: 1, expansion: 6 },
] as const;

const stemOutputs = 32;
const headOutputs = 1280;

/** 1×1 to `width` channels (left out where that is the input's), depthwise size×size, 1×1 to `outputs`. */
interface Block {
  readonly name: string;
  readonly inputs: number;
  readonly width: number;
  readonly outputs: number;
  readonly size: number;
  readonly stride: number;
}

const blocks: readonly Block[] = stages
  .flatMap((stage, at) => {
    const before = at === 0 ? stemOutputs : stages[at - 1]!.outputs;
    return Array.from({ length: stage.blocks }, (_, i) => ({
      inputs: i === 0 ? before : stage.outputs,
      width: stage.expansion * (i === 0 ? before : stage.outputs),
      outputs: stage.outputs,
      size: stage.size,
      stride: i === 0 ? stage.stride : 1,
    }));
  })
  .map((block, i) => ({ name: `_blocks.${i}`, ...block }));

function blockTensors({ name, inputs, width, outputs, size }: Block): TensorShapes {
  return {
    ...(width !== inputs && convTensors(`${name}._expand_conv`, width, inputs, [1, 1])),
    ...convTensors(`${name}._depthwise_conv`, width, 1, [size, size]),
    ...convTensors(`${name}._project_conv`, outputs, width, [1, 1]),
  };
}

/** A convolution with ReLU6. */
function unit(p: Parameters, name: string, x: Value, options: ConvOptions = {}): Value {
  return clip(convNamed(p, name, x, options), 0, 6);
}

function applyBlock(p: Parameters, { name, inputs, width, outputs, size, stride }: Block, x: Value): Value {
  const wide = width === inputs ? x : unit(p, `${name}._expand_conv`, x);
  const padding = samePadding(wide, [size, size], stride);
  const deep = unit(p, `${name}._depthwise_conv`, wide, { stride: [stride, stride], padding, groups: width });
  const y = convNamed(p, `${name}._project_conv`, deep);
  return stride === 1 && inputs === outputs ? add(y, x) : y;
}

export const efficientnetLite0: Encoder = {
  title: "EfficientNet-lite0",

  tensors: Object.assign(
    convTensors("_conv_stem", stemOutputs, 3, [3, 3]),
    ...blocks.map(blockTensors),
    convTensors("_conv_head", headOutputs, blocks.at(-1)!.outputs, [1, 1]),
  ) as TensorShapes,

  preprocessing: {
    resize: { kind: "squeeze", width: 224, height: 224, filter: "triangle" },
    channels: "RGB",
    layout: "NCHW",
    mean: [127, 127, 127],
    scale: [1 / 128, 1 / 128, 1 / 128],
  },

  layers: lastMapLayers("head", [headOutputs, 7, 7]),

  featureMaps(p, pictures) {
    const stem = unit(p, "_conv_stem", pictures, { stride: [2, 2], padding: samePadding(pictures, [3, 3], 2) });
    const last = blocks.reduce((x, block) => applyBlock(p, block, x), stem);
    return { head: unit(p, "_conv_head", last) };
  },
};

/** The batch norm after each convolution: `_bn0` after `_expand_conv`, and so on. */
const norms: Readonly<Record<string, string>> = {
  _conv_stem: "_bn0",
  _expand_conv: "_bn0",
  _depthwise_conv: "_bn1",
  _project_conv: "_bn2",
  _conv_head: "_bn1",
};

/**
 * The encoder's tensors from the published ones: batch norm folded in.
 * @throws ShowtellError `BUNDLE_TENSORS` if one is missing or has another size.
 */
export function efficientnetLite0FromPublished(source: PublishedTensors): ReadonlyMap<string, Tensor<"float32">> {
  const result = new Map<string, Tensor<"float32">>();
  for (const [name, shape] of Object.entries(efficientnetLite0.tensors)) {
    if (!name.endsWith(".weight")) continue;
    const of = name.slice(0, -".weight".length);
    const norm = of.replace(/[^.]+$/, (convolution) => norms[convolution]!);
    const part = (which: string): Float32Array => published(source, `${norm}.${which}`, shape[0]!);
    const batchNorm = {
      gamma: part("weight"),
      beta: part("bias"),
      mean: part("running_mean"),
      variance: part("running_var"),
      epsilon: 1e-3,
    };
    const { weight, bias } = foldBatchNorm(published(source, name, sizeOf(shape)), shape, batchNorm);
    result.set(name, weight).set(`${of}.bias`, bias);
  }
  return result;
}
