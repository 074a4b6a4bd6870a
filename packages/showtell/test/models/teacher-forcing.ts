// Sentences to teach and how a training or scoring graph is fed with them, for the tests of models.
import type { Tensor } from "../../src/base/tensor.ts";
import type { BatchShape } from "../../src/nn/token-order.ts";
import { openSession } from "../../src/node/ort-session.ts";
import { endId, startId } from "../../src/text/vocabulary.ts";
import { floats, integers, scalar } from "../tensors.ts";

/** Words and end of every sentence. */
export const steps = 4;
/** The true words of a row: the first is 4 + row and so on, then the end. */
export const sentence = (row: number): readonly number[] => [
  4 + (row % 5),
  4 + ((3 * row + 1) % 11),
  5 + ((row * row) % 7),
  endId,
];
/** What is read when each of the words is to be said. */
export const readBefore = (words: readonly number[]): readonly number[] => [startId, ...words.slice(0, -1)];

/** Tokens of all rows, time-major. */
function timeMajor(rows: number, of: (row: number) => readonly number[]): Tensor {
  const all = Array.from({ length: rows }, (_, row) => of(row));
  return integers(Array.from({ length: steps }, (_, step) => all.map((words) => words[step]!)).flat());
}

/** What a graph is fed of the sentences of some rows, each token counting 1 and the loss being their sum. */
export function tokenFeeds(rows: number): Record<string, Tensor> {
  return {
    words: timeMajor(rows, (row) => readBefore(sentence(row))),
    targets: timeMajor(rows, sentence),
    weights: floats([steps * rows], new Float32Array(steps * rows).fill(1)),
    normaliser: scalar(1),
  };
}

/** Compiles a model, runs it once and disposes of it. */
export async function runOnce(
  model: Uint8Array,
  feeds: Readonly<Record<string, Tensor>>,
): Promise<Record<string, Tensor>> {
  const session = await openSession(model, { threads: 1 });
  const results = await session.run(feeds);
  await session.dispose();
  return results;
}

/** Batches of equally long captions. */
export function evenShape(images: number, group: number, length: number): BatchShape {
  return { images, lengths: Array<number>(group).fill(length) };
}
