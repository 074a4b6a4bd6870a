// POST /v1/captions from request to answer, without a port: a form, JSON or plain bytes; whole or as events; good pictures and bad.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Captioner } from "showtell/node";
import type { PictureResult } from "showtell/server";
import { captionAnswer, captionEvents } from "../../src/server/schemas.ts";
import type { CaptionAnswer } from "../../src/server/schemas.ts";
import {
  formRequest,
  jsonRequest,
  openServiceFixture,
  photoBytes,
  pictureRequest,
  refusalOf,
  request,
} from "./service-fixture.ts";
import type { ServiceFixture } from "./service-fixture.ts";

let fixture: ServiceFixture;
const coffee = photoBytes("coffee.webp");
const pixel = photoBytes("one-pixel.png");
const truncated = photoBytes("coffee-truncated.jpg");

beforeAll(async () => {
  fixture = await openServiceFixture();
});
afterAll(() => fixture.dispose());

async function answerTo(asked: Request, status = 200): Promise<CaptionAnswer> {
  const response = await fixture.service().fetch(asked);
  expect(response.status).toBe(status);
  return captionAnswer.parse(await response.json());
}

/** What the captioner itself says, as the service answers it; how long it took is left out. */
async function expected(image: string, bytes: Uint8Array, options = {}): Promise<object> {
  const { timings: _, ...result } = await fixture.captioner.caption(bytes, options);
  return { image, ...result };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

describe("pictures are captioned as by the captioner itself", () => {
  test("the bytes of one, with options in the query", async () => {
    const { results } = await answerTo(pictureRequest(coffee, { query: "?beam=4&candidates=2" }));
    expect(results).toEqual([expect.objectContaining(await expected("image 1", coffee, { beam: 4, candidates: 2 }))]);
    const [result] = results as [Extract<PictureResult, { caption: string }>];
    expect(result.tokenLogProbabilities).toHaveLength(result.tokens.length + (result.truncated ? 0 : 1));
    expect(result.model).toBe(fixture.model.id);
    for (const ms of Object.values(result.timings)) expect(ms).toBeGreaterThan(0);
  });

  test("a form of several, with options as fields, called by the names of their files", async () => {
    const files = [
      ["coffee.webp", coffee],
      ["pixel.png", pixel],
    ] as const;
    const { results } = await answerTo(formRequest(files, { temperature: "1.5", seed: "7", candidates: "2" }));
    const options = { temperature: 1.5, seed: 7, candidates: 2 };
    expect(results).toEqual([
      expect.objectContaining(await expected("coffee.webp", coffee, options)),
      expect.objectContaining(await expected("pixel.png", pixel, options)),
    ]);
  });

  test("JSON with base64, named or not", async () => {
    const images = [{ data: base64(pixel) }, { data: base64(coffee), name: "cup" }];
    const { results } = await answerTo(jsonRequest({ images, beam: 1 }));
    expect(results).toEqual([
      expect.objectContaining(await expected("image 1", pixel, { beam: 1 })),
      expect.objectContaining(await expected("cup", coffee, { beam: 1 })),
    ]);
  });

  test("many at a time by many clients", async () => {
    const service = fixture.service();
    const all = [coffee, pixel, coffee, pixel, coffee, pixel, coffee, pixel, coffee, pixel, coffee, pixel];
    const responses = await Promise.all(all.map((bytes) => service.fetch(pictureRequest(bytes))));
    const captions = await Promise.all(
      responses.map(async (response) => ((await response.json()) as CaptionAnswer).results[0] as { caption: string }),
    );
    const own = [await fixture.captioner.caption(coffee), await fixture.captioner.caption(pixel)];
    expect(captions.map(({ caption }) => caption)).toEqual(all.map((_, i) => own[i % 2]!.caption));
  });
});

describe("captions are steered", () => {
  test("by fields that may be repeated", async () => {
    const options = { must: ["dog", "grass"], avoid: ["cat"], minLength: 3 };
    const { results } = await answerTo(pictureRequest(coffee, { query: "?must=dog&must=grass&avoid=cat&minLength=3" }));
    expect(results).toEqual([expect.objectContaining(await expected("image 1", coffee, options))]);
    const { tokens } = results[0] as Extract<PictureResult, { tokens: unknown }>;
    expect(tokens).toEqual(expect.arrayContaining(["dog", "grass"]));
  });

  test("by words that the model knows: another is refused", async () => {
    const response = await fixture.service().fetch(pictureRequest(coffee, { query: "?must=zebra" }));
    expect(await refusalOf(response)).toMatchObject({
      status: 400,
      code: "WORD_UNKNOWN",
      message: expect.stringContaining("zebra") as string,
    });
  });
});

describe("a picture that can't be captioned", () => {
  test("has an error in its place among others", async () => {
    const answer = await answerTo(
      formRequest([
        ["a.jpg", truncated],
        ["b.png", pixel],
        ["c.svg", "<svg></svg>"],
      ]),
    );
    expect(answer.results).toEqual([
      {
        image: "a.jpg",
        error: { code: "IMAGE_DECODE", message: expect.stringContaining('picture "a.jpg"') as string },
      },
      expect.objectContaining({ image: "b.png", caption: expect.any(String) as string }),
      { image: "c.svg", error: { code: "IMAGE_FORMAT", message: expect.stringContaining("SVG") as string } },
    ]);
    expect(answer.error).toBeUndefined();
  });

  test.each([
    ["nothing", new Uint8Array(0), 422, "IMAGE_EMPTY"],
    ["text", "photo", 415, "IMAGE_FORMAT"],
    ["a drawing, whatever it is called", "<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "IMAGE_FORMAT"],
    ["half a picture", truncated, 422, "IMAGE_DECODE"],
  ])("decides the status if there is no other: %s", async (_, bytes, status, code) => {
    const answer = await answerTo(pictureRequest(bytes, { headers: { "Content-Type": "image/jpeg" } }), status);
    expect(answer.error!.code).toBe(code);
    expect(answer.results).toEqual([{ image: "image 1", error: answer.error }]);
  });

  test("for its size is refused by its header: a few bytes that would be ten thousand million pixels", async () => {
    const answer = await answerTo(pictureRequest(bomb(100_000, 100_000)), 413);
    expect(answer.error).toMatchObject({
      code: "IMAGE_TOO_LARGE",
      message: expect.stringContaining("100000×100000") as string,
    });
  });
});

/** The beginning of a PNG of any size: signature, header, and an end. */
function bomb(width: number, height: number): Uint8Array<ArrayBuffer> {
  const bytes = Buffer.from(pixel);
  bytes.writeUInt32BE(width, 16);
  bytes.writeUInt32BE(height, 20);
  const table = Array.from({ length: 256 }, (_, n) => {
    let c = n;
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
    return c >>> 0;
  });
  let crc = 0xffffffff;
  for (const byte of bytes.subarray(12, 29)) crc = table[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  bytes.writeUInt32BE((crc ^ 0xffffffff) >>> 0, 29);
  return Uint8Array.from(bytes);
}

describe("a request of more pictures than may wait", () => {
  test("is refused as too large, since no later time would take it; one of as many is captioned", async () => {
    const service = fixture.service({ limits: { maxWaiting: 2 } });
    const of = (count: number): Promise<Response> =>
      service.fetch(formRequest(Array.from({ length: count }, (_, i) => [`${i}.webp`, coffee] as const)));
    expect(await refusalOf(await of(3))).toMatchObject({ status: 413, code: "REQUEST_TOO_LARGE" });
    expect((await of(2)).status).toBe(200);
  });
});

describe("a request that can't be read is refused", () => {
  const form = { "Content-Type": "multipart/form-data; boundary=x" };
  const thousands = Array.from({ length: 10_000 }, () => 0);
  test.each([
    [
      "of another type",
      () => pictureRequest(coffee, { headers: { "Content-Type": "text/plain" } }),
      415,
      "REQUEST_TYPE",
      "text/plain",
    ],
    ["that is no JSON", () => jsonRequest("{"), 400, "REQUEST_FORMAT", "JSON"],
    [
      "that is no UTF-8",
      () => pictureRequest(Uint8Array.of(0xff), { headers: { "Content-Type": "application/json" } }),
      400,
      "REQUEST_FORMAT",
      "JSON",
    ],
    ["without pictures", () => jsonRequest({ images: [] }), 400, "ARGUMENT", "images"],
    [
      "with more pictures than may be, before any is looked at",
      () => jsonRequest({ images: thousands }),
      413,
      "REQUEST_TOO_LARGE",
      "10000 pictures",
    ],
    [
      "with too many words, before any is looked at",
      () => jsonRequest({ images: [{ data: "" }], must: thousands }),
      400,
      "ARGUMENT",
      '"must" has 10000',
    ],
    ["with what is no base64", () => jsonRequest({ images: [{ data: "no!" }] }), 400, "ARGUMENT", "images.0"],
    ["with a field that nobody knows", () => jsonRequest({ images: [{ data: "" }], beem: 3 }), 400, "ARGUMENT", "beem"],
    [
      "with a number as text in JSON",
      () => jsonRequest({ images: [{ data: "" }], beam: "3" }),
      400,
      "ARGUMENT",
      "beam",
    ],
    ["with a number out of range", () => pictureRequest(pixel, { query: "?beam=0" }), 400, "ARGUMENT", "beam"],
    ["with what is no number", () => pictureRequest(pixel, { query: "?beam=three" }), 400, "ARGUMENT", "beam"],
    ["with an option twice", () => pictureRequest(pixel, { query: "?beam=1&beam=2" }), 400, "ARGUMENT", "beam"],
    [
      "with an option that nobody knows",
      () => pictureRequest(pixel, { query: "?__proto__=3" }),
      400,
      "ARGUMENT",
      "__proto__",
    ],
    [
      "with more candidates than the beam",
      () => pictureRequest(pixel, { query: "?beam=2&candidates=3" }),
      400,
      "ARGUMENT",
      "candidates",
    ],
    [
      "with a search and a drawing",
      () => pictureRequest(pixel, { query: "?beam=2&temperature=1" }),
      400,
      "ARGUMENT",
      "temperature",
    ],
    [
      "that is a form of too many fields",
      () => formRequest([], Object.fromEntries(thousands.map((_, i) => [i, ""]))),
      413,
      "REQUEST_TOO_LARGE",
      "116 parts",
    ],
    ["that is nested without end", () => jsonRequest("[".repeat(1e6)), 400, "REQUEST_FORMAT", "nested deeper"],
    [
      "of ever more fields",
      () => jsonRequest(`{${Array.from({ length: 1e5 }, (_, i) => `"${i}":0`).join()}}`),
      400,
      "REQUEST_FORMAT",
      "more fields and values",
    ],
    [
      "with a field whose name is a book",
      () => jsonRequest({ images: [{ data: base64(pixel) }], [thousands.join()]: 0 }),
      400,
      "ARGUMENT",
      "…",
    ],
    [
      "that is a form without a boundary",
      () => pictureRequest("--", { headers: { "Content-Type": "multipart/form-data" } }),
      400,
      "REQUEST_FORMAT",
      "boundary",
    ],
    ["that is no form", () => pictureRequest("--y", { headers: form }), 400, "REQUEST_FORMAT", "form"],
    ["that is a form without a file", () => formRequest([], { beam: "3" }), 400, "ARGUMENT", "image"],
    ["that is a form with text for a file", () => formRequest([], { image: "photo.jpg" }), 400, "ARGUMENT", "image"],
  ] as const)("%s", async (_, ask, status, code, named) => {
    const refusal = await refusalOf(await fixture.service().fetch(ask()));
    expect(refusal).toMatchObject({ status, code, message: expect.stringContaining(named) as string });
    expect(refusal.message.length).toBeLessThan(1000);
  });

  test("when it names a URL and these are switched off, which is each such picture's own error", async () => {
    const images = [{ url: "https://example.org/a.jpg" }, { data: base64(pixel) }];
    const { results } = await answerTo(jsonRequest({ images }));
    expect(results[0]).toMatchObject({ image: "https://example.org/a.jpg", error: { code: "URL_REFUSED" } });
    expect(results[1]).toHaveProperty("caption");
    await answerTo(jsonRequest({ images: images.slice(0, 1) }), 403);
  });

  test("when it names an address inside a network, although URLs are switched on", async () => {
    const response = await fixture
      .service({ allowUrls: true })
      .fetch(jsonRequest({ images: [{ url: "http://127.0.0.1:9/a.jpg" }] }));
    expect(await refusalOf(response)).toMatchObject({ status: 403, code: "URL_REFUSED" });
  });
});

interface ServerSentEvent {
  readonly event: keyof typeof captionEvents;
  readonly data: unknown;
}

function eventsIn(text: string): ServerSentEvent[] {
  return text
    .split("\n\n")
    .filter((block) => block !== "")
    .map((block) => {
      const [, event, data] = /^event: (.+)\ndata: (.+)$/.exec(block)!;
      return { event: event as ServerSentEvent["event"], data: JSON.parse(data!) as unknown };
    });
}

describe("as a stream of events", () => {
  const accept = { Accept: "text/event-stream" };

  test("words come as they settle, then each result, then the same answer as without", async () => {
    const files = [
      ["coffee.webp", coffee],
      ["broken.jpg", truncated],
      ["pixel.png", pixel],
    ] as const;
    const asked = formRequest(files);
    const response = await fixture
      .service()
      .fetch(new Request(asked, { headers: { ...Object.fromEntries(asked.headers), ...accept } }));
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const events = eventsIn(await response.text());
    for (const { event, data } of events) expect(() => captionEvents[event].parse(data)).not.toThrow();
    const names = events.map(({ event }) => event);
    expect(names[0]).toBe("start");
    expect(events[0]!.data).toEqual({ images: ["coffee.webp", "broken.jpg", "pixel.png"], model: fixture.model.id });
    expect(names.at(-1)).toBe("done");
    expect(names.filter((name) => name === "result")).toHaveLength(3);
    const { results } = events.at(-1)!.data as CaptionAnswer;
    const whole = await answerTo(formRequest(files));
    expect(results.map((result) => "caption" in result && result.caption)).toEqual(
      whole.results.map((result) => "caption" in result && result.caption),
    );
    for (const index of [0, 2]) {
      const { caption } = results[index] as { caption: string };
      const partials = events.flatMap(({ event, data }) =>
        event === "partial" && (data as { index: number }).index === index
          ? [data as { caption: string; settled: string }]
          : [],
      );
      expect(partials.at(-1)).toMatchObject({ caption, settled: caption });
      for (const { settled } of partials) expect(caption.startsWith(settled)).toBe(true);
    }
  });

  test("who does not ask for them makes no events be made", async () => {
    const asked: unknown[] = [];
    const captioner: Captioner = {
      ...fixture.captioner,
      captionAll(pictures, options) {
        asked.push(options?.onPartial);
        return fixture.captioner.captionAll(pictures, options);
      },
    };
    const service = fixture.service({ captioner });
    expect((await service.fetch(pictureRequest(pixel))).status).toBe(200);
    expect(await (await service.fetch(pictureRequest(pixel, { headers: accept }))).text()).toContain("event: done");
    expect(asked).toEqual([undefined, expect.any(Function)]);
  });

  test("what is refused before it begins is refused with a status", async () => {
    const response = await fixture.service().fetch(pictureRequest(pixel, { query: "?beam=0", headers: accept }));
    expect(await refusalOf(response)).toMatchObject({ status: 400, code: "ARGUMENT" });
  });

  test("what is given up meanwhile ends with an error", async () => {
    const service = fixture.service({ limits: { deadlineMs: 1 } });
    const response = await service.fetch(pictureRequest(coffee, { headers: accept }));
    if (response.status !== 200) return expect(await refusalOf(response)).toMatchObject({ code: "DEADLINE" });
    const last = eventsIn(await response.text()).at(-1)!;
    expect(last).toMatchObject({ event: "error", data: { error: { code: "DEADLINE" } } });
  });

  test("keeps its place until the work is done, whether anybody reads or not", async () => {
    const service = fixture.service();
    const response = await service.fetch(pictureRequest(pixel, { headers: accept }));
    await service.drain();
    expect(await (await service.fetch(request("/metrics"))).text()).toMatch(/^showtell_open_requests 0$/m);
    expect(eventsIn(await response.text()).at(-1)).toMatchObject({ event: "done" });
  });

  test("ends the work when nobody reads on", async () => {
    const service = fixture.service();
    const many = formRequest(Array.from({ length: 16 }, (_, i) => [`${i}.webp`, coffee] as const));
    const response = await service.fetch(
      new Request(many, { headers: { ...Object.fromEntries(many.headers), ...accept } }),
    );
    const reader = response.body!.getReader();
    await reader.read();
    await reader.cancel();
    const started = performance.now();
    await service.drain();
    const spent = performance.now() - started;
    const whole = performance.now();
    for (let i = 0; i < 8; i++) await fixture.captioner.caption(coffee);
    expect(spent).toBeLessThan(2 * (performance.now() - whole));
  });
});
