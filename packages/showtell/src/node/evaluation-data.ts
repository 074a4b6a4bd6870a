// The pictures that are scored, and the training pictures that baselines are made of: records with the features that models read.
import { ptbTokens } from "caption-metrics";
import type { PlainError } from "../base/errors.ts";
import { ShowtellError } from "../base/errors.ts";
import type { CancelSignal } from "../base/cancel.ts";
import type { CaptionerInput } from "../caption/captioning-service.ts";
import type { CaptionRecord } from "../datasets/record.ts";
import type { OpenSession } from "../engine/session.ts";
import type { FeatureReader } from "../train/learner.ts";
import type { Dataset } from "./dataset-folder.ts";
import { picturePath } from "./dataset-folder.ts";
import type { FeatureCache } from "./feature-cache.ts";
import { extractFeatures } from "./feature-extraction.ts";
import type { EvaluationNews, EvaluationRequest } from "./evaluation-request.ts";

/** A picture that can be read and has captions with words. */
export interface UsablePicture {
  readonly image: string;
  readonly path: string;
  /** Those of its captions that have words, as they were written. */
  readonly references: readonly string[];
  /** Hash of its file's content. */
  readonly hash: string;
}

/** Pictures of a split with their features, by input of a captioner. */
export interface SplitFeatures {
  readonly pictures: readonly UsablePicture[];
  /** Pictures that were left out. */
  readonly skipped: number;
  /** The features of the pictures, by their place, for each input that was asked for. */
  readonly readers: readonly FeatureReader[];
  close(): Promise<void>;
}

/** What reading needs besides. */
export interface ReadingContext {
  readonly request: EvaluationRequest;
  readonly openSession: OpenSession;
  readonly signal: CancelSignal;
  readonly emit: (news: EvaluationNews) => void;
}

/**
 * The usable pictures of a split, with their features from the cache, or computed.
 * @throws ShowtellError `DATA_SPLIT`, `DATA_EMPTY`, `CACHE_FORMAT`, `LOCKED`, `CANCELLED`.
 */
export async function readSplit(
  dataset: Dataset,
  split: string,
  inputs: readonly CaptionerInput[],
  { request, openSession, signal, emit }: ReadingContext,
): Promise<SplitFeatures> {
  const listed = dataset.split(split);
  const records = listed.map(withWords).filter(({ captions }) => captions.length > 0);
  const paths = records.map(({ image }) => picturePath(dataset, image));
  const broken = new Map<string, PlainError>();
  const caches: FeatureCache[] = [];
  const close = async (): Promise<void> => {
    for (const cache of caches) await cache.close();
  };
  try {
    let hashes: readonly (string | undefined)[] = [];
    for (const { encoder, features } of inputs) {
      const found = await extractFeatures({
        pictures: paths,
        encoder,
        layer: features.layer,
        openSession,
        root: request.cache,
        signal,
        onProgress: (progress) => emit({ kind: "features", split, progress }),
        onBroken(path, error) {
          if (!broken.has(path)) emit({ kind: "broken picture", path, error });
          broken.set(path, error);
        },
      });
      caches.push(found.cache);
      hashes = found.hashes;
    }
    const pictures = records.flatMap(({ image, captions }, i): readonly UsablePicture[] => {
      const hash = hashes[i];
      return hash === undefined ? [] : [{ image, path: paths[i]!, references: captions, hash }];
    });
    if (pictures.length === 0) {
      throw new ShowtellError("DATA_EMPTY", `no picture of split "${split}" can be read and has a caption with words`);
    }
    const readers = caches.map((cache) => readerOf(cache, pictures));
    return { pictures, skipped: listed.length - pictures.length, readers, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function withWords(record: CaptionRecord): CaptionRecord {
  return { ...record, captions: record.captions.filter((caption) => ptbTokens(caption).length > 0) };
}

function readerOf(cache: FeatureCache, pictures: readonly UsablePicture[]): FeatureReader {
  return {
    size: cache.key.shape.reduce((product, dimension) => product * dimension, 1),
    read: (rows, into) =>
      cache.read(
        Array.from(rows, (row) => pictures[row]!.hash),
        into,
      ),
  };
}

/** Places 0 … count − 1 in pieces of at most `size`. */
export function* pieces(count: number, size: number): Generator<Int32Array, void, undefined> {
  for (let start = 0; start < count; start += size) {
    yield Int32Array.from({ length: Math.min(size, count - start) }, (_, i) => start + i);
  }
}
