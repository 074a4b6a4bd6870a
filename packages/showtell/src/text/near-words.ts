// Words that are spelt like another: what a message offers for a word that is not known. Knows only letters.

/**
 * The words nearest in spelling, nearest first and of equal ones the earlier: those that differ in at most half of the letters.
 * @param count Most words given; default 3.
 */
export function nearWords(word: string, words: Iterable<string>, count = 3): string[] {
  const limit = Math.ceil(word.length / 2);
  return [...words]
    .map((known) => ({ known, distance: editDistance(word, known) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, count)
    .map(({ known }) => known);
}

/** Letters to be inserted, taken out or replaced to make one word another (Levenshtein 1966). */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, replaced));
    }
    row = next;
  }
  return row[to.length]!;
}
