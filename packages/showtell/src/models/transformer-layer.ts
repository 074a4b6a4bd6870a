// One layer of a Transformer decoder: attention to the words before, attention to the picture, and a feed-forward part, each normalised in
// front and added to what went in. Knows no vocabulary.
import { tensor } from "../base/tensor.ts";
import type { Value } from "../graph/graph.ts";
import { add, mul, relu } from "../graph/operators/arithmetic.ts";
import { gemm, matmul, transpose } from "../graph/operators/matrix.ts";
import { reduceMean, softmax } from "../graph/operators/reduction.ts";
import { concat, groupedByImage, reshape, split } from "../graph/operators/reshaping.ts";
import { linear, standardise } from "../nn/layers.ts";
import type { Noise } from "../nn/noise.ts";
import type { SentenceOrder } from "../nn/token-order.ts";
import type { Parameters, ParameterSpecs } from "../nn/parameters.ts";
import { biasSpec, weightSpec } from "../nn/parameters.ts";
import type { Values } from "./decoder.ts";
import type { SeenGrid } from "./grid-inputs.ts";

/** The sizes of a layer. */
export interface LayerSizes {
  readonly hiddenSize: number;
  readonly heads: number;
}

/** Keys and values, [rows, heads, words, size of a head] each. */
export interface KeysAndValues {
  readonly keys: Value;
  readonly values: Value;
}

/** Attention of each row to the words of its sentence up to its own: queries, keys, values [n, hiddenSize] → [n, hiddenSize]. */
export type SelfAttention = (queries: Value, keys: Value, values: Value) => Value;

/** The scale NAMEScale and the shift NAMEShift of a layer normalisation. */
export function normParameters(name: string, size: number): ParameterSpecs {
  return {
    [`${name}Scale`]: { shape: [size], init: { kind: "ones-in", start: 0, end: size }, decay: false },
    [`${name}Shift`]: biasSpec(size),
  };
}

/** The parameters of a layer; `NAME.self` makes queries, keys and values in one product. */
export function layerParameters(name: string, hiddenSize: number, forwardSize: number): ParameterSpecs {
  return {
    ...normParameters(`${name}.self`, hiddenSize),
    [`${name}.self`]: weightSpec(hiddenSize, 3 * hiddenSize),
    [`${name}.selfOut`]: weightSpec(hiddenSize, hiddenSize),
    ...normParameters(`${name}.picture`, hiddenSize),
    [`${name}.pictureQueries`]: weightSpec(hiddenSize, hiddenSize),
    [`${name}.pictureKeys`]: weightSpec(hiddenSize, hiddenSize),
    [`${name}.pictureValues`]: weightSpec(hiddenSize, hiddenSize),
    [`${name}.pictureOut`]: weightSpec(hiddenSize, hiddenSize),
    ...normParameters(`${name}.forward`, hiddenSize),
    [`${name}.forwardIn`]: weightSpec(hiddenSize, forwardSize),
    [`${name}.forwardInBias`]: biasSpec(forwardSize),
    [`${name}.forwardOut`]: weightSpec(forwardSize, hiddenSize),
    [`${name}.forwardOutBias`]: biasSpec(hiddenSize),
  };
}

/** Layer normalisation with learned scale and shift (Ba, Kiros and Hinton 2016), of x [n, size]. */
export function layerNorm(p: Parameters, name: string, x: Value): Value {
  return add(mul(standardise(x), p[`${name}Scale`]!), p[`${name}Shift`]!);
}

/** Scaled dot-product attention (Vaswani et al. 2017, equation 1) over the last two axes, `keys` transposed. */
function attend(
  queries: Value,
  keysTransposed: Value,
  values: Value,
  mask?: Value,
): { context: Value; weights: Value } {
  const size = queries.shape.at(-1) as number;
  const scores = mul(matmul(queries, keysTransposed), 1 / Math.sqrt(size));
  const weights = softmax(mask === undefined ? scores : add(scores, mask));
  return { context: matmul(weights, values), weights };
}

/**
 * Self-attention of whole sentences, picture by picture: each word sees itself and those before it in its own sentence. All words of a
 * picture are one product, with those masked that are another sentence's: for the five short ones that a picture has this costs a
 * thirtieth of a layer, and none of them has to be padded.
 */
export function causalAttention({ heads, hiddenSize }: LayerSizes, { steps, places }: SentenceOrder): SelfAttention {
  const words = steps.length;
  const unseen = Float32Array.from({ length: words * words }, (_, i) => {
    const [own, other] = [Math.floor(i / words), i % words];
    return places[other] === places[own] && steps[other]! <= steps[own]! ? 0 : -1e9;
  });
  return (queries, keys, values) => {
    const n = queries.shape[0] as number;
    const byHead = (x: Value, axes: readonly number[]): Value =>
      transpose(reshape(x, [n / words, words, heads, hiddenSize / heads]), axes);
    const mask = queries.graph.constant(tensor("float32", [words, words], unseen));
    const { context } = attend(
      byHead(queries, [0, 2, 1, 3]),
      byHead(keys, [0, 2, 3, 1]),
      byHead(values, [0, 2, 1, 3]),
      mask,
    );
    return reshape(transpose(context, [0, 2, 1, 3]), [n, hiddenSize]);
  };
}

/** Self-attention of one more word a row, to itself and the words before, whose keys and values grow by its own. */
export function growingAttention(
  { heads, hiddenSize }: LayerSizes,
  before: KeysAndValues,
  grown: (after: KeysAndValues) => void,
): SelfAttention {
  return (queries, keys, values) => {
    const rows = queries.shape[0]!;
    const oneWord = (x: Value): Value => reshape(x, [rows, heads, 1, hiddenSize / heads]);
    const after = {
      keys: concat([before.keys, oneWord(keys)], 2),
      values: concat([before.values, oneWord(values)], 2),
    };
    grown(after);
    const { context } = attend(oneWord(queries), transpose(after.keys, [0, 1, 3, 2]), after.values);
    return reshape(context, [rows, hiddenSize]);
  };
}

/** What a layer needs of a picture: keys [images, heads, size, positions], values [images, heads, positions, size]. */
export function pictureMemory(
  p: Parameters,
  name: string,
  { heads, hiddenSize }: LayerSizes,
  grid: SeenGrid,
): KeysAndValues {
  const byHead = (parameter: string, order: readonly number[]): Value => {
    const all = grid.perImage(gemm(grid.rows, p[`${name}.${parameter}`]!));
    const [images, positions] = all.shape as [Value["shape"][0], number];
    return transpose(reshape(all, [images, positions, heads, hiddenSize / heads]), order);
  };
  return { keys: byHead("pictureKeys", [0, 2, 3, 1]), values: byHead("pictureValues", [0, 2, 1, 3]) };
}

/** Attention to the picture: queries [rows, hiddenSize] → what was seen, and how much at each position, all heads' mean. */
function pictureAttention({ heads, hiddenSize }: LayerSizes, queries: Value, { keys, values }: KeysAndValues): Seen {
  const rows = queries.shape[0]!;
  const grouped = groupedByImage(reshape(queries, [rows, heads, hiddenSize / heads]), keys); // [images, group, heads, size]
  const { context, weights } = attend(transpose(grouped, [0, 2, 1, 3]), keys, values);
  return {
    x: reshape(transpose(context, [0, 2, 1, 3]), [rows, hiddenSize]),
    attention: reshape(reduceMean(weights, { axes: [1] }), [rows, values.shape[2]!]),
  };
}

interface Seen {
  readonly x: Value;
  /** [rows, positions]. */
  readonly attention: Value;
}

/** A layer with all that it needs but its input. */
export interface Layer {
  readonly p: Parameters;
  readonly name: string;
  readonly sizes: LayerSizes;
  readonly memory: Values;
  readonly noise: Noise;
  /** Dropout of each part's result. */
  readonly rate: number;
}

/** x [n, hiddenSize] → the same size, and how much it looked at each position. */
export function transformerLayer(
  { p, name, sizes, memory, noise, rate }: Layer,
  x: Value,
  selfAttention: SelfAttention,
): Seen {
  const { hiddenSize } = sizes;
  const number = name.slice("layer".length);
  const weight = (part: string): Value => p[`${name}.${part}`]!;
  const drop = (part: string, result: Value): Value => noise.dropout(`${name}.${part}`, result, rate);
  const normal = (part: string, value: Value): Value => layerNorm(p, `${name}.${part}`, value);

  const asked = gemm(normal("self", x), weight("self"));
  const [queries, keys, values] = split(asked, [hiddenSize, hiddenSize, hiddenSize], 1) as [Value, Value, Value];
  const heard = add(x, drop("self", gemm(selfAttention(queries, keys, values), weight("selfOut"))));

  const picture = { keys: memory[`keys${number}`]!, values: memory[`values${number}`]! };
  const looking = gemm(normal("picture", heard), weight("pictureQueries"));
  const seen = pictureAttention(sizes, looking, picture);
  const looked = add(heard, drop("picture", gemm(seen.x, weight("pictureOut"))));

  const inside = relu(linear(normal("forward", looked), weight("forwardIn"), weight("forwardInBias")));
  const forward = drop("forward", linear(inside, weight("forwardOut"), weight("forwardOutBias")));
  return { x: add(looked, forward), attention: seen.attention };
}
