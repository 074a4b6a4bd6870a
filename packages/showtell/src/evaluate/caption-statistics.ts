// Captions in numbers: how long they are, which words they use and which they miss, which sentences come again and again.
// Knows tokens, but no scores.

/** How often something is. */
export interface Counted {
  readonly text: string;
  readonly count: number;
}

/** Captions by their number of words, as shares; the last stands for all longer ones. */
export function lengthShares(captions: readonly (readonly string[])[], longest: number): readonly number[] {
  const counts = Array.from({ length: longest + 1 }, () => 0);
  for (const { length } of captions) counts[Math.min(length, longest)]!++;
  return counts.map((count) => count / captions.length);
}

/** Values by equal steps from 0, as shares; the last stands for all larger ones. */
export function valueShares(values: readonly number[], step: number, steps: number): readonly number[] {
  const counts = Array.from({ length: steps }, () => 0);
  for (const value of values) counts[Math.min(Math.floor(value / step), steps - 1)]!++;
  return counts.map((count) => count / values.length);
}

/** A word, and the shares of references and of captions that have it. */
export interface WordUse {
  readonly word: string;
  readonly references: number;
  readonly captions: number;
}

/** Words that hold sentences together and tell nothing of a picture. */
const functionWords: ReadonlySet<string> = new Set(
  (
    "a an the and or of in on at to with by for from is are was were be being been it its his her their he she they that this " +
    "there while as into onto over up down out off through near next other some who which 's has have as one"
  ).split(" "),
);

/** The words that tell of pictures most often in references, and how often captions have them. */
export function wordUses(
  references: readonly (readonly string[])[],
  captions: readonly (readonly string[])[],
  count: number,
): readonly WordUse[] {
  const [expected, said] = [captionsWith(references), captionsWith(captions)];
  return mostFrequent(expected, count + functionWords.size)
    .filter(({ text }) => !functionWords.has(text))
    .slice(0, count)
    .map(({ text, count: having }) => ({
      word: text,
      references: having / references.length,
      captions: (said.get(text) ?? 0) / captions.length,
    }));
}

/** In how many captions each word stands. */
function captionsWith(captions: readonly (readonly string[])[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const tokens of captions) for (const word of new Set(tokens)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

/** The sentences that stand there most often. */
export function frequentCaptions(captions: readonly string[], count: number): readonly Counted[] {
  const counts = new Map<string, number>();
  for (const caption of captions) counts.set(caption, (counts.get(caption) ?? 0) + 1);
  return mostFrequent(counts, count);
}

function mostFrequent(counts: ReadonlyMap<string, number>, count: number): readonly Counted[] {
  const sorted = [...counts].toSorted(([textA, a], [textB, b]) => b - a || (textA < textB ? -1 : 1));
  return sorted.slice(0, count).map(([text, own]) => ({ text, count: own }));
}
