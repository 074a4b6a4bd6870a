// Inception-v3 (Szegedy et al. 2016) with the weights of 2015, which the Fréchet inception distance uses: the last pool of
// the net is a max-pool. Units have the names of that graph.
import type { Tensor } from "../base/tensor.ts";
import { sizeOf } from "../base/tensor.ts";
import type { Value } from "../graph/graph.ts";
import { relu } from "../graph/operators/arithmetic.ts";
import { concat } from "../graph/operators/reshaping.ts";
import { averagePool, maxPool } from "../graph/operators/vision.ts";
import type { Pair } from "../graph/operators/vision.ts";
import type { Parameters } from "../nn/parameters.ts";
import { convNamed, convTensors, samePadding } from "./convolution.ts";
import type { TensorShapes } from "./convolution.ts";
import type { Encoder } from "./encoder.ts";
import { lastMapLayers } from "./encoder.ts";
import { foldBatchNorm, published } from "./folding.ts";
import type { PublishedTensors } from "./folding.ts";

/** A convolution with ReLU: its name within the block, outputs, and window. Stride 1 and padding to the same size, or stride 2 and none. */
interface Unit {
  readonly name: string;
  readonly outputs: number;
  readonly window: Pair;
  readonly stride: 1 | 2;
}

/** A pool of 3×3: over each position with padding, or over every second one without. */
type Pool = "mean" | "largest" | "largest of stride 2";

/** Units after each other, then, where there are any, units side by side. */
interface Tower {
  readonly pool?: Pool;
  readonly units: readonly Unit[];
  readonly fork?: readonly Unit[];
}

/** Towers over one input, whose outputs are joined along the channels. */
interface Block {
  readonly name: string;
  readonly towers: readonly Tower[];
}

function unit(name: string, outputs: number, window: Pair = [1, 1], stride: 1 | 2 = 1): Unit {
  return { name, outputs, window, stride };
}

/** conv, conv_1, conv_2, … of a tower. */
function tower(name: string, ...sizes: readonly (readonly [number, Pair?, (1 | 2)?])[]): Tower {
  return { units: sizes.map(([...size], i) => unit(`${name}conv${i === 0 ? "" : `_${i}`}`, ...size)) };
}

/** 35×35: 1×1, 5×5, twice 3×3, and a pool with a projection. */
function block35(name: string, projected: number): Block {
  const pooled: Tower = { ...tower("tower_2.", [projected]), pool: "mean" };
  return {
    name,
    towers: [
      tower("", [64]),
      tower("tower.", [48], [64, [5, 5]]),
      tower("tower_1.", [64], [96, [3, 3]], [96, [3, 3]]),
      pooled,
    ],
  };
}

/** 17×17: 1×1, a 7×7 in two, two of them in four, and a pool with a projection. */
function block17(name: string, width: number): Block {
  const [row, column]: readonly [Pair, Pair] = [
    [1, 7],
    [7, 1],
  ];
  const pooled: Tower = { ...tower("tower_2.", [192]), pool: "mean" };
  return {
    name,
    towers: [
      tower("", [192]),
      tower("tower.", [width], [width, row], [192, column]),
      tower("tower_1.", [width], [width, column], [width, row], [width, column], [192, row]),
      pooled,
    ],
  };
}

/** 8×8: 1×1, a 3×3 forked in two, twice 3×3 of which the second is forked, and a pool with a projection. */
function block8(name: string, pool: Pool): Block {
  const fork = (at: string): readonly Unit[] => [
    unit(`${at}_mixed_conv`, 384, [1, 3]),
    unit(`${at}_mixed_conv_1`, 384, [3, 1]),
  ];
  return {
    name,
    towers: [
      tower("", [320]),
      { units: [unit("tower_conv", 384)], fork: fork("tower") },
      { units: [unit("tower_1_conv", 448), unit("tower_1_conv_1", 384, [3, 3])], fork: fork("tower_1") },
      { units: [unit("tower_2_conv", 192)], pool },
    ],
  };
}

const halving: Tower = { pool: "largest of stride 2", units: [] };

const blocks: readonly Block[] = [
  block35("mixed", 32),
  block35("mixed_1", 64),
  block35("mixed_2", 64),
  {
    name: "mixed_3",
    towers: [tower("", [384, [3, 3], 2]), tower("tower.", [64], [96, [3, 3]], [96, [3, 3], 2]), halving],
  },
  block17("mixed_4", 128),
  block17("mixed_5", 160),
  block17("mixed_6", 160),
  block17("mixed_7", 192),
  {
    name: "mixed_8",
    towers: [
      tower("tower.", [192], [320, [3, 3], 2]),
      tower("tower_1.", [192], [192, [1, 7]], [192, [7, 1]], [192, [3, 3], 2]),
      halving,
    ],
  },
  block8("mixed_9", "mean"),
  block8("mixed_10", "largest"),
];

/** Before the blocks; none of them is padded but conv_2, and pools of stride 2 follow conv_2 and conv_4. */
const stem: readonly Unit[] = [
  unit("conv", 32, [3, 3], 2),
  unit("conv_1", 32, [3, 3]),
  unit("conv_2", 64, [3, 3]),
  unit("conv_3", 80),
  unit("conv_4", 192, [3, 3]),
];
const padded: ReadonlySet<string> = new Set(["conv_2"]);
const pooledAfter: ReadonlySet<string> = new Set(["conv_2", "conv_4"]);

function allTensors(): TensorShapes {
  const shapes: Record<string, readonly number[]> = {};
  const declare = (prefix: string, { name, outputs, window }: Unit, inputs: number): number => {
    Object.assign(shapes, convTensors(`${prefix}${name}`, outputs, inputs, window));
    return outputs;
  };
  let channels = stem.reduce((inputs, one) => declare("", one, inputs), 3);
  for (const { name, towers } of blocks) {
    const joined = towers.flatMap(({ units, fork }) => {
      const last = units.reduce((inputs, one) => declare(`${name}.`, one, inputs), channels);
      return fork === undefined ? [last] : fork.map((one) => declare(`${name}.`, one, last));
    });
    channels = joined.reduce((sum, size) => sum + size, 0);
  }
  return shapes;
}

function apply(p: Parameters, prefix: string, { name, window, stride }: Unit, x: Value): Value {
  const options = stride === 2 ? { stride: [2, 2] as const } : { padding: samePadding(x, window, 1) };
  return relu(convNamed(p, `${prefix}${name}`, x, options));
}

const pools: Readonly<Record<Pool, (x: Value) => Value>> = {
  mean: (x) => averagePool(x, [3, 3], { padding: [1, 1, 1, 1] }),
  largest: (x) => maxPool(x, [3, 3], { padding: [1, 1, 1, 1] }),
  "largest of stride 2": (x) => maxPool(x, [3, 3], { stride: [2, 2] }),
};

function applyBlock(p: Parameters, { name, towers }: Block, x: Value): Value {
  const prefix = `${name}.`;
  const outputs = towers.flatMap(({ pool, units, fork }) => {
    const start = pool === undefined ? x : pools[pool](x);
    const end = units.reduce((value, one) => apply(p, prefix, one, value), start);
    return fork === undefined ? [end] : fork.map((one) => apply(p, prefix, one, end));
  });
  return concat(outputs, 1);
}

export const inceptionV3: Encoder = {
  title: "Inception-v3",

  tensors: allTensors(),

  preprocessing: {
    resize: { kind: "squeeze", width: 299, height: 299, filter: "triangle" },
    channels: "RGB",
    layout: "NCHW",
    mean: [128, 128, 128],
    scale: [1 / 128, 1 / 128, 1 / 128],
  },

  layers: lastMapLayers("mixed_10", [2048, 8, 8]),

  featureMaps(p, pictures) {
    const start = stem.reduce((x, one) => {
      const { name, window, stride } = one;
      const padding = padded.has(name) ? samePadding(x, window, stride) : ([0, 0, 0, 0] as const);
      const y = relu(convNamed(p, name, x, { stride: [stride, stride], padding }));
      return pooledAfter.has(name) ? pools["largest of stride 2"](y) : y;
    }, pictures);
    return { mixed_10: blocks.reduce((x, block) => applyBlock(p, block, x), start) };
  },
};

/**
 * The encoder's tensors from the published ones: batch norm (without γ) folded in.
 * @throws ShowtellError `BUNDLE_TENSORS` if one is missing or has another size.
 */
export function inceptionV3FromPublished(source: PublishedTensors): ReadonlyMap<string, Tensor<"float32">> {
  const result = new Map<string, Tensor<"float32">>();
  for (const [name, shape] of Object.entries(inceptionV3.tensors)) {
    if (!name.endsWith(".weight")) continue;
    const of = name.slice(0, -".weight".length);
    const part = (which: string): Float32Array => published(source, `${of}.${which}`, shape[0]!);
    const batchNorm = { beta: part("beta"), mean: part("mean"), variance: part("var"), epsilon: 1e-3 };
    const { weight, bias } = foldBatchNorm(published(source, name, sizeOf(shape)), shape, batchNorm);
    result.set(name, weight).set(`${of}.bias`, bias);
  }
  return result;
}
