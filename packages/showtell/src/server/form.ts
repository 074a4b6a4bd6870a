// Forms as bodies, and fields held against their schemas: what reading requests has in common. Knows no operation.
import type { z } from "zod";
import { ShowtellError, messageOf } from "../base/errors.ts";

/** Most fields of a form besides its pictures: more than any operation has, with what may be repeated. */
const mostFields = 100;

/** Characters of what is wrong with a field that are repeated: its name is the client's. */
const longestMessage = 500;

/** The boundary that a form's type names: RFC 2046's characters, but for spaces. */
const boundaryPattern = /;\s*boundary="?([\w'()+,./:=?-]+)/i;

/**
 * The fields of a body.
 * @throws ShowtellError `REQUEST_FORMAT` if it is no form; `REQUEST_TOO_LARGE` if it has more parts than pictures and other fields may be.
 */
export async function parsedForm(body: Uint8Array<ArrayBuffer>, type: string, maxPictures: number): Promise<FormData> {
  const [, boundary] = boundaryPattern.exec(type) ?? [];
  if (boundary === undefined) {
    const message = `the form's type "${type.slice(0, 100)}" names no boundary: let what writes the form write the header, too`;
    throw new ShowtellError("REQUEST_FORMAT", message);
  }
  requireFewParts(body, `--${boundary}`, maxPictures + mostFields);
  try {
    // By the very boundary that was counted, however the type may be understood.
    const headers = { "content-type": `multipart/form-data; boundary="${boundary}"` };
    return await new Response(body, { headers }).formData();
  } catch (cause) {
    throw new ShowtellError("REQUEST_FORMAT", `the body is no form as multipart/form-data: ${messageOf(cause)}`, {
      cause,
    });
  }
}

/** Refuses a form by its boundaries: parsed, each part would take time, and memory many times its bytes. */
function requireFewParts(body: Uint8Array<ArrayBuffer>, boundary: string, most: number): void {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
  // The last boundary ends the form.
  let parts = -1;
  for (let at = bytes.indexOf(boundary); at !== -1; at = bytes.indexOf(boundary, at + boundary.length)) {
    if (++parts <= most) continue;
    throw new ShowtellError("REQUEST_TOO_LARGE", `the form has more than ${most} parts: send fewer fields or pictures`);
  }
}

/** All values of each field, in one pass: `getAll` would go through all fields for each name. */
export function valuesOf(fields: FormData | URLSearchParams): ReadonlyMap<string, readonly unknown[]> {
  const all = new Map<string, unknown[]>();
  for (const [name, value] of fields) {
    const values = all.get(name);
    if (values === undefined) all.set(name, [value]);
    else values.push(value);
  }
  return all;
}

/** The value of a field. @throws ShowtellError `ARGUMENT` if it has several. */
export function onlyValue(name: string, values: readonly unknown[]): unknown {
  if (values.length === 1) return values[0];
  throw new ShowtellError("ARGUMENT", `the field "${name}" is given ${values.length} times: give it once`);
}

/**
 * A value as its schema has it.
 * @param where What messages call the whole of it.
 * @throws ShowtellError `ARGUMENT` naming the field.
 */
export function checked<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue!.path.length === 0 ? where : `field "${issue!.path.join(".")}" of ${where}`;
  const message = `${field}: ${issue!.message}`;
  const short = message.length > longestMessage ? `${message.slice(0, longestMessage)}…` : message;
  throw new ShowtellError("ARGUMENT", short, { cause: parsed.error });
}
