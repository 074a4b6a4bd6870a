// What a run learns from, before any picture is looked at: captions as tokens, the vocabulary, and what its words start from. New data
// comes first; what a decoder had learned before may stand beside it.
import type { CancelSignal } from "../base/cancel.ts";
import { sha256Hex } from "../base/bytes.ts";
import { seededRandom } from "../base/random.ts";
import { canonicalJson } from "../bundle/identity.ts";
import type { CaptionRecord } from "../datasets/record.ts";
import type { EmbeddingTable } from "../text/word-vectors.ts";
import { embeddingTable } from "../text/word-vectors.ts";
import { parseVocabulary } from "../text/vocabulary.ts";
import type { Vocabulary } from "../text/vocabulary.ts";
import { addedWords } from "../train/grown-words.ts";
import { prepareCaptions } from "../train/preparation.ts";
import type { PreparedCaptions } from "../train/preparation.ts";
import type { Dataset } from "./dataset-folder.ts";
import { openDataset } from "./dataset-folder.ts";
import type { LearntDecoder } from "./learning-on.ts";
import { newWordVectors } from "./learning-on.ts";
import { openOldData } from "./old-data.ts";
import type { TrainingRequest } from "./training-request.ts";
import { readGlove, readWordVectors } from "./word-vectors.ts";

/** Both splits of a data set. */
export interface SplitData {
  readonly dataset: Dataset;
  readonly train: readonly CaptionRecord[];
  readonly dev: readonly CaptionRecord[];
}

/** The same, prepared; records and prepared ones stand in the same order. */
export interface PreparedData {
  readonly source: SplitData;
  readonly prepared: PreparedCaptions;
}

/** What a run learns from. */
export interface TrainingCaptions {
  readonly fresh: PreparedData;
  /** What the decoder had learned before, of its training split what is mixed in; if it is at hand. */
  readonly old: PreparedData | undefined;
  readonly vocabulary: Vocabulary;
  /** The words that a decoder which learns on gets besides its own. */
  readonly addedWords: readonly string[];
  /** Of all words, or where a decoder learns on of those that it gets besides its own; undefined if none are needed. */
  readonly vectors: EmbeddingTable | undefined;
  /** Hash over all captions and picture names. */
  readonly hash: string;
}

/**
 * Reads and prepares the captions of a run.
 * @throws ShowtellError `DATA_…`, `FILE_NOT_FOUND`, `VECTORS_FORMAT`, `ARGUMENT`, `CANCELLED`.
 */
export async function readTrainingCaptions(
  request: TrainingRequest,
  init: LearntDecoder | undefined,
  signal: CancelSignal,
): Promise<TrainingCaptions> {
  const { rules, training } = request;
  const { source, oldSource } = await openSources(request, training.seed);
  const known = init && parseVocabulary(init.manifest.vocabulary);
  // Captions that are drawn never have a word that was not learned before.
  const adds = known === undefined || training.objective.kind === "cross-entropy";
  const minimumCount = adds ? request.minimumCount : Infinity;
  const prepared = prepareCaptions(source, { rules, minimumCount, vocabulary: known }, signal);
  const { vocabulary } = prepared;
  const added = known ? addedWords(known, vocabulary) : [];
  const old = oldSource && {
    source: oldSource,
    prepared: prepareCaptions(oldSource, { rules, minimumCount: Infinity, vocabulary }, signal),
  };
  return {
    fresh: { source, prepared },
    old,
    vocabulary,
    addedWords: added,
    vectors: await (init ? newWordVectors(request, init, added, signal) : wordVectors(request, vocabulary, signal)),
    hash: datasetHash(source, oldSource),
  };
}

/** The fields of a request that say what a run learns from. */
type SourceRequest = Pick<TrainingRequest, "data" | "images" | "old">;

async function openSources(
  { data, images, old }: SourceRequest,
  seed: number,
): Promise<{
  readonly source: SplitData;
  readonly oldSource: SplitData | undefined;
}> {
  const dataset = await openDataset(data, images === undefined ? {} : { images });
  const source = { dataset, train: dataset.split("train"), dev: dataset.split("dev") };
  return { source, oldSource: old && (await openOldData(old, source.train, seed)) };
}

/**
 * The hash that records name a run's data by, old data with it.
 * @param seed Draws the old data; where there is none it is not looked at.
 * @throws ShowtellError `DATA_…`, `FILE_NOT_FOUND`.
 */
export async function dataHashOf(request: SourceRequest, seed = 0): Promise<string> {
  const { source, oldSource } = await openSources(request, seed);
  return datasetHash(source, oldSource);
}

/** Records of both splits. */
type Splits = Omit<SplitData, "dataset">;

/** What tells data sets apart: a hash over all captions and picture names; old data that is mixed in counts, too. */
function datasetHash({ train, dev }: Splits, old?: Splits): string {
  return sha256Hex(canonicalJson({ train, dev, ...(old && { old: { train: old.train, dev: old.dev } }) }));
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
