// Longest-match scanning of one line with the rule table, the way a generated lexer does it. Knows no rule.
import { RULES, SPLIT_WORDS } from "./rules.ts";

/**
 * What ordinary captions are made of: blanks, plain words before a blank, and full stops and commas that stand alone.
 * Only one rule can take each of these, so that the others need not be tried.
 */
const PLAIN = / *(?:([A-Za-z]+)(?=[ \n])|([.,])(?=\n| [A-Za-z]))| +/y;

interface Found {
  readonly length: number;
  readonly token: string | undefined;
}

/**
 * The tokens of `line` that begin before `end`, lower-cased.
 *
 * What lies beyond `end` is context only; `end` is where the line's only line break stands. Characters outside of the basic
 * plane part tokens, except inside of addresses.
 */
export function scan(line: string, end: number): string[] {
  // Rules see a stand-in of the same length, so that \p{L} finds no letter outside of the basic plane.
  const masked = !/[\uD800-\uDFFF]/.test(line)
    ? line
    : line.replace(/\p{Cs}|[\u{10000}-\u{10FFFF}]/gu, (character) => "\uFFFF".repeat(character.length));
  const tokens: string[] = [];
  let at = 0;
  while (at < end) {
    const { length, token } = plainMatch(line, at) ?? longestMatch(line, masked, at);
    if (token !== undefined) tokens.push(token.toLowerCase());
    at += length;
  }
  return tokens;
}

function plainMatch(line: string, at: number): Found | undefined {
  PLAIN.lastIndex = at;
  const match = PLAIN.exec(line);
  if (match === null) return undefined;
  const token = match[1] ?? match[2];
  return token !== undefined && SPLIT_WORDS.has(token.toLowerCase()) ? undefined : { length: match[0].length, token };
}

function longestMatch(line: string, masked: string, at: number): Found {
  let longest = 0;
  let found: Found = { length: 1, token: undefined };
  for (const { pattern, write } of RULES) {
    pattern.lastIndex = at;
    const match = pattern.exec(masked);
    if (match === null || match[0].length <= longest) continue;
    longest = match[0].length;
    const length = (match[1] ?? match[0]).length;
    found = { length, token: write(line.slice(at, at + length)) };
  }
  return found;
}
