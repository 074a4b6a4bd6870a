// The thread that trains: it loads, learns, writes the run's folder and tells what happens. Weights never cross to the caller.
import type { Tensor } from "../base/tensor.ts";
import { ShowtellError } from "../base/errors.ts";
import { asFloat32 } from "../bundle/precision.ts";
import { decoderNamed } from "../models/catalogue.ts";
import type { FeatureLayer } from "../models/encoder.ts";
import type { EncoderSpec } from "../models/encoder-graph.ts";
import type { StageSpec } from "../models/encoder-stage.ts";
import { frequencyTable } from "../text/frequency-table.ts";
import type { Adaptation } from "../train/adaptation.ts";
import { rememberedOf } from "../train/adaptation.ts";
import { judgedWeights, withAverages } from "../train/averaging.ts";
import { grownWeights } from "../train/grown-words.ts";
import type { FeatureReader, LearnerState } from "../train/learner.ts";
import { initialState, learntState } from "../train/learner.ts";
import type { TrainingSet } from "../train/lessons.ts";
import type { RequestContext } from "../thread/requests.ts";
import type { TrainingEvent } from "../train/trainer.ts";
import { firstProgress, train } from "../train/trainer.ts";
import { scoreBoth } from "./adaptation.ts";
import { detectorWeights } from "./attributes.ts";
import { readBundleFile, readEncoderFile } from "./bundle-files.ts";
import { captionRows, devJudge } from "./dev-captions.ts";
import type { FineTuning } from "./fine-tuning.ts";
import { openFineTuning } from "./fine-tuning.ts";
import { decoderToLearnOn } from "./learning-on.ts";
import { sessionsWith } from "./ort-session.ts";
import type { Run } from "./run-bundle.ts";
import { bestBundle, decoderBefore, decoderLicences, decoderOfBundle, devDecoder } from "./run-bundle.ts";
import { idleOptions, runDescription } from "./run-description.ts";
import { requireSoundRequest } from "./sound-request.ts";
import { readTeacher, softExamples, taughtCaptions } from "./teacher.ts";
import { loadTrainingData } from "./training-data.ts";
import type { SampleCaption, TrainingNews, TrainingOutcome, TrainingRequest } from "./training-request.ts";
import { openTrainingRun, resumedFrom } from "./training-run.ts";
import { writer } from "./version.ts";
import { serveRequests } from "./worker-thread.ts";

/** Dev pictures that are captioned after each epoch. */
const samplePictures = 4;

/** Steps are told at most this often. */
const newsEveryMs = 100;

async function sampleCaptions(run: Run, state: LearnerState): Promise<readonly SampleCaption[]> {
  const pictures = run.data.devPictures.slice(0, samplePictures);
  const captions = await captionRows(devDecoder(run, state), Int32Array.from(pictures.keys()));
  return pictures.map(({ image, captions: [reference = ""] }, i) => ({ image, caption: captions[i]!, reference }));
}

const noVectors = new Float32Array(0);

/** Weights of the decoder that learns on, or drawn ones. */
function firstState({ data: { spec, vectors }, request: { training }, init }: Run): LearnerState {
  if (init === undefined) return initialState(spec, training.seed, vectors?.table);
  const { objective } = training;
  const sharpening = objective.kind === "self-critical" ? objective.sharpening : 1;
  const weights = (name: string): Tensor<"float32"> => asFloat32(init.tensors, name);
  return learntState(spec, grownWeights(init.manifest.spec, spec, weights, vectors?.table ?? noVectors), sharpening);
}

/** The training captions, with what a teacher makes of their pictures. */
async function taughtSet(run: Run, { signal, emit }: RequestContext<TrainingNews>): Promise<TrainingSet> {
  const { request, data, teacher } = run;
  const { distil, training } = request;
  const words = training.wordDistillation;
  if (distil === undefined || teacher === undefined) {
    if (words === undefined) return data.train;
    throw new ShowtellError("ARGUMENT", "wordDistillation follows a teacher: name its models in distil");
  }
  const context = { ...run, signal, emit };
  return {
    ...data.train,
    ...(words && { examples: await softExamples(teacher, words, context) }),
    ...(distil.share > 0 && { taught: await taughtCaptions(teacher, distil, context) }),
  };
}

async function learn(run: Run, context: RequestContext<TrainingNews>): Promise<TrainingOutcome> {
  const { signal, emit } = context;
  const { request, data, folder, openSession } = run;
  const own = { ...firstState(run), ...run.fineTuning?.stateOf() };
  const first = (request.training.averaging ?? 0) > 0 ? withAverages(own) : own;
  const resumed = await resumedFrom(folder, first);
  const start = resumed?.progress ?? firstProgress;
  emit({
    kind: "prepared",
    words: data.spec.words,
    trainCaptions: data.train.examples.length,
    devCaptions: data.dev.examples.length,
    oldCaptions: data.oldCaptions,
    addedWords: data.addedWords,
    missingVectors: data.vectors?.missing ?? [],
    report: data.prepared.report,
    ...(start.step > 0 && { resumedAt: { epoch: start.epoch, step: start.step } }),
  });
  await folder.appendHistory({ kind: "start", step: start.step });
  const from = resumed ?? { progress: start, state: { ...first, ...(await detectorWeights(run, context)) } };
  const { spec, dev } = data;
  const lessons = await taughtSet(run, context);
  const events = train({
    spec,
    options: request.training,
    train: lessons,
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
      if (epoch !== undefined) await endOfEpoch(run, epoch, judgedWeights(event.state), emit);
      epoch = undefined;
      await folder.saveCheckpoint(event.progress, event.state);
      emit({ kind: "checkpoint", step: event.progress.step });
    }
    if (event.kind === "end") {
      const { epoch: epochs, best, step } = event.progress;
      await folder.appendHistory({ kind: "end", step, reason: event.reason });
      const outcome = { reason: event.reason, epochs, ...(best && { best }) };
      return event.reason === "cancelled" ? outcome : await compared(run, outcome, context);
    }
  }
  throw new ShowtellError("INTERNAL", "training ended without saying so");
}

/** Holds a model that learned on against what it was. If that is cancelled, the resumed run does it. */
async function compared(
  run: Run,
  outcome: TrainingOutcome,
  { signal, emit }: RequestContext<TrainingNews>,
): Promise<TrainingOutcome> {
  const { data, folder, init, request } = run;
  const path = await folder.bestPath();
  if (init === undefined || path === undefined) return outcome;
  const bundle = await readBundleFile(path);
  const models = {
    before: (features: FeatureReader) => decoderBefore(run, init, features),
    after: (features: FeatureReader) => decoderOfBundle(run, bundle, features),
  };
  const onProgress = (done: number, total: number): void => emit({ kind: "comparing", done, total });
  try {
    const sets = [data, ...(data.old ? [data.old] : [])];
    const [learned, old] = await scoreBoth(sets, models, { signal, onProgress });
    const adaptation: Adaptation = {
      before: init.manifest.identity,
      after: bundle.decoder!.manifest.identity,
      addedWords: data.addedWords,
      learned: learned!,
      ...(old && request.old && { remembered: rememberedOf(old, request.old.mostForgotten) }),
    };
    await folder.settle(adaptation);
    return { ...outcome, adaptation };
  } catch (error) {
    if (error instanceof ShowtellError && error.code === "CANCELLED") return { ...outcome, reason: "cancelled" };
    throw error;
  }
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

/** The stage that a request wants to learn; its rate follows the decoder's schedule. */
function stageSpec(
  { fineTune, training }: TrainingRequest,
  layer: FeatureLayer,
  encoder: EncoderSpec,
): StageSpec | undefined {
  if (fineTune === undefined) return undefined;
  return { encoder, stage: fineTune.stage, layer, rate: fineTune.learningRate / training.schedule.peak };
}

serveRequests<TrainingRequest, TrainingOutcome, TrainingNews>(async (request, context) => {
  const openSession = sessionsWith(request.threads);
  requireSoundRequest(request);
  const bundle = await readEncoderFile(request.encoder);
  const init = request.init === undefined ? undefined : await decoderToLearnOn(request.init, request, bundle.encoder);
  const data = await loadTrainingData(request, {
    encoder: bundle.encoder,
    init,
    openSession,
    signal: context.signal,
    emit: context.emit,
  });
  try {
    const teacher = request.distil && (await readTeacher(request.distil, data, openSession));
    const models = {
      encoder: bundle.encoder.manifest.identity,
      init: init?.manifest.identity,
      teacher: teacher?.identity,
    };
    const folder = await openTrainingRun(request.out, runDescription(request, data, models), {
      resume: request.resume,
      writer,
      judged: request.old !== undefined,
      idle: idleOptions(request, data.addedWords.length),
    });
    let fineTuning: FineTuning | undefined;
    try {
      const { identity, spec } = bundle.encoder.manifest;
      const encoder = { identity, name: spec.kind, layer: decoderNamed(request.decoder).layer };
      const licences = decoderLicences(data, request, init);
      const references = frequencyTable(data.references);
      const stage = stageSpec(request, encoder.layer, spec);
      fineTuning = stage && (await openFineTuning(stage, bundle, openSession));
      return await learn(
        { request, data, folder, encoder, init, fineTuning, teacher, licences, references, openSession },
        context,
      );
    } finally {
      await fineTuning?.dispose();
      await folder.close();
    }
  } finally {
    await data.close();
  }
});
