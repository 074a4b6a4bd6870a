// The table of training neighbours: made of a split of a data set and the features that a model reads, with a matcher or without, and read again.
import type { CancelSignal } from "../base/cancel.ts";
import { throwIfCancelled } from "../base/cancel.ts";
import { ShowtellError } from "../base/errors.ts";
import type { PlainError } from "../base/errors.ts";
import { decodeFloat16, encodeFloat16 } from "../base/float16.ts";
import { tensor } from "../base/tensor.ts";
import type { NeighbourTable } from "../bundle/neighbour-table.ts";
import { packNeighbours, pooledLayer, unpackNeighbours } from "../bundle/neighbour-table.ts";
import type { CaptionerInput } from "../caption/captioning-service.ts";
import { unitVectors } from "../caption/nearest-pictures.ts";
import type { OpenSession } from "../engine/session.ts";
import { featureShape } from "../models/encoder-graph.ts";
import { safetensorsParts } from "../safetensors/write.ts";
import { trainMatcher } from "../train/matcher.ts";
import type { ModelArgument } from "./captioner-files.ts";
import { readCaptionerFiles } from "./captioner-files.ts";
import { openDataset, picturePath } from "./dataset-folder.ts";
import type { Dataset } from "./dataset-folder.ts";
import { featureBatches } from "./feature-batches.ts";
import type { FeatureCache } from "./feature-cache.ts";
import { extractFeatures } from "./feature-extraction.ts";
import type { ExtractionProgress } from "./feature-extraction.ts";
import { requireOwnFile, requireWritable, writeFileAtomically } from "./files.ts";
import { readSafetensorsFile } from "./safetensors-file.ts";
import { version } from "./version.ts";

/** What reading pictures needs and tells. */
interface NeighboursReading {
  /** Folder of feature caches; default: below the platform's cache folder. */
  readonly cache?: string | undefined;
  readonly openSession: OpenSession;
  readonly signal?: CancelSignal | undefined;
  readonly onFeatures?: (progress: ExtractionProgress) => void;
  readonly onBroken?: (path: string, error: PlainError) => void;
  /** Told after each step of a matcher's training. */
  readonly onLearned?: (done: number, total: number) => void;
}

/** Of what a table is made. */
export interface NeighboursRequest extends NeighboursReading {
  /** The model whose captions will be held against it: its first encoder and layer are those of the table. */
  readonly model: ModelArgument;
  /** Folder or file of the data set, and the folder of its pictures if it lies elsewhere. */
  readonly data: string;
  readonly images?: string | undefined;
  readonly split: string;
  /** Path of the table; what is there is replaced in one step. */
  readonly out: string;
}

/** Grids that are in memory at a time. */
const picturesAtOnce = 64;

/**
 * Writes the table of a split's pictures, with a matcher; features that the cache has are not computed again.
 * @returns What was written.
 * @throws ShowtellError `DATA_…`, `BUNDLE_…`, `ENCODER_MISSING`, `ARGUMENT` if the table would be written over what is read, `FILE_WRITE`,
 *   `CANCELLED`.
 */
export async function buildNeighbours(request: NeighboursRequest): Promise<NeighbourTable> {
  const { model, data, images, split, out, signal } = request;
  await requireWritable(out);
  const { members, inputs } = await readCaptionerFiles(model);
  const [input] = inputs;
  const dataset = await openDataset(data, images === undefined ? {} : { images });
  const bundles = [...members, ...inputs].map(({ source }) => source);
  const pictures = dataset.split(split).map(({ image }) => picturePath(dataset, image));
  await requireOwnFile(out, [...bundles, dataset.captionFile, ...pictures], "the table of neighbours");
  const table = await withMatcher(await neighbourTable(dataset, split, input!, request), request);
  const { tensors, metadata } = packNeighbours(table);
  throwIfCancelled(signal);
  await writeFileAtomically(out, safetensorsParts(tensors, metadata));
  return table;
}

/**
 * The table of a split's pictures by the features that a captioner reads, without those whose content has one of the `without` hashes.
 * @throws ShowtellError `DATA_…`, `CACHE_FORMAT`, `LOCKED`, `CANCELLED`.
 */
export async function neighbourTable(
  dataset: Dataset,
  split: string,
  { encoder, features }: CaptionerInput,
  { cache: root, openSession, signal, onFeatures, onBroken }: NeighboursReading,
  without: ReadonlySet<string> = new Set(),
): Promise<NeighbourTable> {
  const records = dataset.split(split).filter(({ captions }) => captions.length > 0);
  const { cache, hashes } = await extractFeatures({
    pictures: records.map(({ image }) => picturePath(dataset, image)),
    encoder,
    layer: features.layer,
    openSession,
    root,
    signal,
    ...(onFeatures && { onProgress: onFeatures }),
    onBroken: (path, error) => onBroken?.(path, error),
  });
  try {
    const usable = records.flatMap(({ image, captions }, i) => {
      const hash = hashes[i];
      return hash === undefined || without.has(hash) ? [] : [{ hash, picture: { image, captions } }];
    });
    if (usable.length === 0) throw new ShowtellError("DATA_EMPTY", `no picture of split "${split}" can be used`);
    const channels = featureShape(encoder.manifest.spec, features.layer).at(-1)!;
    const vectors = await vectorsOf(cache, usable, channels, signal);
    return {
      version: 1,
      writer: `showtell ${version}`,
      encoder: { identity: features.identity, name: features.name },
      layer: pooledLayer(features.layer),
      data: { name: dataset.name, split },
      pictures: usable.map(({ picture }) => picture),
      vectors: tensor("float16", [usable.length, channels], vectors),
    };
  } finally {
    await cache.close();
  }
}

/** A table with a matcher that learnt from it. @throws ShowtellError `CANCELLED`, `ENGINE`. */
export async function withMatcher(table: NeighbourTable, reading: NeighboursReading): Promise<NeighbourTable> {
  return { ...table, matcher: await trainMatcher({ table, ...reading }) };
}

/** The pictures' vectors of length 1 as float16 bits, [pictures, channels]. */
async function vectorsOf(
  cache: FeatureCache,
  pictures: readonly { readonly hash: string }[],
  channels: number,
  signal: CancelSignal | undefined,
): Promise<Uint16Array> {
  const vectors = new Uint16Array(pictures.length * channels);
  let done = 0;
  for await (const { some, batches } of featureBatches([cache], pictures, picturesAtOnce, signal)) {
    const { data } = unitVectors(decodeFloat16(batches[0]!.data), some.length, channels);
    encodeFloat16(data, vectors.subarray(done * channels, (done + some.length) * channels));
    done += some.length;
  }
  return vectors;
}

/**
 * Reads a table.
 * @throws ShowtellError `FILE_NOT_FOUND`, `SAFETENSORS_FORMAT`, `NEIGHBOURS_FORMAT`.
 */
export async function readNeighbours(path: string): Promise<NeighbourTable> {
  return unpackNeighbours(await readSafetensorsFile(path), path);
}
