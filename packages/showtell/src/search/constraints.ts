// What a sentence must hold and must not hold, read id by id. Phrases are found as Knuth, Morris and Pratt (1977) find them, all at once.
// Knows no words and no search.
import { ShowtellError } from "../base/errors.ts";
import { requireWhole, type SearchTask } from "./task.ts";

/** What is asked of every sentence besides being likely. */
export interface Constraints {
  /** Phrases of ids that must appear, each as it stands; at most 20 ids together. */
  readonly must?: readonly (readonly number[])[];
  /** Phrases of ids that must not appear. */
  readonly avoid?: readonly (readonly number[])[];
  /** The ids that every sentence begins with. */
  readonly prefix?: readonly number[];
  /** Fewest words, the end not counted; default 0. */
  readonly minimumLength?: number;
  /** Most words, the end not counted; default: what the task allows. */
  readonly maximumLength?: number;
  /** What messages call a phrase; default: its ids. */
  readonly nameOf?: (phrase: readonly number[]) => string;
}

/** Most ids of all phrases that must appear, for a beam is kept for each number of them. */
const mostMust = 20;

/** How far a sentence has come with each phrase: how many of its ids the last words are, all of them for good once it has appeared. */
export type Progress = readonly number[];

/** Constraints, checked, as what reads a sentence. */
export interface ConstraintReader {
  readonly start: Progress;
  /** Ids of phrases: any other id leads away from all phrases, to the same progress. */
  readonly special: readonly number[];
  /** The progress after one more word; undefined if the word completes what must not appear. */
  read(progress: Progress, word: number): Progress | undefined;
  /** Ids of phrases that must appear which are there or begun, 0 … `most`: what hypotheses are compared by. */
  covered(progress: Progress): number;
  /** `covered` of a sentence that holds all that must appear, and of no other. */
  readonly most: number;
}

interface Phrase {
  readonly ids: readonly number[];
  readonly kind: "must" | "avoid";
  /** [i]: how many ids are still matched when the one after the first i + 1 turns out to be another. */
  readonly fallbacks: readonly number[];
}

/**
 * Checks constraints and makes their reader.
 * @throws ShowtellError `ARGUMENT` for ids or lengths out of range, an empty phrase, more than 20 ids that must appear, or a phrase to avoid that
 * lies in one that must appear or in the beginning.
 */
export function readerOf(constraints: Constraints, task: SearchTask): ConstraintReader {
  const { must = [], avoid = [], prefix = [], nameOf = (ids) => `[${ids.join()}]` } = constraints;
  for (const ids of [...must, ...avoid, prefix]) for (const id of ids) requireSayable(id, task);
  if ([...must, ...avoid].some((ids) => ids.length === 0)) {
    throw new ShowtellError("ARGUMENT", "a phrase that must or must not appear is empty");
  }
  for (const banned of avoid) {
    const where = [...must, prefix].find((ids) => contains(ids, banned));
    if (where === undefined) continue;
    throw new ShowtellError(
      "ARGUMENT",
      `${nameOf(banned)} must not appear, but is part of ${nameOf(where)}, which must`,
    );
  }
  // A phrase within another appears with it.
  const needed = must.filter((ids, i) => !must.some((other, j) => i !== j && covers(other, j, ids, i)));
  const most = needed.reduce((sum, ids) => sum + ids.length, 0);
  requireWhole("the number of words that must appear", most, 0, mostMust);
  const phrases = [...needed.map((ids) => phraseOf(ids, "must")), ...avoid.map((ids) => phraseOf(ids, "avoid"))];
  return {
    start: phrases.map(() => 0),
    special: [...new Set(phrases.flatMap(({ ids }) => ids))].sort((a, b) => a - b),
    read(progress, word) {
      const after = phrases.map((phrase, i) => matchedAfter(phrase, progress[i]!, word));
      const banned = phrases.some(({ kind, ids }, i) => kind === "avoid" && after[i] === ids.length);
      return banned ? undefined : after;
    },
    covered: (progress) => needed.reduce((sum, _, i) => sum + progress[i]!, 0),
    most,
  };
}

function requireSayable(id: number, { words, end, never }: SearchTask): void {
  requireWhole("an id of a constraint", id, 0, words - 1);
  if (id === end || never.includes(id)) {
    throw new ShowtellError("ARGUMENT", `a constraint has the id ${id}, which no sentence can hold`);
  }
}

function contains(ids: readonly number[], part: readonly number[]): boolean {
  return ids.some((_, start) => part.every((id, i) => ids[start + i] === id));
}

/** Whether a phrase makes another one superfluous; of equal ones the first stays. */
function covers(ids: readonly number[], place: number, part: readonly number[], partPlace: number): boolean {
  return contains(ids, part) && (ids.length > part.length || place < partPlace);
}

function phraseOf(ids: readonly number[], kind: Phrase["kind"]): Phrase {
  const fallbacks = [0];
  for (let i = 1; i < ids.length; i++) {
    let matched = fallbacks[i - 1]!;
    while (matched > 0 && ids[matched] !== ids[i]) matched = fallbacks[matched - 1]!;
    fallbacks.push(ids[matched] === ids[i] ? matched + 1 : 0);
  }
  return { ids, kind, fallbacks };
}

function matchedAfter({ ids, fallbacks }: Phrase, before: number, word: number): number {
  if (before === ids.length) return before;
  let matched = before;
  while (matched > 0 && ids[matched] !== word) matched = fallbacks[matched - 1]!;
  return ids[matched] === word ? matched + 1 : 0;
}
