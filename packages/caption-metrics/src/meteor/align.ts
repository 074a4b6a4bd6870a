// METEOR's alignment (Denkowski & Lavie 2014): which of the possible matches are taken, by beam search along the reference.
// Knows neither modules nor scores, only weights. Equal to METEOR 1.5 down to ties.
import type { Match, MatchGroup, Sections } from "./matches.ts";
import { freeDistance, nextFree, noPlaces, withPlaces } from "./places.ts";

/** Matches that do not overlap, in the order of the reference, and the number of runs that stand in the same order in both. */
export interface Alignment {
  readonly matches: readonly Match[];
  readonly chunks: number;
}

/** Paths kept at each word of the reference. */
const BEAM = 40;

/** A partial alignment: everything before `next` in the reference is decided. */
interface Path {
  /** Weighted words covered, in the hypothesis and in the reference: whole numbers, for METEOR drops fractions as it goes. */
  readonly hypothesisWeight: number;
  readonly referenceWeight: number;
  /** Runs that have ended. */
  readonly chunks: number;
  /** How far matches lie from the diagonal; see `extend` for what METEOR adds up. */
  readonly distance: number;
  /** The first word of the reference that is not decided. */
  readonly next: number;
  /** The word of the hypothesis behind the last match, or `NO_RUN` if the word before `next` is not matched. */
  readonly runEnd: number;
  /** The match taken last, and the path before it. */
  readonly last: { readonly match: Match; readonly before: Path["last"] } | undefined;
  /** Words of the hypothesis that disputed matches have taken, in blocks of places. */
  readonly used: readonly number[];
}

const NO_RUN = -1;

/**
 * The best alignment: most weight, then fewest chunks, then shortest distance, then the one found first.
 *
 * `sections` are by the words of the reference, `weights` by module.
 */
export function align(sections: readonly Sections[], weights: readonly number[], hypothesisLength: number): Alignment {
  const fixed = undisputed(sections, hypothesisLength);
  const start: Path = {
    hypothesisWeight: 0,
    referenceWeight: 0,
    chunks: 0,
    distance: 0,
    next: 0,
    runEnd: NO_RUN,
    last: undefined,
    used: noPlaces(hypothesisLength),
  };
  let paths: readonly Path[] = [start];
  for (const [at, open] of sections.entries()) {
    const beam = createBeam();
    const stop: Stop = { at, fixed: fixed[at], open, mostGain: mostGain(open, weights), weights, beam };
    for (const path of paths) extend(path, stop);
    paths = beam.paths;
  }
  const final = createBeam();
  for (const path of paths) final.offer(path.runEnd === NO_RUN ? path : skip(path, path.distance, path.next));
  const [best = start] = final.paths;
  return { matches: taken(best), chunks: best.chunks };
}

/** By the words of the reference, matches that are the only ones for all their words: they need no search. */
function undisputed(sections: readonly Sections[], hypothesisLength: number): readonly (Match | undefined)[] {
  const hypothesisClaims = new Float64Array(hypothesisLength);
  const referenceClaims = new Float64Array(sections.length);
  const occurrences = new Map<MatchGroup, number>();
  for (const [at, own] of sections.entries()) {
    for (const section of own) {
      for (const group of section) {
        occurrences.set(group, (occurrences.get(group) ?? 0) + 1);
        claim(referenceClaims, at, group.referenceLength, group.starts.count);
      }
    }
  }
  for (const [{ starts, hypothesisLength: length }, times] of occurrences) {
    for (let start = nextFree(starts, [], 1, 0); start < Infinity; start = nextFree(starts, [], 1, start + 1)) {
      claim(hypothesisClaims, start, length, times);
    }
  }
  return sections.map((own, at) => {
    const group = own[0]?.[0];
    if (group === undefined || referenceClaims[at] !== 1) return undefined;
    const match = matchOf(group, nextFree(group.starts, [], 1, 0), at);
    const isOnly =
      claimedOnce(hypothesisClaims, match.hypothesisStart, match.hypothesisLength) &&
      claimedOnce(referenceClaims, at, match.referenceLength);
    return isOnly ? match : undefined;
  });
}

function claim(claims: Float64Array, start: number, length: number, times: number): void {
  for (let at = start; at < start + length; at++) claims[at] = (claims[at] as number) + times;
}

function claimedOnce(claims: Float64Array, start: number, length: number): boolean {
  for (let at = start; at < start + length; at++) if (claims[at] !== 1) return false;
  return true;
}

function matchOf(group: MatchGroup, hypothesisStart: number, referenceStart: number): Match {
  const { module, hypothesisLength, referenceLength } = group;
  return { module, hypothesisStart, hypothesisLength, referenceStart, referenceLength };
}

/** A word of the reference: what could be matched there, and where paths behind it go. */
interface Stop {
  readonly at: number;
  readonly fixed: Match | undefined;
  readonly open: Sections;
  /** The most weight that a match there has, on both sides together. */
  readonly mostGain: number;
  readonly weights: readonly number[];
  readonly beam: Beam;
}

function mostGain(open: Sections, weights: readonly number[]): number {
  let most = 0;
  for (const section of open) {
    for (const { module, hypothesisLength, referenceLength } of section) {
      most = Math.max(most, (hypothesisLength + referenceLength) * (weights[module] ?? 0));
    }
  }
  return most;
}

/**
 * Offers every way in which a path can go on at a word of the reference.
 *
 * METEOR adds a match's distance to the path that it tries the match on, not to the path that takes it: so a match burdens
 * what is tried after it, the skipping of the word included, and not itself.
 */
function extend(path: Path, stop: Stop): void {
  const { at, fixed, open, weights, beam } = stop;
  if (at < path.next) {
    beam.offer(path); // within a phrase that is matched
    return;
  }
  if (fixed !== undefined) {
    const distance = path.distance + Math.abs(at - fixed.hypothesisStart);
    beam.offer(take(path, fixed, weights, distance, path.used));
    return;
  }
  // With everything that it can gain it would be worse than the worst: not worth a look.
  if (!beam.isOpenTo(weightOf(path) + stop.mostGain, path.chunks, path.distance)) return;
  let { distance } = path;
  for (const section of open) distance = offerTakes(path, section, distance, stop);
  beam.offer(skip(path, distance, at + 1));
}

/**
 * Offers the path with each match of a section in turn, as long as the beam takes them. All matches of a group gain the same, and each one
 * is burdened with those before it: once one that breaks the path's run is refused, so are all that do, and only the one that goes on with
 * the run is left. So the pairs of long repetitive sentences are never gone through one by one.
 *
 * @param distance The path's before the section.
 * @returns The path's behind it, with all that were tried.
 */
function offerTakes(path: Path, section: readonly MatchGroup[], distance: number, stop: Stop): number {
  const { at, weights, beam } = stop;
  const next = section.map(({ starts, hypothesisLength }) => nextFree(starts, path.used, hypothesisLength, 0));
  let burden = distance;
  let hasLeftOut = false;
  for (;;) {
    const first = smallest(next);
    const start = next[first] as number;
    if (start === Infinity) break;
    if (hasLeftOut) burden = distance + distanceBefore(path, section, { at, start, first });
    const group = section[first] as MatchGroup;
    const chunks = path.chunks + (isBreak(path, start) ? 1 : 0);
    if (beam.isOpenTo(weightWith(path, group, weights), chunks, burden)) {
      const used = withPlaces(path.used, start, group.hypothesisLength);
      beam.offer(take(path, matchOf(group, start, at), weights, burden, used));
      next[first] = nextFree(group.starts, path.used, group.hypothesisLength, start + 1);
    } else {
      next[first] = start < path.runEnd && isFree(group, path.used, path.runEnd) ? path.runEnd : Infinity;
      hasLeftOut = true;
    }
    burden += Math.abs(at - start);
  }
  return hasLeftOut ? distance + distanceBefore(path, section, { at, start: Infinity, first: 0 }) : burden;
}

function isFree({ starts, hypothesisLength }: MatchGroup, used: readonly number[], place: number): boolean {
  return nextFree(starts, used, hypothesisLength, place) === place;
}

/** Where the smallest number stands, the first of equals. */
function smallest(values: readonly number[]): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if ((values[i] as number) < (values[best] as number)) best = i;
  return best;
}

/** How far the matches of a section that are tried before one of them lie from the diagonal, all together. */
function distanceBefore(
  { used }: Path,
  section: readonly MatchGroup[],
  { at, start, first }: { readonly at: number; readonly start: number; readonly first: number },
): number {
  return section.reduce((sum, { starts, hypothesisLength }, i) => {
    return sum + freeDistance(starts, used, hypothesisLength, { from: at, end: i < first ? start + 1 : start });
  }, 0);
}

/** The path with a match more. */
function take(path: Path, match: Match, weights: readonly number[], distance: number, used: readonly number[]): Path {
  const weight = weights[match.module] ?? 0;
  return {
    hypothesisWeight: weightAfter(path.hypothesisWeight, match.hypothesisLength, weight),
    referenceWeight: weightAfter(path.referenceWeight, match.referenceLength, weight),
    chunks: path.chunks + (isBreak(path, match.hypothesisStart) ? 1 : 0),
    distance,
    next: match.referenceStart + match.referenceLength,
    runEnd: match.hypothesisStart + match.hypothesisLength,
    last: { match, before: path.last },
    used,
  };
}

/** METEOR adds to an integer, so that a single word that counts less than 1 counts nothing here. */
function weightAfter(before: number, words: number, weight: number): number {
  return Math.trunc(before + words * weight);
}

/** What a path weighs with one of a group's matches, on both sides together. */
function weightWith(path: Path, group: MatchGroup, weights: readonly number[]): number {
  const weight = weights[group.module] ?? 0;
  return (
    weightAfter(path.hypothesisWeight, group.hypothesisLength, weight) +
    weightAfter(path.referenceWeight, group.referenceLength, weight)
  );
}

/** Whether a match that starts there ends the path's run. */
function isBreak({ runEnd }: Path, hypothesisStart: number): boolean {
  return runEnd !== NO_RUN && runEnd !== hypothesisStart;
}

/** The path up to `next`, which ends its run. */
function skip(path: Path, distance: number, next: number): Path {
  return {
    hypothesisWeight: path.hypothesisWeight,
    referenceWeight: path.referenceWeight,
    chunks: path.runEnd === NO_RUN ? path.chunks : path.chunks + 1,
    distance,
    next,
    runEnd: NO_RUN,
    last: path.last,
    used: path.used,
  };
}

function taken(path: Path): Match[] {
  const matches: Match[] = [];
  for (let link = path.last; link !== undefined; link = link.before) matches.push(link.match);
  return matches.toReversed();
}

/** The best paths offered, best first; of equals the one offered first is better. */
interface Beam {
  readonly paths: readonly Path[];
  readonly offer: (path: Path) => void;
  /** Whether a path of such a weight, with so many chunks and such a distance, would be kept. */
  readonly isOpenTo: (weight: number, chunks: number, distance: number) => boolean;
}

function createBeam(): Beam {
  const paths: Path[] = [];
  const isOpenTo = (weight: number, chunks: number, distance: number): boolean =>
    paths.length < BEAM || isBetter(weight, chunks, distance, paths[BEAM - 1] as Path);
  return {
    paths,
    isOpenTo,
    offer: (path) => {
      const weight = weightOf(path);
      const { chunks, distance } = path;
      if (!isOpenTo(weight, chunks, distance)) return;
      let place = paths.length < BEAM ? paths.push(path) - 1 : BEAM - 1;
      while (place > 0 && isBetter(weight, chunks, distance, paths[place - 1] as Path)) {
        paths[place] = paths[place - 1] as Path;
        place--;
      }
      paths[place] = path;
    },
  };
}

function weightOf({ hypothesisWeight, referenceWeight }: Path): number {
  return hypothesisWeight + referenceWeight;
}

function isBetter(weight: number, chunks: number, distance: number, other: Path): boolean {
  const otherWeight = weightOf(other);
  if (weight !== otherWeight) return weight > otherWeight;
  if (chunks !== other.chunks) return chunks < other.chunks;
  return distance < other.distance;
}
