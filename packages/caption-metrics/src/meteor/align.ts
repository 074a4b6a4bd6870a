// METEOR's alignment (Denkowski & Lavie 2014): which of the possible matches are taken, by beam search along the reference.
// Knows neither modules nor scores, only weights. Equal to METEOR 1.5 down to ties.
import type { Match } from "./matches.ts";

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
  /** Words of the hypothesis that disputed matches have taken, as bits of whole numbers. */
  readonly used: readonly number[];
}

const NO_RUN = -1;
/** Bits in a number of `Path.used`: as many as V8 keeps without a box. */
const BITS = 30;

/**
 * The best alignment: most weight, then fewest chunks, then shortest distance, then the one found first.
 *
 * `weights` are by module. `matches` are those of all modules, each module's in the order of the reference.
 */
export function align(
  matches: readonly Match[],
  weights: readonly number[],
  hypothesisLength: number,
  referenceLength: number,
): Alignment {
  const { fixed, open } = fixUndisputed(matches, hypothesisLength, referenceLength);
  const start: Path = {
    hypothesisWeight: 0,
    referenceWeight: 0,
    chunks: 0,
    distance: 0,
    next: 0,
    runEnd: NO_RUN,
    last: undefined,
    used: Array.from({ length: Math.ceil(hypothesisLength / BITS) }, () => 0),
  };
  let paths: readonly Path[] = [start];
  for (let at = 0; at < referenceLength; at++) {
    const beam = createBeam();
    for (const path of paths) extend(path, at, fixed[at], open[at] ?? NOTHING, weights, beam);
    paths = beam.paths;
  }
  const final = createBeam();
  for (const path of paths) final.offer(path.runEnd === NO_RUN ? path : skip(path, path.distance, path.next));
  const [best = start] = final.paths;
  return { matches: taken(best), chunks: best.chunks };
}

const NOTHING: readonly Match[] = [];

/** Matches that are the only ones for all their words need no search; the others, by their first word in the reference. */
function fixUndisputed(
  matches: readonly Match[],
  hypothesisLength: number,
  referenceLength: number,
): { readonly fixed: readonly (Match | undefined)[]; readonly open: readonly (readonly Match[])[] } {
  const hypothesisClaims = new Int32Array(hypothesisLength);
  const referenceClaims = new Int32Array(referenceLength);
  for (const match of matches) {
    claim(hypothesisClaims, match.hypothesisStart, match.hypothesisLength);
    claim(referenceClaims, match.referenceStart, match.referenceLength);
  }
  const fixed: (Match | undefined)[] = Array.from({ length: referenceLength });
  const open: Match[][] = Array.from({ length: referenceLength }, () => []);
  for (const match of matches) {
    const undisputed =
      claimedOnce(hypothesisClaims, match.hypothesisStart, match.hypothesisLength) &&
      claimedOnce(referenceClaims, match.referenceStart, match.referenceLength);
    if (undisputed) fixed[match.referenceStart] = match;
    else open[match.referenceStart]?.push(match);
  }
  return { fixed, open };
}

function claim(claims: Int32Array, start: number, length: number): void {
  for (let at = start; at < start + length; at++) claims[at] = (claims[at] as number) + 1;
}

function claimedOnce(claims: Int32Array, start: number, length: number): boolean {
  return claims.subarray(start, start + length).every((count) => count === 1);
}

/**
 * Offers every way in which a path can go on at a word of the reference.
 *
 * METEOR adds a match's distance to the path that it tries the match on, not to the path that takes it: so a match burdens
 * what is tried after it, the skipping of the word included, and not itself.
 */
function extend(
  path: Path,
  at: number,
  fixed: Match | undefined,
  open: readonly Match[],
  weights: readonly number[],
  beam: Beam,
): void {
  if (at < path.next) {
    beam.offer(path); // within a phrase that is matched
    return;
  }
  if (fixed !== undefined) {
    beam.offer(take(path, fixed, weights, path.distance + distanceOf(fixed), path.used));
    return;
  }
  let { distance } = path;
  for (const match of open) {
    if (isUsed(path.used, match)) continue;
    // With everything that it can gain it would be worse than the worst: not worth making.
    const gain = (match.hypothesisLength + match.referenceLength) * (weights[match.module] ?? 0);
    if (!beam.isClosedTo(path, gain)) {
      beam.offer(take(path, match, weights, distance, withUsed(path.used, match)));
    }
    distance += distanceOf(match);
  }
  beam.offer(skip(path, distance, at + 1));
}

function distanceOf(match: Match): number {
  return Math.abs(match.referenceStart - match.hypothesisStart);
}

/** The path with a match more. */
function take(path: Path, match: Match, weights: readonly number[], distance: number, used: readonly number[]): Path {
  const weight = weights[match.module] ?? 0;
  const breaks = path.runEnd !== NO_RUN && path.runEnd !== match.hypothesisStart;
  return {
    // METEOR adds to an integer, so that a single word that counts less than 1 counts nothing here.
    hypothesisWeight: Math.trunc(path.hypothesisWeight + match.hypothesisLength * weight),
    referenceWeight: Math.trunc(path.referenceWeight + match.referenceLength * weight),
    chunks: path.chunks + (breaks ? 1 : 0),
    distance,
    next: match.referenceStart + match.referenceLength,
    runEnd: match.hypothesisStart + match.hypothesisLength,
    last: { match, before: path.last },
    used,
  };
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

/** Whether a word of the hypothesis that a match needs is taken; in the reference paths only go forward. */
function isUsed(used: readonly number[], { hypothesisStart, hypothesisLength }: Match): boolean {
  for (let word = hypothesisStart; word < hypothesisStart + hypothesisLength; word++) {
    if (((used[Math.floor(word / BITS)] as number) >> (word % BITS)) & 1) return true;
  }
  return false;
}

function withUsed(used: readonly number[], { hypothesisStart, hypothesisLength }: Match): readonly number[] {
  const more = used.slice();
  for (let word = hypothesisStart; word < hypothesisStart + hypothesisLength; word++) {
    const index = Math.floor(word / BITS);
    more[index] = (more[index] as number) | (1 << (word % BITS));
  }
  return more;
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
  /** Whether a path that has at most so much more weight than this one would not be kept. */
  readonly isClosedTo: (path: Path, gain: number) => boolean;
}

function createBeam(): Beam {
  const paths: Path[] = [];
  return {
    paths,
    offer: (path) => {
      if (paths.length === BEAM && !isBetter(path, paths[BEAM - 1] as Path)) return;
      let place = paths.length < BEAM ? paths.push(path) - 1 : BEAM - 1;
      while (place > 0 && isBetter(path, paths[place - 1] as Path)) {
        paths[place] = paths[place - 1] as Path;
        place--;
      }
      paths[place] = path;
    },
    isClosedTo: (path, gain) => paths.length === BEAM && weightOf(path) + gain < weightOf(paths[BEAM - 1] as Path),
  };
}

function weightOf(path: Path): number {
  return path.hypothesisWeight + path.referenceWeight;
}

function isBetter(a: Path, b: Path): boolean {
  const weight = weightOf(a) - weightOf(b);
  if (weight !== 0) return weight > 0;
  if (a.chunks !== b.chunks) return a.chunks < b.chunks;
  return a.distance < b.distance;
}
