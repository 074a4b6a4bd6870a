// Dropout whose masks are fed, so that training can be resumed bit for bit: the engine's own Dropout keeps hidden state.
import { ShowtellError } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import type { Tensor } from "../base/tensor.ts";
import { zeros } from "../base/tensor.ts";
import type { Value } from "../graph/graph.ts";
import { mul } from "../graph/operators/arithmetic.ts";
import { gather } from "../graph/operators/indexing.ts";
import { numericShape } from "../graph/shapes.ts";
import type { TokenOrder } from "./token-order.ts";

/** What a model is given to add noise with: nothing happens in inference, masks are declared in training. */
export interface Noise {
  /** Drops elements of x [n, size] with the given rate and scales the rest by 1 / (1 − rate). */
  dropout(name: string, x: Value, rate: number): Value;
}

/** Inference: everything passes unchanged. */
export const noNoise: Noise = { dropout: (_name, x) => x };

/** A mask input that a training graph declared: `[rows, size]`. */
export interface MaskInput {
  readonly name: string;
  readonly shape: readonly [number, number];
  readonly rate: number;
}

/** A model whose noise is fed, and the masks that it wants. */
export interface NoisyModel {
  readonly model: Uint8Array;
  readonly masks: readonly MaskInput[];
}

/**
 * What a dropout mask belongs to where rows are steps of sentences: a sentence, over whose words it is held (Gal and Ghahramani 2016, "A
 * theoretically grounded application of dropout in recurrent neural networks"), or each of its tokens (Srivastava et al. 2014).
 */
export const maskOwners = ["sentence", "token"] as const;
export type MaskOwner = (typeof maskOwners)[number];

/** Training noise by the order of the tokens that it meets, and after the graph is built the masks that must be fed. */
export interface DeclaredNoise {
  /** For x [n, size] of any n: a mask of its own for each of its rows. */
  readonly once: Noise;
  /** For tokens in time, or those of one step. */
  readonly inTime: Noise;
  /** For tokens picture by picture. */
  readonly byPicture: Noise;
  readonly masks: readonly MaskInput[];
}

/**
 * Declares mask inputs for a batch whose tokens stand in an order. Where masks belong to sentences, a name that comes again, as in a step that is
 * unrolled, is the same mask; where they belong to tokens, it is a further one, with a number behind its name.
 */
export function declareNoise(order: TokenOrder, owner: MaskOwner): DeclaredNoise {
  const masks = new Map<string, { readonly input: MaskInput; readonly value: Value }>();

  const declared = (name: string, shape: readonly [number, number], rate: number, x: Value): Value => {
    const input: MaskInput = { name: `mask.${name}`, shape, rate };
    const value = x.graph.input(input.name, shape);
    masks.set(name, { input, value });
    return value;
  };

  const ofSentences = (name: string, shape: readonly [number, number], rate: number, x: Value): Value => {
    const known = masks.get(name);
    if (known === undefined) return declared(name, shape, rate, x);
    if (known.input.shape.join() === shape.join() && known.input.rate === rate) return known.value;
    throw new ShowtellError("GRAPH_SHAPE", `dropout "${name}" meets values of two shapes or rates: give each its name`);
  };

  const ofTokens = (name: string, shape: readonly [number, number], rate: number, x: Value): Value => {
    let free = name;
    for (let number = 2; masks.has(free); number++) free = `${name}.${number}`;
    return declared(free, shape, rate, x);
  };

  /** Noise whose masks have `masked(n)` rows for x [n, size]; `meets` multiplies x by its mask. */
  const noiseOf = (
    maskOf: typeof declared,
    masked: (n: number) => number = (n) => n,
    meets: (x: Value, mask: Value) => Value = mul,
  ): Noise => ({
    dropout(name, x, rate) {
      if (rate === 0) return x;
      if (!(rate > 0 && rate < 1))
        throw new ShowtellError("ARGUMENT", `dropout rate ${rate} of "${name}" is not in 0 … 1`);
      const [n, size] = numericShape(x.shape, "dropout") as [number, number];
      return meets(x, maskOf(name, [masked(n), size], rate, x));
    },
  });

  const ofSentence = (meets: (x: Value, mask: Value) => Value): Noise => noiseOf(ofSentences, () => order.rows, meets);
  const noises = {
    sentence: {
      inTime: ofSentence((x, mask) => heldInTime(order, x, mask)),
      byPicture: ofSentence((x, mask) => heldByPicture(order, x, mask)),
    },
    token: { inTime: noiseOf(ofTokens), byPicture: noiseOf(ofTokens) },
  };
  return {
    once: noiseOf(ofSentences),
    ...noises[owner],
    get masks() {
      return [...masks.values()].map(({ input }) => input);
    },
  };
}

/** x times the rows of a mask that are given for each of its own. */
function picked(x: Value, mask: Value, rows: readonly number[]): Value {
  return mul(x, gather(mask, x.graph.ints(rows)));
}

/** Tokens in time, or those of one step, times the mask [rows, size] of their sentences. */
function heldInTime({ images, group, active, size }: TokenOrder, x: Value, mask: Value): Value {
  const [n] = numericShape(x.shape, "dropout") as [number];
  const steps = n === size ? active : [n / images];
  const sentences = steps.flatMap((going) =>
    Array.from({ length: images * going }, (_, i) => Math.floor(i / going) * group + (i % going)),
  );
  return picked(x, mask, sentences);
}

/** Tokens picture by picture times the mask [rows, size] of their sentences. */
function heldByPicture({ images, group, places }: TokenOrder, x: Value, mask: Value): Value {
  const sentences = Array.from({ length: images }, (_, image) => places.map((place) => image * group + place)).flat();
  return picked(x, mask, sentences);
}

/** Fills a mask: 0 with probability `rate`, rounded to 1 / 65,536, else 1 / (1 − rate). */
export function drawMask(rate: number, random: Random, into: Float32Array): void {
  random.choose(into, rate, 0, 1 / (1 - rate));
}

/** Masks by the names that they are fed under, each drawn by what `randomOf` gives for its name. */
export function drawMasks(masks: readonly MaskInput[], randomOf: (name: string) => Random): Record<string, Tensor> {
  const drawn = masks.map(({ name, shape, rate }) => {
    const mask = zeros("float32", shape);
    drawMask(rate, randomOf(name), mask.data);
    return [name, mask] as const;
  });
  return Object.fromEntries(drawn);
}
