// What a user may choose of a decoder, all decoders together; each says which of it it takes. Knows no decoder.
import type { CellKind } from "../nn/cells.ts";
import { cellKinds } from "../nn/cells.ts";
import type { ScoreKind } from "../nn/attention-scores.ts";
import { scoreKinds } from "../nn/attention-scores.ts";
import type { ConditioningKind } from "./conditioning.ts";
import { conditioningKinds } from "./conditioning.ts";

/** How a word's place in its sentence is told to a decoder without recurrence. */
export const positionKinds = ["learned", "sinusoidal"] as const;
/** The name of such a way. */
export type PositionKind = (typeof positionKinds)[number];

/** Dropout rates of the picture's features, the words' inputs and what the logits are made of. */
export interface DropoutRates {
  readonly features: number;
  readonly input: number;
  readonly output: number;
}

/** Choices; what is left out is the decoder's own default. */
export interface DecoderOptions {
  /** Size of the recurrent state. */
  readonly hiddenSize: number;
  readonly dropout: DropoutRates;
  /** Size in which a decoder with attention compares its state with the picture's positions; default: `hiddenSize`. */
  readonly attentionSize?: number | undefined;
  /** The recurrent cell; default: lstm. */
  readonly cell?: CellKind | undefined;
  /** Where the picture enters; left out: pre, as a first word (the recipe says par, beside every word). */
  readonly conditioning?: ConditioningKind | undefined;
  /** How attention compares a state with a position; default: additive. */
  readonly score?: ScoreKind | undefined;
  /** Layers of a Transformer; default: 2. */
  readonly layers?: number | undefined;
  /** Heads of each of its attentions, which divide `hiddenSize`; default: 8. */
  readonly heads?: number | undefined;
  /** Size inside a layer's feed-forward part; default: twice `hiddenSize`. */
  readonly forwardSize?: number | undefined;
  /** How a word's place is told; default: learned. */
  readonly positions?: PositionKind | undefined;
}

/** Options that every decoder takes. */
export const commonDecoderOptions: readonly (keyof DecoderOptions)[] = ["hiddenSize", "dropout"];

/** The options that are choices, with what there is to choose. */
export const decoderChoices: {
  readonly cell: readonly CellKind[];
  readonly conditioning: readonly ConditioningKind[];
  readonly score: readonly ScoreKind[];
  readonly positions: readonly PositionKind[];
} = { cell: cellKinds, conditioning: conditioningKinds, score: scoreKinds, positions: positionKinds };

/** Those of some fields that are not undefined, so that a specification does not say what nobody chose. */
export function chosen<T extends object>(fields: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  const said = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(said) as { [Name in keyof T]?: Exclude<T[Name], undefined> };
}
