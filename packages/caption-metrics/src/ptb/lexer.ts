// Longest-match scanning of one line with the rule table, the way a generated lexer does it. Knows no rule.
import { type Rule, rulesFor, SPLIT_WORDS } from "./rules.ts";

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
  let rules: readonly Rule[] | undefined;
  let at = 0;
  while (at < end) {
    const length = plainLength(line, at);
    if (length > 0) {
      if (line.charCodeAt(at) !== SPACE) tokens.push(line.slice(at, at + length).toLowerCase());
      at += length;
      continue;
    }
    rules ??= rulesFor(line);
    const found = longestMatch(line, masked, at, rules);
    if (found.token !== undefined) tokens.push(found.token.toLowerCase());
    at += found.length;
  }
  return tokens;
}

const SPACE = 0x20;
const LINE_FEED = 0x0a;
const FULL_STOP = 0x2e;
const COMMA = 0x2c;

/**
 * The length of what ordinary captions are made of: a blank, a plain word before a blank, a full stop or comma that stands alone; 0 for
 * anything else. Only one rule can take each of these, so that the others need not be tried.
 */
function plainLength(line: string, at: number): number {
  const code = line.charCodeAt(at);
  if (code === SPACE) return 1;
  if (code === FULL_STOP || code === COMMA) {
    const next = line.charCodeAt(at + 1);
    return next === LINE_FEED || (next === SPACE && isLetter(line.charCodeAt(at + 2))) ? 1 : 0;
  }
  let end = at;
  while (isLetter(line.charCodeAt(end))) end++;
  const next = line.charCodeAt(end);
  if (next !== SPACE && next !== LINE_FEED) return 0;
  return isSplit(line, at, end) ? 0 : end - at;
}

function isLetter(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a);
}

/** Whether a word is one of those that are two tokens, all of which have five or six letters. */
function isSplit(line: string, start: number, end: number): boolean {
  const length = end - start;
  return (length === 5 || length === 6) && SPLIT_WORDS.has(line.slice(start, end).toLowerCase());
}

function longestMatch(line: string, masked: string, at: number, rules: readonly Rule[]): Found {
  let longest = 0;
  let found: Found = { length: 1, token: undefined };
  for (const { pattern, write } of rules) {
    pattern.lastIndex = at;
    const match = pattern.exec(masked);
    if (match === null || match[0].length <= longest) continue;
    longest = match[0].length;
    const length = (match[1] ?? match[0]).length;
    found = { length, token: write(line.slice(at, at + length)) };
  }
  return found;
}
