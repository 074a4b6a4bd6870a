// What a picture and its caption have in common with training data: the training pictures nearest to it, how well the sentence fits it by what was
// learnt there, and whether it stands there word for word. Knows no file.
import { ptbTokens } from "caption-metrics";
import type { Tokens } from "caption-metrics";
import { decodeFloat16 } from "../base/float16.ts";
import { ShowtellError } from "../base/errors.ts";
import type { NeighbourTable } from "../bundle/neighbour-table.ts";
import { pooledLayer } from "../bundle/neighbour-table.ts";
import type { OpenSession } from "../engine/session.ts";
import type { FeatureBatch } from "./decoder-stepper.ts";
import type { FeatureSource } from "./ensemble.ts";
import { openMatching } from "./matching.ts";
import { nearestPictures, unitVectors } from "./nearest-pictures.ts";
import type { PictureVectors } from "./nearest-pictures.ts";

/** A training picture that looks like the one that was captioned. */
export interface TrainingNeighbour {
  /** What its data set calls it. */
  readonly image: string;
  /** Cosine of the angle between the features of both; 1 for the same direction. */
  readonly similarity: number;
  /** Its captions, as people wrote them. */
  readonly captions: readonly string[];
}

/** Training data that can be asked. */
export interface TrainingNeighbours {
  /**
   * The nearest training pictures of each picture, nearest first.
   * @param batches Features of the pictures, one batch for each of the captioner's inputs.
   * @throws ShowtellError `ENGINE`.
   */
  nearest(batches: readonly FeatureBatch[], count: number): Promise<readonly (readonly TrainingNeighbour[])[]>;
  /**
   * For each picture how well a sentence fits it, see matching.ts.
   * @throws ShowtellError `ARGUMENT` if the table has no matcher, `ENGINE`.
   */
  fits(batches: readonly FeatureBatch[]): Promise<readonly ((tokens: Tokens) => number)[]>;
  /** How many training captions are this sentence, compared token by token. */
  copiesOf(caption: string): number;
}

/** Vectors that are compared at a time. */
const vectorsAtOnce = 4096;

const wordsOf = (caption: string): string => ptbTokens(caption).join(" ");

/**
 * Which of the inputs of a captioner a table is of: its place among them.
 * @throws ShowtellError `ENCODER_MISMATCH` if the table is of features that the captioner does not read.
 */
export function inputOfNeighbours({ encoder, layer }: NeighbourTable, inputs: readonly FeatureSource[]): number {
  const input = inputs.findIndex((own) => own.identity === encoder.identity && pooledLayer(own.layer) === layer);
  if (input < 0) {
    const read = inputs.map((own) => `${own.layer} of ${own.name} (${own.identity.slice(0, 12)}…)`).join(", ");
    throw new ShowtellError(
      "ENCODER_MISMATCH",
      `the table of neighbours has features ${layer} of ${encoder.name} (${encoder.identity.slice(0, 12)}…), and the model reads ${read}: ` +
        "build a table with this model",
    );
  }
  return input;
}

/**
 * Makes a table ready to be asked by a captioner that reads `inputs`.
 * @throws ShowtellError `ENCODER_MISMATCH` if the table is of features that the captioner does not read.
 */
export function openTrainingNeighbours(
  table: NeighbourTable,
  inputs: readonly FeatureSource[],
  openSession: OpenSession,
): TrainingNeighbours {
  const { pictures, vectors, matcher } = table;
  const input = inputOfNeighbours(table, inputs);
  const channels = vectors.shape[1]!;
  const pieces: PictureVectors[] = [];
  for (let start = 0; start < pictures.length; start += vectorsAtOnce) {
    const data = decodeFloat16(vectors.data.subarray(start * channels, (start + vectorsAtOnce) * channels));
    pieces.push({ count: data.length / channels, data });
  }
  const matching = matcher && openMatching(matcher, openSession);
  const copies = new Map<string, number>();
  for (const words of pictures.flatMap(({ captions }) => captions.map(wordsOf))) {
    copies.set(words, (copies.get(words) ?? 0) + 1);
  }
  const vectorsOf = (batches: readonly FeatureBatch[]): PictureVectors => {
    const { images, data } = batches[input]!;
    return unitVectors(decodeFloat16(data), images, channels);
  };
  return {
    async nearest(batches, count) {
      const found = await nearestPictures(vectorsOf(batches), pieces, openSession, count);
      return found.map((own) =>
        own.map(({ place, cosine }) => ({ ...pictures[place]!, similarity: Math.min(1, Math.max(-1, cosine)) })),
      );
    },
    async fits(batches) {
      if (matching !== undefined) return matching.fits(vectorsOf(batches));
      throw new ShowtellError(
        "ARGUMENT",
        "the table of neighbours has no matcher: it was made by an older showtell, or of captions in which hardly a word occurs four times. " +
          "Make it again (showtell neighbours build), or let neighbours vote alone",
      );
    },
    copiesOf: (caption) => copies.get(wordsOf(caption)) ?? 0,
  };
}
