// The models of an evaluation: read, checked, named, and captioning pictures whose features are there. Scores nothing.
import { basename, dirname, resolve } from "node:path";
import type { CancelSignal } from "../base/cancel.ts";
import { throwIfCancelled } from "../base/cancel.ts";
import { ShowtellError } from "../base/errors.ts";
import type { NeighbourTable } from "../bundle/neighbour-table.ts";
import { asFloat32 } from "../bundle/precision.ts";
import { checkDecoder } from "../bundle/self-test.ts";
import type { AgreementOptions } from "../caption/caption-options.ts";
import { openEnsembleCaptioner } from "../caption/captioner.ts";
import type { Captioned } from "../caption/captioner.ts";
import type { CaptionerInput } from "../caption/captioning-service.ts";
import type { OpenSession } from "../engine/session.ts";
import { decoderOf } from "../models/catalogue.ts";
import type { FeatureReader, LearnerState } from "../train/learner.ts";
import type { CaptionerFiles } from "./captioner-files.ts";
import { readCaptionerFiles } from "./captioner-files.ts";
import { pieces } from "./evaluation-data.ts";
import { runFiles } from "./training-run.ts";

/** A model that is evaluated. */
export interface EvaluatedModel {
  /** What its row is called. */
  readonly name: string;
  readonly files: CaptionerFiles;
}

/**
 * Reads models and checks them by their self-tests.
 * @throws ShowtellError `ARGUMENT` if one is named twice, and what `readCaptionerFiles` throws.
 */
export async function readModels(
  models: readonly string[],
  openSession: OpenSession,
  signal: CancelSignal,
): Promise<readonly EvaluatedModel[]> {
  const read: CaptionerFiles[] = [];
  for (const model of models) {
    throwIfCancelled(signal);
    const files = await readCaptionerFiles(model);
    const twice = read.findIndex(({ identity }) => identity === files.identity);
    if (twice >= 0)
      throw new ShowtellError("ARGUMENT", `"${model}" is the same model as "${models[twice]}": name each once`);
    for (const { decoder, source } of files.members) await checkDecoder(decoder, openSession, source);
    read.push(files);
  }
  const names = read.map(({ members }) => members.map(({ source }) => shortName(source)).join(" + "));
  return read.map((files, i) => {
    const isTaken = names.filter((name) => name === names[i]).length > 1;
    return { name: isTaken ? models[i]! : names[i]!, files };
  });
}

/** A bundle's file name; for the best one of a training run, that of the run. */
function shortName(path: string): string {
  const name = basename(path);
  return name === runFiles.best ? basename(dirname(resolve(path))) : name.replace(/\.safetensors$/, "");
}

/** The different features that models read. */
export function inputsOf(models: readonly EvaluatedModel[]): readonly CaptionerInput[] {
  const inputs: CaptionerInput[] = [];
  for (const { files } of models) {
    for (const input of files.inputs) if (placeOf(inputs, input) < 0) inputs.push(input);
  }
  return inputs;
}

function placeOf(inputs: readonly CaptionerInput[], { features }: Pick<CaptionerInput, "features">): number {
  return inputs.findIndex(
    (input) => input.features.identity === features.identity && input.features.layer === features.layer,
  );
}

/** The readers of those inputs that a model reads, in its order. */
export function readersFor(
  { files }: EvaluatedModel,
  inputs: readonly CaptionerInput[],
  readers: readonly FeatureReader[],
): readonly FeatureReader[] {
  return files.inputs.map((input) => readers[placeOf(inputs, input)]!);
}

/** Pictures that are captioned together: a grid has 400 kB of float32 features, and keys and values besides. */
const batchSize = 50;

/** How pictures are captioned. */
export interface CaptioningOptions extends AgreementOptions {
  readonly beam?: number | undefined;
  /** The training pictures that vote or foretell words, where options say so. */
  readonly neighbours?: NeighbourTable | undefined;
  readonly signal: CancelSignal;
  readonly onProgress: (done: number, total: number) => void;
}

/** A caption, and how sure the model is of it, where it can tell. */
export type SaidCaption = Pick<Captioned, "caption" | "confidence">;

/** A model's best caption of each picture. @throws ShowtellError `ENGINE`, `CANCELLED`. */
export async function captionPictures(
  { files }: EvaluatedModel,
  readers: readonly FeatureReader[],
  pictures: number,
  openSession: OpenSession,
  { beam, neighbours, signal, onProgress, ...agreement }: CaptioningOptions,
): Promise<readonly SaidCaption[]> {
  const captioner = await openEnsembleCaptioner(files.members, openSession, { neighbours });
  const captions: SaidCaption[] = [];
  try {
    for (const rows of pieces(pictures, batchSize)) {
      throwIfCancelled(signal);
      const batches: { readonly images: number; readonly data: Uint16Array }[] = [];
      for (const reader of readers) {
        const data = new Uint16Array(rows.length * reader.size);
        await reader.read(rows, data);
        batches.push({ images: rows.length, data });
      }
      const found = await captioner.caption(batches, { ...agreement, signal, ...(beam !== undefined && { beam }) });
      captions.push(...found);
      onProgress(captions.length, pictures);
    }
  } finally {
    await captioner.dispose();
  }
  return captions;
}

/** The weights of a lone decoder, as arithmetic has them. */
export function weightsOf({ files }: EvaluatedModel): LearnerState {
  const { manifest, tensors } = files.members[0]!.decoder;
  const names = Object.keys(decoderOf(manifest.spec).parameters(manifest.spec));
  return Object.fromEntries(names.map((name) => [name, asFloat32(tensors, name)]));
}
