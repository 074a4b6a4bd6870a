// A vocabulary: the words a captioner can say, and their ids. Takes tokens; knows nothing of how captions are split into them.
import { z } from "zod";
import { ShowtellError, messageOf } from "../base/errors.ts";

/** The words that are no words, by id: padding after a caption's end, its start, its end, and whatever is not in the vocabulary. */
export const specialWords = ["<pad>", "<start>", "<end>", "<unk>"] as const;
/** Id of `<pad>`. */
export const paddingId = 0;
/** Id of `<start>`. */
export const startId = 1;
/** Id of `<end>`. */
export const endId = 2;
/** Id of `<unk>`. */
export const unknownId = 3;

/** Ids that a captioner never says. */
export const neverSaid: readonly number[] = [paddingId, startId, unknownId];

/** Words and their ids. */
export interface Vocabulary {
  /** The word of each id; the first four are {@link specialWords}. */
  readonly words: readonly string[];
  /** The id of each real word; the special ones can't be looked up, so no caption can contain an end token. */
  readonly ids: ReadonlyMap<string, number>;
}

/** A vocabulary as plain data for a file: all words in the order of their ids, the special ones first. */
export interface VocabularyData {
  readonly words: readonly string[];
}

const isSpecial = (word: string): boolean => (specialWords as readonly string[]).includes(word);

/**
 * A vocabulary of real words, whose ids follow the special ones in the given order.
 * @throws ShowtellError `VOCABULARY` if a word stands there twice, is empty, or has a special word's name.
 */
export function createVocabulary(realWords: readonly string[]): Vocabulary {
  const ids = new Map<string, number>();
  for (const [i, word] of realWords.entries()) {
    const id = i + specialWords.length;
    const flaw = flawOf(word, ids);
    if (flaw !== undefined)
      throw new ShowtellError("VOCABULARY", `vocabulary: word ${id} (${JSON.stringify(word)}) ${flaw}`);
    ids.set(word, id);
  }
  return { words: [...specialWords, ...realWords], ids };
}

function flawOf(word: string, before: ReadonlyMap<string, number>): string | undefined {
  if (word === "") return "is empty";
  if (isSpecial(word)) return "has the name of a special word";
  const other = before.get(word);
  return other === undefined ? undefined : `is word ${other} already`;
}

/** Settings of {@link buildVocabulary}. */
export interface BuildVocabularyOptions {
  /** How often a word must occur to be taken; default 5. */
  readonly minimumCount?: number;
}

/**
 * The words of tokenised captions that occur often enough: most frequent first, ties in the order of their UTF-16 codes.
 * A token that has a special word's name is left out.
 * @throws ShowtellError `ARGUMENT` if `minimumCount` is no positive whole number.
 */
export function buildVocabulary(
  captions: Iterable<readonly string[]>,
  { minimumCount = 5 }: BuildVocabularyOptions = {},
): Vocabulary {
  if (!Number.isSafeInteger(minimumCount) || minimumCount < 1) {
    throw new ShowtellError("ARGUMENT", `the minimum count of a word must be 1 or more, got ${minimumCount}`);
  }
  const counted = [...countTokens(captions)].filter(([word, count]) => count >= minimumCount && !isSpecial(word));
  counted.sort(([wordA, countA], [wordB, countB]) => countB - countA || (wordA < wordB ? -1 : 1));
  return createVocabulary(counted.map(([word]) => word));
}

/** How often each token occurs in tokenised captions. */
function countTokens(captions: Iterable<readonly string[]>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const tokens of captions) for (const token of tokens) counts.set(token, (counts.get(token) ?? 0) + 1);
  return counts;
}

/** The ids of tokens, without start and end; `unknownId` for what the vocabulary does not have. */
export function encodeTokens(vocabulary: Vocabulary, tokens: readonly string[]): number[] {
  return tokens.map((token) => vocabulary.ids.get(token) ?? unknownId);
}

/**
 * The tokens of ids: up to the first end, without padding and start; an unknown word is `<unk>`.
 * @throws ShowtellError `VOCABULARY` if an id is not in the vocabulary.
 */
export function decodeIds(vocabulary: Vocabulary, ids: Iterable<number>): string[] {
  const tokens: string[] = [];
  for (const id of ids) {
    const word = vocabulary.words[id];
    if (word === undefined) {
      throw new ShowtellError("VOCABULARY", `id ${id} is not in the vocabulary of ${vocabulary.words.length} words`);
    }
    if (id === endId) break;
    if (id !== paddingId && id !== startId) tokens.push(word);
  }
  return tokens;
}

/** How much of tokenised captions a vocabulary does not have. */
export interface UnknownWords {
  readonly tokens: number;
  readonly unknown: number;
  /** `unknown / tokens`, 0 if there are no tokens. */
  readonly rate: number;
}

/** Counts the tokens of captions that are not in the vocabulary. */
export function countUnknown(vocabulary: Vocabulary, captions: Iterable<readonly string[]>): UnknownWords {
  let tokens = 0;
  let unknown = 0;
  for (const caption of captions) {
    tokens += caption.length;
    for (const token of caption) if (!vocabulary.ids.has(token)) unknown++;
  }
  return { tokens, unknown, rate: tokens === 0 ? 0 : unknown / tokens };
}

/** A vocabulary as plain data; {@link parseVocabulary} reads it. */
export function vocabularyData(vocabulary: Vocabulary): VocabularyData {
  return { words: vocabulary.words };
}

const dataSchema: z.ZodType<VocabularyData> = z.object({ words: z.array(z.string()) });

/**
 * The vocabulary in data that came from a file; `where` names the file in messages.
 * @throws ShowtellError `VOCABULARY` if it is no list of words, does not begin with the special ones, or a word is wrong.
 */
export function parseVocabulary(value: unknown, where = "vocabulary"): Vocabulary {
  const parsed = dataSchema.safeParse(value);
  if (!parsed.success) {
    throw new ShowtellError("VOCABULARY", `${where}: "words" must be a list of words`, { cause: parsed.error });
  }
  const { words } = parsed.data;
  for (const [id, special] of specialWords.entries()) {
    if (words[id] === special) continue;
    const found = JSON.stringify(words[id]) ?? "nothing";
    throw new ShowtellError("VOCABULARY", `${where}: word ${id} must be the special word "${special}", found ${found}`);
  }
  try {
    return createVocabulary(words.slice(specialWords.length));
  } catch (error) {
    throw new ShowtellError("VOCABULARY", `${where}: ${messageOf(error)}`, { cause: error });
  }
}
