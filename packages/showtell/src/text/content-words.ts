// The words of a vocabulary that say what a picture shows: the frequent ones without those that only hold a sentence together.
import { specialWords } from "./vocabulary.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** English words that name nothing: articles and determiners, pronouns, conjunctions, prepositions, auxiliaries. */
const functionWords: ReadonlySet<string> = new Set(
  [
    "a an the this that these those some any all both each every another other others no",
    "he she it they him her them his hers its their we i you who which what whose himself herself itself themselves one",
    "and or but as while when where if than so not there then very",
    "of in on at to with by from for into onto over under up down out off through along near between behind around across",
    "past about above below against beside inside outside toward towards during after before upon among away",
    "is are was were be been being am has have had having do does did doing can could will would may might",
  ].flatMap((line) => line.split(" ")),
);

/**
 * The ids of the first words of a vocabulary, which is in order of frequency, that are no function words and have two letters or more.
 * @param limit At most so many.
 */
export function contentWords({ words }: Vocabulary, limit: number): readonly number[] {
  const ids: number[] = [];
  for (let id = specialWords.length; id < words.length && ids.length < limit; id++) {
    const word = words[id]!;
    if (!functionWords.has(word) && /^\p{L}[\p{L}\p{M}\p{N}-]*\p{L}$/u.test(word)) ids.push(id);
  }
  return ids;
}
