// Requests made from the service's own description, right and wrong ones, and pictures that are broken in every way: whatever is sent, the
// answer comes, is no error of the service's, and leaves nothing behind.
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openApiDocument } from "showtell/server";
import type { JsonSchema, Service } from "showtell/server";
import { captionAnswer, refusal } from "../../src/server/schemas.ts";
import { openServiceFixture, photoBytes, request } from "./service-fixture.ts";
import type { ServiceFixture } from "./service-fixture.ts";

let fixture: ServiceFixture;
let service: Service;
const document = openApiDocument();
const pictures = ["coffee.webp", "one-pixel.png", "chelsea-exif6.jpg", "very-tall.jpg"].map(photoBytes);

beforeAll(async () => {
  fixture = await openServiceFixture();
  service = fixture.service({ limits: { maxBodyBytes: 2 ** 20, maxPictures: 3, maxWaiting: 8 } });
});
afterAll(() => fixture.dispose());

/** A picture with some of its bytes changed, cut off, or doubled; or no picture at all. */
const bytes: fc.Arbitrary<Uint8Array<ArrayBuffer>> = fc.oneof(
  fc.constantFrom(...pictures),
  fc
    .tuple(fc.constantFrom(...pictures), fc.double({ min: 0, max: 1, noNaN: true }))
    .map(([picture, share]) => picture.slice(0, share * picture.length)),
  fc
    .tuple(fc.constantFrom(...pictures), fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { minLength: 1, maxLength: 20 }))
    .map(([picture, changes]) => {
      const changed = picture.slice();
      for (const [at, value] of changes) changed[at % changed.length] = value;
      return changed;
    }),
  fc.uint8Array({ maxLength: 300 }).map((random) => Uint8Array.from(random)),
  fc
    .constantFrom("<svg xmlns='http://www.w3.org/2000/svg'/>", "GIF89a", "II*\0", "RIFF0000WEBP", "\x89PNG\r\n\x1a\n")
    .map((text) => Uint8Array.from(Buffer.from(text, "latin1"))),
);

type Maker = (schema: JsonSchema) => fc.Arbitrary<unknown>;

/** How values of each type are made, within what the schema says. */
const makers: Readonly<Record<string, Maker>> = {
  integer: ({ minimum = -1000, maximum = 1000 }) => fc.integer({ min: minimum as number, max: maximum as number }),
  number: ({ minimum = -1000, maximum = 1000 }) =>
    fc.double({ min: minimum as number, max: maximum as number, noNaN: true }),
  boolean: () => fc.boolean(),
  string: (schema) => {
    if (schema["contentEncoding"] === "base64") return bytes.map((some) => Buffer.from(some).toString("base64"));
    if (schema["format"] === "uri") return fc.webUrl();
    return fc.oneof(
      fc.constantFrom("a", "dog", "on grass"),
      fc.string({ maxLength: Math.min(40, Number(schema["maxLength"] ?? 40)) }),
    );
  },
  array: ({ items, minItems = 0, maxItems = 4 }) =>
    fc.array(made(items as JsonSchema), { minLength: minItems as number, maxLength: Math.min(4, maxItems as number) }),
  object: ({ properties = {}, required = [] }) => {
    const fields = Object.entries(properties as Readonly<Record<string, JsonSchema>>);
    return fc
      .tuple(
        fc.record(Object.fromEntries(fields.map(([name, schema]) => [name, made(schema)])), {
          requiredKeys: required as string[],
        }),
        // Many options at once contradict each other: mostly a few are wanted.
        fc.subarray(
          fields.map(([name]) => name),
          { maxLength: Math.min(3, fields.length) },
        ),
      )
      .map(([record, kept]) =>
        Object.fromEntries(
          Object.entries(record).filter(([name]) => kept.includes(name) || (required as string[]).includes(name)),
        ),
      );
  },
};

/** Values that fit a schema of the document. */
function made(schema: JsonSchema): fc.Arbitrary<unknown> {
  const { $ref: reference, anyOf, enum: choices, type } = schema;
  if (typeof reference === "string") return made(document.components.schemas[reference.split("/").at(-1)!]!);
  if (Array.isArray(anyOf)) return fc.oneof(...(anyOf as JsonSchema[]).map(made));
  if (Array.isArray(choices)) return fc.constantFrom(...(choices as unknown[]));
  const maker = makers[type as string];
  if (maker === undefined)
    throw new Error(`the test can't make what the document describes as ${JSON.stringify(schema)}`);
  return maker(schema);
}

/** A value with one of its fields replaced by what does not belong there. */
function spoiled(value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const junk = fc.oneof(fc.constantFrom(null, -1, 1e99, "", [], {}, "__proto__"), fc.string(), fc.jsonValue());
  return fc.tuple(value, fc.nat(), junk).map(([one, at, wrong]) => {
    if (typeof one !== "object" || one === null) return wrong;
    const names = [...Object.keys(one), "unknown"];
    return { ...one, [names[at % names.length]!]: wrong };
  });
}

const { requestBody, parameters } = document.paths["/v1/captions"]!.post!;
const jsonBody = made(requestBody!.content["application/json"]!.schema!);
const query = made({
  type: "object",
  properties: Object.fromEntries(parameters!.map(({ name, schema }) => [name, schema])),
});

/** A record as fields of text, lists repeated. */
function fieldsOf(record: unknown): [string, string][] {
  return Object.entries(record as object).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one): [string, string] => [
      name,
      typeof one === "string" ? one : JSON.stringify(one),
    ]),
  );
}

const jsonRequests = fc
  .tuple(
    fc.oneof({ weight: 3, arbitrary: jsonBody }, { weight: 1, arbitrary: spoiled(jsonBody) }),
    fc.constantFrom("application/json", "application/json; charset=utf-8"),
  )
  .map(([body, type]): RequestInit => ({ body: JSON.stringify(body), headers: { "Content-Type": type } }));
const formRequests = fc
  .tuple(fc.array(bytes, { maxLength: 4 }), fc.oneof(query, spoiled(query)))
  .map(([files, options]): RequestInit => {
    const form = new FormData();
    for (const [i, file] of files.entries()) form.append("image", new File([file], `${i}.jpg`));
    for (const [name, value] of fieldsOf(options)) form.append(name, value);
    return { body: form };
  });
const byteRequests = fc
  .tuple(
    bytes,
    fc.constantFrom(
      "image/jpeg",
      "application/octet-stream",
      "application/json",
      "multipart/form-data; boundary=x",
      "text/plain",
      "image/",
    ),
  )
  .map(([body, type]): RequestInit => ({ body, headers: { "Content-Type": type } }));

const captionRequests = fc
  .record({
    init: fc.oneof(jsonRequests, formRequests, byteRequests),
    query: fc.oneof(
      { weight: 2, arbitrary: fc.constant({}) },
      { weight: 1, arbitrary: query },
      { weight: 1, arbitrary: spoiled(query) },
    ),
    streams: fc.boolean(),
  })
  .map(({ init, query: options, streams }) => ({
    init,
    search: new URLSearchParams(fieldsOf(options)).toString(),
    streams,
  }));

/** Hangs are far longer, on any machine. */
const patienceMs = 60_000;

function within<T>(promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${patienceMs / 1000} s`)), patienceMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

describe("whatever is sent to POST /v1/captions", () => {
  test("is answered as the description says, and is never the service's fault", async () => {
    const statuses = new Map<number, number>();
    await fc.assert(
      fc.asyncProperty(captionRequests, async ({ init, search, streams }) => {
        const headers = {
          ...(init.headers as Record<string, string> | undefined),
          ...(streams && { Accept: "text/event-stream" }),
        };
        const response = await within(
          service.fetch(request(`/v1/captions?${search}`, { method: "POST", ...init, headers })),
        );
        const text = await within(response.text());
        statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
        expect(Object.keys(document.paths["/v1/captions"]!.post!.responses).map(Number)).toContain(response.status);
        expect(response.status, text).toBeLessThan(500);
        if (response.headers.get("content-type") === "text/event-stream") {
          expect(text).toMatch(/event: done\ndata: .*\n\n$/);
          expect(text).not.toContain('"INTERNAL"');
        } else if (response.status === 200) captionAnswer.parse(JSON.parse(text));
        else refusal.parse(JSON.parse(text));
      }),
      { numRuns: 60, seed: 7 },
    );
    // Right ones and wrong ones were both among them.
    expect([...statuses.keys()]).toEqual(expect.arrayContaining([200, 400, 415]));
  }, 600_000);

  test("leaves nothing behind: no request, no waiting picture, no listener, and no memory to speak of", async () => {
    const sample = fc.sample(byteRequests, { numRuns: 20, seed: 1 });
    const rounds: number[] = [];
    for (let round = 0; round < 4; round++) {
      for (const init of sample)
        await (await service.fetch(request("/v1/captions", { method: "POST", ...init }))).arrayBuffer();
      rounds.push(process.memoryUsage().rss / 1e6);
    }
    const metrics = await (await service.fetch(request("/metrics"))).text();
    expect(metrics).toMatch(/^showtell_open_requests 0$/m);
    expect(metrics).toMatch(/^showtell_waiting_pictures 0$/m);
    // Each round sends 10 MB or so, and decodes ten times as much: what is kept would show.
    expect(rounds.at(-1)! - rounds[1]!).toBeLessThan(60);
  }, 600_000);
});

test("whatever is asked of any other address is answered without an error of the service's", async () => {
  const paths = fc.oneof(fc.constantFrom(...Object.keys(document.paths)), fc.webPath());
  const methods = fc.constantFrom("GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH");
  await fc.assert(
    fc.asyncProperty(paths, methods, query, async (path, method, options) => {
      const search = new URLSearchParams(fieldsOf(options)).toString();
      const response = await within(service.fetch(request(`${path}?${search}`, { method })));
      await within(response.arrayBuffer());
      expect(response.status, `${method} ${path}`).toBeLessThan(500);
    }),
    { numRuns: 200, seed: 3 },
  );
});
