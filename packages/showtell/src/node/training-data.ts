// Everything that training reads: captions prepared, features extracted, word vectors found. Trains nothing.
import type { CancelSignal } from "../base/cancel.ts";
import { ShowtellError } from "../base/errors.ts";
import type { PlainError } from "../base/errors.ts";
import type { BundlePart } from "../bundle/bundle.ts";
import type { EncoderManifest } from "../bundle/manifest.ts";
import type { CaptionRecord } from "../datasets/record.ts";
import type { OpenSession } from "../engine/session.ts";
import { trainedAmong } from "../evaluate/provenance.ts";
import { decoderNamed } from "../models/catalogue.ts";
import type { DecoderSpec } from "../models/catalogue.ts";
import { chosen } from "../models/decoder-options.ts";
import type { FeatureLayer } from "../models/encoder.ts";
import { featureShape } from "../models/encoder-graph.ts";
import type { EncoderSpec } from "../models/encoder-graph.ts";
import { stageOf } from "../models/encoder-stage.ts";
import type { EmbeddingTable } from "../text/word-vectors.ts";
import type { Vocabulary } from "../text/vocabulary.ts";
import { examplesOf } from "../train/preparation.ts";
import type { PreparedCaptions, TokenisedRecord } from "../train/preparation.ts";
import type { TrainingSet } from "../train/lessons.ts";
import { attributesFor } from "./attributes.ts";
import { picturePath } from "./dataset-folder.ts";
import type { FeatureCache } from "./feature-cache.ts";
import { extractFeatureSets } from "./feature-extraction.ts";
import type { ExtractionProgress, SetsInput } from "./feature-extraction.ts";
import { featureReader } from "./feature-reader.ts";
import type { LearntDecoder } from "./learning-on.ts";
import type { PreparedData, TrainingCaptions } from "./training-captions.ts";
import { readTrainingCaptions } from "./training-captions.ts";
import type { TrainingNews, TrainingRequest } from "./training-request.ts";

/** What training reads. */
export interface TrainingData extends DevSet {
  readonly prepared: PreparedCaptions;
  readonly spec: DecoderSpec;
  /** Of all words, or where a decoder learns on of those that it gets besides its own; undefined if none are needed. */
  readonly vectors: EmbeddingTable | undefined;
  /** The words that a decoder which learns on gets besides its own. */
  readonly addedWords: readonly string[];
  readonly train: TrainingSet;
  /** Tokens of the training pictures' captions, by the rows of their features. */
  readonly references: readonly (readonly (readonly string[])[])[];
  /** The dev split of what a decoder had learned before it learns on, if that is at hand. */
  readonly old?: DevSet | undefined;
  /** Of the training captions, those drawn from old data. */
  readonly oldCaptions: number;
  /** The training pictures that can be read, in the order of their rows. */
  readonly trainPictures: readonly TrainPicture[];
  /** Content hash of each training picture that is used. */
  readonly pictureHashes: readonly string[];
  /** Hash over all captions and picture names, to tell whether a resumed run reads the same. */
  readonly hash: string;
  close(): Promise<void>;
}

/** A training picture. */
export interface TrainPicture {
  readonly image: string;
  readonly path: string;
  /** Hash of its file's content. */
  readonly hash: string;
}

/** The dev split of a data set. */
export interface DevSet {
  /** The data set's name. */
  readonly name: string;
  readonly dev: TrainingSet;
  /** The dev pictures that can be read, in the order of their rows, with their captions as they were written. */
  readonly devPictures: readonly DevPicture[];
}

/** A dev picture. */
export interface DevPicture extends CaptionRecord {
  /** Hash of its file's content. */
  readonly hash: string;
}

/** What loading needs besides the request. */
export interface LoadingContext {
  readonly encoder: BundlePart<EncoderManifest>;
  /** The decoder that learns on. */
  readonly init?: LearntDecoder | undefined;
  readonly openSession: OpenSession;
  readonly signal: CancelSignal;
  readonly emit: (news: TrainingNews) => void;
}

/** Hashes of the pictures' contents, undefined for a broken one, in the order of their records. */
type Hashes = readonly (string | undefined)[];

/** Pictures of a run, looked at. */
interface Looked {
  /** Features of training pictures, a cache for each view. */
  readonly caches: readonly FeatureCache[];
  /** Features in the plain view, of all pictures. */
  readonly plain: FeatureCache;
  readonly train: Hashes;
  readonly dev: Hashes;
  readonly oldDev: Hashes;
}

/**
 * Loads the data of a training run.
 * @throws ShowtellError `DATA_…`, `FILE_NOT_FOUND`, `VECTORS_FORMAT`, `CACHE_FORMAT`, `CANCELLED`.
 */
export async function loadTrainingData(request: TrainingRequest, context: LoadingContext): Promise<TrainingData> {
  const captions = await readTrainingCaptions(request, context.init, context.signal);
  const looked = await lookAtPictures(request, captions, context);
  const close = async (): Promise<void> => {
    await Promise.all([looked.plain, ...looked.caches].map((cache) => cache.close()));
  };
  try {
    return { ...(await dataOf(request, context, captions, looked)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function dataOf(
  request: TrainingRequest,
  { encoder, init }: LoadingContext,
  { fresh, old, vocabulary, vectors, addedWords, hash: dataHash }: TrainingCaptions,
  { caches, plain, ...hashes }: Looked,
): Promise<Omit<TrainingData, "close">> {
  const train = [...fresh.prepared.train, ...(old?.prepared.train ?? [])];
  return {
    prepared: { ...fresh.prepared, train },
    spec: init
      ? { ...init.manifest.spec, words: vocabulary.words.length, dropout: request.decoderOptions.dropout }
      : specOf(request, encoder, vocabulary, vectors),
    vectors,
    addedWords,
    train: await trainingSet(train, vocabulary, caches, hashes.train, "train"),
    ...(await devSet(fresh, vocabulary, plain, hashes.dev, "dev")),
    old: old && (await devSet(old, vocabulary, plain, hashes.oldDev, "old data's dev")),
    oldCaptions: old?.prepared.train.reduce((sum, record) => sum + record.captions.length, 0) ?? 0,
    references: train.flatMap((record, i) =>
      hashes.train[i] === undefined ? [] : [record.captions.filter((tokens) => tokens.length > 0)],
    ),
    trainPictures: [...pathsOf(fresh, "train"), ...pathsOf(old, "train")].flatMap((path, i) => {
      const hash = hashes.train[i];
      return hash === undefined ? [] : [{ image: train[i]!.image, path, hash }];
    }),
    pictureHashes: hashes.train.filter((hash) => hash !== undefined),
    hash: dataHash,
  };
}

/** Extracts the features of all pictures, or finds them in the cache. */
async function lookAtPictures(
  request: TrainingRequest,
  { fresh, old }: TrainingCaptions,
  { encoder, init, openSession, signal, emit }: LoadingContext,
): Promise<Looked> {
  const counts = [fresh.source.train, old?.source.train, fresh.source.dev, old?.source.dev].map(
    (records) => records?.length ?? 0,
  );
  const pictures = [
    ...pathsOf(fresh, "train"),
    ...pathsOf(old, "train"),
    ...pathsOf(fresh, "dev"),
    ...pathsOf(old, "dev"),
  ];
  const extraction = {
    encoder,
    layers: [layerRead(request, encoder.manifest.spec)],
    openSession,
    root: request.cache,
    signal,
    onProgress: (progress: ExtractionProgress) => emit({ kind: "features", progress }),
  };
  const onBroken = (path: string, error: PlainError): void => emit({ kind: "broken picture", path, error });
  const { sets, hashes } = await extractFeatureSets({ ...extraction, pictures, onBroken });
  const plain = sets[0]!.cache;
  const [own, mixed, allDev, oldDev] = cut(hashes, counts);
  const tellLeft = (before: Hashes, after: Hashes, start: number, why: string): void => {
    for (const [i, hash] of before.entries()) {
      if (hash === undefined || after[i] !== undefined) continue;
      const path = pictures[start + i]!;
      emit({ kind: "broken picture", path, error: { code: "DATA_LEAK", message: `"${path}" ${why}` } });
    }
  };
  // No picture is scored that is learned, or was before, in whichever of the data sets it stands; new data goes before old.
  const known = allDev!.filter((hash) => hash !== undefined);
  const dev = without(allDev!, trainedAmong(init?.training, known) ?? []);
  tellLeft(
    allDev!,
    dev,
    counts[0]! + counts[1]!,
    `was learnt before by "${init?.path}": it is left out of the dev split`,
  );
  const learnt = without(own!, dev);
  tellLeft(own!, learnt, 0, "is in the dev split, too, by which the best epoch is chosen: it is not learnt");
  const mixedIn = without(mixed!, [...dev, ...oldDev!]);
  const trained = pictures.slice(0, own!.length + mixed!.length);
  return {
    caches: await viewCaches(request, plain, { ...extraction, pictures: trained }),
    plain,
    train: [...learnt, ...mixedIn],
    dev,
    oldDev: without(oldDev!, own!),
  };
}

function pathsOf(data: PreparedData | undefined, split: "train" | "dev"): readonly string[] {
  return data?.source[split].map(({ image }) => picturePath(data.source.dataset, image)) ?? [];
}

/** Hashes, but for those of some pictures. */
function without(hashes: Hashes, others: Hashes): Hashes {
  const out = new Set(others);
  return hashes.map((hash) => (out.has(hash) ? undefined : hash));
}

/** A list in pieces of the given lengths. */
function cut<T>(list: readonly T[], lengths: readonly number[]): readonly (readonly T[])[] {
  let start = 0;
  return lengths.map((length) => list.slice(start, (start += length)));
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

function specOf(
  request: TrainingRequest,
  encoder: BundlePart<EncoderManifest>,
  vocabulary: Vocabulary,
  vectors: EmbeddingTable | undefined,
): DecoderSpec {
  const decoder = decoderNamed(request.decoder);
  const { embeddingSize } = request;
  const { words } = vocabulary;
  const sizes = {
    features: featureShape(encoder.manifest.spec, decoder.layer),
    words: words.length,
    embeddingSize,
    vectorSize: vectors === undefined ? embeddingSize : vectors.table.length / words.length,
    vectors: vectors === undefined ? "random" : request.freezeEmbeddings ? "frozen" : "given",
    ...chosen({ attributes: attributesFor(request, vocabulary) }),
  } as const;
  return decoder.specOf(sizes, request.decoderOptions);
}

async function devSet(
  { source, prepared }: PreparedData,
  vocabulary: Vocabulary,
  cache: FeatureCache,
  hashes: Hashes,
  split: string,
): Promise<DevSet> {
  return {
    name: source.dataset.name,
    dev: await trainingSet(prepared.dev, vocabulary, [cache], hashes, split),
    devPictures: source.dev.flatMap((record, i) => {
      const hash = hashes[i];
      return hash === undefined ? [] : [{ ...record, hash }];
    }),
  };
}

/** @throws ShowtellError `DATA_EMPTY`: what is only scored when all is trained, and what is rewarded, must have captions from the start. */
async function trainingSet(
  records: readonly TokenisedRecord[],
  vocabulary: Vocabulary,
  caches: readonly FeatureCache[],
  hashes: Hashes,
  split: string,
): Promise<TrainingSet> {
  const used: string[] = [];
  const rows = hashes.map((hash) => (hash === undefined ? undefined : used.push(hash) - 1));
  if (used.length === 0)
    throw new ShowtellError(
      "DATA_EMPTY",
      `the ${split} split has no picture that can be read and is not learnt or judged elsewhere: check the picture folder and the splits`,
    );
  const examples = examplesOf(records, vocabulary, rows);
  if (examples.length === 0)
    throw new ShowtellError("DATA_EMPTY", `the ${split} split has no caption with words: add some`);
  const features = await featureReader(caches, used);
  if (caches.length === 1) return { examples, features };
  return { examples, features, views: { pictures: used.length, views: caches.length } };
}
