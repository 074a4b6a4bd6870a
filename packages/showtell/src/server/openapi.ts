// The OpenAPI 3.1 document of the service, made of the operations' table and the schemas that validate. Serves nothing.
import { z } from "zod";
import { errorCodes } from "../base/errors.ts";
import type { ErrorCode } from "../base/errors.ts";
import { version } from "../node/version.ts";
import { operations } from "./operations.ts";
import type { Operation } from "./operations.ts";
import { statusOf } from "./refusal.ts";
import { namedSchemas, refusal } from "./schemas.ts";

/** A JSON schema. */
export type JsonSchema = Readonly<Record<string, unknown>>;

interface Content {
  readonly schema?: JsonSchema;
}

/** An operation as OpenAPI describes it, as far as it is used here. */
export interface OperationObject {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: "query" | "path";
    readonly required: boolean;
    readonly schema: JsonSchema;
  }[];
  readonly requestBody?: { readonly required: true; readonly content: Readonly<Record<string, Content>> };
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content: Readonly<Record<string, Content>> }>
  >;
}

/** The document, as far as it is used here. */
export interface OpenApiDocument {
  readonly openapi: "3.1.0";
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly paths: Readonly<Record<string, Readonly<Partial<Record<Operation["method"], OperationObject>>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly securitySchemes: JsonSchema;
  };
}

/** Codes that any request may be refused with. */
const anywhere: readonly ErrorCode[] = ["ORIGIN", "INTERNAL"];

/** The service's own token, and those of raters. */
const securitySchemes: JsonSchema = {
  token: { type: "http", scheme: "bearer" },
  rater: { type: "http", scheme: "bearer", description: "The part of a rater's link behind the #." },
};

const schemasPath = "#/components/schemas/";

/** The document. */
export function openApiDocument(): OpenApiDocument {
  const paths: Record<string, Partial<Record<Operation["method"], OperationObject>>> = {};
  for (const [id, operation] of Object.entries(operations)) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: operationObject(id, operation) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "showtell",
      version,
      description:
        "Captions pictures. Nothing that is sent here is sent on, and only feedback and raters' answers are kept.",
    },
    paths,
    components: { schemas: componentSchemas(), securitySchemes },
  };
}

function componentSchemas(): Record<string, JsonSchema> {
  const { schemas } = z.toJSONSchema(namedSchemas, { io: "input", uri: (id) => schemasPath + id });
  return Object.fromEntries(
    // What they are called and in which dialect they are written, OpenAPI says already.
    Object.entries(schemas).map(([id, { $schema: _dialect, $id: _id, ...schema }]) => [id, schema as JsonSchema]),
  );
}

function operationObject(operationId: string, operation: Operation): OperationObject {
  const { path, summary, description, guarded, forRaters = false, query, body, answer, refusals } = operation;
  const parameters = [...pathParameters(path), ...(query ? parametersOf(query) : [])];
  const codes = [...refusals, ...(guarded || forRaters ? (["UNAUTHORISED"] as const) : []), ...anywhere];
  return {
    operationId,
    summary,
    ...(description !== undefined && { description }),
    ...(guarded && { security: [{}, { token: [] }] }),
    ...(forRaters && { security: [{ rater: [] }] }),
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: { required: true, content: contentOf(body) } }),
    responses: { 200: { description: "All is well.", content: contentOf(answer) }, ...refusalResponses(codes) },
  };
}

function pathParameters(path: string): NonNullable<OperationObject["parameters"]> {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name: name!,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
}

function parametersOf(query: z.ZodType): NonNullable<OperationObject["parameters"]> {
  const { properties = {}, required = [] } = z.toJSONSchema(query, { io: "input" });
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: "query",
    required: required.includes(name),
    schema: schema as JsonSchema,
  }));
}

function contentOf(schemas: Readonly<Record<string, z.ZodType | undefined>>): Record<string, Content> {
  return Object.fromEntries(
    Object.entries(schemas).map(([type, schema]) => [type, schema === undefined ? {} : { schema: reference(schema) }]),
  );
}

function reference(schema: z.ZodType): JsonSchema {
  return { $ref: `${schemasPath}${namedSchemas.get(schema)!.id}` };
}

/** A response for each status, with the codes that have it and what they mean. */
function refusalResponses(codes: readonly ErrorCode[]): OperationObject["responses"] {
  const statuses = [...new Set(codes.map(statusOf))].sort((a, b) => a - b);
  return Object.fromEntries(
    statuses.map((status) => {
      const meanings = codes.filter((code) => statusOf(code) === status).map((code) => `${code}: ${errorCodes[code]}`);
      return [status, { description: meanings.join("\n\n"), content: contentOf({ "application/json": refusal }) }];
    }),
  );
}
