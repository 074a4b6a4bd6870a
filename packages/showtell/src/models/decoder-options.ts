// What a user may choose of a decoder, all decoders together; each says which of it it takes. Knows no decoder.

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
}

/** Options that every decoder takes. */
export const commonDecoderOptions: readonly (keyof DecoderOptions)[] = ["hiddenSize", "dropout"];
