// A body that is JSON, refused by its shape before it is parsed: parsed, nesting and fields take time, and memory many times their bytes.
import { utf8Text } from "../base/bytes.ts";
import { ShowtellError, messageOf } from "../base/errors.ts";

/** Deepest nesting of a request, and most brackets, commas and colons of one outside texts: far more than there can be. */
const [deepest, mostMarks] = [8, 100_000];

const [quote, backslash] = [0x22, 0x5c];
const opening: ReadonlySet<number> = new Set(Buffer.from("{["));
const closing: ReadonlySet<number> = new Set(Buffer.from("}]"));
const separators: ReadonlySet<number> = new Set(Buffer.from(",:"));

/** What a body says. @throws ShowtellError `REQUEST_FORMAT` if it is no JSON, or nested deeper or of more fields and values than any request. */
export function parsedJson(body: Uint8Array): unknown {
  requireFewMarks(body);
  try {
    return JSON.parse(utf8Text(body));
  } catch (cause) {
    throw new ShowtellError("REQUEST_FORMAT", `the body is not JSON: ${messageOf(cause)}`, { cause });
  }
}

/** Where the text ends that begins at `start`. */
function endOfText(body: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < body.length && body[at] !== quote) at += body[at] === backslash ? 2 : 1;
  return at;
}

function requireFewMarks(body: Uint8Array): void {
  let [depth, marks] = [0, 0];
  for (let at = 0; at < body.length; at++) {
    const byte = body[at]!;
    if (byte === quote) at = endOfText(body, at);
    if (opening.has(byte)) depth++;
    else if (closing.has(byte)) depth--;
    else if (!separators.has(byte)) continue;
    if (depth > deepest)
      throw new ShowtellError("REQUEST_FORMAT", `the body is nested deeper than ${deepest} levels: no request is`);
    if (++marks > mostMarks)
      throw new ShowtellError("REQUEST_FORMAT", "the body has more fields and values than any request: leave some out");
  }
}
