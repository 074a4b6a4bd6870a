// The text of a JSON caption file held against a shape: what is wrong is named by its place in the file. Knows no data set.
import type { z } from "zod";
import { messageOf, ShowtellError } from "../base/errors.ts";

/** Parses JSON of a shape. @throws ShowtellError `DATA_FORMAT`, with file and place, if it is something else. */
export function parsedJson<Value>(text: string, file: string, schema: z.ZodType<Value>, expected: string): Value {
  let json: unknown;
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (cause) {
    throw new ShowtellError("DATA_FORMAT", `${file}: no JSON: ${messageOf(cause)}`, { cause });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw new ShowtellError("DATA_FORMAT", `${file}: ${placeOf(path)}: expected ${expected}; ${message}`);
}

/** `images[3].filename` */
function placeOf(path: readonly PropertyKey[]): string {
  const text = path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
  return text === "" ? "the file" : text.replace(/^\./, "");
}
