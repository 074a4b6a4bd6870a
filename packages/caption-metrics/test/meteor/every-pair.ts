// METEOR's alignment by going through every pair of phrases, one by one: slow, and so short that it can be seen to be right.
import type { Match, Sections } from "../../src/meteor/matches.ts";
import { nextFree } from "../../src/meteor/places.ts";

interface Path {
  readonly rank: readonly [weight: number, chunks: number, distance: number];
  readonly weights: readonly [hypothesis: number, reference: number];
  readonly next: number;
  readonly runEnd: number;
  readonly matches: readonly Match[];
  readonly used: ReadonlySet<number>;
}

/** The pairs of a word of the reference, in the order in which they are tried. */
function pairsAt(sections: Sections, referenceStart: number): readonly Match[] {
  return sections.flatMap((section) => {
    const pairs = section.flatMap(({ module, hypothesisLength, referenceLength, starts }) => {
      const own: Match[] = [];
      for (let start = nextFree(starts, [], 1, 0); start < Infinity; start = nextFree(starts, [], 1, start + 1)) {
        own.push({ module, hypothesisStart: start, hypothesisLength, referenceStart, referenceLength });
      }
      return own;
    });
    return pairs.toSorted((a, b) => a.hypothesisStart - b.hypothesisStart);
  });
}

function wordsOf(start: number, length: number): readonly number[] {
  return Array.from({ length }, (_, i) => start + i);
}

/** The best alignment, as `align` finds it. */
export function alignEveryPair(
  sections: readonly Sections[],
  moduleWeights: readonly number[],
  hypothesisLength: number,
): { readonly matches: readonly Match[]; readonly chunks: number } {
  const pairs = sections.map(pairsAt);
  const all = pairs.flat();
  const claims = (
    word: number,
    start: "hypothesisStart" | "referenceStart",
    length: "hypothesisLength" | "referenceLength",
  ): number => all.filter((pair) => pair[start] <= word && word < pair[start] + pair[length]).length;
  const isOnly = Array.from(
    { length: hypothesisLength },
    (_, word) => claims(word, "hypothesisStart", "hypothesisLength") === 1,
  );
  const isOnlyTruth = sections.map((_, word) => claims(word, "referenceStart", "referenceLength") === 1);
  const isFixed = (pair: Match): boolean =>
    wordsOf(pair.hypothesisStart, pair.hypothesisLength).every((word) => isOnly[word]) &&
    wordsOf(pair.referenceStart, pair.referenceLength).every((word) => isOnlyTruth[word]);

  let paths: readonly Path[] = [
    { rank: [0, 0, 0], weights: [0, 0], next: 0, runEnd: -1, matches: [], used: new Set() },
  ];
  for (const [at, own] of pairs.entries())
    paths = best(paths.flatMap((path) => continued(path, at, own, isFixed, moduleWeights)));
  const [first] = best(paths.map((path) => skipped(path, path.rank[2], path.next)));
  return { matches: first!.matches, chunks: first!.rank[1] };
}

function continued(
  path: Path,
  at: number,
  pairs: readonly Match[],
  isFixed: (pair: Match) => boolean,
  moduleWeights: readonly number[],
): readonly Path[] {
  if (at < path.next) return [path];
  let distance = path.rank[2];
  const ways: Path[] = [];
  for (const pair of pairs) {
    const words = wordsOf(pair.hypothesisStart, pair.hypothesisLength);
    const own = Math.abs(at - pair.hypothesisStart);
    if (isFixed(pair)) return [taken(path, pair, distance + own, [], moduleWeights)];
    if (words.some((word) => path.used.has(word))) continue;
    ways.push(taken(path, pair, distance, words, moduleWeights));
    distance += own;
  }
  return [...ways, skipped(path, distance, at + 1)];
}

function taken(
  path: Path,
  pair: Match,
  distance: number,
  words: readonly number[],
  moduleWeights: readonly number[],
): Path {
  const weight = moduleWeights[pair.module]!;
  const hypothesis = Math.trunc(path.weights[0] + pair.hypothesisLength * weight);
  const reference = Math.trunc(path.weights[1] + pair.referenceLength * weight);
  const breaks = path.runEnd !== -1 && path.runEnd !== pair.hypothesisStart;
  return {
    rank: [hypothesis + reference, path.rank[1] + (breaks ? 1 : 0), distance],
    weights: [hypothesis, reference],
    next: pair.referenceStart + pair.referenceLength,
    runEnd: pair.hypothesisStart + pair.hypothesisLength,
    matches: [...path.matches, pair],
    used: new Set([...path.used, ...words]),
  };
}

function skipped(path: Path, distance: number, next: number): Path {
  const [weight, chunks] = path.rank;
  return { ...path, rank: [weight, chunks + (path.runEnd === -1 ? 0 : 1), distance], next, runEnd: -1 };
}

/** The best 40, of equals the first. */
function best(paths: readonly Path[]): readonly Path[] {
  return paths.toSorted(({ rank: a }, { rank: b }) => b[0] - a[0] || a[1] - b[1] || a[2] - b[2]).slice(0, 40);
}
