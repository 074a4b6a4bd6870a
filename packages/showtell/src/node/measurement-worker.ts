// The thread that measures one model for a record: captions, scores of all pictures and of those that chose no epoch, perplexity, times.
import { ptbTokens } from "caption-metrics";
import { wordnet } from "caption-metrics/wordnet";
import { sha256Hex } from "../base/bytes.ts";
import { sizeOf } from "../base/tensor.ts";
import { canonicalJson } from "../bundle/identity.ts";
import { agreementOptionsOf } from "../caption/caption-options.ts";
import type { Scores } from "../evaluate/evaluation.ts";
import { openEndingShare } from "../evaluate/open-endings.ts";
import { choosingPictures } from "../evaluate/provenance.ts";
import { scoreCorpus } from "../evaluate/scoring.ts";
import type { ScoringOptions } from "../evaluate/scoring.ts";
import { openDataset } from "./dataset-folder.ts";
import type { EvaluatedModel } from "./evaluated-models.ts";
import { captionPictures, inputsOf, readModels, readersFor } from "./evaluated-models.ts";
import { readSplit } from "./evaluation-data.ts";
import type { SplitFeatures, UsablePicture } from "./evaluation-data.ts";
import type { Scene } from "./evaluation-drafts.ts";
import { modelPerplexity, refuseLeaks, votingTable } from "./evaluation-drafts.ts";
import type { EvaluationNews } from "./evaluation-request.ts";
import type { Measurement, MeasurementRequest } from "./measurement-request.ts";
import { sessionsWith } from "./ort-session.ts";
import { cachedParaphrases } from "./paraphrase-table.ts";
import { serveRequests } from "./worker-thread.ts";

type Model = EvaluatedModel["files"];

function modelOf({ identity, members }: Model, beam: number): Measurement["model"] {
  const parameters = members.flatMap(({ decoder }) => [...decoder.tensors.values()].map(({ shape }) => sizeOf(shape)));
  return { identity, parameters: parameters.reduce((sum, size) => sum + size, 0), beam };
}

/** The largest number of the pictures that one of the models was chosen by. */
function chosenBy({ members }: Model, pictures: readonly UsablePicture[]): number {
  const hashes = pictures.map(({ hash }) => hash);
  return members.reduce(
    (most, { manifest }) => Math.max(most, choosingPictures(manifest.training, hashes) ?? pictures.length),
    0,
  );
}

function valuesOf(scores: Scores): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(scores).map(([name, { value }]) => [name, value]));
}

/** What identifies the pictures and what was written about them. */
function picturesHash(pictures: readonly UsablePicture[]): string {
  return sha256Hex(canonicalJson(pictures.map(({ image, references }) => [image, references])));
}

/** Scores of the pictures that chose none of the models; none where one of them did, or may have. */
async function restScores(
  { members }: Model,
  pictures: readonly UsablePicture[],
  captions: readonly string[],
  after: number | undefined,
  options: ScoringOptions,
): Promise<Pick<Measurement["evaluation"], "rest">> {
  if (after === undefined || after >= pictures.length) return {};
  const rest = pictures.slice(after).map(({ hash }) => hash);
  if (members.some(({ manifest }) => choosingPictures(manifest.training, rest) !== 0)) return {};
  const { scores } = await scoreCorpus(pictures.slice(after), captions.slice(after), options);
  return { rest: { after, scores: valuesOf(scores) } };
}

async function perplexityIn(
  model: EvaluatedModel,
  scene: Scene,
): Promise<Pick<Measurement["evaluation"], "perplexity" | "tokenAccuracy">> {
  if (model.files.members.length > 1) return {};
  const [reader] = readersFor(model, scene.inputs, scene.split.readers);
  const { value, accuracy } = await modelPerplexity(model, reader!, scene);
  return { perplexity: value, tokenAccuracy: accuracy };
}

async function measure(request: MeasurementRequest, model: EvaluatedModel, scene: Scene): Promise<Measurement> {
  const { split, inputs, context } = scene;
  const { openSession, signal, emit } = context;
  const { beam, consensus, restAfter } = request;
  const { pictures } = split;
  const started = performance.now();
  let firstBatch: { readonly at: number; readonly done: number } | undefined;
  const said = await captionPictures(model, readersFor(model, inputs, split.readers), pictures.length, openSession, {
    beam,
    signal,
    ...agreementOptionsOf(request),
    neighbours: await votingTable(model, scene),
    onProgress(done, total) {
      firstBatch ??= { at: performance.now(), done };
      emit({ kind: "work", task: "captioning", done, total });
    },
  });
  const captioned = performance.now();
  const captions = said.map(({ caption }) => caption);
  const speed = {
    from: firstBatch !== undefined && firstBatch.done < pictures.length ? firstBatch : { at: started, done: 0 },
  };
  const paraphrases = await cachedParaphrases();
  const options: ScoringOptions = {
    meteor: { synonyms: wordnet, ...(paraphrases && { paraphrases }) },
    resamples: 1,
    signal,
  };
  const corpus = await scoreCorpus(pictures, captions, options);
  const { files } = model;
  const [first] = files.members;
  return {
    model: modelOf(files, beam ?? Math.max(first!.decoder.manifest.decoding.beam, consensus ?? 1)),
    encoders: files.inputs.map(({ features: { name, layer, identity } }) => ({ name, layer, identity })),
    members: files.members.map(({ decoder }) => decoder.manifest.identity),
    captions,
    statistics: corpus.statistics.rows,
    meteorName: corpus.statistics.meteorName,
    evaluation: {
      split: request.split,
      pictures: pictures.length,
      hash: picturesHash(pictures),
      chosenBy: chosenBy(files, pictures),
      scores: valuesOf(corpus.scores),
      signatures: corpus.signatures,
      ...(await restScores(files, pictures, captions, restAfter, options)),
      ...(await perplexityIn(model, scene)),
      openEndings: openEndingShare(captions.map(ptbTokens)),
      words: corpus.diversity.meanLength,
      vocabulary: corpus.diversity.vocabulary,
      captionsPerSecond: (1000 * (pictures.length - speed.from.done)) / (captioned - speed.from.at),
      seconds: (performance.now() - started) / 1000,
    },
  };
}

serveRequests<MeasurementRequest, Measurement, EvaluationNews>(async (request, { signal, emit }) => {
  const { data, images, model: path, split: name, threads } = request;
  const openSession = sessionsWith(threads);
  const dataset = await openDataset(data, images === undefined ? {} : { images });
  const models = await readModels([path], openSession, signal);
  const inputs = inputsOf(models);
  const context = {
    request: { ...request, models: [path], allowLeak: false, baselines: false, resamples: 1 },
    openSession,
    signal,
    emit,
  };
  const split: SplitFeatures = await readSplit(dataset, name, inputs, context);
  try {
    const scene: Scene = { context, dataset, inputs, split, tables: new Map() };
    refuseLeaks(models, scene);
    return await measure(request, models[0]!, scene);
  } finally {
    await split.close();
  }
});
