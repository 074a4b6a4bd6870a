// Features of pictures, some pictures at a time: grids of a whole data set do not fit in memory. Knows neither networks nor captions.
import type { CancelSignal } from "../base/cancel.ts";
import { throwIfCancelled } from "../base/cancel.ts";
import { sizeOf } from "../base/tensor.ts";
import type { FeatureBatch } from "../caption/decoder-stepper.ts";
import type { FeatureCache } from "./feature-cache.ts";

/** Some pictures with their features, a batch of each cache. */
export interface PictureFeatures<Picture> {
  readonly some: readonly Picture[];
  readonly batches: readonly FeatureBatch[];
}

/**
 * Walks pictures in their order, at most `count` at a time.
 * @throws ShowtellError `CANCELLED`; what reading a cache throws.
 */
export async function* featureBatches<Picture extends { readonly hash: string }>(
  caches: readonly FeatureCache[],
  pictures: readonly Picture[],
  count: number,
  signal: CancelSignal | undefined,
): AsyncGenerator<PictureFeatures<Picture>, void, undefined> {
  for (let start = 0; start < pictures.length; start += count) {
    throwIfCancelled(signal);
    const some = pictures.slice(start, start + count);
    const hashes = some.map(({ hash }) => hash);
    const batches: FeatureBatch[] = [];
    for (const cache of caches) {
      const data = new Uint16Array(some.length * sizeOf(cache.key.shape));
      await cache.read(hashes, data);
      batches.push({ images: some.length, data });
    }
    yield { some, batches };
  }
}
