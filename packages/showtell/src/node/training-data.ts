// Everything that training reads: captions prepared, features extracted, word vectors found. Trains nothing.
import { sha256Hex } from "../base/bytes.ts";
import type { CancelSignal } from "../base/cancel.ts";
import { ShowtellError } from "../base/errors.ts";
import type { PlainError } from "../base/errors.ts";
import { seededRandom } from "../base/random.ts";
import { sizeOf } from "../base/tensor.ts";
import type { BundlePart } from "../bundle/bundle.ts";
import { canonicalJson } from "../bundle/identity.ts";
import type { DecoderManifest, EncoderManifest } from "../bundle/manifest.ts";
import type { CaptionRecord } from "../datasets/record.ts";
import type { OpenSession } from "../engine/session.ts";
import { decoderNamed } from "../models/catalogue.ts";
import type { DecoderSpec } from "../models/catalogue.ts";
import type { FeatureLayer } from "../models/encoder.ts";
import { featureShape } from "../models/encoder-graph.ts";
import type { EncoderSpec } from "../models/encoder-graph.ts";
import { stageOf } from "../models/encoder-stage.ts";
import type { EmbeddingTable } from "../text/word-vectors.ts";
import { embeddingTable } from "../text/word-vectors.ts";
import { parseVocabulary } from "../text/vocabulary.ts";
import type { Vocabulary } from "../text/vocabulary.ts";
import type { FeatureReader } from "../train/learner.ts";
import { examplesOf, prepareCaptions } from "../train/preparation.ts";
import type { PreparedCaptions, TokenisedRecord } from "../train/preparation.ts";
import type { TrainingSet } from "../train/lessons.ts";
import { openDataset, picturePath } from "./dataset-folder.ts";
import type { FeatureCache } from "./feature-cache.ts";
import { extractFeatureSets } from "./feature-extraction.ts";
import type { ExtractionProgress, SetsInput } from "./feature-extraction.ts";
import type { TrainingNews, TrainingRequest } from "./training-request.ts";
import { readGlove, readWordVectors } from "./word-vectors.ts";

/** What training reads. */
export interface TrainingData {
  readonly prepared: PreparedCaptions;
  readonly spec: DecoderSpec;
  readonly vectors: EmbeddingTable | undefined;
  readonly train: TrainingSet;
  readonly dev: TrainingSet;
  /** Tokens of the training pictures' captions, by the rows of their features. */
  readonly references: readonly (readonly (readonly string[])[])[];
  /** The dev pictures that can be read, in the order of their rows, with their captions as they were written. */
  readonly devPictures: readonly DevPicture[];
  /** Content hash of each training picture that is used. */
  readonly pictureHashes: readonly string[];
  /** Hash over all captions and picture names, to tell whether a resumed run reads the same. */
  readonly hash: string;
  readonly name: string;
  close(): Promise<void>;
}

/** A dev picture. */
export interface DevPicture extends CaptionRecord {
  /** Hash of its file's content. */
  readonly hash: string;
}

/** Features below this size are held in memory; larger ones (grids) are read from disk batch by batch. */
const memoryBytes = 512 * 2 ** 20;

/** What loading needs besides the request. */
export interface LoadingContext {
  readonly encoder: BundlePart<EncoderManifest>;
  /** The decoder that learns on. */
  readonly init?: DecoderManifest | undefined;
  readonly openSession: OpenSession;
  readonly signal: CancelSignal;
  readonly emit: (news: TrainingNews) => void;
}

/**
 * Loads the data of a training run.
 * @throws ShowtellError `DATA_…`, `FILE_NOT_FOUND`, `VECTORS_FORMAT`, `CACHE_FORMAT`, `CANCELLED`.
 */
export async function loadTrainingData(request: TrainingRequest, context: LoadingContext): Promise<TrainingData> {
  const { encoder, init, openSession, signal, emit } = context;
  const dataset = await openDataset(request.data, request.images === undefined ? {} : { images: request.images });
  const records = { train: dataset.split("train"), dev: dataset.split("dev") };
  const known = init && parseVocabulary(init.vocabulary);
  const prepared = prepareCaptions(records, { ...request, vocabulary: known }, signal);
  const { vocabulary } = prepared;
  const vectors = init ? undefined : await wordVectors(request, vocabulary, signal);
  const images = [...prepared.train, ...prepared.dev].map(({ image }) => image);
  const extraction = {
    encoder,
    layers: [layerRead(request, encoder.manifest.spec)],
    openSession,
    root: request.cache,
    signal,
    onProgress: (progress: ExtractionProgress) => emit({ kind: "features", progress }),
  };
  const pictures = images.map((image) => picturePath(dataset, image));
  const onBroken = (path: string, error: PlainError): void => emit({ kind: "broken picture", path, error });
  const { sets, hashes } = await extractFeatureSets({ ...extraction, pictures, onBroken });
  const { cache } = sets[0]!;
  const caches = await viewCaches(request, cache, {
    ...extraction,
    pictures: pictures.slice(0, prepared.train.length),
  });
  const trainHashes = hashes.slice(0, prepared.train.length);
  const devHashes = hashes.slice(prepared.train.length);
  return {
    prepared,
    spec: init
      ? { ...init.spec, dropout: request.decoderOptions.dropout }
      : specOf(request, encoder, vocabulary, vectors),
    vectors,
    train: await trainingSet(prepared.train, vocabulary, caches, trainHashes, "train"),
    dev: await trainingSet(prepared.dev, vocabulary, [cache], devHashes, "dev"),
    references: prepared.train.flatMap(({ captions }, i) =>
      trainHashes[i] === undefined ? [] : [captions.filter((tokens) => tokens.length > 0)],
    ),
    devPictures: records.dev.flatMap((record, i) => {
      const hash = devHashes[i];
      return hash === undefined ? [] : [{ ...record, hash }];
    }),
    pictureHashes: trainHashes.filter((hash) => hash !== undefined),
    hash: datasetHash(records),
    name: dataset.name,
    close: async () => {
      await Promise.all([cache, ...caches].map((one) => one.close()));
    },
  };
}

/** What tells data sets apart: a hash over all captions and picture names. */
export function datasetHash(records: {
  readonly train: readonly CaptionRecord[];
  readonly dev: readonly CaptionRecord[];
}): string {
  return sha256Hex(canonicalJson({ train: records.train, dev: records.dev }));
}

/** What is read of the encoder: what the decoder reads, or what a stage reads that learns with it. */
function layerRead({ decoder, fineTune }: TrainingRequest, encoder: EncoderSpec): FeatureLayer {
  const { layer } = decoderNamed(decoder);
  return fineTune === undefined ? layer : stageOf({ encoder, stage: fineTune.stage, layer }).from;
}

/** The caches of the views that training pictures are learned in; the plain one is there. */
async function viewCaches(
  { views = ["plain"] }: TrainingRequest,
  plain: FeatureCache,
  input: SetsInput,
): Promise<readonly FeatureCache[]> {
  const others = views.filter((view) => view !== "plain");
  if (others.length === 0) return [plain];
  try {
    const { sets } = await extractFeatureSets({ ...input, views: others });
    const byView = new Map(sets.map(({ view, cache }) => [view, cache]));
    return views.map((view) => byView.get(view) ?? plain);
  } catch (error) {
    await plain.close();
    throw error;
  }
}

async function wordVectors(
  { embeddings, training }: TrainingRequest,
  vocabulary: Vocabulary,
  signal: CancelSignal,
): Promise<EmbeddingTable | undefined> {
  if (embeddings === "random") return undefined;
  const wanted = new Set(vocabulary.ids.keys());
  const found = embeddings === "glove" ? await readGlove(wanted) : await readWordVectors(embeddings, wanted, signal);
  return embeddingTable(vocabulary, found, seededRandom(training.seed, "word vectors"));
}

function specOf(
  request: TrainingRequest,
  encoder: BundlePart<EncoderManifest>,
  { words }: Vocabulary,
  vectors: EmbeddingTable | undefined,
): DecoderSpec {
  const decoder = decoderNamed(request.decoder);
  const { embeddingSize } = request;
  const sizes = {
    features: featureShape(encoder.manifest.spec, decoder.layer),
    words: words.length,
    embeddingSize,
    vectorSize: vectors === undefined ? embeddingSize : vectors.table.length / words.length,
    vectors: vectors === undefined ? "random" : request.freezeEmbeddings ? "frozen" : "given",
  } as const;
  return decoder.specOf(sizes, request.decoderOptions);
}

async function trainingSet(
  records: readonly TokenisedRecord[],
  vocabulary: Vocabulary,
  caches: readonly FeatureCache[],
  hashes: readonly (string | undefined)[],
  split: string,
): Promise<TrainingSet> {
  const rows = new Map<string, number>();
  const used: string[] = [];
  for (const [i, { image }] of records.entries()) {
    const hash = hashes[i];
    if (hash !== undefined) rows.set(image, used.push(hash) - 1);
  }
  if (used.length === 0)
    throw new ShowtellError(
      "DATA_EMPTY",
      `the ${split} split has no picture that can be read: check the picture folder`,
    );
  const examples = examplesOf(records, vocabulary, (image) => rows.get(image));
  const features = await featureReader(caches, used);
  if (caches.length === 1) return { examples, features };
  return { examples, features, views: { pictures: used.length, views: caches.length } };
}

/** Reads features by row: those of all pictures in the first cache, then those in the next. */
async function featureReader(caches: readonly FeatureCache[], hashes: readonly string[]): Promise<FeatureReader> {
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
