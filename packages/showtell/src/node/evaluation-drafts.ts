// Who says what about each picture: the captions of models, of one sentence for all, and of the nearest training picture. Scores nothing.
import { documentFrequencies, ptbTokens } from "caption-metrics";
import { sha256Hex } from "../base/bytes.ts";
import { throwIfCancelled } from "../base/cancel.ts";
import type { PlainError } from "../base/errors.ts";
import { decodeFloat16 } from "../base/float16.ts";
import type { Calibration } from "../bundle/calibration.ts";
import type { NeighbourTable } from "../bundle/neighbour-table.ts";
import { agreementOptionsOf, matcherCounts, needsNeighbours } from "../caption/caption-options.ts";
import type { CaptionerInput } from "../caption/captioning-service.ts";
import { calibrationOf } from "../caption/confidence.ts";
import { nearestPictures, unitVectors } from "../caption/nearest-pictures.ts";
import type { PictureVectors } from "../caption/nearest-pictures.ts";
import { mostAgreedCaption } from "../evaluate/agreed-caption.ts";
import { bestConstantCaption } from "../evaluate/constant-caption.ts";
import type { Perplexity, Row } from "../evaluate/evaluation.ts";
import { marksOf, novelShare, refuseTrained } from "../evaluate/provenance.ts";
import { featureShape } from "../models/encoder-graph.ts";
import { encodeTokens, parseVocabulary } from "../text/vocabulary.ts";
import type { FeatureReader } from "../train/learner.ts";
import { perplexityOf } from "../train/perplexity.ts";
import type { Dataset } from "./dataset-folder.ts";
import type { EvaluatedModel } from "./evaluated-models.ts";
import { captionPictures, readersFor, weightsOf } from "./evaluated-models.ts";
import type { ReadingContext, SplitFeatures } from "./evaluation-data.ts";
import { pieces, readSplit } from "./evaluation-data.ts";
import type { ExtractionProgress } from "./feature-extraction.ts";
import { neighbourTable, withMatcher } from "./neighbours.ts";

/** A row before it is scored. */
export interface Draft extends Pick<Row, "name" | "kind" | "model" | "marks" | "perplexity"> {
  /** One a picture, in order. */
  readonly captions: readonly string[];
  /** Share of them that do not stand in the model's training captions, where known. */
  readonly novel?: number | undefined;
  /** Of a calibrated model: how sure it is of each caption; undefined of one for which the calibration does not hold. */
  readonly sureness?: {
    readonly calibration: Calibration;
    readonly confidences: readonly (number | undefined)[];
  };
}

/** What all drafts are about. */
export interface Scene {
  readonly context: ReadingContext;
  readonly dataset: Dataset;
  readonly inputs: readonly CaptionerInput[];
  readonly split: SplitFeatures;
  /** The tables of training pictures that vote, by the features that they are of; made when they are first wanted. */
  readonly tables: Map<string, NeighbourTable>;
}

/** @throws ShowtellError `DATA_LEAK` if a model was trained on pictures of the split and that is not allowed. */
export function refuseLeaks(models: readonly EvaluatedModel[], { context, split }: Scene): void {
  if (context.request.allowLeak) return;
  const members = models.flatMap(({ files }) => files.members);
  const hashes = split.pictures.map(({ hash }) => hash);
  refuseTrained(members, hashes, context.request.split, ", which marks its row");
}

/** What a model says. */
export async function modelDraft(model: EvaluatedModel, scene: Scene): Promise<Draft> {
  const { context, inputs, split } = scene;
  const { request, openSession, signal, emit } = context;
  const { members, identity } = model.files;
  const readers = readersFor(model, inputs, split.readers);
  const { beam, consensus, consensusWeights, consensusFrom, consensusVoters, neighbourWords } = request;
  const onProgress = (done: number, total: number): void =>
    emit({ kind: "work", task: `captioning with ${model.name}`, done, total });
  const said = await captionPictures(model, readers, split.pictures.length, openSession, {
    ...agreementOptionsOf(request),
    beam,
    neighbours: await votingTable(model, scene),
    signal,
    onProgress,
  });
  const captions = said.map(({ caption }) => caption);
  const hashes = split.pictures.map(({ hash }) => hash);
  const calibration = calibrationOf(members);
  const marks = members.flatMap(({ manifest }) => marksOf(manifest.training, hashes));
  const alone = members.length === 1 ? members[0]! : undefined;
  return {
    name: model.name,
    kind: alone === undefined ? "ensemble" : "model",
    captions,
    model: {
      identity,
      files: members.map(({ source }) => source),
      encoders: model.files.inputs.map(({ features }) => `${features.name}, ${features.layer}`),
      beam: beam ?? Math.max(members[0]!.decoder.manifest.decoding.beam, consensus ?? 1),
      ...(consensus !== undefined && {
        consensus: {
          captions: consensus,
          from: consensusFrom ?? "ensemble",
          weights: consensusWeights ?? "uniform",
          voters: consensusVoters ?? "captions",
        },
      }),
      ...(neighbourWords !== undefined && { neighbourWords }),
    },
    marks: [...new Map(marks.map((mark) => [mark.text, mark])).values()],
    ...(alone && {
      novel: novelShare(alone.manifest.training, captions.map(ptbTokens), sha256Hex),
      perplexity: await modelPerplexity(model, readers[0]!, scene),
    }),
    ...(calibration && { sureness: { calibration, confidences: said.map(({ confidence }) => confidence) } }),
  };
}

/**
 * The training pictures that vote on a model's captions or foretell their words, if they do, and their matcher: all but those with the content of one that is scored.
 * @throws ShowtellError `DATA_SPLIT` if there is no train split, and what reading features throws.
 */
export async function votingTable(
  { files }: EvaluatedModel,
  { context, dataset, split, tables }: Scene,
): Promise<NeighbourTable | undefined> {
  const { request, openSession, signal, emit } = context;
  if (!needsNeighbours(request)) return undefined;
  const input = files.inputs[0]!;
  const key = `${input.features.identity} ${input.features.layer}`;
  const known = tables.get(key);
  if (known !== undefined) return known;
  const reading = {
    cache: request.cache,
    openSession,
    signal,
    onFeatures: (progress: ExtractionProgress) => emit({ kind: "features", split: "train", progress }),
    onBroken: (path: string, error: PlainError) => emit({ kind: "broken picture", path, error }),
    onLearned: (done: number, total: number) => emit({ kind: "work", task: "matching captions", done, total }),
  };
  const scored = new Set(split.pictures.map(({ hash }) => hash));
  const plain = await neighbourTable(dataset, "train", input, reading, scored);
  const table = matcherCounts(request) ? await withMatcher(plain, reading) : plain;
  tables.set(key, table);
  return table;
}

/** How well a lone model foresees the references. */
export async function modelPerplexity(
  model: EvaluatedModel,
  features: FeatureReader,
  scene: Scene,
): Promise<Perplexity> {
  const { openSession, signal, emit } = scene.context;
  const { spec, vocabulary: data } = model.files.members[0]!.decoder.manifest;
  const vocabulary = parseVocabulary(data);
  const examples = scene.split.pictures.flatMap(({ references }, picture) =>
    references.map((caption) => ({ picture, words: encodeTokens(vocabulary, ptbTokens(caption)) })),
  );
  const onProgress = (done: number, total: number): void =>
    emit({ kind: "work", task: `perplexity of ${model.name}`, done, total });
  return perplexityOf(spec, weightsOf(model), { examples, features }, openSession, { signal, onProgress });
}

/** Vectors of training pictures that are compared at a time. */
const vectorsAtOnce = 1024;
/** Grids that are in memory at a time. */
const gridsAtOnce = 64;

/**
 * What a model must beat: the best sentence for all pictures, and that of the training picture with the nearest features (of the first
 * model's encoder). A training picture with the same content as one that is scored is left out.
 * @returns The drafts, or why there are none.
 */
export async function baselineDrafts(scene: Scene): Promise<readonly Draft[] | string> {
  const { context, dataset, inputs, split } = scene;
  if (!dataset.splits.includes("train")) {
    return "there is no train split, so there is neither a best constant caption nor one of the nearest training picture";
  }
  const train = await readSplit(dataset, "train", inputs.slice(0, 1), context);
  try {
    const scored = new Set(split.pictures.map(({ hash }) => hash));
    const rows = [...train.pictures.keys()].filter((row) => !scored.has(train.pictures[row]!.hash));
    if (rows.length === 0) return "every training picture is scored itself, so there is nothing to compare with";
    const references = rows.map((row) => train.pictures[row]!.references);
    context.emit({ kind: "work", task: "best constant caption", done: 0, total: 2 });
    const constant = bestConstantCaption(references);
    throwIfCancelled(context.signal);
    const nearest = await nearestPictures(
      await vectorsOf(split.readers[0]!, Int32Array.from(split.pictures.keys()), scene),
      candidateVectors(train.readers[0]!, Int32Array.from(rows), scene),
      context.openSession,
      1,
    );
    const frequencies = documentFrequencies(references.map((captions) => captions.map(ptbTokens)));
    return [
      { name: "best constant caption", kind: "constant", marks: [], captions: split.pictures.map(() => constant) },
      {
        name: "nearest training picture",
        kind: "neighbour",
        marks: [],
        captions: nearest.map(([first]) => mostAgreedCaption(references[first!.place]!, frequencies)),
      },
    ];
  } finally {
    await train.close();
  }
}

async function* candidateVectors(
  reader: FeatureReader,
  rows: Int32Array,
  scene: Scene,
): AsyncGenerator<PictureVectors, void, undefined> {
  for (const piece of pieces(rows.length, vectorsAtOnce)) {
    yield await vectorsOf(
      reader,
      piece.map((place) => rows[place]!),
      scene,
    );
    scene.context.emit({ kind: "work", task: "nearest pictures", done: piece.at(-1)! + 1, total: rows.length });
  }
}

/** One vector a picture, whatever the layer. */
async function vectorsOf(reader: FeatureReader, rows: Int32Array, { context, inputs }: Scene): Promise<PictureVectors> {
  const { spec } = inputs[0]!.encoder.manifest;
  const channels = featureShape(spec, inputs[0]!.features.layer).at(-1)!;
  const data = new Float32Array(rows.length * channels);
  for (const piece of pieces(rows.length, gridsAtOnce)) {
    throwIfCancelled(context.signal);
    const bits = new Uint16Array(piece.length * reader.size);
    await reader.read(
      piece.map((place) => rows[place]!),
      bits,
    );
    const vectors = unitVectors(decodeFloat16(bits), piece.length, channels);
    data.set(vectors.data, piece[0]! * channels);
  }
  return { count: rows.length, data };
}
