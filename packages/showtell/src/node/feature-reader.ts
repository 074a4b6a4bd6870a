// Features by row, from one cache or from those of several views, held in memory if they are small. Knows no captions.
import { sizeOf } from "../base/tensor.ts";
import type { FeatureReader } from "../train/learner.ts";
import type { FeatureCache } from "./feature-cache.ts";

/** Features below this size are held in memory; larger ones (grids) are read from disk batch by batch. */
const memoryBytes = 512 * 2 ** 20;

/** Reads features by row: those of all pictures in the first cache, then those in the next. */
export async function featureReader(
  caches: readonly FeatureCache[],
  hashes: readonly string[],
): Promise<FeatureReader> {
  const size = sizeOf(caches[0]!.key.shape);
  if (2 * size * hashes.length * caches.length > memoryBytes) return { size, read: diskReader(caches, hashes, size) };
  const all = new Uint16Array(size * hashes.length * caches.length);
  for (const [view, cache] of caches.entries()) {
    await cache.read(hashes, all.subarray(view * size * hashes.length, (view + 1) * size * hashes.length));
  }
  return {
    size,
    read(rows, into) {
      rows.forEach((row, i) => into.set(all.subarray(row * size, (row + 1) * size), i * size));
      return Promise.resolve();
    },
  };
}

function diskReader(caches: readonly FeatureCache[], hashes: readonly string[], size: number): FeatureReader["read"] {
  return async (rows, into) => {
    for (const [view, cache] of caches.entries()) {
      const places = [...rows.keys()].filter((place) => Math.floor(rows[place]! / hashes.length) === view);
      if (places.length === 0) continue;
      const found = new Uint16Array(size * places.length);
      await cache.read(
        places.map((place) => hashes[rows[place]! % hashes.length]!),
        found,
      );
      places.forEach((place, i) => into.set(found.subarray(i * size, (i + 1) * size), place * size));
    }
  };
}
