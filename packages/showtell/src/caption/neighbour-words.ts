// What people said of the training pictures that look most like a picture, as a memory of its words: counts of up to four words in a row, in which
// the captions of a more similar picture count more. Finds no pictures and searches nothing.
import type { WordMemory } from "../search/fused.ts";
import { remembered } from "../search/fused.ts";
import { encodeTokens, endId, startId } from "../text/vocabulary.ts";
import type { Vocabulary } from "../text/vocabulary.ts";
import type { VotingPicture } from "./consensus.ts";
import { votesOf } from "./consensus.ts";

/** What followed some words: how often each did, weighted, and all of them together; and once it was asked for, how probable each is. */
interface Followers {
  total: number;
  readonly counts: Map<number, number>;
  probabilities?: ReadonlyMap<number, number>;
}

/**
 * What followed some words counts against what followed fewer of them as if these had been said so often; the most similar picture's captions
 * count 1 each.
 */
const doubt = 1;

const nothing: ReadonlyMap<number, number> = new Map();

/**
 * A memory of captions: n-grams with hierarchical Dirichlet smoothing (MacKay and Peto 1995, "A hierarchical Dirichlet language model"), from what
 * followed any word up to what followed the last three, the start of a caption being one. What the vocabulary does not know counts as its
 * unknown word.
 */
export function neighbourWords(pictures: readonly VotingPicture[], vocabulary: Vocabulary): WordMemory {
  const followers = new Map<string, Followers>();
  const votes = votesOf(pictures);
  for (const [i, { captions }] of pictures.entries()) {
    for (const tokens of captions) {
      countFollowers(followers, [startId, ...encodeTokens(vocabulary, tokens), endId], votes[i]!);
    }
  }
  const after = (words: readonly number[]): ReadonlyMap<number, number> => {
    const seen = followers.get(words.join());
    const fewer = (): ReadonlyMap<number, number> => (words.length === 0 ? nothing : after(words.slice(1)));
    return seen === undefined ? fewer() : (seen.probabilities ??= smoothed(seen, fewer()));
  };
  return { foretell: (said) => after(said.length < remembered ? [startId, ...said] : said) };
}

/** Counts a sentence's every word but its first as what followed none, one, two and three words before it. */
function countFollowers(followers: Map<string, Followers>, ids: readonly number[], votes: number): void {
  for (let next = 1; next < ids.length; next++) {
    for (let start = Math.max(0, next - remembered); start <= next; start++) {
      const key = ids.slice(start, next).join();
      const known = followers.get(key) ?? { total: 0, counts: new Map<number, number>() };
      followers.set(key, known);
      known.total += votes;
      known.counts.set(ids[next]!, (known.counts.get(ids[next]!) ?? 0) + votes);
    }
  }
}

/** Probabilities of what followed some words, in which those after fewer words, if there are any, have a share. */
function smoothed({ total, counts }: Followers, fewer: ReadonlyMap<number, number>): ReadonlyMap<number, number> {
  const prior = fewer.size === 0 ? 0 : doubt;
  const probabilities = new Map<number, number>();
  for (const [word, probability] of fewer) probabilities.set(word, (prior * probability) / (total + prior));
  for (const [word, times] of counts) {
    probabilities.set(word, (probabilities.get(word) ?? 0) + times / (total + prior));
  }
  return probabilities;
}
