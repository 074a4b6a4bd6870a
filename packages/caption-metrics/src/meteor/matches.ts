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

/** A word, and what the modules compare of it: looked up once, however often it is met. */
interface Word {
  readonly text: string;
  readonly stem: string;
  /** Numbers of its synsets, ascending. */
  readonly synsets: readonly number[];
  /** Its number in the paraphrase table. */
  readonly paraphraseWord: number | undefined;
}

/** A sentence as the modules look at it. Equal words are the same object. */
export interface Sentence {
  readonly words: readonly Word[];
  readonly phrases: readonly Phrase[];
}

/** Finds matches, and remembers every word that it has seen. */
export interface MatchFinder {
  readonly prepare: (words: readonly string[]) => Sentence;
  /** The matches of a hypothesis and a reference: the exact ones first, then those by stem, synonym and paraphrase. */
  readonly find: (hypothesis: Sentence, reference: Sentence) => Match[];
}

/** A finder with some modules. */
export function matchFinder({ stem: useStems = true, synonyms, paraphrases }: Resources): MatchFinder {
  const known = new Map<string, Word>();
  const synsetNumbers = new Map<string, number>();

  function wordOf(text: string): Word {
    const found = known.get(text);
    if (found !== undefined) return found;
    const word: Word = {
      text,
      stem: useStems ? stem(text) : "",
      synsets: Array.from(synonyms?.synsets(text) ?? [], numberOf).sort((a, b) => a - b),
      paraphraseWord: paraphrases?.word(text),
    };
    known.set(text, word);
    return word;
  }

  function numberOf(synset: string): number {
    const number = synsetNumbers.get(synset) ?? synsetNumbers.size;
    synsetNumbers.set(synset, number);
    return number;
  }

  return {
    prepare: (texts) => {
      const words = texts.map(wordOf);
      return { words, phrases: paraphrases === undefined ? [] : knownPhrases(words, paraphrases) };
    },
    find: (hypothesis, reference) => {
      const found: Match[] = [];
      addWordMatches(found, hypothesis, reference, 0, (a, b) => a === b);
      if (useStems) addWordMatches(found, hypothesis, reference, 1, haveSameStem);
      if (synonyms !== undefined) addWordMatches(found, hypothesis, reference, 2, shareSynset);
      return paraphrases === undefined ? found : [...found, ...phraseMatches(hypothesis, reference, paraphrases)];
    },
  };
}

function haveSameStem(a: Word, b: Word): boolean {
  return a !== b && a.stem === b.stem;
}

function shareSynset(a: Word, b: Word): boolean {
  if (a === b) return false;
  let [i, j] = [0, 0];
  while (i < a.synsets.length && j < b.synsets.length) {
    const difference = (a.synsets[i] as number) - (b.synsets[j] as number);
    if (difference === 0) return true;
    if (difference < 0) i++;
    else j++;
  }
  return false;
}

/** Adds the pairs of words that a test holds for: in the reference's order, then the hypothesis'. */
function addWordMatches(
  matches: Match[],
  { words: guesses }: Sentence,
  { words: truths }: Sentence,
  module: number,
  test: (guess: Word, truth: Word) => boolean,
): void {
  for (let referenceStart = 0; referenceStart < truths.length; referenceStart++) {
    const truth = truths[referenceStart] as Word;
    for (let hypothesisStart = 0; hypothesisStart < guesses.length; hypothesisStart++) {
      if (!test(guesses[hypothesisStart] as Word, truth)) continue;
      matches.push({ module, hypothesisStart, hypothesisLength: 1, referenceStart, referenceLength: 1 });
    }
  }
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
function phraseMatches({ phrases: guesses }: Sentence, { phrases: truths }: Sentence, table: Paraphrases): Match[] {
  const alphabetical = guesses.toSorted((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : a.start - b.start));
  const matches: Match[] = [];
  for (const truth of truths) {
    for (const guess of alphabetical)
      if (table.has(truth.number, guess.number)) matches.push(phraseMatch(guess, truth));
  }
  for (const guess of guesses) {
    for (const truth of truths) if (table.has(guess.number, truth.number)) matches.push(phraseMatch(guess, truth));
  }
  return matches;
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
function knownPhrases(words: readonly Word[], table: Paraphrases): Phrase[] {
  const phrases: Phrase[] = [];
  for (let start = 0; start < words.length; start++) {
    let phrase = 0;
    let text = "";
    for (let end = start; end < words.length; end++) {
      const { paraphraseWord, text: last } = words[end] as Word;
      const longer = paraphraseWord === undefined ? undefined : table.extend(phrase, paraphraseWord);
      if (longer === undefined) break;
      phrase = longer;
      text = end === start ? last : `${text} ${last}`;
      phrases.push({ text, number: phrase, start, length: end + 1 - start });
    }
  }
  return phrases;
}
