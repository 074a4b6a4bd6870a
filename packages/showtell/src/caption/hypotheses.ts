// Finds hypotheses as caption options ask for them: by beam search, by steered search, or by drawing. Knows no engine and no pictures.
import { seededRandom } from "../base/random.ts";
import type { DecoderManifest } from "../bundle/manifest.ts";
import { beamSearch } from "../search/beam.ts";
import type { BeamOptions } from "../search/beam.ts";
import type { Hypothesis } from "../search/hypothesis.ts";
import { sampleSentences } from "../search/sampling.ts";
import { steeredSearch } from "../search/steered.ts";
import type { Stepper } from "../search/stepper.ts";
import type { SearchTask } from "../search/task.ts";
import { captionText } from "../text/caption-text.ts";
import { decodeIds, endId, paddingId, startId, unknownId } from "../text/vocabulary.ts";
import type { Vocabulary } from "../text/vocabulary.ts";
import type { CaptionOptions, SearchKind } from "./caption-options.ts";
import { searchKindOf } from "./caption-options.ts";
import { constraintsOf } from "./steering.ts";

/** A hypothesis, and what steering cost: the log-probability of the best unsteered one less its own. */
export interface Found extends Hypothesis {
  readonly steeringCost?: number;
}

/** What is searched: a model's stepper, its words, and how it is searched by default. */
export interface Searched<Images, State> {
  readonly stepper: Stepper<Images, State>;
  readonly vocabulary: Vocabulary;
  readonly decoding: DecoderManifest["decoding"];
}

/** Pictures as the stepper takes them. */
interface Pictures<Images> {
  readonly images: Images;
  readonly count: number;
}

type Search = <Images, State>(
  searched: Searched<Images, State>,
  pictures: Pictures<Images>,
  options: CaptionOptions,
) => Promise<readonly (readonly Found[])[]>;

const searches: Readonly<Record<SearchKind, Search>> = { beam: searchBeam, steered: searchSteered, drawn: draw };

/**
 * The hypotheses of each picture, best first.
 * @throws ShowtellError `ARGUMENT` for options out of range, that contradict each other or can't be met, `WORD_UNKNOWN`, `CANCELLED`.
 */
export function findHypotheses<Images, State>(
  searched: Searched<Images, State>,
  pictures: Pictures<Images>,
  options: CaptionOptions,
): Promise<readonly (readonly Found[])[]> {
  return searches[searchKindOf(options)](searched, pictures, options);
}

function taskOf({ vocabulary, decoding }: Searched<unknown, unknown>): SearchTask {
  return {
    end: endId,
    never: [paddingId, startId, unknownId],
    words: vocabulary.words.length,
    maximumLength: decoding.maximumLength,
  };
}

function rankingOf({ decoding }: Searched<unknown, unknown>, { signal }: CaptionOptions) {
  return { alpha: decoding.lengthExponent, ...(signal && { signal }) };
}

function searchBeam<Images, State>(
  searched: Searched<Images, State>,
  { images }: Pictures<Images>,
  options: CaptionOptions,
): Promise<readonly (readonly Found[])[]> {
  const { candidates = 1, beam = Math.max(searched.decoding.beam, candidates), onPartial } = options;
  const ranking = rankingOf(searched, options);
  const told = partialsTold(searched.vocabulary, onPartial);
  return beamSearch(searched.stepper, taskOf(searched), images, { beam, candidates, ...ranking, onPartial: told });
}

function partialsTold(
  vocabulary: Vocabulary,
  onPartial: CaptionOptions["onPartial"],
): BeamOptions["onPartial"] | undefined {
  if (onPartial === undefined) return undefined;
  const textOf = (words: readonly number[]): string => captionText(decodeIds(vocabulary, words));
  return ({ image, words, settled }) =>
    onPartial({ image, caption: textOf(words), settled: textOf(words.slice(0, settled)) });
}

async function searchSteered<Images, State>(
  searched: Searched<Images, State>,
  { images }: Pictures<Images>,
  options: CaptionOptions,
): Promise<readonly (readonly Found[])[]> {
  const { groups = 1, diversity, candidates = groups } = options;
  const { stepper, decoding, vocabulary } = searched;
  const { beam = Math.max(decoding.beam, candidates, groups) } = options;
  const ranking = rankingOf(searched, options);
  const found = await steeredSearch(stepper, taskOf(searched), images, {
    ...constraintsOf(options, vocabulary),
    ...ranking,
    beam,
    candidates,
    groups,
    ...(diversity !== undefined && { diversity }),
  });
  const free = await beamSearch(stepper, taskOf(searched), images, { beam, ...ranking });
  return found.map((hypotheses, image) => {
    const best = free[image]![0]!.logProbability;
    return hypotheses.map((hypothesis) => ({ ...hypothesis, steeringCost: best - hypothesis.logProbability }));
  });
}

function draw<Images, State>(
  searched: Searched<Images, State>,
  { images, count }: Pictures<Images>,
  options: CaptionOptions,
): Promise<readonly (readonly Found[])[]> {
  const { candidates = 1, temperature, topK, topP, seed = 1 } = options;
  return sampleSentences(searched.stepper, taskOf(searched), images, {
    count: candidates,
    ...(temperature !== undefined && { temperature }),
    ...(topK !== undefined && { topK }),
    ...(topP !== undefined && { topP }),
    random: Array.from({ length: count }, () => seededRandom(seed, "sampling")),
    ...rankingOf(searched, options),
  });
}
