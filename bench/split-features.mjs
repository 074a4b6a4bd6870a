// A split's pictures with the features that a model reads of them, from the cache or computed into it: what benches that caption start from.

/**
 * Features of a data set's split, to be read in the order of its records.
 * @param source The encoder, its layer, and what opens sessions.
 */
export async function splitFeatures(dataset, split, { encoder, layer, openSession }) {
  // Not at the head: a bench builds these first.
  const { picturePath } = await import("../packages/showtell/dist/node/dataset-folder.js");
  const { extractFeatures } = await import("../packages/showtell/dist/node/feature-extraction.js");
  const records = dataset.split(split);
  const { cache, hashes } = await extractFeatures({
    pictures: records.map(({ image }) => picturePath(dataset, image)),
    encoder,
    layer,
    openSession,
  });
  const size = cache.key.shape.reduce((a, b) => a * b);
  return {
    records,
    hashes,
    /** Features of the pictures from one place to before another, as captioners take them. */
    async read(start, end) {
      const some = hashes.slice(start, end);
      const data = new Uint16Array(some.length * size);
      await cache.read(some, data);
      return { images: some.length, data };
    },
    close: () => cache.close(),
  };
}
