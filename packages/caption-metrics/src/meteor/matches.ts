// Which words and phrases of two sentences could stand for each other: METEOR's four modules. Knows no alignment.
import type { Paraphrases } from "./paraphrases.ts";
import type { Places } from "./places.ts";
import { placesAt } from "./places.ts";
import { stem } from "./stem.ts";
import type { Synonyms } from "./synonyms.ts";

/** The modules, in METEOR's order: the index of each is its stage in the statistics. */
export const MODULES = ["exact", "stem", "synonym", "paraphrase"] as const;

/** A phrase of the hypothesis that stands for a phrase of the reference. Places and lengths are in words. */
export interface Match {
  /** Index into `MODULES`. */
  readonly module: number;
  readonly hypothesisStart: number;
  readonly hypothesisLength: number;
  readonly referenceStart: number;
  readonly referenceLength: number;
}

/** All phrases of one length in the hypothesis that a module lets stand for one phrase of the reference, wherever that occurs. */
export interface MatchGroup {
  readonly module: number;
  readonly hypothesisLength: number;
  readonly referenceLength: number;
  /** Where they start in the hypothesis. */
  readonly starts: Places;
}

/**
 * Matches of the phrases that start at a word of the reference, in the order in which METEOR tries them: section by section; within one by
 * their start in the hypothesis, equal ones as their groups stand. Pairs are never listed, for long repetitive sentences have a great many.
 */
export type Sections = readonly (readonly MatchGroup[])[];

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
  /** By the reference's words, what could be matched there: exact words first, then by stem, synonym and paraphrase. */
  readonly find: (hypothesis: Sentence, reference: Sentence, options?: { readonly exactOnly?: boolean }) => Sections[];
}

/** A finder with some modules. */
export function matchFinder({ stem: useStems = true, synonyms, paraphrases }: Resources): MatchFinder {
  const known = new Map<string, Word>();
  const synsetNumbers = new Map<string, number>();
  /** By module; without synonyms no word has a synset. */
  const tests: readonly WordTest[] = [isEqual, useStems ? haveSameStem : isNever, shareSynset];

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
    find: (hypothesis, reference, { exactOnly = false } = {}) => {
      const byWord = wordSections(hypothesis, reference, exactOnly ? [isEqual] : tests);
      if (exactOnly || paraphrases === undefined) return byWord;
      const byPhrase = phraseSections(hypothesis, reference, paraphrases);
      return byWord.map((sections, at) => [...sections, ...(byPhrase[at] ?? [])]);
    },
  };
}

/** Whether a module lets two words stand for each other. */
type WordTest = (guess: Word, truth: Word) => boolean;

function isEqual(a: Word, b: Word): boolean {
  return a === b;
}

function isNever(): boolean {
  return false;
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

/** A section a module, for each word of the reference: looked up once for equal words. */
function wordSections(hypothesis: Sentence, { words: truths }: Sentence, tests: readonly WordTest[]): Sections[] {
  const places = placesOf(hypothesis.words, (word) => word);
  const known = new Map<Word, Sections>();
  return truths.map((truth) => {
    const before = known.get(truth);
    if (before !== undefined) return before;
    const sections: (readonly MatchGroup[])[] = [];
    for (const [module, test] of tests.entries()) {
      const starts = placesWhere(places, (guess) => test(guess, truth));
      if (starts.length > 0) sections.push([groupOf(module, 1, 1, starts, hypothesis.words.length)]);
    }
    known.set(truth, sections);
    return sections;
  });
}

/** The places of all words that a test holds for. */
function placesWhere(places: ReadonlyMap<Word, readonly number[]>, test: (word: Word) => boolean): readonly number[] {
  const found: number[] = [];
  for (const [word, own] of places) {
    if (!test(word)) continue;
    for (const place of own) found.push(place);
  }
  return found;
}

/** Where equal things stand, by their keys. */
function placesOf<Thing, Key>(things: readonly Thing[], keyOf: (thing: Thing) => Key): Map<Key, number[]> {
  const places = new Map<Key, number[]>();
  for (const [place, thing] of things.entries()) {
    const key = keyOf(thing);
    const known = places.get(key);
    if (known === undefined) places.set(key, [place]);
    else known.push(place);
  }
  return places;
}

function groupOf(
  module: number,
  hypothesisLength: number,
  referenceLength: number,
  starts: readonly number[],
  words: number,
): MatchGroup {
  return { module, hypothesisLength, referenceLength, starts: placesAt(starts, words) };
}

/** A phrase and where it stands. */
interface Phrase {
  readonly text: string;
  readonly number: number;
  readonly start: number;
  readonly length: number;
}

/**
 * For each word of the reference, first what the table gives for its phrases, in the table's (alphabetical) order, then what it gives for
 * those of the hypothesis. A pair that it has in both directions stands in both, so that neither is undisputed, as in METEOR.
 */
function phraseSections(hypothesis: Sentence, reference: Sentence, table: Paraphrases): (Sections | undefined)[] {
  const places = placesOf(hypothesis.phrases, ({ number }) => number);
  const guesses = Array.from(places.values(), (own) => {
    const phrases = own.map((at) => hypothesis.phrases[at] as Phrase);
    return { ...(phrases[0] as Phrase), starts: phrases.map(({ start }) => start) };
  });
  const alphabetical = guesses.toSorted((a, b) => (a.text < b.text ? -1 : 1));
  const byLength = guesses.toSorted((a, b) => a.length - b.length);
  const module = MODULES.indexOf("paraphrase");
  const group = (guess: (typeof guesses)[number], truth: Phrase): MatchGroup =>
    groupOf(module, guess.length, truth.length, guess.starts, hypothesis.words.length);

  const truths: Phrase[][] = [];
  for (const phrase of reference.phrases) (truths[phrase.start] ??= []).push(phrase);
  // The longest phrase at a word says which shorter ones begin it.
  const known = new Map<number, Sections>();
  return truths.map((own) => {
    const longest = (own.at(-1) as Phrase).number;
    const before = known.get(longest);
    if (before !== undefined) return before;
    const given = own.flatMap((truth) =>
      alphabetical.filter((guess) => table.has(truth.number, guess.number)).map((guess) => [group(guess, truth)]),
    );
    const giving = byLength.flatMap((guess) =>
      own.filter((truth) => table.has(guess.number, truth.number)).map((truth) => group(guess, truth)),
    );
    const sections = giving.length === 0 ? given : [...given, giving];
    known.set(longest, sections);
    return sections;
  });
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
