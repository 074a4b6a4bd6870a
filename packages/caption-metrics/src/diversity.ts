// What captions are like among themselves: distinct n-grams, vocabulary, length, novelty, and the spread of an n-best list.
// Knows no reference captions.
import { ciderScorer } from "./cider-d.ts";
import type { DocumentFrequencies } from "./document-frequencies.ts";
import { MetricsError } from "./errors.ts";
import { type Hypotheses, mean } from "./inputs.ts";
import { createNgramTable, ngramCount, ngramStart, splitWords, type Tokens } from "./ngrams.ts";

/** How varied captions are. */
export interface Diversity {
  /** Different words ÷ words, over all captions (Li et al. 2016). Falls with their number: compare equal numbers only. */
  readonly distinct1: number;
  /** Different pairs of neighbouring words ÷ such pairs. */
  readonly distinct2: number;
  /** How many different words the captions use. */
  readonly vocabulary: number;
  /** Words a caption. */
  readonly meanLength: number;
}

/**
 * Distinct-1 and distinct-2, vocabulary and mean length of captions; a ratio of nothing is 0.
 *
 * @throws MetricsError `EMPTY` without captions.
 */
export function diversity(captions: Hypotheses): Diversity {
  const counter = createDiversityCounter();
  for (const caption of captions) counter.add(caption);
  return counter.finish();
}

/** Counts for {@link Diversity}, caption by caption. */
export interface DiversityCounter {
  add(caption: Tokens): void;
  /** The diversity of all captions so far. Throws MetricsError `EMPTY` without any. */
  finish(): Diversity;
}

/** A counter for captions that arrive one at a time. Memory grows with the different words and pairs, not with the captions. */
export function createDiversityCounter(): DiversityCounter {
  const table = createNgramTable();
  const seen = [new Set<number>(), new Set<number>()] as const;
  const totals: [number, number] = [0, 0]; // n-grams, by n - 1
  let captions = 0;
  return {
    add(caption) {
      const words = splitWords(caption);
      const ngrams = table.add(words);
      captions++;
      totals[0] += words.length;
      totals[1] += ngramCount(words, 2);
      const ends = [ngramStart(words, 2), ngramStart(words, 3)] as const;
      for (const ngram of ngrams.slice(0, ends[0])) seen[0].add(ngram);
      for (const ngram of ngrams.slice(ends[0], ends[1])) seen[1].add(ngram);
    },
    finish() {
      if (captions === 0) throw new MetricsError("EMPTY", "there is no caption: give at least one");
      return {
        distinct1: totals[0] === 0 ? 0 : seen[0].size / totals[0],
        distinct2: totals[1] === 0 ? 0 : seen[1].size / totals[1],
        vocabulary: seen[0].size,
        meanLength: totals[0] / captions,
      };
    },
  };
}

/**
 * Novelty: the share of captions that do not stand in the training set, token for token; `copied` is the share that do.
 *
 * @throws MetricsError `EMPTY` without captions.
 */
export function novelty(
  captions: Hypotheses,
  training: Iterable<readonly string[]>,
): { readonly novel: number; readonly copied: number } {
  if (captions.length === 0) throw new MetricsError("EMPTY", "there is no caption: give at least one");
  const known = new Set<string>();
  for (const caption of training) known.add(caption.join(" "));
  const copied = captions.filter((caption) => known.has(caption.join(" "))).length / captions.length;
  return { novel: 1 - copied, copied };
}

/**
 * Self-CIDEr (Wang & Chan 2019): how varied several captions of one image are, from 0 (all the same) to 1 (nothing shared).
 *
 * −log(√λ₁ / Σ√λ) / log m over the eigenvalues of the matrix of the captions' CIDEr similarities, m captions: the roots are what singular
 * values of the captions' own vectors would be. Here the similarity is CIDEr-D, made symmetric by averaging, with the frequencies of the
 * references, as a share of what both have with themselves (10 from four words on); a single caption gives 0.
 *
 * @throws MetricsError `EMPTY` without captions.
 */
export function selfCider(captions: Hypotheses, frequencies: DocumentFrequencies): number {
  if (captions.length === 0) throw new MetricsError("EMPTY", "there is no caption: give at least one");
  const count = captions.length;
  if (count === 1) return 0;
  const scorer = ciderScorer(
    captions.map((caption) => [caption]),
    { frequencies },
  );
  const score = (a: number, b: number): number => scorer.score(a, captions[b] ?? []);
  // Of fewer than four words, a caption has less than 10 with itself: held against that, captions that are the same have 1.
  const own = captions.map((_, a) => Math.sqrt(score(a, a)));
  const texts = captions.map((caption) => caption.join(" "));
  const similarity = captions.map((_, a) =>
    captions.map((__, b) => {
      // Said first, since words that stand in every reference weigh nothing, not even against themselves.
      if (texts[a] === texts[b]) return 1;
      return own[a]! * own[b]! && (score(a, b) + score(b, a)) / (2 * own[a]! * own[b]!);
    }),
  );
  // CIDEr-D is no true kernel, so that an eigenvalue may lie below 0: its magnitude is the singular value that the authors' program takes.
  // One below 1e-12 is 0 but for rounding, which its root would magnify.
  const values = eigenvalues(similarity).map((value) => Math.abs(value));
  const roots = values.map((value) => (value < 1e-12 ? 0 : Math.sqrt(value)));
  const share = Math.max(...roots) / roots.reduce((sum, root) => sum + root, 0);
  return Math.min(1, Math.max(0, -Math.log(share) / Math.log(count)));
}

/** The eigenvalues of a symmetric matrix, by Jacobi's rotations (1846): each makes one element off the diagonal 0, until all are. */
function eigenvalues(matrix: readonly (readonly number[])[]): readonly number[] {
  const a = matrix.map((row) => [...row]);
  const places = [...a.keys()];
  const rotate = (p: number, q: number): void => {
    const theta = (a[q]![q]! - a[p]![p]!) / (2 * a[p]![q]!);
    const tangent = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
    const cosine = 1 / Math.hypot(tangent, 1);
    const sine = tangent * cosine;
    for (const k of places) {
      const [kp, kq] = [a[k]![p]!, a[k]![q]!];
      a[k]![p] = cosine * kp - sine * kq;
      a[k]![q] = sine * kp + cosine * kq;
    }
    const [rowP, rowQ] = [[...a[p]!], [...a[q]!]];
    for (const k of places) {
      a[p]![k] = cosine * rowP[k]! - sine * rowQ[k]!;
      a[q]![k] = sine * rowP[k]! + cosine * rowQ[k]!;
    }
  };
  const pairs = places.flatMap((p) => places.slice(p + 1).map((q) => [p, q] as const));
  for (let sweep = 0; sweep < 50 && pairs.some(([p, q]) => Math.abs(a[p]![q]!) > 1e-12); sweep++) {
    for (const [p, q] of pairs) if (a[p]![q]! !== 0) rotate(p, q);
  }
  return places.map((place) => a[place]![place]!);
}

/** The mean of {@link selfCider} over images. */
export function meanSelfCider(lists: readonly Hypotheses[], frequencies: DocumentFrequencies): number {
  if (lists.length === 0) throw new MetricsError("EMPTY", "there is no image: give at least one list of captions");
  return mean(lists.map((captions) => selfCider(captions, frequencies)));
}
