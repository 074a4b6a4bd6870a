// Trains a matcher of captions and pictures on vectors of pictures and what people said of them. Touches no file.
import { ptbTokens } from "caption-metrics";
import type { CancelSignal } from "../base/cancel.ts";
import { throwIfCancelled } from "../base/cancel.ts";
import { decodeFloat16, encodeFloat16 } from "../base/float16.ts";
import type { Random } from "../base/random.ts";
import { seededRandom } from "../base/random.ts";
import type { Tensor } from "../base/tensor.ts";
import { tensor, zeros } from "../base/tensor.ts";
import type { Matcher, NeighbourTable } from "../bundle/neighbour-table.ts";
import type { OpenSession } from "../engine/session.ts";
import { placesOver } from "../models/inference-graphs.ts";
import { matcherParameters, matcherTrainingGraph } from "../models/matcher.ts";
import type { MatcherSpec } from "../models/matcher.ts";
import { adamFeeds, firstState } from "../nn/adam.ts";
import type { AdamOptions } from "../nn/adam.ts";
import { drawMasks } from "../nn/noise.ts";
import { initialise } from "../nn/parameters.ts";
import { learningRate } from "../nn/schedules.ts";
import { buildVocabulary, encodeTokens, specialWords, unknownId } from "../text/vocabulary.ts";

/** How it is trained; chosen as docs/decisions/neighbour-votes.md says. */
const schedule = { kind: "cosine", peak: 1e-3, warmup: 40 } as const;
const adam: AdamOptions = { clipNorm: 2 };
const dropout = 0.4;
/** How often a word of a caption is not read. */
const wordDropout = 0.2;
/** A word must occur so often. */
const minimumCount = 4;
/** Pairs of a picture and one of its captions a step. */
const batchSize = 256;
/** How often each picture is seen, and more often if there are few. */
const passes = 35;
const leastSteps = 200;

/** What a matcher learns from. */
export interface MatcherTraining {
  readonly table: Pick<NeighbourTable, "pictures" | "vectors">;
  /** Default 1. */
  readonly seed?: number;
  readonly openSession: OpenSession;
  readonly signal?: CancelSignal | undefined;
  /** Told after each step. */
  readonly onLearned?: ((done: number, total: number) => void) | undefined;
}

/** A picture whose captions have words that are known. */
interface Told {
  /** Its row of the table. */
  readonly row: number;
  /** The words of each caption, by their places in the matcher's list. */
  readonly captions: readonly (readonly number[])[];
}

/**
 * Trains a matcher; none if there are not two pictures of which words are said that occur four times. With the same seed, table and machine it
 * gives the same bits.
 * @throws ShowtellError `CANCELLED`, `ENGINE`.
 */
export async function trainMatcher(training: MatcherTraining): Promise<Matcher | undefined> {
  const { table, seed = 1, openSession, signal, onLearned } = training;
  const { words, told } = readCaptions(table);
  if (told.length < 2) return undefined;
  const spec: MatcherSpec = { channels: table.vectors.shape[1]!, words: words.length };
  const pairs = Math.min(batchSize, told.length);
  const full = Math.floor(told.length / pairs);
  const total = Math.max(passes, Math.ceil(leastSteps / full)) * full;
  const { model, masks } = matcherTrainingGraph(spec, pairs, adam, dropout);
  const state = firstState(matcherParameters(spec), (name, own) => initialise(own, seededRandom(seed, name)));
  const session = await openSession(model, { inPlace: true });
  // As in train/learner.ts: what is written depends on the norm of all gradients, which is known when all else was read.
  const into = placesOver(state, session.outputNames);
  try {
    let order: readonly Told[] = [];
    for (let step = 1; step <= total; step++) {
      throwIfCancelled(signal);
      const place = (step - 1) % full;
      if (place === 0) order = seededRandom(seed, `matcher order ${step}`).shuffle([...told]);
      const batch = order.slice(place * pairs, (place + 1) * pairs);
      const feeds = {
        ...state,
        ...adamFeeds(step, learningRate(schedule, step, total), adam),
        vectors: vectorsOf(table, batch),
        counts: countsOf(batch, spec.words, seededRandom(seed, `matcher words ${step}`)),
        ...drawMasks(masks, (name) => seededRandom(seed, `matcher ${name} ${step}`)),
      };
      await session.run(feeds, into);
      onLearned?.(step, total);
    }
  } finally {
    await session.dispose();
  }
  const weights = Object.entries(matcherParameters(spec)).map(([name, { shape }]) => {
    return [name, tensor("float16", shape, encodeFloat16(state[name]!.data))] as const;
  });
  return { words, weights: Object.fromEntries(weights) };
}

/** The words that occur often enough, and which of them are said of which pictures. */
function readCaptions({ pictures }: MatcherTraining["table"]): {
  readonly words: readonly string[];
  readonly told: readonly Told[];
} {
  const tokens = pictures.map(({ captions }) => captions.map(ptbTokens));
  const vocabulary = buildVocabulary(tokens.flat(), { minimumCount });
  const known = (caption: readonly string[]): number[] =>
    encodeTokens(vocabulary, caption)
      .filter((id) => id !== unknownId)
      .map((id) => id - specialWords.length);
  const told = tokens
    .map((captions, row) => ({ row, captions: captions.map(known).filter((caption) => caption.length > 0) }))
    .filter(({ captions }) => captions.length > 0);
  return { words: vocabulary.words.slice(specialWords.length), told };
}

function vectorsOf({ vectors }: MatcherTraining["table"], batch: readonly Told[]): Tensor {
  const channels = vectors.shape[1]!;
  const bits = new Uint16Array(batch.length * channels);
  batch.forEach(({ row }, i) => bits.set(vectors.data.subarray(row * channels, (row + 1) * channels), i * channels));
  return tensor("float32", [batch.length, channels], decodeFloat16(bits));
}

/** Of one caption of each picture how often each word stands in it; some are not read, but never all. */
function countsOf(batch: readonly Told[], words: number, random: Random): Tensor {
  const counts = zeros("float32", [batch.length, words]);
  for (const [i, { captions }] of batch.entries()) {
    const caption = captions[random.below(captions.length)]!;
    const read = caption.filter(() => random.uniform() >= wordDropout);
    for (const word of read.length > 0 ? read : caption) counts.data[i * words + word]! += 1;
  }
  return counts;
}
