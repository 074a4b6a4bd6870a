// The service as a whole, without a port: who is let in, what all answers carry, what it tells of itself, and how it comes to rest.
import { mkdtempSync, rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { validate } from "./openapi-rules.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openApiDocument, openStore } from "showtell/server";
import type { PageFile } from "showtell/server";
import { photo } from "../cli/run.ts";
import { addStudy, listStudies } from "../../src/store/studies.ts";
import { studyDraft } from "../store/study-draft.ts";
import { writeRun } from "../node/run-fixture.ts";
import { operations } from "../../src/server/operations.ts";
import { runList, runRecord } from "../../src/server/run-schemas.ts";
import { health, modelList } from "../../src/server/schemas.ts";
import { jsonRequest, openServiceFixture, photoBytes, pictureRequest, refusalOf, request } from "./service-fixture.ts";
import type { ServiceFixture } from "./service-fixture.ts";

let folder: string;
let fixture: ServiceFixture;
const coffee = photoBytes("coffee.webp");
const pixel = photoBytes("one-pixel.png");

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "showtell-service-store-"));
  fixture = await openServiceFixture();
});
afterAll(async () => {
  await fixture.dispose();
  await rm(folder, { recursive: true });
});

describe("addresses", () => {
  test("that there are answer with what their description promises", async () => {
    const runs = mkdtempSync(join(tmpdir(), "showtell-runs-"));
    await writeRun(runs, "first", { epochs: 2 });
    const store = await openStore(join(folder, "store"));
    const service = fixture.service({ runs, store });
    const form = new FormData();
    for (const [name, value] of Object.entries({ key: "0".repeat(32), caption: "a dog", thumb: "up" }))
      form.append(name, value);
    addStudy(store, studyDraft);
    const [rater] = listStudies(store)[0]!.raters;
    const headers = { Authorization: `Bearer ${rater!.token}`, "Content-Type": "application/json" };
    const answered = { task: 0, answer: { kind: "ratings", ratings: { score: 3 } }, ms: 1 };
    // What is asked with more than its path.
    const asked: Readonly<Record<string, Request>> = {
      "/v1/captions": pictureRequest(pixel),
      "/v1/feedback": request("/v1/feedback", { method: "POST", body: form }),
      "/v1/runs/{run}": request("/v1/runs/first"),
      "/v1/studies/session": request("/v1/studies/session", { headers }),
      "/v1/studies/picture": request("/v1/studies/picture?task=0", { headers }),
      "/v1/studies/answers": request("/v1/studies/answers", {
        method: "POST",
        headers,
        body: JSON.stringify(answered),
      }),
    };
    for (const { path, answer } of Object.values(operations)) {
      const response = await service.fetch(asked[path] ?? request(path));
      expect(response.status, path).toBe(200);
      // Another rater's picture of the same address is another one, and must not come out of a cache.
      if (path === "/v1/studies/picture") expect(response.headers.get("vary")).toContain("Authorization");
      const [type] = response.headers.get("content-type")!.split(";");
      expect(Object.keys(answer), path).toContain(type);
      const schema = answer[type!];
      if (schema !== undefined) expect(() => schema.parse(JSON.parse("null")), path).toThrow();
      if (schema !== undefined) schema.parse(await response.json());
    }
    store.close();
    rmSync(runs, { recursive: true });
  });

  test("of training runs lead to what lies in their folder, and to nothing if there is none", async () => {
    const runs = mkdtempSync(join(tmpdir(), "showtell-runs-"));
    await writeRun(runs, "first run", { epochs: 2, reason: "finished" });
    await writeRun(join(runs, "first run"), "within", { epochs: 1 });
    const service = fixture.service({ runs });
    const list = runList.parse(await (await service.fetch(request("/v1/runs"))).json());
    expect(list.runs).toMatchObject([{ name: "first run", state: "finished", epochs: { done: 2 } }]);
    const run = runRecord.parse(await (await service.fetch(request("/v1/runs/first%20run"))).json());
    expect(run.history).toHaveLength(2);
    for (const name of ["first", "..", "..%2f", "%2e%2e", "first%20run%2fwithin", "first%20run/within", "%00"]) {
      const refused = await refusalOf(await service.fetch(request(`/v1/runs/${name}`)));
      expect(refused, name).toMatchObject({ status: 404, code: "NOT_FOUND" });
    }
    const without = await refusalOf(await fixture.service().fetch(request("/v1/runs")));
    expect(without).toMatchObject({ status: 404, message: expect.stringContaining("--runs") as string });
    rmSync(runs, { recursive: true });
  });

  test("that there are not are refused, and wrong methods too", async () => {
    const service = fixture.service();
    expect(await refusalOf(await service.fetch(request("/v1/nothing")))).toMatchObject({
      status: 404,
      code: "NOT_FOUND",
    });
    for (const { method, path } of Object.values(operations)) {
      const response = await service.fetch(request(path, { method: method === "get" ? "DELETE" : "PUT" }));
      expect(response.headers.get("allow"), path).toBe(method === "get" ? "GET, HEAD" : "POST");
      expect(await refusalOf(response)).toMatchObject({ status: 405, code: "METHOD" });
    }
  });

  test("of what asks for little may be asked for the head alone", async () => {
    const response = await fixture.service().fetch(request("/healthz", { method: "HEAD" }));
    expect({ status: response.status, body: await response.text() }).toEqual({ status: 200, body: "" });
  });
});

describe("the description", () => {
  test("is a valid OpenAPI document", async () => {
    expect(await validate(openApiDocument())).toEqual([]);
    const broken = { ...openApiDocument(), info: {} };
    expect(await validate(broken)).not.toEqual([]);
  });

  test("is what is served, lists every operation and resolves every reference", async () => {
    const served = await fixture.service().fetch(request("/openapi.json"));
    const document = openApiDocument();
    expect(await served.json()).toEqual(document);
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(described.toSorted()).toEqual(
      Object.values(operations)
        .map(({ method, path }) => `${method} ${path}`)
        .toSorted(),
    );
    const references = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(
      ([, name]) => name!,
    );
    expect(references.length).toBeGreaterThan(10);
    expect(references.filter((name) => !(name in document.components.schemas))).toEqual([]);
  });

  test("is a page, too, that loads nothing from anywhere and runs no script", async () => {
    const response = await fixture.service().fetch(request("/docs"));
    const text = await response.text();
    for (const { path } of Object.values(operations)) expect(text).toContain(path);
    expect(text).not.toMatch(/<script|https?:|src=/);
    const [, nonce] = /<style nonce="([^"]+)">/.exec(text)!;
    expect(response.headers.get("content-security-policy")).toContain(`'nonce-${nonce!}'`);
  });

  test("of the model says what captions here", async () => {
    const { models } = modelList.parse(await (await fixture.service().fetch(request("/v1/models"))).json());
    expect(models).toHaveLength(1);
    expect(models[0]).toMatchObject({ id: fixture.captioner.model, vocabularySize: 6, decoding: { beam: 3 } });
    expect(models[0]!.members).toMatchObject([
      { name: "tiny", decoder: "show-and-tell", encoder: { name: "resnet50" } },
    ]);
  });
});

describe("the page", () => {
  test("are the files that are listed, with their types, and no others", async () => {
    const path = photo("coffee.webp");
    const files = { "index.html": "<p>page</p>", "page.json": "{}" };
    const service = fixture.service({
      pages: new Map<string, PageFile>([
        ...Object.entries(files).map(([name, text]) => [name, { kind: "text", text }] as const),
        ["models/tiny.safetensors", { kind: "file", path: fixture.path }],
        ["images/coffee.webp", { kind: "file", path }],
      ]),
    });
    expect(await (await service.fetch(request("/"))).text()).toBe("<p>page</p>");
    const image = await service.fetch(request("/images/coffee.webp"));
    expect(image.headers.get("content-type")).toBe("image/webp");
    expect(new Uint8Array(await image.arrayBuffer())).toEqual(coffee);
    const head = await service.fetch(request("/models/tiny.safetensors", { method: "HEAD" }));
    expect(Number(head.headers.get("content-length"))).toBeGreaterThan(1000);
    for (const other of ["/images/", "/images/../page.json%00", "/..%2fpackage.json", "/images/one-pixel.png"]) {
      expect((await service.fetch(request(other))).status, other).toBe(404);
    }
  });

  test("that is not built is said to be so", async () => {
    const response = await fixture.service().fetch(request("/"));
    expect(await response.text()).toContain("npm run build:page");
  });
});

describe("every answer", () => {
  test.each(["/healthz", "/v1/nothing", "/docs", "/"])("tells browsers to keep to this origin: %s", async (path) => {
    const { headers } = await fixture.service().fetch(request(path));
    expect(headers.get("content-security-policy")).toMatch(
      /default-src 'self'.*object-src 'none'.*frame-ancestors 'none'/,
    );
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("cross-origin-opener-policy")).toBe("same-origin");
    expect(headers.get("cross-origin-embedder-policy")).toBe("require-corp");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("access-control-allow-origin")).toBeNull();
  });
});

describe("a token", () => {
  const token = "open sesame".replace(" ", "-");

  test.each([
    ["none", {}],
    ["another", { Authorization: "Bearer open-sesam" }],
    ["another of the same length", { Authorization: "Bearer open-sesamE" }],
    ["it in another scheme", { Authorization: `Basic ${token}` }],
  ])("is asked for: %s is refused", async (_, headers) => {
    const response = await fixture
      .service({ token })
      .fetch(request("/v1/models", { headers: headers as Record<string, string> }));
    expect(response.headers.get("www-authenticate")).toBe("Bearer");
    expect(await refusalOf(response)).toMatchObject({ status: 401, code: "UNAUTHORISED" });
  });

  test("opens what it guards; what tells of no model or picture is open", async () => {
    const service = fixture.service({ token });
    const headers = { Authorization: `Bearer ${token}` };
    expect((await service.fetch(pictureRequest(pixel, { headers }))).status).toBe(200);
    for (const path of ["/healthz", "/readyz", "/openapi.json", "/docs", "/"]) {
      expect((await service.fetch(request(path))).status, path).toBe(200);
    }
    expect((await service.fetch(request("/metrics"))).status).toBe(401);
  });
});

describe("web pages of other origins", () => {
  const origin = "https://example.org";

  test("are refused work, and may not read answers", async () => {
    const service = fixture.service();
    const response = await service.fetch(pictureRequest(pixel, { headers: { Origin: origin } }));
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
    expect(await refusalOf(response)).toMatchObject({ status: 403, code: "ORIGIN" });
    expect((await service.fetch(pictureRequest(pixel, { headers: { Origin: "null" } }))).status).toBe(403);
    expect((await service.fetch(pictureRequest(pixel, { headers: { Origin: "http://localhost:8080" } }))).status).toBe(
      200,
    );
  });

  test("are served if they are named", async () => {
    const service = fixture.service({ origins: [origin], token: "secret" });
    const asked = {
      Origin: origin,
      "Access-Control-Request-Method": "POST",
      "Access-Control-Request-Headers": "authorization",
    };
    const preflight = await service.fetch(request("/v1/captions", { method: "OPTIONS", headers: asked }));
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-origin")).toBe(origin);
    const response = await service.fetch(
      pictureRequest(pixel, { headers: { Origin: origin, Authorization: "Bearer secret" } }),
    );
    expect({ status: response.status, allowed: response.headers.get("access-control-allow-origin") }).toEqual({
      status: 200,
      allowed: origin,
    });
    const refused = await service.fetch(pictureRequest(pixel, { headers: { Origin: origin } }));
    expect({ status: refused.status, allowed: refused.headers.get("access-control-allow-origin") }).toEqual({
      status: 401,
      allowed: origin,
    });
    expect((await service.fetch(pictureRequest(pixel, { headers: { Origin: "https://example.com" } }))).status).toBe(
      403,
    );
  });

  test("can't pass for this machine by a name of their own", async () => {
    const local = fixture.service({ localOnly: true, origins: ["https://captions.example.org"] });
    const statusFor = async (host: string): Promise<number> =>
      (await local.fetch(new Request(`http://${host}/healthz`))).status;
    expect(await statusFor("rebound.example.com:8080")).toBe(403);
    for (const host of ["localhost:8080", "127.0.0.1:8080", "[::1]:8080", "captions.example.org"]) {
      expect(await statusFor(host), host).toBe(200);
    }
  });

  test("have to be named by their origins", () => {
    for (const origins of [["example.org"], ["https://example.org/"], ["*"]]) {
      expect(() => fixture.service({ origins })).toThrow(expect.objectContaining({ code: "ARGUMENT" }) as Error);
    }
  });
});

/** A request of which the first byte comes, and never another. */
function endless(path: string, headers: Readonly<Record<string, string>>, signal?: AbortSignal): Request {
  const body = new ReadableStream({ start: (controller) => controller.enqueue(Uint8Array.of(1)) });
  return request(path, { method: "POST", body, duplex: "half", headers, ...(signal && { signal }) } as RequestInit);
}

describe("limits", () => {
  test("of bytes hold whether they are announced or not", async () => {
    const service = fixture.service({ limits: { maxBodyBytes: coffee.length - 1 } });
    const announced = pictureRequest(coffee, { headers: { "Content-Length": String(coffee.length) } });
    for (const asked of [announced, pictureRequest(coffee)]) {
      expect(await refusalOf(await service.fetch(asked))).toMatchObject({ status: 413, code: "REQUEST_TOO_LARGE" });
    }
    const enough = fixture.service({ limits: { maxBodyBytes: coffee.length } });
    expect((await enough.fetch(pictureRequest(coffee))).status).toBe(200);
  });

  test("of pictures hold", async () => {
    const service = fixture.service({ limits: { maxPictures: 2 } });
    const images = Array.from({ length: 3 }, () => ({ data: Buffer.from(pixel).toString("base64") }));
    expect(await refusalOf(await service.fetch(jsonRequest({ images })))).toMatchObject({
      status: 413,
      code: "REQUEST_TOO_LARGE",
    });
    expect((await service.fetch(jsonRequest({ images: images.slice(1) }))).status).toBe(200);
  });

  test("of what waits are told with the time to come back; room is made as pictures are done", async () => {
    const service = fixture.service({ limits: { maxWaiting: 3 } });
    const responses = await Promise.all(Array.from({ length: 12 }, () => service.fetch(pictureRequest(coffee))));
    const statuses = responses.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(4);
    expect(new Set(statuses)).toEqual(new Set([200, 429]));
    for (const response of responses.filter(({ status }) => status === 429)) {
      expect(Number(response.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
      expect(await refusalOf(response)).toMatchObject({ code: "BUSY" });
    }
    expect((await service.fetch(pictureRequest(pixel))).status).toBe(200);
  });

  test("of what is held in memory count from its coming to the request's answer", async () => {
    const service = fixture.service({ limits: { maxHeldBytes: 2 * coffee.length } });
    const ask = (): Promise<Response> => service.fetch(pictureRequest(coffee));
    const statuses = (await Promise.all([ask(), ask(), ask()])).map(({ status }) => status);
    expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 200, 429]);
    expect((await ask()).status).toBe(200);
  });

  test("of what is held in memory are not used up by what is announced and does not come", async () => {
    const service = fixture.service({ limits: { maxHeldBytes: coffee.length } });
    const leaving = new AbortController();
    const announced = service.fetch(
      endless(
        "/v1/captions",
        { "Content-Type": "image/webp", "Content-Length": String(coffee.length) },
        leaving.signal,
      ),
    );
    expect((await service.fetch(pictureRequest(pixel))).status).toBe(200);
    leaving.abort();
    expect(await refusalOf(await announced)).toMatchObject({ code: "CANCELLED" });
  });

  test("of a rater's answer are its own, and nobody else's answer is waited for", async () => {
    const store = await openStore(join(folder, "raters"));
    addStudy(store, studyDraft);
    const { token } = listStudies(store)[0]!.raters[0]!;
    const service = fixture.service({ store });
    const answerBy = async (rater: string): Promise<object> => {
      const headers = {
        "Content-Type": "application/json",
        "Content-Length": "4097",
        Authorization: `Bearer ${rater}`,
      };
      return refusalOf(await service.fetch(endless("/v1/studies/answers", headers)));
    };
    expect(await answerBy("nobody")).toMatchObject({ status: 401, code: "UNAUTHORISED" });
    const message = expect.stringContaining("at most 4096") as string;
    expect(await answerBy(token)).toMatchObject({ status: 413, code: "REQUEST_TOO_LARGE", message });
    store.close();
  });

  test("of time hold, also for a body that never ends", async () => {
    const service = fixture.service({ limits: { deadlineMs: 50 } });
    const response = await service.fetch(endless("/v1/captions", { "Content-Type": "image/jpeg" }));
    expect(response.headers.get("retry-after")).toBe("1");
    expect(await refusalOf(response)).toMatchObject({ status: 503, code: "DEADLINE" });
  });
});

describe("what it tells of its work", () => {
  test("are counts without picture or caption, and lines that have neither", async () => {
    const lines: object[] = [];
    const log = { info: (fields: object) => lines.push(fields), error: (fields: object) => lines.push(fields) };
    const service = fixture.service({ log });
    const response = await service.fetch(
      jsonRequest({ images: [{ data: Buffer.from(coffee).toString("base64"), name: "private.webp" }, { data: "" }] }),
    );
    const answer = await response.text();
    await service.fetch(request("/private-path"));
    await service.fetch(request("/v1/runs/private"));
    const metrics = await (await service.fetch(request("/metrics"))).text();
    expect(metrics).toMatch(/^showtell_pictures_total\{outcome="ok"\} 1$/m);
    expect(metrics).toMatch(/^showtell_pictures_total\{outcome="IMAGE_EMPTY"\} 1$/m);
    expect(metrics).toMatch(/^showtell_request_seconds_count\{operation="createCaptions",status="200"\} 1$/m);
    expect(metrics).toMatch(/^showtell_request_seconds_count\{operation="getRun",status="404"\} 1$/m);
    expect(metrics).toMatch(/^showtell_request_seconds_count\{operation="page",status="404"\} 1$/m);
    expect(metrics).toMatch(/^showtell_batch_pictures_sum 2$/m);
    expect(metrics).toMatch(/^showtell_waiting_pictures 0$/m);
    expect(lines[0]).toMatchObject({ method: "POST", operation: "createCaptions", status: 200 });
    const [result] = (JSON.parse(answer) as { results: { caption: string }[] }).results;
    for (const text of [metrics, JSON.stringify(lines)]) {
      expect(text).not.toContain("private");
      expect(text).not.toContain(result!.caption);
    }
  });

  test("of a failure inside are the log's, not the client's", async () => {
    const lines: object[] = [];
    const log = { info: () => undefined, error: (fields: object) => lines.push(fields) };
    const broken = {
      ...fixture.captioner,
      captionAll: () => {
        throw new Error("secret path");
      },
    };
    const service = fixture.service({ captioner: broken, log });
    const response = await service.fetch(pictureRequest(pixel));
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain("secret");
    expect(JSON.stringify(lines)).toContain("secret path");
    expect(health.parse(await (await service.fetch(request("/readyz"))).json())).toEqual({ status: "failing" });
    expect((await service.fetch(request("/healthz"))).status).toBe(200);
  });
});

describe("at its end", () => {
  test("it waits for what it took and has not read yet", async () => {
    const service = fixture.service();
    let rest: ReadableStreamDefaultController<Uint8Array> | undefined;
    const body = new ReadableStream<Uint8Array>({ start: (controller) => void (rest = controller) });
    const headers = { "Content-Type": "image/webp" };
    const init = { method: "POST", body, duplex: "half", headers } as RequestInit;
    const answer = service.fetch(request("/v1/captions", init));
    while (!/^showtell_open_requests 1$/m.test(await (await service.fetch(request("/metrics"))).text())) continue;
    let isDrained = false;
    const drained = service.drain().then(() => (isDrained = true));
    await setImmediate();
    expect(isDrained).toBe(false);
    rest!.enqueue(coffee);
    rest!.close();
    expect((await answer).status).toBe(200);
    await drained;
  });

  test("it finishes what it took, and takes nothing new", async () => {
    const service = fixture.service();
    const taken = [service.fetch(pictureRequest(coffee)), service.fetch(pictureRequest(coffee))];
    await new Promise((resolve) => setTimeout(resolve, 5));
    const drained = service.drain();
    const late = await service.fetch(pictureRequest(pixel));
    expect(late.headers.get("connection")).toBe("close");
    expect(await refusalOf(late)).toMatchObject({ status: 503, code: "SHUTTING_DOWN" });
    expect((await service.fetch(request("/readyz"))).status).toBe(503);
    await drained;
    for (const response of await Promise.all(taken)) expect(response.status).toBe(200);
  });
});

describe("a client that leaves", () => {
  test("frees its place: nothing more is done for it", async () => {
    const service = fixture.service({ limits: { maxWaiting: 16 } });
    const leaving = new AbortController();
    const images = Array.from({ length: 16 }, () => ({ data: Buffer.from(coffee).toString("base64") }));
    const asked = jsonRequest({ images });
    const answer = service.fetch(new Request(asked, { signal: leaving.signal }));
    await new Promise((resolve) => setTimeout(resolve, 50));
    leaving.abort();
    expect((await answer).status).toBe(400);
    await service.drain();
    const metrics = await (await service.fetch(request("/metrics"))).text();
    expect(metrics).not.toMatch(/outcome="ok"\} 1[0-9]/);
  });
});
