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
  /** The word of the hypothesis behind the last match, if the word before `next` is matched; else undefined. */
  readonly runEnd: number | undefined;
  /** The last match taken, and the path before it. */
  readonly last: { readonly match: Match; readonly before: Path["last"] } | undefined;
}

type Offer = (path: Path) => void;

const START: Path = {
  hypothesisWeight: 0,
  referenceWeight: 0,
  chunks: 0,
  distance: 0,
  next: 0,
  runEnd: undefined,
  last: undefined,
};

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
  let paths: readonly Path[] = [START];
  for (let at = 0; at < referenceLength; at++) {
    const beam = createBeam();
    for (const path of paths) extend(path, at, fixed[at], open[at] ?? [], weights, beam.offer);
    paths = beam.paths;
  }
  const final = createBeam();
  for (const path of paths) final.offer(endRun(path));
  const [best = START] = final.paths;
  return { matches: taken(best), chunks: best.chunks };
}

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
  offer: Offer,
): void {
  if (at < path.next) {
    offer(path); // within a phrase that is matched
    return;
  }
  if (fixed !== undefined) {
    offer({ ...take(path, fixed, weights), distance: path.distance + distanceOf(fixed) });
    return;
  }
  const used = open.length === 0 ? undefined : usedWords(path);
  let { distance } = path;
  for (const match of open) {
    if (used?.has(match)) continue;
    offer({ ...take(path, match, weights), distance });
    distance += distanceOf(match);
  }
  offer({ ...endRun(path), distance, next: at + 1 });
}

function distanceOf(match: Match): number {
  return Math.abs(match.referenceStart - match.hypothesisStart);
}

function take(path: Path, match: Match, weights: readonly number[]): Path {
  const weight = weights[match.module] ?? 0;
  const breaks = path.runEnd !== undefined && path.runEnd !== match.hypothesisStart;
  return {
    // METEOR adds to an integer, so that a single word that counts less than 1 counts nothing here.
    hypothesisWeight: Math.trunc(path.hypothesisWeight + match.hypothesisLength * weight),
    referenceWeight: Math.trunc(path.referenceWeight + match.referenceLength * weight),
    chunks: path.chunks + (breaks ? 1 : 0),
    distance: path.distance,
    next: match.referenceStart + match.referenceLength,
    runEnd: match.hypothesisStart + match.hypothesisLength,
    last: { match, before: path.last },
  };
}

function endRun(path: Path): Path {
  return path.runEnd === undefined ? path : { ...path, chunks: path.chunks + 1, runEnd: undefined };
}

/** Tells whether a match needs a word of the hypothesis that the path has used; in the reference paths only go forward. */
function usedWords(path: Path): { has(match: Match): boolean } {
  const used = new Set<number>();
  for (let link = path.last; link !== undefined; link = link.before) {
    for (let word = 0; word < link.match.hypothesisLength; word++) used.add(link.match.hypothesisStart + word);
  }
  return {
    has: ({ hypothesisStart, hypothesisLength }) => {
      for (let at = hypothesisStart; at < hypothesisStart + hypothesisLength; at++) if (used.has(at)) return true;
      return false;
    },
  };
}

function taken(path: Path): Match[] {
  const matches: Match[] = [];
  for (let link = path.last; link !== undefined; link = link.before) matches.push(link.match);
  return matches.toReversed();
}

/** The best paths offered, best first; of equals the one offered first is better. */
function createBeam(): { readonly paths: readonly Path[]; offer: Offer } {
  const paths: Path[] = [];
  return {
    paths,
    offer: (path) => {
      if (paths.length === BEAM && !isBetter(path, paths[BEAM - 1] as Path)) return;
      let place = paths.length;
      while (place > 0 && isBetter(path, paths[place - 1] as Path)) place--;
      paths.splice(place, 0, path);
      if (paths.length > BEAM) paths.pop();
    },
  };
}

function isBetter(a: Path, b: Path): boolean {
  const weight = a.hypothesisWeight + a.referenceWeight - b.hypothesisWeight - b.referenceWeight;
  if (weight !== 0) return weight > 0;
  if (a.chunks !== b.chunks) return a.chunks < b.chunks;
  return a.distance < b.distance;
}
