// Finds hypotheses as caption options ask for them: by beam search, by steered search, or by drawing; and ranks them by consensus. Knows no
// engine and no pictures.
import type { DocumentFrequencies } from "caption-metrics";
import { ShowtellError } from "../base/errors.ts";
import { seededRandom } from "../base/random.ts";
import type { DecoderManifest } from "../bundle/manifest.ts";
import { beamSearch } from "../search/beam.ts";
import type { BeamOptions } from "../search/beam.ts";
import type { WordMemory } from "../search/fused.ts";
import { fused } from "../search/fused.ts";
import type { Hypothesis } from "../search/hypothesis.ts";
import { sampleSentences } from "../search/sampling.ts";
import { steeredSearch } from "../search/steered.ts";
import type { Stepper } from "../search/stepper.ts";
import { requireWhole, type SearchTask, widest } from "../search/task.ts";
import { weighSentences } from "../search/weighing.ts";
import { captionText } from "../text/caption-text.ts";
import { decodeIds, endId, neverSaid } from "../text/vocabulary.ts";
import type { Vocabulary } from "../text/vocabulary.ts";
import type { CaptionOptions, SearchKind } from "./caption-options.ts";
import { neighboursForetell, requireSoundSearch } from "./caption-options.ts";
import { expectedScores, neighbourBleu, neighbourScores, votedRank } from "./consensus.ts";
import type { Electorate } from "./consensus.ts";
import { constraintsOf } from "./steering.ts";

/** A hypothesis as it was found. */
export interface Found extends Hypothesis {
  /** What steering cost whoever found it: the log-probability of the best unsteered one less its own. */
  readonly steeringCost?: number;
  /** Its expected CIDEr-D against whoever votes, where that ranks. */
  readonly consensus?: number;
}

/** What is searched: a model's stepper, its words, and how it is searched by default. */
export interface Searched<Images, State> extends Model {
  readonly stepper: Stepper<Images, State>;
}

/** What does not depend on which stepper is searched. */
interface Model {
  readonly vocabulary: Vocabulary;
  readonly decoding: DecoderManifest["decoding"];
  /** Of the training references, where the model carries them. */
  readonly frequencies: DocumentFrequencies | undefined;
}

/** An ensemble, and its members as they are searched alone. */
export interface SearchedEnsemble<Images, State, MemberState> extends Searched<Images, State> {
  readonly members: readonly Stepper<Images, MemberState>[];
}

/** Pictures as the stepper takes them. */
interface Pictures<Images> {
  readonly images: Images;
  readonly count: number;
  /** Who votes on the captions of each, where `consensusVoters` has training pictures vote. */
  readonly voters?: readonly Electorate[] | undefined;
  /** What is remembered of each, where `neighbourWords` has that count. */
  readonly memories?: readonly WordMemory[] | undefined;
}

type Search = <Images, State>(
  searched: Searched<Images, State>,
  pictures: Pictures<Images>,
  options: CaptionOptions,
) => Promise<readonly (readonly Found[])[]>;

const searches: Readonly<Record<SearchKind, Search>> = { beam: searchBeam, steered: searchSteered, drawn: draw };

/**
 * The hypotheses of each picture, best first.
 * @throws ShowtellError `ARGUMENT` for options out of range, that contradict each other or can't be met, `WORD_UNKNOWN`, `CANCELLED`,
 * `REFERENCES_MISSING` for a consensus of a model without document frequencies.
 */
export async function findHypotheses<Images, State, MemberState>(
  searched: SearchedEnsemble<Images, State, MemberState>,
  pictures: Pictures<Images>,
  options: CaptionOptions,
): Promise<readonly (readonly Found[])[]> {
  const { memories } = pictures;
  const { consensus, consensusFrom, neighbourWords = 0 } = options;
  const found = await (memories === undefined
    ? findBy(searched, pictures, options)
    : findBy(fusedWith(searched, memories, neighbourWords), pictures, options));
  const byMembers = consensus !== undefined && consensusFrom === "members";
  if (memories === undefined && !byMembers) return found;
  // What members alone or memories ranked has no probability of the model, so it weighs what is returned, and not the many more that were found.
  const anew = await weighed(searched, pictures, found, options);
  if (memories === undefined) return anew;
  // What steering cost would be of the ranking.
  return anew.map((hypotheses) => hypotheses.map(({ steeringCost: _ranked, ...hypothesis }) => hypothesis));
}

function fusedWith<Images, State, MemberState>(
  searched: SearchedEnsemble<Images, State, MemberState>,
  memories: readonly WordMemory[],
  weight: number,
) {
  const stepper = fused(searched.stepper, memories, weight);
  return { ...searched, stepper, members: searched.members.map((member) => fused(member, memories, weight)) };
}

async function findBy<Images, State, MemberState>(
  searched: SearchedEnsemble<Images, State, MemberState>,
  pictures: Pictures<Images>,
  options: CaptionOptions,
): Promise<readonly (readonly Found[])[]> {
  const search = searches[requireSoundSearch(options)];
  const { consensus, consensusFrom, candidates = options.groups ?? 1 } = options;
  if (consensus === undefined) return search(searched, pictures, options);
  const areMembers = consensusFrom === "members" && searched.members.length > 1;
  const rank = consensusRanking(searched, options, pictures.voters, areMembers);
  requireWhole("consensus", consensus, Math.max(2, candidates), widest);
  const beam = options.beam === undefined ? {} : { beam: Math.max(options.beam, consensus) };
  const wanted = { ...options, ...unsettled(options), candidates: consensus, ...beam };
  const best = (found: readonly (readonly Found[])[]): readonly (readonly Found[])[] =>
    found.map((hypotheses, image) => rank(hypotheses, image).slice(0, candidates));
  if (consensusFrom !== "members") return best(await search(searched, pictures, wanted));
  const found = await searchMembers(search, searched, pictures, wanted);
  return best(options.consensusWeights === "probability" ? await weighed(searched, pictures, found, options) : found);
}

/** Told of a search whose captions are ranked anew afterwards: nothing that it tells is settled. */
function unsettled({ onPartial }: CaptionOptions): Pick<CaptionOptions, "onPartial"> {
  return onPartial === undefined ? {} : { onPartial: (partial) => onPartial({ ...partial, settled: "" }) };
}

/** What each member finds alone, all together, those first that whoever found them holds likelier. */
async function searchMembers<Images, State, MemberState>(
  search: Search,
  searched: SearchedEnsemble<Images, State, MemberState>,
  pictures: Pictures<Images>,
  { onPartial: _onPartial, ...options }: CaptionOptions,
): Promise<readonly (readonly Found[])[]> {
  const lists: (readonly (readonly Found[])[])[] = [];
  for (const stepper of searched.members) lists.push(await search({ ...searched, stepper }, pictures, options));
  return Array.from({ length: pictures.count }, (_, image) =>
    lists.flatMap((found) => found[image]!).sort((a, b) => b.score - a.score),
  );
}

/** Hypotheses as probable as the ensemble holds them. */
async function weighed<Images, State>(
  searched: Searched<Images, State>,
  { images }: Pictures<Images>,
  found: readonly (readonly Found[])[],
  options: CaptionOptions,
): Promise<readonly (readonly Found[])[]> {
  const sentences = found.map((hypotheses) => hypotheses.map(({ words }) => words));
  const anew = await weighSentences(
    searched.stepper,
    taskOf(searched),
    images,
    sentences,
    rankingOf(searched, options),
  );
  return found.map((hypotheses, image) => hypotheses.map((one, i) => ({ ...one, ...anew[image]![i]! })));
}

/**
 * Ranks a picture's hypotheses by how much they agree with each other, or with its voters, and then with each other only where members
 * found them alone and no matcher counts; of equals the likelier is first.
 */
function consensusRanking(
  { frequencies, vocabulary }: Model,
  options: CaptionOptions,
  voters: Pictures<unknown>["voters"],
  areMembers: boolean,
): (hypotheses: readonly Found[], image: number) => readonly Found[] {
  const { consensusWeights } = options;
  const areForetold = neighboursForetell(options);
  if (frequencies === undefined) {
    throw new ShowtellError(
      "REFERENCES_MISSING",
      "a consensus weighs words by the document frequencies of the training references, which the model does not carry: train it again, or " +
        "add them: showtell bundle pack MODEL --references DATA --out FILE",
    );
  }
  if (voters !== undefined && consensusWeights !== undefined) {
    throw new ShowtellError(
      "ARGUMENT",
      "consensusWeights is how much captions count that vote on each other, and consensusVoters lets neighbours vote: give one of them",
    );
  }
  return (hypotheses, image) => {
    // Drawing may give the same sentence twice: as often it votes, but it is one candidate.
    const captions = hypotheses.map(({ words, logProbability }) => ({
      tokens: decodeIds(vocabulary, words),
      logProbability,
    }));
    const tokens = captions.map((caption) => caption.tokens);
    const { pictures, fitOf } = voters?.[image] ?? {};
    const votes = pictures && neighbourScores(tokens, pictures, frequencies);
    const fits = fitOf && tokens.map(fitOf);
    const bleu = pictures && (areMembers || fits) ? neighbourBleu(tokens, pictures) : undefined;
    const agreement =
      votes === undefined || (areMembers && fits === undefined)
        ? expectedScores(captions, frequencies, consensusWeights)
        : undefined;
    const distinct = new Map<string, { readonly found: Found; readonly rank: number }>();
    for (const [i, hypothesis] of hypotheses.entries()) {
      const key = hypothesis.words.join();
      if (distinct.has(key)) continue;
      const consensus = votes?.[i] ?? agreement![i]!;
      const { score } = hypothesis;
      const rank =
        votes === undefined
          ? consensus
          : votedRank({
              votes: votes[i]!,
              score,
              agreement: agreement?.[i],
              bleu: bleu?.[i],
              fit: fits?.[i],
              areMembers,
              areForetold,
            });
      distinct.set(key, { found: { ...hypothesis, consensus }, rank });
    }
    return [...distinct.values()].sort((a, b) => b.rank - a.rank).map(({ found }) => found);
  };
}

function taskOf({ vocabulary, decoding }: Model): SearchTask {
  return {
    end: endId,
    never: neverSaid,
    words: vocabulary.words.length,
    maximumLength: decoding.maximumLength,
  };
}

function rankingOf({ decoding }: Model, { signal }: CaptionOptions) {
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
    ...constraintsOf(options, vocabulary, decoding.maximumLength - 1),
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
  requireWhole("candidates", candidates, 1, widest);
  return sampleSentences(searched.stepper, taskOf(searched), images, {
    count: candidates,
    ...(temperature !== undefined && { temperature }),
    ...(topK !== undefined && { topK }),
    ...(topP !== undefined && { topP }),
    random: Array.from({ length: count }, () => seededRandom(seed, "sampling")),
    ...rankingOf(searched, options),
  });
}
