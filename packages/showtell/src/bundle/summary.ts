// A bundle in numbers and words, as plain data: everything that people want to know of it but the weights. Prints nothing.
import type { DType, Tensor } from "../base/tensor.ts";
import { bytesOf, sizeOf } from "../base/tensor.ts";
import { decoderOf } from "../models/catalogue.ts";
import { encoderOf } from "../models/encoder-graph.ts";
import { specialWords } from "../text/vocabulary.ts";
import type { Bundle, BundlePart } from "./bundle.ts";
import { type Calibration, withoutHashes } from "./calibration.ts";
import { hashCount } from "./hash-list.ts";
import type { DecoderManifest, EncoderManifest, Licence } from "./manifest.ts";
import { frequencyTableOf } from "./references.ts";

/** The weights of a part. */
export interface WeightsSummary {
  /** Numbers that were learnt; scales of 8-bit weights are not counted. */
  readonly parameters: number;
  /** Bytes at rest by element type. */
  readonly bytes: { readonly [Type in DType]?: number };
}

/** An encoder without its weights. */
export type EncoderSummary = Omit<EncoderManifest, "selfTest"> & WeightsSummary;

/** A decoder without its weights; the special words are not in its vocabulary here. */
export type DecoderSummary = Omit<DecoderManifest, "selfTest" | "vocabulary"> &
  WeightsSummary & {
    readonly vocabulary: { readonly size: number; readonly words: readonly string[] };
    /** The words that its detector looks for, if it has one. */
    readonly attributes?: readonly string[];
  };

/** What {@link summariseBundle} tells. */
export interface BundleSummary {
  readonly writer: string;
  readonly encoder?: EncoderSummary;
  readonly decoder?: DecoderSummary;
  /** Pictures whose references were counted, and n-grams that stand in two of them or more. */
  readonly references?: { readonly images: number; readonly ngrams: number };
  readonly calibration?: Calibration;
  /** The record as it is, with a number in place of each long list of hashes. */
  readonly training?: Readonly<Record<string, unknown>>;
  readonly licences: readonly Licence[];
}

/** Sums a bundle up. */
export function summariseBundle({ manifest, encoder, decoder, references }: Bundle): BundleSummary {
  const { writer, training, calibration, licences } = manifest;
  return {
    writer,
    ...(encoder && { encoder: encoderSummary(encoder) }),
    ...(decoder && { decoder: decoderSummary(decoder) }),
    ...(references && {
      references: { images: references.manifest.images, ngrams: frequencyTableOf(references).ngrams.length },
    }),
    ...(calibration &&
      calibration.decoder === decoder?.manifest.identity && { calibration: withoutHashes(calibration) }),
    ...(training && { training: withCounts(training) }),
    licences,
  };
}

function encoderSummary({ manifest, tensors }: BundlePart<EncoderManifest>): EncoderSummary {
  const { selfTest: _selfTest, ...rest } = manifest;
  return { ...rest, ...weightsSummary(Object.values(encoderOf(manifest.spec).tensors), tensors) };
}

function decoderSummary({ manifest, tensors }: BundlePart<DecoderManifest>): DecoderSummary {
  const { selfTest: _selfTest, vocabulary, ...rest } = manifest;
  const parameters = Object.values(decoderOf(manifest.spec).parameters(manifest.spec));
  const words = vocabulary.words.slice(specialWords.length);
  const weights = weightsSummary(
    parameters.map(({ shape }) => shape),
    tensors,
  );
  const attributes = manifest.spec.attributes?.map((id) => vocabulary.words[id]!);
  return { ...rest, ...weights, ...(attributes && { attributes }), vocabulary: { size: words.length, words } };
}

function weightsSummary(shapes: readonly (readonly number[])[], tensors: ReadonlyMap<string, Tensor>): WeightsSummary {
  const bytes: { [Type in DType]?: number } = {};
  for (const value of tensors.values()) bytes[value.dtype] = (bytes[value.dtype] ?? 0) + bytesOf(value).length;
  return { parameters: shapes.reduce((sum, shape) => sum + sizeOf(shape), 0), bytes };
}

/** `pictureHashes: "0123…"` becomes `pictureHashes: 6000`. */
function withCounts(record: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(record).map(([field, value]) => [
      field,
      field.endsWith("Hashes") && typeof value === "string" ? hashCount(value) : value,
    ]),
  );
}
