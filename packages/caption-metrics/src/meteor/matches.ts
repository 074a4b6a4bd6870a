// Which words and phrases of two sentences could stand for each other: METEOR's four modules. Knows no alignment.
import type { Paraphrases } from "./paraphrases.ts";
import { stem } from "./stem.ts";
import type { Synonyms } from "./synonyms.ts";

/** The modules, in METEOR's order: the index of each is its stage in the statistics. */
export const MODULES = ["exact", "stem", "synonym", "paraphrase"] as const;

/** A phrase of the hypothesis that could stand for a phrase of the reference. Places and lengths are in words. */
export interface Match {
  /** Index into `MODULES`. */
  readonly module: number;
  readonly hypothesisStart: number;
  readonly hypothesisLength: number;
  readonly referenceStart: number;
  readonly referenceLength: number;
}

/** What the modules look words up in; without synonyms or paraphrases these modules find nothing. */
export interface Resources {
  /** Default true. */
  readonly stem?: boolean;
  readonly synonyms?: Synonyms;
  readonly paraphrases?: Paraphrases;
}

/** Gives the matches of a hypothesis and a reference, the exact ones first, then those by stem, synonym and paraphrase. */
export type FindMatches = (hypothesis: readonly string[], reference: readonly string[]) => Match[];

/** A finder of matches that remembers the stem and the synsets of every word that it has seen. */
export function matchFinder({ stem: useStems = true, synonyms, paraphrases }: Resources): FindMatches {
  const stemOf = remembered(stem);
  const synsetsOf = remembered((word) => synonyms?.synsets(word) ?? NONE);
  return (hypothesis, reference) => {
    let found = wordMatches(hypothesis, reference, 0, (i, j) => hypothesis[i] === reference[j]);
    if (useStems) {
      const [guesses, truths] = [hypothesis.map(stemOf), reference.map(stemOf)];
      found = found.concat(
        wordMatches(hypothesis, reference, 1, (i, j) => guesses[i] === truths[j] && hypothesis[i] !== reference[j]),
      );
    }
    if (synonyms !== undefined) {
      const [guesses, truths] = [hypothesis.map(synsetsOf), reference.map(synsetsOf)];
      const shared = (i: number, j: number): boolean => !disjoint(guesses[i] ?? NONE, truths[j] ?? NONE);
      found = found.concat(
        wordMatches(hypothesis, reference, 2, (i, j) => hypothesis[i] !== reference[j] && shared(i, j)),
      );
    }
    return paraphrases === undefined ? found : [...found, ...phraseMatches(hypothesis, reference, paraphrases)];
  };
}

const NONE: ReadonlySet<string> = new Set();

function remembered<Value>(compute: (word: string) => Value): (word: string) => Value {
  const known = new Map<string, Value>();
  return (word) => {
    const value = known.get(word) ?? compute(word);
    known.set(word, value);
    return value;
  };
}

function disjoint(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  const [smaller, larger] = a.size < b.size ? [a, b] : [b, a];
  for (const value of smaller) if (larger.has(value)) return false;
  return true;
}

/** The pairs of words, by place, that a test holds for: the reference's order, then the hypothesis'. */
function wordMatches(
  hypothesis: readonly string[],
  reference: readonly string[],
  module: number,
  test: (hypothesisPlace: number, referencePlace: number) => boolean,
): Match[] {
  const matches: Match[] = [];
  for (let referenceStart = 0; referenceStart < reference.length; referenceStart++) {
    for (let hypothesisStart = 0; hypothesisStart < hypothesis.length; hypothesisStart++) {
      if (!test(hypothesisStart, referenceStart)) continue;
      matches.push({ module, hypothesisStart, hypothesisLength: 1, referenceStart, referenceLength: 1 });
    }
  }
  return matches;
}

/** A phrase and where it stands. */
interface Phrase {
  readonly text: string;
  readonly number: number;
  readonly start: number;
  readonly length: number;
}

/**
 * First what the table gives for the reference's phrases, in the table's (alphabetical) order, then what it gives for those
 * of the hypothesis. A pair that it has in both directions is two matches, so that neither is undisputed, as in METEOR.
 */
function phraseMatches(hypothesis: readonly string[], reference: readonly string[], table: Paraphrases): Match[] {
  const guesses = knownPhrases(hypothesis, table);
  const truths = knownPhrases(reference, table);
  const alphabetical = guesses.toSorted((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : a.start - b.start));
  return [
    ...pairs(truths, alphabetical)
      .filter(([truth, guess]) => table.has(truth.number, guess.number))
      .map(([truth, guess]) => phraseMatch(guess, truth)),
    ...pairs(guesses, truths)
      .filter(([guess, truth]) => table.has(guess.number, truth.number))
      .map(([guess, truth]) => phraseMatch(guess, truth)),
  ];
}

function pairs(outer: readonly Phrase[], inner: readonly Phrase[]): (readonly [Phrase, Phrase])[] {
  return outer.flatMap((first) => inner.map((second) => [first, second] as const));
}

function phraseMatch(guess: Phrase, truth: Phrase): Match {
  return {
    module: MODULES.indexOf("paraphrase"),
    hypothesisStart: guess.start,
    hypothesisLength: guess.length,
    referenceStart: truth.start,
    referenceLength: truth.length,
  };
}

/** The phrases in a sentence that the table has, or has the beginning of, by their start and then their length. */
function knownPhrases(words: readonly string[], table: Paraphrases): Phrase[] {
  const numbers = words.map(table.word);
  const phrases: Phrase[] = [];
  for (let start = 0; start < words.length; start++) {
    let phrase = 0;
    for (let end = start; end < words.length; end++) {
      const word = numbers[end];
      const longer = word === undefined ? undefined : table.extend(phrase, word);
      if (longer === undefined) break;
      phrase = longer;
      phrases.push({ text: words.slice(start, end + 1).join(" "), number: phrase, start, length: end + 1 - start });
    }
  }
  return phrases;
}
