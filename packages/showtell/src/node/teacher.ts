// The teacher of a run that distils: models that caption the training pictures once, into a file of the run's folder. Learns nothing.
import { appendFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { CancelSignal } from "../base/cancel.ts";
import { ShowtellError } from "../base/errors.ts";
import { checkDecoder } from "../bundle/self-test.ts";
import type { CaptionOptions } from "../caption/caption-options.ts";
import { openEnsembleCaptioner } from "../caption/captioner.ts";
import { openDecoderStepper } from "../caption/decoder-stepper.ts";
import type { DecoderStepper } from "../caption/decoder-stepper.ts";
import { planEnsemble } from "../caption/ensemble.ts";
import type { OpenSession } from "../engine/session.ts";
import { trainedPictures } from "../evaluate/provenance.ts";
import { ensembleOf } from "../search/ensemble.ts";
import { encodeTokens } from "../text/vocabulary.ts";
import type { Example } from "../train/batches.ts";
import type { Taught } from "../train/distillation.ts";
import { softTargetsOf } from "../train/soft-targets.ts";
import type { WordDistillation } from "../train/soft-targets.ts";
import type { CaptionerFiles } from "./captioner-files.ts";
import { readCaptionerFiles } from "./captioner-files.ts";
import { featureBatches } from "./feature-batches.ts";
import type { PictureFeatures } from "./feature-batches.ts";
import type { FeatureCache } from "./feature-cache.ts";
import { extractFeatures } from "./feature-extraction.ts";
import { systemCodeOf, unreadable, unwritable, writeFileAtomically } from "./files.ts";
import type { TrainPicture, TrainingData } from "./training-data.ts";
import type { TrainingNews, TrainingRequest } from "./training-request.ts";
import { runFiles } from "./training-run.ts";

/** How a teacher is asked. */
export type Distillation = NonNullable<TrainingRequest["distil"]>;

/**
 * A line of the file: a training picture and the teacher's captions of it, best first, tokens with blanks between. Pictures of different data
 * sets may have one name, so that their contents tell them apart.
 */
const lineSchema = z.object({ image: z.string(), hash: z.string(), captions: z.array(z.string()) });
type Line = z.infer<typeof lineSchema>;

/** Pictures that are captioned together. */
const batchSize = 50;

/**
 * Reads a teacher and checks it.
 * @throws ShowtellError `DATA_LEAK` if it was trained on dev pictures of the run, which would be learnt from it; and what reading models throws.
 */
export async function readTeacher(
  { models }: Distillation,
  { devPictures }: Pick<TrainingData, "devPictures">,
  openSession: OpenSession,
): Promise<CaptionerFiles> {
  const files = await readCaptionerFiles(models);
  const hashes = devPictures.map(({ hash }) => hash);
  for (const { decoder, manifest, source } of files.members) {
    const trained = trainedPictures(manifest.training, hashes) ?? 0;
    if (trained > 0)
      throw new ShowtellError(
        "DATA_LEAK",
        `the teacher "${source}" was trained on ${trained} of the ${hashes.length} dev pictures, so that dev scores of what learns from it would ` +
          "say nothing: name another with --distil",
      );
    await checkDecoder(decoder, openSession, source);
  }
  return files;
}

/** What teaching needs besides. */
export interface TeachingContext {
  readonly request: TrainingRequest;
  readonly data: TrainingData;
  readonly openSession: OpenSession;
  readonly signal: CancelSignal;
  readonly emit: (news: TrainingNews) => void;
}

/**
 * The captions that a teacher gives the training pictures: those that the run's folder has, and the others computed and appended to them.
 * @throws ShowtellError `CANCELLED`, after which the next call goes on; `ENGINE`, `FILE_WRITE`.
 */
export async function taughtCaptions(
  teacher: CaptionerFiles,
  distillation: Distillation,
  context: TeachingContext,
): Promise<Taught> {
  const { request, data } = context;
  const path = join(request.out, runFiles.taught);
  const known = await readLines(path);
  const different = [...new Map(data.trainPictures.map((picture) => [picture.hash, picture])).values()];
  const missing = different.filter(({ hash }) => !known.has(hash));
  if (missing.length > 0) {
    // A line that a kill left torn goes, so that the next one stands alone.
    await writeFileAtomically(path, textOf([...known.values()]));
    const told = (): void => context.emit({ kind: "teaching", done: known.size, total: different.length });
    told();
    for await (const lines of captioned(teacher, distillation, missing, context)) {
      for (const line of lines) known.set(line.hash, line);
      await appendFile(path, textOf(lines)).catch((cause: unknown) => {
        throw unwritable(path, cause);
      });
      told();
    }
  }
  const { vocabulary } = data.prepared;
  const captions = data.trainPictures.map(({ hash }) =>
    known.get(hash)!.captions.map((caption) => encodeTokens(vocabulary, caption.split(" "))),
  );
  return { captions, share: distillation.share };
}

function textOf(lines: readonly Line[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}

async function readLines(path: string): Promise<Map<string, Line>> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    if (systemCodeOf(cause) === "ENOENT") return "";
    throw unreadable(path, cause);
  });
  const lines = text.split("\n").flatMap((line) => {
    try {
      const parsed = lineSchema.safeParse(JSON.parse(line));
      return parsed.success ? [[parsed.data.hash, parsed.data] as const] : [];
    } catch {
      return [];
    }
  });
  return new Map(lines);
}

/** The features that a teacher reads of pictures, batch by batch. */
async function* teacherBatches<Picture extends TrainPicture>(
  teacher: CaptionerFiles,
  pictures: readonly Picture[],
  context: TeachingContext,
): AsyncGenerator<PictureFeatures<Picture>, void, undefined> {
  const caches: FeatureCache[] = [];
  try {
    for (const input of teacher.inputs) caches.push(await featuresOf(input, pictures, context));
    yield* featureBatches(caches, pictures, batchSize, context.signal);
  } finally {
    await Promise.all(caches.map((cache) => cache.close()));
  }
}

/** The teacher's captions of pictures, batch by batch. */
async function* captioned(
  teacher: CaptionerFiles,
  { captions: candidates, consensus }: Distillation,
  pictures: readonly TrainPicture[],
  context: TeachingContext,
): AsyncGenerator<readonly Line[], void, undefined> {
  const { openSession, signal } = context;
  const options: CaptionOptions = {
    candidates,
    signal,
    ...(consensus !== undefined && { consensus, consensusFrom: "members" }),
  };
  const captioner = await openEnsembleCaptioner(teacher.members, openSession);
  try {
    for await (const { some, batches } of teacherBatches(teacher, pictures, context)) {
      const found = await captioner.caption(batches, options);
      yield some.map(({ image, hash }, i) => ({
        image,
        hash,
        // What was cut has no end to learn, and an empty caption nothing at all.
        captions: found[i]!.candidates.filter(({ truncated, tokens }) => !truncated && tokens.length > 0).map(
          ({ tokens }) => tokens.join(" "),
        ),
      }));
    }
  } finally {
    await captioner.dispose();
  }
}

/**
 * The training captions with what a teacher holds likely at each of their tokens. Computed before the first step, in one order whatever a run does
 * then, so that a run that is resumed has the same.
 * @throws ShowtellError `ENSEMBLE_MISMATCH` if the teacher has other words than the run, `CANCELLED`, `ENGINE`.
 */
export async function softExamples(
  teacher: CaptionerFiles,
  { width }: WordDistillation,
  context: TeachingContext,
): Promise<readonly Example[]> {
  const { data, openSession, signal, emit, request } = context;
  const { words } = data.prepared.vocabulary;
  requireWords(teacher, words);
  const { inputOf } = planEnsemble(teacher.members);
  const options = { words: words.length, maximumWords: request.training.maximumWords, width, signal };
  const byPicture = new Map<number, Example[]>();
  for (const example of data.train.examples) {
    const own = byPicture.get(example.picture);
    if (own === undefined) byPicture.set(example.picture, [example]);
    else own.push(example);
  }
  const pictures = data.trainPictures
    .map((picture, row) => ({ ...picture, examples: byPicture.get(row) ?? [] }))
    .filter(({ examples }) => examples.length > 0);
  const soft: Example[] = [];
  const steppers: DecoderStepper[] = [];
  try {
    for (const { decoder } of teacher.members) steppers.push(await openDecoderStepper(decoder, openSession));
    let done = 0;
    emit({ kind: "teaching", done, total: pictures.length });
    for await (const { some, batches } of teacherBatches(teacher, pictures, context)) {
      const groups = some.map(({ examples }) => examples);
      const images = inputOf.map((input) => batches[input]!);
      soft.push(...(await softTargetsOf(ensembleOf(steppers), images, groups, options)).flat());
      done += some.length;
      emit({ kind: "teaching", done, total: pictures.length });
    }
  } finally {
    for (const stepper of steppers) await stepper.dispose();
  }
  return soft;
}

/** Probabilities are of words by their ids. */
function requireWords({ members }: CaptionerFiles, words: readonly string[]): void {
  const { decoder, source } = members[0]!;
  const known = decoder.manifest.vocabulary.words;
  const place = words.findIndex((word, id) => word !== known[id]);
  if (place < 0 && known.length === words.length) return;
  throw new ShowtellError(
    "ENSEMBLE_MISMATCH",
    `the teacher "${source}" has other words (${known.length}) than the run (${words.length}): follow its captions only, without --distil-words, or ` +
      "train with the same captions, cleaning rules and minimum count",
  );
}

/** The features that a teacher reads of pictures: from the cache, or computed into it. */
async function featuresOf(
  { encoder, features }: CaptionerFiles["inputs"][number],
  pictures: readonly TrainPicture[],
  { request, openSession, signal, emit }: TeachingContext,
): Promise<FeatureCache> {
  const { cache } = await extractFeatures({
    pictures: pictures.map(({ path }) => path),
    encoder,
    layer: features.layer,
    openSession,
    root: request.cache,
    signal,
    onProgress: (progress) => emit({ kind: "features", progress }),
  });
  return cache;
}
