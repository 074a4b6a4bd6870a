// What JSON.parse lets pass: a key twice in one object, and nesting without end. Knows nothing of what the JSON is for.

const quote = 0x22;
const backslash = 0x5c;
const opening = new Set([0x7b, 0x5b]);
const closing = new Set([0x7d, 0x5d]);
const colon = 0x3a;
const blanks = new Set([0x20, 0x09, 0x0a, 0x0d]);

/** Index just after the string that starts at `start` (its opening quote); the text's length if it never ends. */
function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === backslash) i++;
    else if (code === quote) return i + 1;
  }
  return text.length;
}

function isKey(text: string, end: number): boolean {
  let i = end;
  while (blanks.has(text.charCodeAt(i))) i++;
  return text.charCodeAt(i) === colon;
}

/** What may be wrong with valid JSON, and where: a key that an object has twice, or too deep a nesting. */
export interface JsonFlaw {
  readonly kind: "key" | "depth";
  readonly text: string;
}

/**
 * What is wrong with a text that is valid JSON, or undefined. Text that is not JSON may give any answer, but is never a failure here.
 */
export function jsonFlaw(text: string, maximumDepth: number): JsonFlaw | undefined {
  const keysByLevel: Set<string>[] = [];
  for (let i = 0; i < text.length;) {
    const code = text.charCodeAt(i);
    if (code === quote) {
      const end = endOfString(text, i);
      const key = isKey(text, end) ? unescaped(text.slice(i, end)) : undefined;
      const keys = keysByLevel.at(-1);
      if (key !== undefined && keys?.has(key) === true)
        return { kind: "key", text: `the key ${JSON.stringify(key)} occurs twice` };
      if (key !== undefined) keys?.add(key);
      i = end;
      continue;
    }
    if (opening.has(code)) keysByLevel.push(new Set());
    else if (closing.has(code)) keysByLevel.pop();
    if (keysByLevel.length > maximumDepth)
      return { kind: "depth", text: `it is nested deeper than ${maximumDepth} levels` };
    i++;
  }
  return undefined;
}

/** The string that a JSON literal stands for: `"\u0061"` and `"a"` are the same key. */
function unescaped(literal: string): string {
  try {
    const text: unknown = JSON.parse(literal);
    return String(text);
  } catch {
    return literal;
  }
}
