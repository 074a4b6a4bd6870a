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
import { resize } from "../image/resize.ts";
import type { FeatureLayer } from "../models/encoder.ts";
import { featureShape } from "../models/encoder-graph.ts";
import { cacheFolder } from "./cache-folder.ts";
import type { FeatureCache, FeatureRow } from "./feature-cache.ts";
import { openFeatureCache } from "./feature-cache.ts";
import { readBytes } from "./files.ts";
import { readImage } from "./image-reader.ts";
import type { InTurn } from "../thread/lanes.ts";
import { lanes } from "../thread/lanes.ts";
import type { PlainError } from "../base/errors.ts";
import { plainError } from "../base/errors.ts";

/** How far an extraction is. */
export interface ExtractionProgress {
  /** Pictures that are done: computed, found in the cache, or broken. */
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

/** Pictures that go through the network together; as many are read ahead. */
const batchSize = 16;

/** One of 12 megapixels takes 36 MB until it is resized. */
const decodedAtOnce = 4;

/** A picture that can be used: read, if its features are not in the cache. */
interface Picture {
  readonly at: number;
  readonly hash: string;
  readonly pixels: Pixels | undefined;
}

/** The default folder of feature caches. */
function featuresFolder(): string {
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
    shape: featureShape(spec, layer),
  });
  const hashes: (string | undefined)[] = Array.from(pictures, () => undefined);
  const inTurn = lanes(decodedAtOnce);
  const tell = progressMeter(pictures.length, input.onProgress);
  let network: PictureEncoder | undefined;
  // Rows are synced to the disk while the next batch is computed.
  let written: Promise<void> = Promise.resolve();
  try {
    let ahead = readBatch(input, cache, inTurn, 0);
    for (let start = 0; start < pictures.length; start += batchSize) {
      throwIfCancelled(signal);
      const batch = await ahead;
      ahead = readBatch(input, cache, inTurn, start + batchSize);
      for (const { at, hash } of batch) hashes[at] = hash;
      const fresh = batch.filter((picture) => picture.pixels !== undefined);
      if (fresh.length > 0) {
        network ??= await openPictureEncoder(encoder, layer, input.openSession);
        const rows = await featureRows(network, fresh);
        await written;
        written = cache.append(rows);
        // A failure is met when its turn comes, not as an unhandled rejection before.
        written.catch(() => undefined);
      }
      tell(Math.min(batchSize, pictures.length - start), batch.length - fresh.length, fresh.length);
    }
    await written;
  } catch (error) {
    await cache.close();
    throw error;
  } finally {
    await network?.dispose();
  }
  return { cache, hashes };
}

async function featureRows(network: PictureEncoder, batch: readonly Picture[]): Promise<readonly FeatureRow[]> {
  const features = await network.encode(batch.map(({ pixels }) => pixels!));
  const size = features.length / batch.length;
  return batch.map(({ hash }, i) => ({ hash, data: features.subarray(i * size, (i + 1) * size) }));
}

/** Reads and hashes a batch of files; those without features come decoded, at the encoder's size. */
async function readBatch(
  { pictures, encoder, onBroken, signal }: ExtractionInput,
  cache: FeatureCache,
  inTurn: InTurn,
  start: number,
): Promise<readonly Picture[]> {
  const { width, height } = encoder.manifest.preprocessing.resize;
  const read = async (path: string, at: number): Promise<readonly Picture[]> => {
    try {
      const bytes = await readBytes(path);
      const hash = sha256Hex(bytes);
      if (cache.has(hash)) return [{ at, hash, pixels: undefined }];
      return [{ at, hash, pixels: resize(await readImage(bytes, { name: path }), width, height) }];
    } catch (error) {
      if (signal?.aborted !== true) onBroken?.(path, plainError(error));
      return [];
    }
  };
  const paths = pictures.slice(start, start + batchSize);
  return (await Promise.all(paths.map((path, i) => inTurn(() => read(path, start + i))))).flat();
}

/** Reports progress; the time left is reckoned from the first batch of which something was computed, since the cache is much faster. */
function progressMeter(
  total: number,
  onProgress: ExtractionInput["onProgress"],
): (pictures: number, cached: number, computed: number) => void {
  let done = 0;
  let found = 0;
  let batchStarted = performance.now();
  let computing: { readonly since: number; readonly from: number } | undefined;
  return (pictures, cached, computed) => {
    if (computed > 0) computing ??= { since: batchStarted, from: done };
    done += pictures;
    found += cached;
    batchStarted = performance.now();
    const left = computing && {
      secondsLeft: ((batchStarted - computing.since) / 1000 / (done - computing.from)) * (total - done),
    };
    onProgress?.({ done, total, cached: found, ...left });
  };
}
