// A caption's PTB tokens: what the field's metrics count. Knows the line protocol and the removal list, not the rules.
// Follows Stanford CoreNLP 3.4.1 (`PTBTokenizer -preserveLines -lowerCase`) as the COCO caption evaluation calls it.
import { scan } from "./lexer.ts";

/** Tokens that the reference toolkit takes away; bracket names arrive lower-cased, so "-lrb-" and its kin stay. */
const REMOVED: ReadonlySet<string> = new Set("'' ' `` ` -LRB- -RRB- -LCB- -RCB- . ? ! , : - -- ... ;".split(" "));

/**
 * The tokens of one caption before punctuation is removed, lower-cased.
 *
 * Line breaks count as blanks. A token may hold U+00A0 ("1 1/2", telephone numbers). Takes time linear in the caption's length.
 */
export function ptbRawTokens(caption: string): string[] {
  const line = caption.replace(/[\n\r\v\f\u2028\u2029]/g, " ");
  // The lexer looks past a line's end, so that a caption's tokens depend on what follows: here always a line that starts small.
  return scan(`${line}\nx`, line.length);
}

/**
 * The tokens of one caption as the caption metrics count them: PTB tokens, lower-cased, without punctuation.
 *
 * @example
 * ptbTokens("A man can't climb the t-shirt's wall."); // ["a", "man", "ca", "n't", "climb", "the", "t-shirt", "'s", "wall"]
 */
export function ptbTokens(caption: string): string[] {
  return ptbRawTokens(caption).filter((token) => !REMOVED.has(token));
}
