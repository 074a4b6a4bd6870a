// Forms as bodies, and fields held against their schemas: what reading requests has in common. Knows no operation.
import type { z } from "zod";
import { ShowtellError, messageOf } from "../base/errors.ts";

/** The fields of a body. @throws ShowtellError `REQUEST_FORMAT` if it is no form. */
export async function parsedForm(body: Uint8Array<ArrayBuffer>, type: string): Promise<FormData> {
  try {
    return await new Response(body, { headers: { "content-type": type } }).formData();
  } catch (cause) {
    throw new ShowtellError("REQUEST_FORMAT", `the body is no form as multipart/form-data: ${messageOf(cause)}`, {
      cause,
    });
  }
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
  throw new ShowtellError("ARGUMENT", `${field}: ${issue!.message}`, { cause: parsed.error });
}
