// n-grams as integers: the one place where words are interned and n-grams counted. Knows no metric.
import { createPairTable } from "./pair-table.ts";

/** A caption as tokens, in order. */
export type Tokens = readonly string[];

/** The n-gram lengths that every n-gram metric of the field uses: 1 to 4. */
export const MAX_N = 4;

/** The id of the empty n-gram, of which every other one is an extension; ids of n-grams start behind it. */
const ROOT = 0;
/** What a look-up gives for an n-gram that was never added. */
export const UNKNOWN = -1;

/** Numbers of a caption's n-grams. A plain array: a typed one of this size costs more to make than to fill. */
export type Ngrams = readonly number[];

/** Numbers for n-grams: the same n-gram has the same number, 1 … `size`. */
export interface NgramTable {
  /** How many n-grams the table holds. */
  readonly size: () => number;
  /**
   * The numbers of all n-grams of a caption, n = 1 … 4, shorter ones first, each as often as it stands there.
   *
   * Those of length n stand from `ngramStart(words, n)` to `ngramStart(words, n + 1)`. New n-grams are added.
   */
  readonly add: (words: Tokens) => Ngrams;
  /** Like `add`, but adds nothing: n-grams that the table does not hold are `UNKNOWN`. */
  readonly find: (words: Tokens) => Ngrams;
  /** Forgets everything, and keeps the room. */
  readonly clear: () => void;
}

/**
 * An empty table. An n-gram is its first n − 1 words (a number again) and its last word, so that only words are kept as
 * strings.
 */
export function createNgramTable(slots?: number): NgramTable {
  const words = new Map<string, number>();
  const pairs = createPairTable(slots);

  function addWord(word: string): number {
    const known = words.get(word);
    if (known !== undefined) return known;
    words.set(word, words.size);
    return words.size - 1;
  }

  function findNgram(prefix: number, last: number): number {
    if (prefix === UNKNOWN || last === UNKNOWN) return UNKNOWN;
    return pairs.find(prefix, last) || UNKNOWN;
  }

  return {
    size: pairs.size,
    add: (caption) => chain(caption.map(addWord), pairs.add),
    find: (caption) =>
      chain(
        caption.map((word) => words.get(word) ?? UNKNOWN),
        findNgram,
      ),
    clear: () => {
      words.clear();
      pairs.clear();
    },
  };
}

/** Numbers of the n-grams with these word numbers: each is the one shorter by its last word, extended. */
function chain(lasts: readonly number[], extend: (prefix: number, last: number) => number): Ngrams {
  const ids: number[] = [];
  for (const last of lasts) ids.push(extend(ROOT, last));
  let shorter = 0;
  for (let n = 2; n <= MAX_N; n++) {
    const start = ids.length;
    const count = ngramCount(lasts, n);
    for (let first = 0; first < count; first++) {
      ids.push(extend(ids[shorter + first] as number, lasts[first + n - 1] as number));
    }
    shorter = start;
  }
  return ids;
}

/** How many n-grams of one length a caption has. */
export function ngramCount(words: { readonly length: number }, n: number): number {
  return Math.max(0, words.length - n + 1);
}

/** Where the n-grams of length `n` begin in what `NgramTable.add` gives. */
export function ngramStart(words: { readonly length: number }, n: number): number {
  let start = 0;
  for (let shorter = 1; shorter < n; shorter++) start += ngramCount(words, shorter);
  return start;
}

/**
 * The words that BLEU and CIDEr count: tokens split again at white space.
 *
 * A PTB token may hold a no-break space ("1 1/2"); the reference toolkit joins the tokens and splits at any white space.
 */
export function splitWords(tokens: Tokens): Tokens {
  return tokens.some(mayHaveWhiteSpace)
    ? tokens.flatMap((token) => token.split(WHITE_SPACE).filter((word) => word !== ""))
    : tokens;
}

/** Whether a token has a character that is not a visible one of ASCII: only such a token has to be looked at closely. */
function mayHaveWhiteSpace(token: string): boolean {
  for (let at = 0; at < token.length; at++) {
    const code = token.charCodeAt(at);
    if (code < 0x21 || code > 0x7e) return true;
  }
  return false;
}

/** White space about as Python's `str.split` sees it. */
const WHITE_SPACE = /[\s\u0085]+/;
