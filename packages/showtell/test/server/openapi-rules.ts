// Whether a document is OpenAPI, by the schema that OpenAPI publishes for itself.
import { Validator } from "@seriousme/openapi-schema-validator";

/** What is wrong with a document. */
export async function validate(document: object): Promise<readonly unknown[]> {
  const { valid, errors } = await new Validator().validate(structuredClone(document) as Record<string, unknown>);
  if (valid) return [];
  return Array.isArray(errors) ? errors : [errors];
}
