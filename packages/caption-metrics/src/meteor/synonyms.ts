// Synonyms as METEOR sees them: words that share a WordNet synset, by themselves or by their base forms. Knows no file.
import { MetricsError } from "../errors.ts";

/** The synsets of words; two words are synonyms if they share one. */
export interface Synonyms {
  /** Numbers of the synsets of a lower-case word and of its base forms; empty if it is unknown. */
  readonly synsets: (word: string) => ReadonlySet<string>;
}

/** Texts of lines sorted by code unit, each a word and what belongs to it; a line break stands at both ends. */
export interface SynonymTexts {
  readonly synsets: string;
  readonly exceptions: string;
}

/** Endings of nouns, verbs and adjectives and what they stand for, in the order of WordNet's morphology. */
const ENDINGS: readonly (readonly [ending: string, replacement: string])[] = [
  ["s", ""],
  ["ses", "s"],
  ["xes", "x"],
  ["zes", "z"],
  ["ches", "ch"],
  ["shes", "sh"],
  ["men", "man"],
  ["ies", "y"],
  ["es", "e"],
  ["es", ""],
  ["ed", "e"],
  ["ed", ""],
  ["ing", "e"],
  ["ing", ""],
  ["er", ""],
  ["est", ""],
  ["er", "e"],
  ["est", "e"],
];

/**
 * Synonyms from texts (those of `caption-metrics/wordnet`, say), which are searched as they are: nothing is unpacked.
 * @throws MetricsError `DATA` if a text has no line break at both ends, though it has something between.
 */
export function createSynonyms(texts: SynonymTexts): Synonyms {
  for (const [name, text] of Object.entries(texts) as [keyof SynonymTexts, unknown][]) {
    if (typeof text === "string" && (text === "" || (text.startsWith("\n") && text.endsWith("\n")))) continue;
    throw new MetricsError(
      "DATA",
      `the text of ${name} does not begin and end with a line break: take it as it is packed`,
    );
  }
  const own = (word: string): readonly string[] | undefined => findLine(texts.synsets, word);

  /** Irregular forms first; else the first ending whose replacement makes a word. */
  function baseForms(word: string): readonly string[] {
    const irregular = findLine(texts.exceptions, word);
    if (irregular !== undefined) return irregular;
    if (word.length <= 2 || word.endsWith("ss")) return [];
    for (const [ending, replacement] of ENDINGS) {
      if (!word.endsWith(ending)) continue;
      const base = word.slice(0, -ending.length) + replacement;
      if (own(base) !== undefined) return [base];
    }
    return [];
  }

  return { synsets: (word) => new Set([word, ...baseForms(word)].flatMap((form) => own(form) ?? [])) };
}

/** What belongs to a word in a text of sorted lines, by bisection. */
function findLine(text: string, word: string): readonly string[] | undefined {
  let low = 0; // a line break before the first line that may be it
  let high = text.length - 1; // the line break behind the last one
  while (low < high) {
    let start = (low + high) >> 1;
    while (text.charCodeAt(start) !== LINE_FEED) start--;
    const order = compareAt(text, start + 1, word);
    if (order === 0)
      return text
        .slice(start + 1, text.indexOf("\n", start + 1))
        .split(" ")
        .slice(1);
    if (order < 0) low = text.indexOf("\n", start + 1);
    else high = start;
  }
  return undefined;
}

const LINE_FEED = 0x0a;
const BLANK = 0x20;

/** Whether the word that stands at a place, up to a blank or the line's end, comes before (below 0) or behind another one. */
function compareAt(text: string, start: number, word: string): number {
  for (let at = 0; ; at++) {
    const code = text.charCodeAt(start + at);
    const ends = code === BLANK || code === LINE_FEED;
    if (at === word.length) return ends ? 0 : 1;
    if (ends) return -1;
    const difference = code - word.charCodeAt(at);
    if (difference !== 0) return difference;
  }
}
