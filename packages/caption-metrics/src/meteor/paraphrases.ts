// The paraphrase table as METEOR needs it: an interface that whoever has a table fills. Knows no file; ships no table.

/** Phrases and which of them stand for which. */
export interface Paraphrases {
  /** Words of the longest phrase. */
  readonly longest: number;
  /** The number of a phrase (lower-case words, joined by one blank), or undefined if the table does not have it. */
  readonly find: (phrase: string) => number | undefined;
  /** Whether the table gives `to` as a paraphrase of `from`; the other direction is another entry. */
  readonly has: (from: number, to: number) => boolean;
}

/** Paraphrases from pairs of phrases, kept in memory: for tables that are small, or restricted to a vocabulary. */
export function createParaphrases(pairs: Iterable<readonly [string, string]>): Paraphrases {
  const numbers = new Map<string, number>();
  const partners: Set<number>[] = [];
  let longest = 0;

  function numberOf(phrase: string): number {
    const known = numbers.get(phrase);
    if (known !== undefined) return known;
    longest = Math.max(longest, phrase.split(" ").length);
    numbers.set(phrase, numbers.size);
    return partners.push(new Set()) - 1;
  }

  for (const [first, second] of pairs) partners[numberOf(first)]?.add(numberOf(second));
  return {
    longest,
    find: (phrase) => numbers.get(phrase),
    has: (from, to) => partners[from]?.has(to) === true,
  };
}
