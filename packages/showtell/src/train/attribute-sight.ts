// Pictures as a detector of attributes sees them, and which of its words are said of each. Learns nothing.
import { throwIfCancelled } from "../base/cancel.ts";
import type { CancelSignal } from "../base/cancel.ts";
import { ShowtellError } from "../base/errors.ts";
import { decodeFloat16 } from "../base/float16.ts";
import { tensor } from "../base/tensor.ts";
import type { OpenSession } from "../engine/session.ts";
import { seeingGraph } from "../models/attribute-detector.ts";
import type { DetectorSpec } from "../models/attribute-detector.ts";
import type { Example } from "./batches.ts";
import type { TrainingSet } from "./lessons.ts";

/** Pictures whose features are read at once. */
const batchSize = 100;

/** What a detector learns from or is judged by. */
export interface Sight {
  /** Rows of the pictures that have captions, rising. */
  readonly pictures: readonly number[];
  /** [rows, channels], as the features' rows are; those of further views follow. */
  readonly seen: Float32Array;
  /** [rows, words]: 1 where a word is said of a picture in any of its captions. */
  readonly targets: Uint8Array;
}

/** Which words are said of each picture in any of its captions, [rows, words]. @param words Ids. */
export function attributeTargets(examples: readonly Example[], words: readonly number[], rows: number): Uint8Array {
  const places = new Map(words.map((id, place) => [id, place]));
  const targets = new Uint8Array(rows * words.length);
  for (const { picture, words: said } of examples) {
    for (const id of said) {
      const place = places.get(id);
      if (place !== undefined) targets[picture * words.length + place] = 1;
    }
  }
  return targets;
}

/** What looking needs. */
export interface LookingContext {
  readonly openSession: OpenSession;
  /** Told of the pictures that were looked at. */
  readonly onLooked?: ((done: number, total: number) => void) | undefined;
  readonly signal?: CancelSignal | undefined;
}

/**
 * Looks at all pictures of a set, in every view, once.
 * @param words Ids of the words that are looked for.
 * @throws ShowtellError `DATA_EMPTY`, `CANCELLED`, `ENGINE`.
 */
export async function lookAt(
  { examples, features, views }: TrainingSet,
  spec: DetectorSpec,
  words: readonly number[],
  { openSession, onLooked, signal }: LookingContext,
): Promise<Sight> {
  const pictures = [...new Set(examples.map(({ picture }) => picture))].sort((a, b) => a - b);
  const last = pictures.at(-1);
  if (last === undefined)
    throw new ShowtellError("DATA_EMPTY", "there is no picture with a caption to find words in: check the splits");
  const rows = last + 1;
  const all = views === undefined ? rows : views.pictures * views.views;
  const channels = spec.features.at(-1)!;
  const seen = new Float32Array(all * channels);
  const session = await openSession(seeingGraph(spec));
  try {
    for (let start = 0; start < all; start += batchSize) {
      throwIfCancelled(signal);
      const some = Int32Array.from({ length: Math.min(batchSize, all - start) }, (_, i) => start + i);
      const bits = new Uint16Array(some.length * features.size);
      await features.read(some, bits);
      const read = tensor("float32", [some.length, ...spec.features], decodeFloat16(bits));
      const outputs = await session.run({ features: read });
      seen.set(outputs["seen"]!.data as Float32Array, start * channels);
      onLooked?.(start + some.length, all);
    }
  } finally {
    await session.dispose();
  }
  return { pictures, seen, targets: attributeTargets(examples, words, rows) };
}

/** Some rows of a matrix [rows, size], one after the other. */
export function rowsOf(matrix: Float32Array | Uint8Array, size: number, rows: readonly number[]): Float32Array {
  const picked = new Float32Array(rows.length * size);
  for (const [i, row] of rows.entries()) picked.set(matrix.subarray(row * size, (row + 1) * size), i * size);
  return picked;
}
