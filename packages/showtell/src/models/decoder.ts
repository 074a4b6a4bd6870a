// The seam of decoders: a table of parameters and four functions. Training unrolls the step, inference runs it; both see one definition.
import type { Value } from "../graph/graph.ts";
import type { Noise } from "../nn/noise.ts";
import type { Parameters, ParameterSpecs } from "../nn/parameters.ts";

/** Named values; what they are is the decoder's own business. */
export type Values = Readonly<Record<string, Value>>;

/** What every decoder's specification says. */
export interface DecoderSizes {
  /** Shape of one picture's features: `[2048]` pooled, `[49, 2048]` as a grid. */
  readonly features: readonly number[];
  /** Words in the vocabulary, special tokens included. */
  readonly words: number;
}

/**
 * A decoder. Rows are images × group, image-major, with a constant group: captions of a picture in training, beams in search.
 * Splitting a step this way makes one definition both right and fast: training embeds all words in one product and computes
 * all logits in another; only `step` runs word by word.
 */
export interface Decoder<Spec extends DecoderSizes> {
  /** All parameters of a specification. */
  parameters(spec: Spec): ParameterSpecs;
  /** Once a picture: features [images, ...] → memory and first state, each value [images, ...]. */
  begin(p: Parameters, spec: Spec, features: Value, noise: Noise): { readonly memory: Values; readonly state: Values };
  /** Words [n] (int64; any number of rows) → the inputs of steps [n, ...]. */
  embed(p: Parameters, spec: Spec, words: Value, noise: Noise): Value;
  /** What must run word by word, and no more: state and input [rows, ...] → next state and named outputs [rows, ...]. */
  step(
    p: Parameters,
    spec: Spec,
    memory: Values,
    state: Values,
    input: Value,
    noise: Noise,
  ): { readonly state: Values; readonly output: Values };
  /** Outputs of any number of rows → logits [n, padded words]. */
  logits(p: Parameters, spec: Spec, memory: Values, output: Values, noise: Noise): Value;
}
