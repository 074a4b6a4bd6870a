// The paraphrase table as METEOR searches it: phrases word by word, and which stand for which. Knows no file; ships no table.
import { MetricsError } from "../errors.ts";
import { createParaphrasePacker, type PackedParaphrases } from "./packed-paraphrases.ts";

/** Phrases and which of them stand for which. */
export interface Paraphrases {
  /** What the table is called in signatures; a table of one's own making need not have a name. */
  readonly name?: string | undefined;
  /** The number of a word (lower-case), or undefined if no phrase has it. */
  readonly word: (word: string) => number | undefined;
  /** The number of the phrase that is a phrase (0 is the empty one) and one word more; undefined if no phrase begins so. */
  readonly extend: (phrase: number, word: number) => number | undefined;
  /** Whether the table gives `to` as a paraphrase of `from`; the other direction is another entry. */
  readonly has: (from: number, to: number) => boolean;
}

/** Paraphrases from pairs of phrases: for tables that are small, or restricted to a vocabulary. */
export function createParaphrases(pairs: Iterable<readonly [string, string]>): Paraphrases {
  const packer = createParaphrasePacker();
  for (const [first, second] of pairs) packer.add(first, second);
  return openParaphrases(packer.finish());
}

/**
 * Paraphrases from arrays, which are searched by bisection as they are: nothing is unpacked but the list of words.
 *
 * @throws MetricsError `DATA` if the arrays do not fit each other.
 */
export function openParaphrases(packed: PackedParaphrases, name?: string): Paraphrases {
  checkSizes(packed);
  const { lastWords, firstChildren, firstPartners, partners } = packed;
  const words = packed.words.split("\n");

  return {
    name,
    word: (word) => {
      let [low, high] = [0, words.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((words[middle] as string) < word) low = middle + 1;
        else high = middle;
      }
      return words[low] === word ? low : undefined;
    },
    extend: (phrase, word) =>
      find(lastWords, firstChildren[phrase] as number, firstChildren[phrase + 1] as number, word),
    has: (from, to) =>
      find(partners, firstPartners[from] as number, firstPartners[from + 1] as number, to) !== undefined,
  };
}

/** Where a value stands in a sorted part of an array, or undefined. */
function find(values: Int32Array, start: number, end: number, value: number): number | undefined {
  let [low, high] = [start, end];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low < end && values[low] === value ? low : undefined;
}

function checkSizes({ lastWords, firstChildren, firstPartners, partners }: PackedParaphrases): void {
  const nodes = lastWords.length;
  const fits =
    firstChildren.length === nodes + 1 &&
    firstPartners.length === nodes + 1 &&
    firstChildren[nodes] === nodes &&
    firstPartners[nodes] === partners.length;
  if (!fits) {
    throw new MetricsError(
      "DATA",
      `the paraphrase table is damaged: its arrays do not fit ${nodes} phrases; pack it again`,
    );
  }
}
