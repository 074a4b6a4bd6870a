// The seam of decoders: a table of parameters and four functions. Training unrolls the step, inference runs it; both see one definition.
import type { z } from "zod";
import type { Value } from "../graph/graph.ts";
import type { MaskOwner, Noise } from "../nn/noise.ts";
import type { Parameters, ParameterSpecs } from "../nn/parameters.ts";
import type { SentenceOrder } from "../nn/token-order.ts";
import type { Architecture } from "../plot/architecture.ts";
import type { DecoderOptions, DropoutRates } from "./decoder-options.ts";
import type { FeatureLayer } from "./encoder.ts";
import type { WordInputSpec } from "./word-inputs.ts";

/** Named values; what they are is the decoder's own business. */
export type Values = Readonly<Record<string, Value>>;

/** What every decoder's specification says. */
export interface DecoderSizes {
  /** Shape of one picture's features: `[2048]` pooled, `[49, 2048]` as a grid. */
  readonly features: readonly number[];
  /** Words in the vocabulary, special tokens included. */
  readonly words: number;
  /** Ids of the words that a detector looks for, whose probabilities the decoder is told (attributes.ts); default: none. */
  readonly attributes?: readonly number[] | undefined;
}

/** What a step gives: the state for the next one, what the logits are made of, and for those that look at places, how much at each. */
export interface Stepped {
  readonly state: Values;
  readonly output: Values;
  /** [rows, positions], each row summing to 1. */
  readonly attention?: Value;
}

/** Logits [n, padded words], and for decoders that attend after the step, how much each row looked at each position. */
export interface Told {
  readonly logits: Value;
  /** [n, positions], each row summing to 1, or to what the sentinel leaves. */
  readonly attention?: Value;
  /** [n, 1]: for decoders that may look away from the picture, the share that they did. */
  readonly sentinel?: Value;
}

/**
 * A decoder. Rows are images × group, image-major, with a constant group: captions of a picture in training, beams in search.
 * Splitting a step this way makes one definition both right and fast: training embeds all words in one product and computes
 * all logits (and any attention that is not fed back) in batched operations; only `step` runs word by word.
 */
export interface Decoder<Spec extends DecoderSizes> {
  /** All parameters of a specification. */
  parameters(spec: Spec): ParameterSpecs;
  /**
   * Once a picture: features [images, ...] → memory and first state, each value [images, ...]. A dimension of size 0 in the state grows
   * by one with every step.
   */
  begin(p: Parameters, spec: Spec, features: Value, noise: Noise): { readonly memory: Values; readonly state: Values };
  /** Words [n] (int64; any number of rows) → the inputs of steps [n, ...]. */
  embed(p: Parameters, spec: Spec, words: Value, noise: Noise): Value;
  /** What must run word by word, and no more: state and input [rows, ...] → next state and named outputs [rows, size]. */
  step(p: Parameters, spec: Spec, memory: Values, state: Values, input: Value, noise: Noise): Stepped;
  /**
   * The outputs of all steps at once, where no step waits for another's result: inputs of whole sentences [size, ...], picture by picture
   * as the order has them → named outputs [size, ...], equal to the steps'. Training prefers it.
   */
  sequence?(p: Parameters, spec: Spec, memory: Values, inputs: Value, order: SentenceOrder, noise: Noise): Values;
  /** Outputs [n, size] of n = images × group rows, or of as many rows a picture at all their steps, image-major → logits. */
  logits(p: Parameters, spec: Spec, memory: Values, output: Values, noise: Noise): Told;
}

/** How a decoder is best trained on a data set of Flickr8k's size, as far as was tried; what a user says goes before it. */
export interface DecoderRecipe {
  readonly dropout: DropoutRates;
  readonly dropoutMasks: MaskOwner;
  /** Where word vectors come from: GloVe's or drawn at random. */
  readonly embeddings: "glove" | "random";
  /** Size of a word's input. */
  readonly embeddingSize: number;
  /** Captions a step, and how many of one picture stand together. */
  readonly batchSize: number;
  readonly captionsPerPicture: number;
  readonly epochs: number;
  /** The largest learning rate. */
  readonly learningRate: number;
  /** Those of its options that are best chosen otherwise than {@link DecoderEntry.unsaid} has them. */
  readonly options?: Partial<Omit<DecoderOptions, "dropout">>;
}

/** A decoder as the catalogue has it: with what training, files and drawings need to know of it. */
export interface DecoderEntry<Spec extends DecoderSizes & { readonly kind: string }> extends Decoder<Spec> {
  /** Its name, which its specifications carry. */
  readonly kind: Spec["kind"];
  /** Whose idea it is, for help texts: "Show and Tell (Vinyals et al. 2015)". */
  readonly title: string;
  /** The features it reads. */
  readonly layer: FeatureLayer;
  readonly recipe: DecoderRecipe;
  /** Checks a specification that was read from a file. */
  readonly schema: z.ZodType<Spec>;
  /** The options of {@link DecoderOptions} that it takes besides those that all take. */
  readonly takes: readonly (keyof DecoderOptions)[];
  /** What a specification or a run means that leaves out a choice, as older ones do; it never changes, a recipe may. */
  readonly unsaid?: Partial<Omit<DecoderOptions, "dropout">>;
  /** The specification for a data set's sizes and the options of a user. */
  specOf(sizes: DecoderSizes & WordInputSpec, options: DecoderOptions): Spec;
  /** Its blocks, for drawing; the first arrow comes from a block "features", which the caller adds. */
  blocks(spec: Spec): Architecture;
}
