// The best few of many continuations, without sorting them: a short sorted list that most candidates fail to enter. Knows only numbers.

/** The best continuations so far, best first; the first `size` places are filled. Ties go to the lower word, then the lower parent. */
export interface Selection {
  size: number;
  /** Log-probability of the whole hypothesis. */
  readonly totals: Float64Array;
  readonly words: Int32Array;
  readonly parents: Int32Array;
}

/** An empty selection with room for the best `capacity`. */
export function emptySelection(capacity: number): Selection {
  return {
    size: 0,
    totals: new Float64Array(capacity),
    words: new Int32Array(capacity),
    parents: new Int32Array(capacity),
  };
}

/**
 * Offers every continuation of one parent: `total + logProbabilities[offset + word]` for each word that `mask` (`[words]`, 1 = never)
 * allows. What is impossible (−infinity) or no number never enters.
 */
export function offerContinuations(
  selection: Selection,
  parent: number,
  total: number,
  logProbabilities: Float32Array,
  offset: number,
  mask: Uint8Array,
): void {
  let threshold = thresholdOf(selection);
  for (let word = 0; word < mask.length; word++) {
    const sum = total + logProbabilities[offset + word]!;
    // Negated, so that NaN is left out too; the mask is looked at last, because few come so far.
    if (!(sum >= threshold) || mask[word] === 1) continue;
    insert(selection, sum, word, parent);
    threshold = thresholdOf(selection);
  }
}

/** Offers one continuation of one parent: a word, and the log-probability of the hypothesis with it. */
export function offerContinuation(selection: Selection, parent: number, total: number, word: number): void {
  if (total >= thresholdOf(selection)) insert(selection, total, word, parent);
}

/** What a candidate must reach to be worth a closer look. */
function thresholdOf({ size, totals }: Selection): number {
  return size < totals.length ? -Number.MAX_VALUE : totals[size - 1]!;
}

function insert(selection: Selection, total: number, word: number, parent: number): void {
  const { totals, words, parents } = selection;
  let place = selection.size;
  while (place > 0 && precedes(selection, place - 1, total, word, parent)) place--;
  if (place === totals.length) return;
  if (selection.size < totals.length) selection.size++;
  for (let i = selection.size - 1; i > place; i--) {
    totals[i] = totals[i - 1]!;
    words[i] = words[i - 1]!;
    parents[i] = parents[i - 1]!;
  }
  totals[place] = total;
  words[place] = word;
  parents[place] = parent;
}

/** Whether a candidate comes before what stands at `place`. */
function precedes({ totals, words, parents }: Selection, place: number, total: number, word: number, parent: number) {
  if (total !== totals[place]) return total > totals[place]!;
  if (word !== words[place]) return word < words[place]!;
  return parent < parents[place]!;
}
