// A captioner: features to captions, by a bundle's decoder or by several as an ensemble. Platform parts are handed in.
import type { CancelSignal } from "../base/cancel.ts";
import { ShowtellError } from "../base/errors.ts";
import { seededRandom } from "../base/random.ts";
import type { BundlePart } from "../bundle/bundle.ts";
import type { DecoderManifest } from "../bundle/manifest.ts";
import type { OpenSession, SessionOptions } from "../engine/session.ts";
import { beamSearch } from "../search/beam.ts";
import type { BeamOptions } from "../search/beam.ts";
import { ensembleOf } from "../search/ensemble.ts";
import type { Hypothesis } from "../search/hypothesis.ts";
import { sampleSentences } from "../search/sampling.ts";
import type { SearchTask } from "../search/task.ts";
import { captionText } from "../text/caption-text.ts";
import { decodeIds, endId, paddingId, parseVocabulary, startId, unknownId } from "../text/vocabulary.ts";
import type { Vocabulary } from "../text/vocabulary.ts";
import { openDecoderStepper } from "./decoder-stepper.ts";
import type { DecoderStepper, FeatureBatch } from "./decoder-stepper.ts";
import { planEnsemble } from "./ensemble.ts";
import type { EnsembleMember, FeatureSource } from "./ensemble.ts";

/** How captions are made. */
export interface CaptionOptions {
  /** Hypotheses that are followed; 1 is greedy. Default: the bundle's (3 as shipped), or `candidates` where that is more. */
  readonly beam?: number;
  /** Captions a picture, best first; at most `beam`, unless sampled. Default 1. */
  readonly candidates?: number;
  /** Draws captions at this temperature instead of searching the best. */
  readonly temperature?: number;
  /** Seed of the drawing; default 1. */
  readonly seed?: number;
  /** Cancels between steps. */
  readonly signal?: CancelSignal;
  /** Told word by word how captions come about, unless they are drawn. */
  readonly onPartial?: (partial: PartialCaption) => void;
}

/** A caption while it is searched. */
export interface PartialCaption {
  /** Index of the picture. */
  readonly image: number;
  /** The best beginning, or a whole caption, so far. */
  readonly caption: string;
  /** The beginning of it that can't change any more. */
  readonly settled: string;
}

/** A caption with its probability. */
export interface Candidate {
  readonly caption: string;
  readonly tokens: readonly string[];
  /** Natural, summed over words and end. */
  readonly logProbability: number;
  /** What ranks: log-probability / length^exponent. */
  readonly score: number;
  /** Natural log-probability of each token, and of the end. */
  readonly tokenLogProbabilities: readonly number[];
  /** Whether the greatest length came before the end. */
  readonly truncated: boolean;
}

/** A picture's best caption and all candidates, best first. */
export interface Captioned extends Candidate {
  readonly candidates: readonly Candidate[];
}

/** Decoders, often one, that turn features into captions. */
export interface FeatureCaptioner {
  readonly vocabulary: Vocabulary;
  /** What decides the captions: the decoder's identity, or one made of those of the ensemble's members. */
  readonly identity: string;
  /** The features that it reads: of one encoder's layer, unless members of an ensemble differ in it. */
  readonly inputs: readonly FeatureSource[];
  /**
   * Captions pictures whose features are given: a batch for each of `inputs`, in that order, or the batch alone where there is one.
   * @throws ShowtellError `ARGUMENT` for features that do not fit or an option out of range, `CANCELLED`.
   */
  caption(features: FeatureBatch | readonly FeatureBatch[], options?: CaptionOptions): Promise<readonly Captioned[]>;
  dispose(): Promise<void>;
}

function candidateOf(vocabulary: Vocabulary, hypothesis: Hypothesis): Candidate {
  const tokens = decodeIds(vocabulary, hypothesis.words);
  const { logProbability, score, truncated, wordLogProbabilities } = hypothesis;
  return {
    caption: captionText(tokens),
    tokens,
    logProbability,
    score,
    tokenLogProbabilities: wordLogProbabilities,
    truncated,
  };
}

/** Compiles a decoder for captioning. */
export function openFeatureCaptioner(
  decoder: BundlePart<DecoderManifest>,
  openSession: OpenSession,
  sessionOptions: SessionOptions = {},
): Promise<FeatureCaptioner> {
  return openEnsembleCaptioner([{ source: "the model", decoder }], openSession, sessionOptions);
}

/**
 * Compiles decoders for captioning together: the mean of their probabilities decides each word. How captions are searched by default is
 * the first one's business.
 * @throws ShowtellError `ENSEMBLE_MISMATCH` if their vocabularies differ.
 */
export async function openEnsembleCaptioner(
  members: readonly EnsembleMember[],
  openSession: OpenSession,
  sessionOptions: SessionOptions = {},
): Promise<FeatureCaptioner> {
  const { identity, inputs, inputOf } = planEnsemble(members);
  const { spec, decoding, vocabulary: words } = members[0]!.decoder.manifest;
  const vocabulary = parseVocabulary(words);
  const steppers: DecoderStepper[] = [];
  for (const { decoder } of members) steppers.push(await openDecoderStepper(decoder, openSession, sessionOptions));
  const stepper = ensembleOf(steppers);
  const task: SearchTask = {
    end: endId,
    never: [paddingId, startId, unknownId],
    words: spec.words,
    maximumLength: decoding.maximumLength,
  };
  const textOf = (words: readonly number[]): string => captionText(decodeIds(vocabulary, words));
  const told = (onPartial: CaptionOptions["onPartial"]): BeamOptions["onPartial"] =>
    onPartial &&
    (({ image, words, settled }) =>
      onPartial({ image, caption: textOf(words), settled: textOf(words.slice(0, settled)) }));
  return {
    vocabulary,
    identity,
    inputs,
    async caption(
      features,
      { candidates = 1, beam = Math.max(decoding.beam, candidates), temperature, seed = 1, signal, onPartial } = {},
    ) {
      const batches = batchesOf(features, inputs);
      const memberBatches = inputOf.map((input) => batches[input]!);
      const ranking = { alpha: decoding.lengthExponent, ...(signal && { signal }) };
      const found =
        temperature === undefined
          ? await beamSearch(stepper, task, memberBatches, { beam, candidates, ...ranking, onPartial: told(onPartial) })
          : await sampleSentences(stepper, task, memberBatches, {
              count: candidates,
              temperature,
              random: Array.from({ length: batches[0]!.images }, () => seededRandom(seed, "sampling")),
              ...ranking,
            });
      return found.map((hypotheses) => {
        const all = hypotheses.map((hypothesis) => candidateOf(vocabulary, hypothesis));
        if (all[0] === undefined) throw new ShowtellError("INTERNAL", "a search returned no caption");
        return { ...all[0], candidates: all };
      });
    },
    async dispose() {
      for (const member of steppers) await member.dispose();
    },
  };
}

/** A batch for each input, of as many pictures each. */
function batchesOf(
  features: FeatureBatch | readonly FeatureBatch[],
  inputs: readonly FeatureSource[],
): readonly FeatureBatch[] {
  const batches = "images" in features ? [features] : features;
  const counts = batches.map(({ images }) => images);
  if (batches.length === inputs.length && new Set(counts).size === 1) return batches;
  const wanted = inputs.map(({ name, layer }) => `${layer} of ${name}`).join(", ");
  throw new ShowtellError(
    "ARGUMENT",
    `features of ${counts.join(" and ")} pictures were given where as many are due of each: ${wanted}`,
  );
}
