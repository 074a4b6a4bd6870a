// Requests made from the service's own description, right and wrong ones, and pictures that are broken in every way: whatever is sent, the
// answer comes, is no error of the service's, and leaves nothing behind.
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openApiDocument, openStore } from "showtell/server";
import type { JsonSchema, OperationObject, Service, Store } from "showtell/server";
import { captionAnswer, refusal } from "../../src/server/schemas.ts";
import { listFeedback } from "../../src/store/feedback.ts";
import { addStudy, listStudies, readStudy } from "../../src/store/studies.ts";
import { writeRun } from "../node/run-fixture.ts";
import { studyDraft } from "../store/study-draft.ts";
import { openServiceFixture, photoBytes, request } from "./service-fixture.ts";
import type { ServiceFixture } from "./service-fixture.ts";

let fixture: ServiceFixture;
let service: Service;
const document = openApiDocument();
const pictures = ["coffee.webp", "one-pixel.png", "chelsea-exif6.jpg", "very-tall.jpg"].map(photoBytes);

let folder: string;
let store: Store;
/** Links of a study's raters. */
let tokens: readonly string[];

beforeAll(async () => {
  fixture = await openServiceFixture();
  folder = mkdtempSync(join(tmpdir(), "showtell-fuzz-"));
  store = await openStore(join(folder, "store"));
  addStudy(store, studyDraft);
  tokens = listStudies(store)[0]!.raters.map(({ token }) => token);
  await writeRun(join(folder, "runs"), "first", { epochs: 2 });
  const limits = { maxBodyBytes: 2 ** 20, maxPictures: 3, maxWaiting: 8 };
  service = fixture.service({ limits, store, runs: join(folder, "runs") });
});
afterAll(async () => {
  store.close();
  await fixture.dispose();
  rmSync(folder, { recursive: true });
});

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
  null: () => fc.constant(null),
  string: (schema) => {
    if (schema["contentEncoding"] === "base64") return bytes.map((some) => Buffer.from(some).toString("base64"));
    if (schema["format"] === "binary") return bytes.map((some) => new File([some], "photo"));
    if (schema["format"] === "uri") return fc.webUrl();
    if (typeof schema["pattern"] === "string") return fc.stringMatching(new RegExp(schema["pattern"]));
    return fc.oneof(
      fc.constantFrom("a", "dog", "on grass"),
      fc.string({ maxLength: Math.min(40, Number(schema["maxLength"] ?? 40)) }),
    );
  },
  array: ({ items, minItems = 0, maxItems = 4 }) =>
    fc.array(made(items as JsonSchema), { minLength: minItems as number, maxLength: Math.min(4, maxItems as number) }),
  object: ({ properties = {}, required = [], additionalProperties: others }) => {
    if (typeof others === "object")
      return fc.dictionary(fc.constantFrom("score", "fluency"), made(others as JsonSchema));
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
  const { $ref: reference, oneOf, anyOf = oneOf, enum: choices, const: only, type } = schema;
  if (only !== undefined) return fc.constant(only);
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

/** Parameters for which there is something to show. */
const thatAreThere: Readonly<Record<string, unknown>> = { run: "first", task: 0 };

function askingForWhatIsThere(record: unknown): unknown {
  const fields = Object.entries(record as object);
  return Object.fromEntries(fields.map(([name, value]: [string, unknown]) => [name, thatAreThere[name] ?? value]));
}

/** A request to an operation by its description: its address filled in, a body of a type that it names, and somebody's token or none. */
function requestTo(
  path: string,
  method: string,
  { parameters: own = [], requestBody: body }: OperationObject,
): fc.Arbitrary<Request> {
  const placed = (where: "path" | "query"): fc.Arbitrary<unknown> => {
    const here = own.filter((one) => one.in === where);
    const properties = Object.fromEntries(here.map(({ name, schema }) => [name, schema]));
    const required = here.flatMap((one) => (one.required ? [one.name] : []));
    // By chance nothing would be asked for that is there.
    const there = Object.fromEntries(here.map(({ name }) => [name, thatAreThere[name]]));
    return fc.oneof(made({ type: "object", properties, required }), fc.constant(there));
  };
  const bodies = Object.entries(body?.content ?? {}).map(([type, { schema }]) => {
    const right = made(schema!);
    const value = fc.oneof(right, right.map(askingForWhatIsThere), spoiled(right));
    return value.map((one): RequestInit => (type === "application/json" ? json(one) : { body: formOf(one) }));
  });
  const noBody = fc.constant<RequestInit>({});
  return fc
    .record({
      place: placed("path"),
      query: fc.oneof(placed("query"), spoiled(placed("query"))),
      init:
        bodies.length === 0 ? noBody : fc.oneof(...bodies.map((arbitrary) => ({ weight: 4, arbitrary })), byteRequests),
      token: fc.oneof(fc.constantFrom(...tokens), fc.constantFrom("", "nobody's")),
    })
    .map(({ place, query: asked, init, token }) => {
      const address = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
        encodeURIComponent(String((place as Record<string, unknown>)[name])),
      );
      const headers = {
        ...(init.headers as Record<string, string> | undefined),
        ...(token !== "" && { Authorization: `Bearer ${token}` }),
      };
      return request(`${address}?${new URLSearchParams(fieldsOf(asked)).toString()}`, {
        ...init,
        method: method.toUpperCase(),
        headers,
      });
    });
}

function json(value: unknown): RequestInit {
  return { body: JSON.stringify(value), headers: { "Content-Type": "application/json" } };
}

function formOf(record: unknown): FormData {
  const form = new FormData();
  if (typeof record !== "object" || record === null) return form;
  for (const [name, value] of Object.entries(record)) {
    if (value instanceof File) form.append(name, value);
    else form.append(name, typeof value === "string" ? value : JSON.stringify(value));
  }
  return form;
}

describe("whatever is sent to every other operation, with a store and runs behind them", () => {
  const others = Object.entries(document.paths)
    .flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, operation })))
    .filter(({ path }) => path !== "/v1/captions");

  test.each(others)(
    "$method $path is answered as the description says",
    async ({ path, method, operation }) => {
      const statuses = new Set<number>();
      await fc.assert(
        fc.asyncProperty(requestTo(path, method, operation), async (sent) => {
          const response = await within(service.fetch(sent));
          const text = await within(response.text());
          statuses.add(response.status);
          expect(Object.keys(operation.responses).map(Number), text).toContain(response.status);
          expect(response.status, text).toBeLessThan(500);
          if (response.status >= 400) refusal.parse(JSON.parse(text));
        }),
        { numRuns: 40, seed: 11 },
      );
      expect([...statuses]).toContain(200);
      if (operation.requestBody !== undefined) expect([...statuses]).toEqual(expect.arrayContaining([400, 415]));
    },
    600_000,
  );

  test("what is sent again takes the place of what was there, so that nothing grows", async () => {
    const sent = (["/v1/feedback", "/v1/studies/answers"] as const).flatMap((path) =>
      fc.sample(requestTo(path, "post", document.paths[path]!.post!), { numRuns: 30, seed: 2 }),
    );
    const again = async (): Promise<object> => {
      for (const one of sent) await (await service.fetch(one.clone())).arrayBuffer();
      const answers = readStudy(store, 1).answers.length;
      const pages = Number(store.rows("PRAGMA page_count")[0]!["page_count"]);
      return { feedback: listFeedback(store).length, answers, pages };
    };
    await again();
    const before = await again();
    for (let round = 0; round < 3; round++) expect(await again()).toEqual(before);
    expect(statSync(join(folder, "store", "showtell.db-wal")).size).toBeLessThan(2 ** 23);
    expect(await (await service.fetch(request("/metrics"))).text()).toMatch(/^showtell_open_requests 0$/m);
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
