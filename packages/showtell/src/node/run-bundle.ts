// What a run makes of its weights: a decoder that captions, and the bundle of an epoch with all that is to be known of it. Trains nothing.
import { sha256Hex } from "../base/bytes.ts";
import type { Tensor } from "../base/tensor.ts";
import type { Bundle } from "../bundle/bundle.ts";
import { makeDecoderBundle, withEncoder } from "../bundle/decoder-bundle.ts";
import { hashesIn, hashList } from "../bundle/hash-list.ts";
import type { DecoderManifest, Licence, TrainingRecord } from "../bundle/manifest.ts";
import type { OpenSession } from "../engine/session.ts";
import { decoderOf } from "../models/catalogue.ts";
import type { FrequencyTable } from "../text/frequency-table.ts";
import type { FeatureReader, LearnerState } from "../train/learner.ts";
import type { TrainingEvent } from "../train/trainer.ts";
import type { CaptionerFiles } from "./captioner-files.ts";
import { selectionRows } from "./dev-captions.ts";
import type { DevDecoder } from "./dev-captions.ts";
import type { FineTuning } from "./fine-tuning.ts";
import type { LearntDecoder } from "./learning-on.ts";
import { embeddingsOf } from "./learning-on.ts";
import type { TrainingData } from "./training-data.ts";
import type { TrainingRequest } from "./training-request.ts";
import type { TrainingRun } from "./training-run.ts";
import { writer } from "./version.ts";

/** A run, with all that it needs. */
export interface Run {
  readonly request: TrainingRequest;
  readonly data: TrainingData;
  readonly folder: TrainingRun;
  readonly encoder: DecoderManifest["encoder"];
  /** The decoder that learns on. */
  readonly init: LearntDecoder | undefined;
  /** The stage of the encoder that learns with the decoder, if one does. */
  readonly fineTuning: FineTuning | undefined;
  /** The models whose captions are learnt, too, if there are some. */
  readonly teacher: CaptionerFiles | undefined;
  readonly licences: readonly Licence[];
  readonly references: FrequencyTable;
  readonly openSession: OpenSession;
}

/** The decoder, but for its weights and what follows from these. */
function decoderPart({ data, request, encoder }: Run): Omit<DecoderManifest, "identity" | "selfTest"> {
  const { beam, lengthExponent, training } = request;
  return {
    spec: data.spec,
    encoder,
    vocabulary: { words: data.prepared.vocabulary.words },
    // The longest sentence that was taught, and its end.
    decoding: { beam, lengthExponent, maximumLength: training.maximumWords + 1 },
  };
}

function weightsOf({ data: { spec } }: Run, state: LearnerState): ReadonlyMap<string, Tensor> {
  return new Map(Object.keys(decoderOf(spec).parameters(spec)).map((name) => [name, state[name]!]));
}

/** Short hashes of now and those of the model before, each once; unknown if those before are. */
function withEarlier(init: LearntDecoder | undefined, name: HashesName, hashes: readonly string[]): HashesPart {
  const now = hashList(hashes);
  if (init === undefined) return { [name]: now };
  const before = init.training?.[name];
  if (before === undefined) return {};
  return { [name]: [...hashesIn(before + now)].join("") };
}

type HashesName = "pictureHashes" | "captionHashes" | "selectionHashes";
type HashesPart = Pick<TrainingRecord, HashesName>;

function trainingRecord(
  { data, request, init, teacher }: Run,
  epoch: Extract<TrainingEvent, { kind: "epoch" }>,
): TrainingRecord {
  const captions = data.prepared.train.flatMap((record) =>
    record.captions.map((tokens) => sha256Hex(tokens.join(" "))),
  );
  const { rules, minimumCount, views = ["plain"], fineTune, distil, training } = request;
  const embeddings = (init && embeddingsOf(init)) ?? request.embeddings;
  const chosenBy = Array.from(selectionRows(data, training), (row) => data.devPictures[row]!.hash);
  return {
    ...(init && { init: { identity: init.manifest.identity, addedWords: data.addedWords.length } }),
    data: { name: data.name, hash: data.hash, pictures: data.pictureHashes.length, captions: captions.length },
    options: {
      rules,
      minimumCount,
      embeddings,
      views,
      ...(fineTune && { fineTune }),
      ...(distil && { distil }),
      ...training,
    },
    ...(teacher && { teacher: teacher.identity }),
    epoch: epoch.epoch,
    train: epoch.train,
    dev: epoch.dev,
    ...(epoch.scores && { scores: epoch.scores }),
    ...withEarlier(init, "pictureHashes", data.pictureHashes),
    ...withEarlier(init, "captionHashes", captions),
    ...withEarlier(init, "selectionHashes", chosenBy),
  };
}

/** The decoder with the weights that it has now, and features of the dev pictures by those of a stage that learns too. */
export function devDecoder(run: Run, state: LearnerState): DevDecoder {
  const { fineTuning, openSession } = run;
  const before = run.data.dev.features;
  const features = fineTuning?.readerWith(state, before) ?? before;
  return { decoder: decoderPart(run), tensors: weightsOf(run, state), features, openSession };
}

/** The decoder; with the encoder in the same file where a stage of that learnt too, for it is nowhere else. */
export async function bestBundle(
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

/** The decoder that learns on as it was, and features by those of its encoder. */
export function decoderBefore(run: Run, init: LearntDecoder, before: FeatureReader): DevDecoder {
  const { fineTuning, openSession } = run;
  const features = fineTuning?.readerWith(fineTuning.stateOf(), before) ?? before;
  const { decoding } = decoderPart(run);
  return { decoder: { ...init.manifest, decoding }, tensors: init.tensors, features, openSession };
}

/** The decoder of a bundle that the run has written, and features by those of the encoder in it. */
export function decoderOfBundle(
  run: Run,
  { decoder, encoder }: Omit<Bundle, "source">,
  before: FeatureReader,
): DevDecoder {
  const { fineTuning, openSession } = run;
  const features = fineTuning?.readerWith(fineTuning.stateOf(encoder), before) ?? before;
  return { decoder: decoder!.manifest, tensors: decoder!.tensors, features, openSession };
}

/** What may be done with a decoder is decided by its pictures; the user knows where they come from. */
export function decoderLicences(
  data: TrainingData,
  { embeddings }: TrainingRequest,
  init: LearntDecoder | undefined,
): readonly Licence[] {
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
  if (init === undefined) return embeddings === "glove" ? [decoder, glove] : [decoder];
  // What holds for the model before holds for what became of it.
  return [...init.licences.filter(({ origin }) => origin !== decoder.origin), decoder];
}
