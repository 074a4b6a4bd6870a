// The thread that trains: it loads, learns, writes the run's folder and tells what happens. Weights never cross to the caller.
import type { Tensor } from "../base/tensor.ts";
import { sha256Hex } from "../base/bytes.ts";
import { ShowtellError } from "../base/errors.ts";
import { makeDecoderBundle, withEncoder } from "../bundle/decoder-bundle.ts";
import type { Bundle, BundlePart } from "../bundle/bundle.ts";
import type { DecoderManifest, EncoderManifest, Licence, TrainingRecord } from "../bundle/manifest.ts";
import { asFloat32 } from "../bundle/precision.ts";
import type { OpenSession } from "../engine/session.ts";
import { decoderNamed, decoderOf } from "../models/catalogue.ts";
import type { FeatureLayer } from "../models/encoder.ts";
import type { EncoderSpec } from "../models/encoder-graph.ts";
import type { StageSpec } from "../models/encoder-stage.ts";
import { frequencyTable } from "../text/frequency-table.ts";
import type { FrequencyTable } from "../text/frequency-table.ts";
import type { LearnerState } from "../train/learner.ts";
import { initialState, learntState } from "../train/learner.ts";
import type { RequestContext } from "../thread/requests.ts";
import type { TrainingEvent } from "../train/trainer.ts";
import { firstProgress, train } from "../train/trainer.ts";
import { readBundleFile, readEncoderFile } from "./bundle-files.ts";
import { captionRows, devJudge, selectionRows } from "./dev-captions.ts";
import type { DevDecoder } from "./dev-captions.ts";
import type { FineTuning } from "./fine-tuning.ts";
import { openFineTuning } from "./fine-tuning.ts";
import { lockFolder } from "./lock.ts";
import { openSession as openNodeSession } from "./ort-session.ts";
import type { TrainingData } from "./training-data.ts";
import { loadTrainingData } from "./training-data.ts";
import type { SampleCaption, TrainingNews, TrainingOutcome, TrainingRequest } from "./training-request.ts";
import type { TrainingRun } from "./training-run.ts";
import { openTrainingRun, resumedFrom } from "./training-run.ts";
import { writer } from "./version.ts";
import { serveRequests } from "./worker-thread.ts";

/** Dev pictures that are captioned after each epoch. */
const samplePictures = 4;

/** Steps are told at most this often. */
const newsEveryMs = 100;

interface Run {
  readonly request: TrainingRequest;
  readonly data: TrainingData;
  readonly folder: TrainingRun;
  readonly encoder: DecoderManifest["encoder"];
  /** The decoder that learns on. */
  readonly init: BundlePart<DecoderManifest> | undefined;
  /** The stage of the encoder that learns with the decoder, if one does. */
  readonly fineTuning: FineTuning | undefined;
  readonly licences: readonly Licence[];
  readonly references: FrequencyTable;
  readonly openSession: OpenSession;
}

/** What must be the same for a run to be resumed. */
function descriptionOf(
  {
    data: path,
    images: _images,
    out: _out,
    resume: _resume,
    cache: _cache,
    threads: _threads,
    ...options
  }: TrainingRequest,
  data: TrainingData,
): Record<string, unknown> {
  return { options, data: { name: data.name, path, hash: data.hash, pictures: data.pictureHashes.length } };
}

function decoderPart({ data, request, encoder }: Run): Omit<DecoderManifest, "identity" | "selfTest"> {
  const { beam, lengthExponent, training } = request;
  return {
    spec: data.spec,
    encoder,
    vocabulary: { words: data.prepared.vocabulary.words },
    decoding: { beam, lengthExponent, maximumLength: training.maximumWords },
  };
}

function weightsOf({ data: { spec } }: Run, state: LearnerState): ReadonlyMap<string, Tensor> {
  return new Map(Object.keys(decoderOf(spec).parameters(spec)).map((name) => [name, state[name]!]));
}

/** The first 8 bytes of hashes, joined. */
function shortHashes(hashes: readonly string[]): string {
  return hashes.map((hash) => hash.slice(0, 16)).join("");
}

function trainingRecord({ data, request }: Run, epoch: Extract<TrainingEvent, { kind: "epoch" }>): TrainingRecord {
  const captions = data.prepared.train.flatMap((record) =>
    record.captions.map((tokens) => sha256Hex(tokens.join(" "))),
  );
  const { rules, minimumCount, embeddings, training } = request;
  return {
    data: { name: data.name, hash: data.hash, pictures: data.pictureHashes.length, captions: captions.length },
    options: { rules, minimumCount, embeddings, ...training },
    epoch: epoch.epoch,
    train: epoch.train,
    dev: epoch.dev,
    ...(epoch.scores && { scores: epoch.scores }),
    pictureHashes: shortHashes(data.pictureHashes),
    captionHashes: shortHashes(captions),
    selectionHashes: shortHashes(Array.from(selectionRows(data, training), (row) => data.devPictures[row]!.hash)),
  };
}

/** The decoder with the weights that it has now, and features by those of a stage that learns too. */
function devDecoder(run: Run, state: LearnerState): DevDecoder {
  const { data, fineTuning, openSession } = run;
  const features = fineTuning?.readerWith(state, data.dev.features) ?? data.dev.features;
  return { decoder: decoderPart(run), tensors: weightsOf(run, state), features, openSession };
}

async function sampleCaptions(run: Run, state: LearnerState): Promise<readonly SampleCaption[]> {
  const pictures = run.data.devPictures.slice(0, samplePictures);
  const captions = await captionRows(devDecoder(run, state), Int32Array.from(pictures.keys()));
  return pictures.map(({ image, captions: [reference = ""] }, i) => ({ image, caption: captions[i]!, reference }));
}

/** The decoder; with the encoder in the same file where a stage of that learnt too, for it is nowhere else. */
async function bestBundle(
  run: Run,
  state: LearnerState,
  epoch: Extract<TrainingEvent, { kind: "epoch" }>,
): Promise<Omit<Bundle, "source">> {
  const { data, fineTuning, references, licences, openSession } = run;
  const training = trainingRecord(run, epoch);
  const input = { decoder: decoderPart(run), tensors: weightsOf(run, state), training, references, licences, writer };
  if (fineTuning === undefined) return makeDecoderBundle(input, openSession);
  const { encoder, manifest } = await fineTuning.encoderWith(state, data.name);
  const { identity } = encoder!.manifest;
  const decoder = { ...input.decoder, encoder: { ...input.decoder.encoder, identity } };
  return withEncoder(await makeDecoderBundle({ ...input, decoder }, openSession), encoder!, manifest.licences);
}

/** Weights of the decoder that learns on, or drawn ones. */
function firstState({ data: { spec, vectors }, request: { training }, init }: Run): LearnerState {
  if (init === undefined) return initialState(spec, training.seed, vectors?.table);
  const { objective } = training;
  const sharpening = objective.kind === "self-critical" ? objective.sharpening : 1;
  return learntState(spec, (name) => asFloat32(init.tensors, name), sharpening);
}

async function learn(run: Run, { signal, emit }: RequestContext<TrainingNews>): Promise<TrainingOutcome> {
  const { request, data, folder, openSession } = run;
  const first = { ...firstState(run), ...run.fineTuning?.firstState() };
  const from = (await resumedFrom(folder, first)) ?? { progress: firstProgress, state: first };
  emit({
    kind: "prepared",
    words: data.spec.words,
    trainCaptions: data.train.examples.length,
    devCaptions: data.dev.examples.length,
    missingVectors: data.vectors?.missing ?? [],
    report: data.prepared.report,
    ...(from.progress.step > 0 && { resumedAt: { epoch: from.progress.epoch, step: from.progress.step } }),
  });
  await folder.appendHistory({ kind: "start", step: from.progress.step });
  const { spec, train: trainSet, dev } = data;
  const events = train({
    spec,
    options: request.training,
    train: trainSet,
    rewards: { references: data.references, words: data.prepared.vocabulary.words },
    dev,
    from,
    openSession,
    stage: run.fineTuning?.spec,
    judge: devJudge(data, request.training, (state) => devDecoder(run, state), {
      signal,
      onProgress: (done, total) => emit({ kind: "judging", done, total }),
    }),
    now: () => performance.now(),
    signal,
  });
  let lastNews = 0;
  let epoch: Extract<TrainingEvent, { kind: "epoch" }> | undefined;
  for await (const event of events) {
    if (event.kind === "step" && performance.now() - lastNews >= newsEveryMs) {
      lastNews = performance.now();
      emit(event);
    }
    if (event.kind === "epoch") epoch = event;
    if (event.kind === "checkpoint") {
      if (epoch !== undefined) await endOfEpoch(run, epoch, event.state, emit);
      epoch = undefined;
      await folder.saveCheckpoint(event.progress, event.state);
      emit({ kind: "checkpoint", step: event.progress.step });
    }
    if (event.kind === "end") {
      const { epoch: epochs, best, step } = event.progress;
      await folder.appendHistory({ kind: "end", step, reason: event.reason });
      return { reason: event.reason, epochs, ...(best && { best }) };
    }
  }
  throw new ShowtellError("INTERNAL", "training ended without saying so");
}

async function endOfEpoch(
  run: Run,
  epoch: Extract<TrainingEvent, { kind: "epoch" }>,
  state: LearnerState,
  emit: (news: TrainingNews) => void,
): Promise<void> {
  const samples = await sampleCaptions(run, state);
  const news = { ...epoch, residentBytes: process.memoryUsage.rss() };
  await run.folder.appendHistory(news);
  await run.folder.appendSamples(
    samples.map((sample) => ({ kind: "sample", step: epoch.step, epoch: epoch.epoch, ...sample })),
  );
  if (epoch.best) await run.folder.saveBest(await bestBundle(run, state, epoch));
  await run.folder.drawCurves();
  emit({ ...news, samples });
}

/** What may be done with a decoder is decided by its pictures; the user knows where they come from. */
function decoderLicences(data: TrainingData, { embeddings }: TrainingRequest): readonly Licence[] {
  const decoder: Licence = {
    part: "decoder",
    origin: `trained with showtell on "${data.name}"`,
    licence: "subject to the terms of the data set",
    note: "If that is Flickr8k: its pictures and captions are for research, not for commercial use.",
  };
  const glove: Licence = {
    part: "word vectors that the decoder's started from",
    origin: "GloVe 6B, 100 dimensions (Pennington et al. 2014)",
    licence: "PDDL-1.0",
  };
  return embeddings === "glove" ? [decoder, glove] : [decoder];
}

/** The decoder of a bundle, if it is what the request says and reads this encoder's features. */
async function decoderToLearnOn(
  path: string,
  { decoder: kind }: TrainingRequest,
  encoder: BundlePart<EncoderManifest>,
): Promise<BundlePart<DecoderManifest>> {
  const { decoder } = await readBundleFile(path);
  if (decoder === undefined)
    throw new ShowtellError("BUNDLE_KIND", `"${path}" holds no decoder: name the bundle of a trained captioner`);
  const { spec, encoder: read } = decoder.manifest;
  if (spec.kind !== kind)
    throw new ShowtellError(
      "ARGUMENT",
      `"${path}" holds the decoder ${spec.kind}, not ${kind}: pass --decoder ${spec.kind}`,
    );
  if (read.identity === encoder.manifest.identity) return decoder;
  throw new ShowtellError(
    "ENCODER_MISMATCH",
    `"${path}" was trained on encoder ${read.identity.slice(0, 12)}… ("${read.name}"): name that one with --encoder`,
  );
}

/** The stage that a request wants to learn; its rate follows the decoder's schedule. */
function stageSpec(
  { fineTune, training }: TrainingRequest,
  layer: FeatureLayer,
  encoder: EncoderSpec,
): StageSpec | undefined {
  if (fineTune === undefined) return undefined;
  if (training.objective.kind !== "cross-entropy")
    throw new ShowtellError(
      "ARGUMENT",
      "--fine-tune learns from true captions only: leave --objective out, or fine-tune first",
    );
  return { encoder, stage: fineTune.stage, layer, rate: fineTune.learningRate / training.schedule.peak };
}

serveRequests<TrainingRequest, TrainingOutcome, TrainingNews>(async (request, context) => {
  const openSession: OpenSession = (model) =>
    openNodeSession(model, request.threads === undefined ? {} : { threads: request.threads });
  const bundle = await readEncoderFile(request.encoder);
  const init = request.init === undefined ? undefined : await decoderToLearnOn(request.init, request, bundle.encoder);
  const data = await loadTrainingData(request, {
    encoder: bundle.encoder,
    init: init?.manifest,
    openSession,
    signal: context.signal,
    emit: context.emit,
  });
  try {
    const folder = await openTrainingRun(request.out, descriptionOf(request, data), { resume: request.resume, writer });
    const lock = await lockFolder(request.out);
    let fineTuning: FineTuning | undefined;
    try {
      const { identity, spec } = bundle.encoder.manifest;
      const encoder = { identity, name: spec.kind, layer: decoderNamed(request.decoder).layer };
      const licences = decoderLicences(data, request);
      const references = frequencyTable(data.prepared.train.map(({ captions }) => captions));
      const stage = stageSpec(request, encoder.layer, spec);
      fineTuning = stage && (await openFineTuning(stage, bundle, openSession));
      return await learn(
        { request, data, folder, encoder, init, fineTuning, licences, references, openSession },
        context,
      );
    } finally {
      await fineTuning?.dispose();
      await lock.release();
    }
  } finally {
    await data.close();
  }
});
