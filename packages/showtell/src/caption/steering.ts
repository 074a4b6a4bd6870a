// From what is asked of captions in words to constraints on ids. Knows vocabularies, but no search.
import { ptbTokens } from "caption-metrics";
import { ShowtellError, quoted } from "../base/errors.ts";
import type { Constraints } from "../search/constraints.ts";
import { requireWhole } from "../search/task.ts";
import { nearWords } from "../text/near-words.ts";
import { specialWords } from "../text/vocabulary.ts";
import type { Vocabulary } from "../text/vocabulary.ts";
import type { SteeringOptions } from "./caption-options.ts";

/**
 * The constraints that options ask for, with the ids of a vocabulary.
 * @param longest Most words that a caption of the model may have.
 * @throws ShowtellError `WORD_UNKNOWN` for a word that captions must have and the vocabulary does not, `ARGUMENT` for what has no word in it or for
 * lengths that no caption has.
 */
export function constraintsOf(options: SteeringOptions, vocabulary: Vocabulary, longest: number): Constraints {
  const { must = [], avoid = [], prefix, minLength, maxLength } = options;
  if (maxLength !== undefined) requireWhole("maxLength", maxLength, 1, longest);
  const most = maxLength ?? longest;
  if (minLength !== undefined) {
    if (maxLength !== undefined && minLength > maxLength)
      throw new ShowtellError("ARGUMENT", `minLength is ${minLength} and maxLength ${maxLength}: no caption has both`);
    requireWhole("minLength", minLength, 0, most);
  }
  const begun = prefix === undefined ? undefined : knownIds("prefix", tokensOf("prefix", prefix), vocabulary);
  if (begun !== undefined && begun.length > most) {
    const allowed = maxLength === undefined ? "the model's captions have" : "maxLength allows";
    throw new ShowtellError("ARGUMENT", `prefix has ${begun.length} words, and ${allowed} at most ${most}: shorten it`);
  }
  const phrases = (name: "must" | "avoid", texts: readonly string[]): readonly (readonly string[])[] => {
    if (Array.isArray(texts)) return texts.map((text) => tokensOf(name, text));
    throw new ShowtellError("ARGUMENT", `${name} is no list of words and phrases`);
  };
  const ids = (tokens: readonly string[]): readonly (number | undefined)[] =>
    tokens.map((token) => vocabulary.ids.get(token));
  return {
    must: phrases("must", must).map((tokens) => knownIds("must", tokens, vocabulary)),
    // A phrase with a word that the model does not know can't appear.
    avoid: phrases("avoid", avoid)
      .map(ids)
      .filter((known): known is readonly number[] => !known.includes(undefined)),
    ...(begun !== undefined && { prefix: begun }),
    ...(minLength !== undefined && { minimumLength: minLength }),
    ...(maxLength !== undefined && { maximumLength: maxLength }),
    nameOf: (phrase) => `"${phrase.map((id) => vocabulary.words[id]).join(" ")}"`,
  };
}

function tokensOf(name: keyof SteeringOptions, text: string): readonly string[] {
  const tokens = typeof text === "string" ? ptbTokens(text) : [];
  if (tokens.length > 0) return tokens;
  throw new ShowtellError("ARGUMENT", `${name} has ${JSON.stringify(text)}, in which there is no word`);
}

function knownIds(
  name: keyof SteeringOptions,
  tokens: readonly string[],
  { ids, words }: Vocabulary,
): readonly number[] {
  return tokens.map((token) => {
    const id = ids.get(token);
    if (id !== undefined) return id;
    const near = nearWords(token, words.slice(specialWords.length));
    const instead = near.length === 0 ? "" : `; near it are ${quoted(near)}`;
    throw new ShowtellError(
      "WORD_UNKNOWN",
      `${name} has the word "${token}", which the model does not know among its ${ids.size} words${instead}`,
    );
  });
}
