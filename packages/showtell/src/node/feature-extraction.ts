// Features of many picture files, from the cache where they are there, else computed: decoding runs ahead of the network.
import { join } from "node:path";
import { throwIfCancelled } from "../base/cancel.ts";
import type { CancelSignal } from "../base/cancel.ts";
import { sha256Hex } from "../base/bytes.ts";
import type { BundlePart } from "../bundle/bundle.ts";
import { canonicalJson } from "../bundle/identity.ts";
import type { EncoderManifest } from "../bundle/manifest.ts";
import type { PictureEncoder } from "../caption/picture-encoder.ts";
import { openPictureEncoder } from "../caption/picture-encoder.ts";
import type { OpenSession } from "../engine/session.ts";
import type { Pixels } from "../image/pixels.ts";
import type { FeatureLayer } from "../models/encoder.ts";
import { encoderOf } from "../models/encoder-graph.ts";
import { cacheFolder } from "./cache-folder.ts";
import type { FeatureCache } from "./feature-cache.ts";
import { openFeatureCache } from "./feature-cache.ts";
import { readBytes } from "./files.ts";
import { readImage } from "./image-reader.ts";
import type { PlainError } from "./worker-thread.ts";
import { plainError } from "./worker-thread.ts";

/** How far an extraction is. */
export interface ExtractionProgress {
  /** Pictures that are done, found in the cache or failed. */
  readonly done: number;
  readonly total: number;
  /** Pictures that were found in the cache. */
  readonly cached: number;
  /** Time left in seconds, once some pictures were computed. */
  readonly secondsLeft?: number;
}

/** What to extract. */
export interface ExtractionInput {
  /** Paths of picture files. */
  readonly pictures: readonly string[];
  readonly encoder: BundlePart<EncoderManifest>;
  readonly layer: FeatureLayer;
  readonly openSession: OpenSession;
  /** The folder for all caches; default: `features` in the platform's cache folder. */
  readonly root?: string | undefined;
  readonly onProgress?: (progress: ExtractionProgress) => void;
  /** Called for a picture that can't be used; it is skipped. */
  readonly onBroken?: (path: string, error: PlainError) => void;
  readonly signal?: CancelSignal | undefined;
}

/** Where the features are. */
export interface Extraction {
  /** The caller closes it. */
  readonly cache: FeatureCache;
  /** The content hash of each picture, in order; undefined for a broken one. */
  readonly hashes: readonly (string | undefined)[];
}

/** Pictures that go through the network together, and how many such batches are decoded ahead. */
const batchSize = 16;

interface Picture {
  readonly at: number;
  readonly hash: string;
  readonly pixels: Pixels | undefined;
}

/** The default folder of feature caches. */
export function featuresFolder(): string {
  return join(cacheFolder(), "features");
}

/**
 * Extracts the features of pictures into a cache and says which row belongs to which. A broken picture is named and
 * skipped; what was done before a kill is not done again.
 * @throws ShowtellError `CACHE_FORMAT`, `LOCKED`, `FILE_WRITE`, `CANCELLED`, `ENGINE`.
 */
export async function extractFeatures(input: ExtractionInput): Promise<Extraction> {
  const { pictures, encoder, layer, root = featuresFolder(), signal } = input;
  const { spec, preprocessing, identity } = encoder.manifest;
  const cache = await openFeatureCache(root, {
    encoder: identity,
    preprocessing: sha256Hex(canonicalJson(preprocessing)),
    layer,
    shape: encoderOf(spec).features[layer],
  });
  const hashes: (string | undefined)[] = Array.from(pictures, () => undefined);
  const meter = progressMeter(pictures.length, input.onProgress);
  let network: PictureEncoder | undefined;
  try {
    let ahead = decodeBatch(input, cache, 0);
    for (let start = 0; start < pictures.length; start += batchSize) {
      throwIfCancelled(signal);
      const batch = await ahead;
      ahead = decodeBatch(input, cache, start + batchSize);
      for (const { at, hash } of batch) hashes[at] = hash;
      const fresh = batch.filter((picture) => picture.pixels !== undefined);
      if (fresh.length > 0) {
        network ??= await openPictureEncoder(encoder, layer, input.openSession);
        await append(cache, network, fresh);
      }
      meter(Math.min(start + batchSize, pictures.length), fresh.length);
    }
  } catch (error) {
    await cache.close();
    throw error;
  } finally {
    await network?.dispose();
  }
  return { cache, hashes };
}

async function append(cache: FeatureCache, network: PictureEncoder, batch: readonly Picture[]): Promise<void> {
  const features = await network.encode(batch.map(({ pixels }) => pixels!));
  const size = features.length / batch.length;
  await cache.append(batch.map(({ hash }, i) => ({ hash, data: features.subarray(i * size, (i + 1) * size) })));
}

/** Reads and hashes a batch of files, and decodes those without features. */
async function decodeBatch(
  { pictures, onBroken }: ExtractionInput,
  cache: FeatureCache,
  start: number,
): Promise<readonly Picture[]> {
  const paths = pictures.slice(start, start + batchSize);
  const read = async (path: string, at: number): Promise<readonly Picture[]> => {
    try {
      const bytes = await readBytes(path);
      const hash = sha256Hex(bytes);
      return [{ at, hash, pixels: cache.has(hash) ? undefined : await readImage(bytes) }];
    } catch (error) {
      onBroken?.(path, plainError(error));
      return [];
    }
  };
  return (await Promise.all(paths.map((path, i) => read(path, start + i)))).flat();
}

/** Reports progress with the time left, from the time that computed pictures took. */
function progressMeter(
  total: number,
  onProgress: ExtractionInput["onProgress"],
): (done: number, fresh: number) => void {
  const started = performance.now();
  let computed = 0;
  return (done, fresh) => {
    computed += fresh;
    const seconds = (performance.now() - started) / 1000;
    const left = computed === 0 ? {} : { secondsLeft: (seconds / done) * (total - done) };
    onProgress?.({ done, total, cached: done - computed, ...left });
  };
}
