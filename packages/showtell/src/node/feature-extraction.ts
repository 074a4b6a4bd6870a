// Features of many picture files, from the cache where they are there, else computed: decoding runs ahead of the network.
import { join } from "node:path";
import { throwIfCancelled } from "../base/cancel.ts";
import type { CancelSignal } from "../base/cancel.ts";
import { sha256Hex } from "../base/bytes.ts";
import type { BundlePart } from "../bundle/bundle.ts";
import { canonicalJson } from "../bundle/identity.ts";
import type { EncoderManifest } from "../bundle/manifest.ts";
import type { LayersEncoder } from "../caption/picture-encoder.ts";
import { openLayersEncoder } from "../caption/picture-encoder.ts";
import type { OpenSession } from "../engine/session.ts";
import type { Pixels } from "../image/pixels.ts";
import { resize } from "../image/resize.ts";
import type { PictureView } from "../image/views.ts";
import { viewOf } from "../image/views.ts";
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

/** What to extract of several layers and views: the network runs once for each view that lacks a layer's features. */
export interface SetsInput extends Omit<ExtractionInput, "layer"> {
  readonly layers: readonly FeatureLayer[];
  /** Default: the plain view alone. */
  readonly views?: readonly PictureView[] | undefined;
}

/** The features of one layer in one view. */
export interface FeatureSet {
  readonly layer: FeatureLayer;
  readonly view: PictureView;
  readonly cache: FeatureCache;
}

/** Where the features of several layers and views are. */
export interface SetsExtraction {
  /** For each view in turn, a set for each layer. The caller closes their caches. */
  readonly sets: readonly FeatureSet[];
  /** The content hash of each picture, in order; undefined for a broken one. */
  readonly hashes: readonly (string | undefined)[];
}

/** Pictures that go through the network together; as many are read ahead. */
const batchSize = 16;

/** One of 12 megapixels takes 36 MB until it is resized. */
const decodedAtOnce = 4;

/** A picture that can be used, in those views of which some features are missing, at the encoder's size. */
interface Picture {
  readonly at: number;
  readonly hash: string;
  readonly views: readonly { readonly view: PictureView; readonly pixels: Pixels }[];
}

/** A picture in one view. */
interface Seen {
  readonly hash: string;
  readonly pixels: Pixels;
}

/** The default folder of feature caches. */
function featuresFolder(): string {
  return join(cacheFolder(), "features");
}

/**
 * Extracts the features of pictures into a cache and says which row belongs to which. A broken picture is named and
 * skipped; what was done before a kill is not done again.
 * @throws ShowtellError `ARGUMENT` if the encoder has no such layer, `CACHE_FORMAT`, `LOCKED`, `FILE_WRITE`, `CANCELLED`, `ENGINE`.
 */
export async function extractFeatures({ layer, ...input }: ExtractionInput): Promise<Extraction> {
  const { sets, hashes } = await extractFeatureSets({ ...input, layers: [layer] });
  return { cache: sets[0]!.cache, hashes };
}

/**
 * Extracts the features of several layers and views of pictures, each set into a cache of its own, as {@link extractFeatures} does.
 * @throws ShowtellError as {@link extractFeatures} does.
 */
export async function extractFeatureSets(input: SetsInput): Promise<SetsExtraction> {
  const { pictures, encoder, layers, signal } = input;
  const sets = await openSets(input);
  const hashes: (string | undefined)[] = Array.from(pictures, () => undefined);
  const inTurn = lanes(decodedAtOnce);
  const tell = progressMeter(pictures.length, input.onProgress);
  let network: LayersEncoder | undefined;
  // Rows are synced to the disk while the next batch is computed.
  let written: Promise<unknown> = Promise.resolve();
  try {
    let ahead = readBatch(input, sets, inTurn, 0);
    for (let start = 0; start < pictures.length; start += batchSize) {
      throwIfCancelled(signal);
      const batch = await ahead;
      ahead = readBatch(input, sets, inTurn, start + batchSize);
      for (const { at, hash } of batch) hashes[at] = hash;
      const fresh = batch.filter(({ views }) => views.length > 0);
      for (const { view, seen } of byView(fresh, input.views ?? plain)) {
        network ??= await openLayersEncoder(encoder, layers, input.openSession);
        const rows = await featureRows(network, seen);
        await written;
        const own = sets.filter((set) => set.view === view);
        written = Promise.all(own.map(({ cache }, i) => cache.append(rows[i]!)));
        // A failure is met when its turn comes, not as an unhandled rejection before.
        written.catch(() => undefined);
      }
      tell(Math.min(batchSize, pictures.length - start), batch.length - fresh.length, fresh.length);
    }
    await written;
    // Who reads needs no lock, and may read for hours.
    await Promise.all(sets.map(({ cache }) => cache.release()));
  } catch (error) {
    await closeAll(sets);
    throw error;
  } finally {
    await network?.dispose();
  }
  return { sets, hashes };
}

const plain: readonly PictureView[] = ["plain"];

/** The pictures of a batch that are needed in each view; views in which none is are left out. */
function byView(
  batch: readonly Picture[],
  views: readonly PictureView[],
): readonly { readonly view: PictureView; readonly seen: readonly Seen[] }[] {
  return views
    .map((view) => ({
      view,
      seen: batch.flatMap(({ hash, views: all }) =>
        all.flatMap((one) => (one.view === view ? [{ hash, pixels: one.pixels }] : [])),
      ),
    }))
    .filter(({ seen }) => seen.length > 0);
}

async function openSets(input: SetsInput): Promise<readonly FeatureSet[]> {
  const { encoder, layers, views = plain, root = featuresFolder() } = input;
  const { spec, preprocessing, identity } = encoder.manifest;
  const sets: FeatureSet[] = [];
  try {
    for (const view of views) {
      for (const layer of layers) {
        const shape = featureShape(spec, layer);
        const rule = sha256Hex(canonicalJson(preprocessing));
        const cache = await openFeatureCache(root, { encoder: identity, preprocessing: rule, layer, view, shape });
        sets.push({ layer, view, cache });
      }
    }
  } catch (error) {
    await closeAll(sets);
    throw error;
  }
  return sets;
}

async function closeAll(sets: readonly FeatureSet[]): Promise<void> {
  await Promise.all(sets.map(({ cache }) => cache.close()));
}

/** For each of the network's layers the rows of the pictures. */
async function featureRows(
  network: LayersEncoder,
  pictures: readonly Seen[],
): Promise<readonly (readonly FeatureRow[])[]> {
  const layers = await network.encode(pictures.map(({ pixels }) => pixels));
  return layers.map((features) => {
    const size = features.length / pictures.length;
    return pictures.map(({ hash }, i) => ({ hash, data: features.subarray(i * size, (i + 1) * size) }));
  });
}

/** Reads and hashes a batch of files; those without features come decoded, in the views that lack them, at the encoder's size. */
async function readBatch(
  { pictures, encoder, views = plain, onBroken, signal }: SetsInput,
  sets: readonly FeatureSet[],
  inTurn: InTurn,
  start: number,
): Promise<readonly Picture[]> {
  const { width, height } = encoder.manifest.preprocessing.resize;
  const read = async (path: string, at: number): Promise<readonly Picture[]> => {
    try {
      const bytes = await readBytes(path);
      const hash = sha256Hex(bytes);
      const lacking = views.filter((view) => sets.some((set) => set.view === view && !set.cache.has(hash)));
      if (lacking.length === 0) return [{ at, hash, views: [] }];
      const picture = await readImage(bytes, { name: path });
      const seen = lacking.map((view) => ({ view, pixels: resize(viewOf(picture, view), width, height) }));
      return [{ at, hash, views: seen }];
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
