// The thread that evaluates: it reads, captions, scores and writes the report, and tells how far it is. Prints nothing.
import { wordnet } from "caption-metrics/wordnet";
import type { DocumentFrequencies } from "caption-metrics";
import type { Evaluation, Row } from "../evaluate/evaluation.ts";
import { makeReport } from "../evaluate/report.ts";
import { rowConfidence } from "../evaluate/row-confidence.ts";
import { seedGroups } from "../evaluate/provenance.ts";
import { comparedReferences, scoreCorpus, scoreWithOneLess } from "../evaluate/scoring.ts";
import type { ScoredCorpus, ScoringOptions } from "../evaluate/scoring.ts";
import { openDataset } from "./dataset-folder.ts";
import { inputsOf, readModels } from "./evaluated-models.ts";
import type { EvaluatedModel } from "./evaluated-models.ts";
import type { ReadingContext } from "./evaluation-data.ts";
import { readSplit } from "./evaluation-data.ts";
import type { Draft, Scene } from "./evaluation-drafts.ts";
import { baselineDrafts, modelDraft, refuseLeaks } from "./evaluation-drafts.ts";
import { openReportFolder, requireOwnReport, writeReport } from "./evaluation-report.ts";
import type { EvaluationNews, EvaluationRequest } from "./evaluation-request.ts";
import { sessionsWith } from "./ort-session.ts";
import { cachedParaphrases } from "./paraphrase-table.ts";
import { writer } from "./version.ts";
import { serveRequests } from "./worker-thread.ts";

/** A row with what it was scored by. */
interface ScoredDraft {
  readonly draft: Draft;
  readonly row: Row;
  readonly corpus: ScoredCorpus;
}

/** Scores drafts one after the other, and people last. */
async function scoreDrafts(
  drafts: readonly Draft[],
  { context, dataset, split }: Scene,
): Promise<{ readonly scored: readonly ScoredDraft[]; readonly human: Row | undefined }> {
  const { request, signal, emit } = context;
  const paraphrases = await cachedParaphrases();
  const meteor = { synonyms: wordnet, ...(paraphrases && { paraphrases }) };
  const options: ScoringOptions = { meteor, resamples: request.resamples, signal };
  const { pictures } = split;
  const compared = comparedReferences(pictures);
  const total = drafts.length + 1;
  const scored: ScoredDraft[] = [];
  let frequencies: DocumentFrequencies | undefined;
  const tell = (): void => emit({ kind: "work", task: "scoring", done: scored.length, total });
  for (const draft of drafts) {
    tell();
    const corpus = await scoreCorpus(pictures, draft.captions, options, frequencies);
    frequencies = corpus.frequencies;
    const fewer = compared > 0 ? await scoreWithOneLess(pictures, draft.captions, compared, options) : undefined;
    const row = rowOf(draft, corpus, fewer);
    const confidence = confidenceOf(draft, corpus, { name: dataset.name, split: request.split }, pictures);
    scored.push({ draft, row: { ...row, ...(confidence && { confidence }) }, corpus });
  }
  tell();
  const human: Row | undefined =
    compared === 0
      ? undefined
      : {
          name: "a person",
          kind: "human",
          marks: [],
          fewer: await scoreWithOneLess(pictures, "the reference left out", compared, options),
        };
  return { scored, human };
}

function rowOf(draft: Draft, { scores, diversity }: ScoredCorpus, fewer: Row["fewer"]): Row {
  const { name, kind, model, marks, perplexity, novel } = draft;
  return {
    name,
    kind,
    marks,
    scores,
    variety: { ...diversity, ...(novel !== undefined && { novel }) },
    ...(model && { model }),
    ...(fewer && { fewer }),
    ...(perplexity && { perplexity }),
  };
}

function confidenceOf(
  { sureness }: Draft,
  { perPicture }: ScoredCorpus,
  data: { readonly name: string; readonly split: string },
  pictures: readonly { readonly hash: string }[],
): Row["confidence"] {
  if (sureness === undefined) return undefined;
  const { calibration, confidences } = sureness;
  return rowConfidence(
    calibration,
    data,
    perPicture.map((scores, i) => ({ confidence: confidences[i], score: scores["CIDEr"]!, hash: pictures[i]!.hash })),
  );
}

function evaluationOf(
  { context, dataset, split }: Scene,
  models: readonly EvaluatedModel[],
  scored: readonly ScoredDraft[],
  human: Row | undefined,
  notes: readonly string[],
): Evaluation {
  const { pictures, skipped } = split;
  const counts = pictures.map(({ references }) => references.length);
  const first = scored[0]!.corpus;
  const metrics = Object.keys(first.scores);
  // Models come first among the rows, in their order.
  const alone = models.flatMap(({ files: { members } }, i) => {
    const { decoder, manifest } = members[0]!;
    return members.length > 1 ? [] : [{ row: scored[i]!.row, decoder: decoder.manifest, training: manifest.training }];
  });
  return {
    writer,
    data: {
      name: dataset.name,
      split: context.request.split,
      pictures: pictures.length,
      skipped,
      references: {
        fewest: counts.reduce((a, b) => Math.min(a, b)),
        most: counts.reduce((a, b) => Math.max(a, b)),
        compared: comparedReferences(pictures),
      },
    },
    metrics,
    signatures: first.signatures,
    rows: [...scored.map(({ row }) => row), ...(human ? [human] : [])],
    seeds: seedGroups(alone, metrics),
    notes,
  };
}

async function writeReportOf(
  evaluation: Evaluation,
  scored: readonly ScoredDraft[],
  { context, dataset, split }: Scene,
  folder: string,
): Promise<void> {
  const { request, signal, emit } = context;
  emit({ kind: "work", task: "report", done: 0, total: 2 });
  const pictures = split.pictures.map(({ image, references }, i) => ({
    image,
    references,
    captions: scored.map(({ draft, corpus }) => ({ caption: draft.captions[i]!, scores: corpus.perPicture[i]! })),
  }));
  const statistics = scored.map(({ corpus }) => corpus.statistics);
  const report = await makeReport(evaluation, pictures, statistics, request.resamples, signal);
  const paths = split.pictures.map(({ path }) => path);
  await writeReport(folder, report, paths, `${dataset.name} ${dataset.captionFile}`, signal);
}

async function evaluate(context: ReadingContext): Promise<Evaluation> {
  const { request, openSession, signal } = context;
  if (request.out !== undefined) await openReportFolder(request.out);
  const dataset = await openDataset(request.data, request.images === undefined ? {} : { images: request.images });
  const models = await readModels(request.models, openSession, signal);
  const inputs = inputsOf(models);
  if (request.out !== undefined) {
    const bundles = models.flatMap(({ files }) => [...files.members, ...files.inputs].map(({ source }) => source));
    await requireOwnReport(request.out, [dataset.captionFile, ...bundles]);
  }
  const split = await readSplit(dataset, request.split, inputs, context);
  try {
    const scene: Scene = { context, dataset, inputs, split, tables: new Map() };
    refuseLeaks(models, scene);
    const drafts: Draft[] = [];
    for (const model of models) drafts.push(await modelDraft(model, scene));
    const baselines = request.baselines ? await baselineDrafts(scene) : [];
    const notes = typeof baselines === "string" ? [baselines] : [];
    if (typeof baselines !== "string") drafts.push(...baselines);
    const { scored, human } = await scoreDrafts(drafts, scene);
    const evaluation = evaluationOf(scene, models, scored, human, notes);
    if (request.out !== undefined) await writeReportOf(evaluation, scored, scene, request.out);
    return evaluation;
  } finally {
    await split.close();
  }
}

serveRequests<EvaluationRequest, Evaluation, EvaluationNews>((request, { signal, emit }) => {
  const openSession = sessionsWith(request.threads);
  return evaluate({ request, openSession, signal, emit });
});
