// A captioner: features to captions, by a bundle's decoder or by several as an ensemble. Platform parts are handed in.
import { ptbTokens } from "caption-metrics";
import type { CancelSignal } from "../base/cancel.ts";
import { ShowtellError } from "../base/errors.ts";
import type { BundlePart } from "../bundle/bundle.ts";
import type { Calibration } from "../bundle/calibration.ts";
import type { DecoderManifest } from "../bundle/manifest.ts";
import type { NeighbourTable } from "../bundle/neighbour-table.ts";
import { frequencyTableOf } from "../bundle/references.ts";
import type { OpenSession, SessionOptions } from "../engine/session.ts";
import { openedInTurn } from "../engine/session.ts";
import { ensembleOf, membersOf } from "../search/ensemble.ts";
import { requireWhole } from "../search/task.ts";
import { weighSentence } from "../search/weighing.ts";
import { captionText } from "../text/caption-text.ts";
import { frequenciesOf } from "../text/frequency-table.ts";
import { decodeIds, encodeTokens, endId, parseVocabulary, unknownId } from "../text/vocabulary.ts";
import type { Vocabulary } from "../text/vocabulary.ts";
import type { AttentionMaps } from "./attention.ts";
import { attentionMaps } from "./attention.ts";
import type { CaptionOptions } from "./caption-options.ts";
import {
  matcherCounts,
  mostNeighbours,
  needsNeighbours,
  neighboursForetell,
  neighboursVote,
  requireSoundSearch,
} from "./caption-options.ts";
import { calibrationFor, confidenceOf } from "./confidence.ts";
import { votingPictures } from "./consensus.ts";
import type { Electorate } from "./consensus.ts";
import { openDecoderStepper } from "./decoder-stepper.ts";
import type { FeatureBatch } from "./decoder-stepper.ts";
import { planEnsemble } from "./ensemble.ts";
import type { EnsembleMember, FeatureSource } from "./ensemble.ts";
import type { Found } from "./hypotheses.ts";
import { findHypotheses } from "./hypotheses.ts";
import { neighbourWords } from "./neighbour-words.ts";
import type { TrainingNeighbour, TrainingNeighbours } from "./training-neighbours.ts";
import { openTrainingNeighbours } from "./training-neighbours.ts";

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
  /** Of a steered caption: the log-probability of the best unsteered one less its own. Negative where that one is longer. */
  readonly steeringCost?: number;
  /** Of a caption chosen by consensus: its expected CIDEr-D (0 … 10) against the others, or against those of the neighbours that voted. */
  readonly consensus?: number;
  /** How many training captions are this very sentence; only where `neighbours` were asked for. */
  readonly copies?: number;
  /** Where the model looked for each token, and for the end; only if asked for, and of models that attend. */
  readonly attention?: AttentionMaps;
}

/** A picture's best caption and all candidates, best first. */
export interface Captioned extends Candidate {
  /** The probability that the caption is better than the threshold of the bundle's calibration, where it has one. */
  readonly confidence?: number;
  /** That the confidence is below what was asked for: better say nothing than this caption. */
  readonly abstained?: true;
  /** The training pictures that look most like this one, nearest first; only if asked for. */
  readonly neighbours?: readonly TrainingNeighbour[];
  readonly candidates: readonly Candidate[];
}

/** Decoders, often one, that turn features into captions. */
export interface FeatureCaptioner {
  readonly vocabulary: Vocabulary;
  /**
   * What decides the probabilities of captions: the decoder's identity, or one made of those of the ensemble's members. How they are searched where
   * nothing is said, and the document frequencies of a consensus, are the first member's.
   */
  readonly identity: string;
  /** The features that it reads: of one encoder's layer, unless members of an ensemble differ in it. */
  readonly inputs: readonly FeatureSource[];
  /**
   * Captions pictures whose features are given: a batch for each of `inputs`, in that order, or the batch alone where there is one.
   * @throws ShowtellError `ARGUMENT` for features that do not fit or an option out of range, `CANCELLED`.
   */
  caption(features: FeatureBatch | readonly FeatureBatch[], options?: CaptionOptions): Promise<readonly Captioned[]>;
  /**
   * Natural log-probabilities of given tokens, and last of the end, for each picture.
   * @throws ShowtellError `ARGUMENT` for features that do not fit, `WORD_UNKNOWN` for a token that the model does not know, `CANCELLED`.
   */
  weigh(
    features: FeatureBatch | readonly FeatureBatch[],
    tokens: readonly string[],
    signal?: CancelSignal,
  ): Promise<readonly (readonly number[])[]>;
  dispose(): Promise<void>;
}

function candidateOf(vocabulary: Vocabulary, hypothesis: Found): Candidate {
  const tokens = decodeIds(vocabulary, hypothesis.words);
  const { logProbability, score, truncated, wordLogProbabilities, steeringCost, consensus } = hypothesis;
  return {
    caption: captionText(tokens),
    tokens,
    logProbability,
    score,
    tokenLogProbabilities: wordLogProbabilities,
    truncated,
    ...(steeringCost !== undefined && { steeringCost }),
    ...(consensus !== undefined && { consensus }),
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

/** What decoders are compiled with. */
export interface EnsembleCaptionerOptions extends SessionOptions {
  /** Training pictures, for captions whose options ask for them: `neighbours`, `consensusVoters` or `neighbourWords`. */
  readonly neighbours?: NeighbourTable | undefined;
}

/**
 * Compiles decoders for captioning together: the mean of their probabilities decides each word. How captions are searched by default is
 * the first one's business; document frequencies are those of the first that carries them.
 * @throws ShowtellError `ENSEMBLE_MISMATCH` if their vocabularies differ, `ENCODER_MISMATCH` for neighbours by features that no member reads.
 */
export async function openEnsembleCaptioner(
  members: readonly EnsembleMember[],
  openSession: OpenSession,
  { neighbours: table, ...sessionOptions }: EnsembleCaptionerOptions = {},
): Promise<FeatureCaptioner> {
  const { identity, inputs, inputOf } = planEnsemble(members);
  const neighbours = table && openTrainingNeighbours(table, inputs, openSession);
  const { decoding, vocabulary: data } = members[0]!.decoder.manifest;
  const vocabulary = parseVocabulary(data);
  const steppers = await openedInTurn(members, ({ decoder }) =>
    openDecoderStepper(decoder, openSession, sessionOptions),
  );
  const references = members.find((member) => member.references !== undefined)?.references;
  const frequencies = references && frequenciesOf(frequencyTableOf(references));
  const stepper = ensembleOf(steppers);
  const searched = { stepper, members: membersOf(steppers), vocabulary, decoding, frequencies };
  return {
    vocabulary,
    identity,
    inputs,
    async caption(features, options = {}) {
      const batches = batchesOf(features, inputs);
      requireSoundSearch(options);
      const calibration = calibrationFor(members, options);
      const asked = askedNeighbours(neighbours, options);
      const known = needsNeighbours(options) ? await electoratesOf(neighbours, batches, options) : undefined;
      const pictures = {
        images: inputOf.map((input) => batches[input]!),
        count: batches[0]!.images,
        voters: neighboursVote(options) ? known : undefined,
        memories: neighboursForetell(options)
          ? known?.map((own) => neighbourWords(own.pictures, vocabulary))
          : undefined,
      };
      const found = await findHypotheses(searched, pictures, options);
      if (found.some((hypotheses) => hypotheses.length === 0))
        throw new ShowtellError("INTERNAL", "a search returned no caption");
      const maps = options.attention ? await attentionMaps(stepper, pictures.images, found, options.signal) : undefined;
      const near = await asked?.nearest(batches, options.neighbours!);
      return found.map((hypotheses, image) => {
        const all = hypotheses.map((hypothesis, i): Candidate => {
          const attention = maps?.[image]?.[i];
          const candidate = candidateOf(vocabulary, hypothesis);
          return {
            ...candidate,
            ...(attention && { attention }),
            ...(asked && { copies: asked.copiesOf(candidate.caption) }),
          };
        });
        const judgement = judged(all[0]!, calibration, options);
        return { ...all[0]!, ...judgement, ...(near && { neighbours: near[image]! }), candidates: all };
      });
    },
    async weigh(features, tokens, signal) {
      const batches = batchesOf(features, inputs);
      if (!Array.isArray(tokens))
        throw new ShowtellError(
          "ARGUMENT",
          `tokens are ${JSON.stringify(tokens)}: give a list of them, as captions have`,
        );
      const words = encodeTokens(vocabulary, tokens);
      const unknown = words.indexOf(unknownId);
      if (unknown >= 0) {
        throw new ShowtellError(
          "WORD_UNKNOWN",
          `the model does not know "${tokens[unknown]}": use words of its vocabulary`,
        );
      }
      const images = inputOf.map((input) => batches[input]!);
      const sentence = { words, end: endId, ...(signal && { signal }) };
      return weighSentence(stepper, images, batches[0]!.images, sentence);
    },
    async dispose() {
      for (const member of steppers) await member.dispose();
    },
  };
}

/** The training data, if options ask for neighbours. @throws ShowtellError `ARGUMENT` if there is none, or for no whole number of them. */
function askedNeighbours(
  known: TrainingNeighbours | undefined,
  { neighbours }: CaptionOptions,
): TrainingNeighbours | undefined {
  if (neighbours === undefined) return undefined;
  requireWhole("neighbours", neighbours, 1, mostNeighbours);
  return knownNeighbours(known);
}

function knownNeighbours(known: TrainingNeighbours | undefined): TrainingNeighbours {
  if (known !== undefined) return known;
  throw new ShowtellError(
    "ARGUMENT",
    "neighbours were asked for, but no table of them is loaded: showtell neighbours build makes one, --neighbours loads it",
  );
}

/** Who may vote on captions of each picture, and foretell its words. @throws ShowtellError `ARGUMENT` if there is no table, or no matcher that is to count; `ENGINE`. */
async function electoratesOf(
  known: TrainingNeighbours | undefined,
  batches: readonly FeatureBatch[],
  options: CaptionOptions,
): Promise<readonly Electorate[]> {
  const asked = knownNeighbours(known);
  const fits = matcherCounts(options) ? await asked.fits(batches) : undefined;
  const near = await asked.nearest(batches, votingPictures);
  return near.map((pictures, image) => ({
    pictures: pictures.map(({ similarity, captions }) => ({ similarity, captions: captions.map(ptbTokens) })),
    fitOf: fits?.[image],
  }));
}

/** How sure the captioner is of a caption, if it can tell, and whether it keeps silent. */
function judged(
  caption: Candidate,
  calibration: Calibration | undefined,
  { abstainBelow = 0 }: CaptionOptions,
): Pick<Captioned, "confidence" | "abstained"> {
  if (calibration === undefined) return {};
  const confidence = confidenceOf(calibration, caption);
  return { confidence, ...(confidence < abstainBelow && { abstained: true }) };
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
