// POST /v1/feedback: what is kept, what is refused, and that a picture is kept only where its owner agreed.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Hono } from "hono";
import { defaultLimits, openStore } from "showtell/server";
import type { Service, Store } from "showtell/server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ShowtellError } from "../../src/base/errors.ts";
import { Admission } from "../../src/server/admission.ts";
import { saveFeedbackOf } from "../../src/server/feedback-operation.ts";
import { Turns } from "../../src/server/turns.ts";
import { feedbackPicture, listFeedback } from "../../src/store/feedback.ts";
import { openServiceFixture, photoBytes, refusalOf, request } from "./service-fixture.ts";
import type { ServiceFixture } from "./service-fixture.ts";

let folder: string;
let fixture: ServiceFixture;
let store: Store;
let service: Service;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "showtell-feedback-"));
  fixture = await openServiceFixture();
  store = await openStore(folder);
  service = fixture.service({ store });
});
afterAll(async () => {
  store.close();
  await fixture.dispose();
  await rm(folder, { recursive: true });
});

const coffee = photoBytes("coffee.webp");
const key = (digit: string): string => digit.repeat(32);

function feedbackRequest(fields: Readonly<Record<string, string>>, picture?: Uint8Array<ArrayBuffer>): Request {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  if (picture) form.append("image", new File([picture], "photo"));
  return request("/v1/feedback", { method: "POST", body: form });
}

describe("feedback", () => {
  test("is kept before it is answered, under the model that captions here", async () => {
    const response = await service.fetch(feedbackRequest({ key: key("a"), caption: "a cup", thumb: "up" }));
    const { id, picture } = (await response.json()) as { readonly id: number; readonly picture: boolean };
    expect([response.status, picture]).toEqual([200, false]);
    const kept = listFeedback(store).find((one) => one.id === id);
    expect(kept).toMatchObject({ key: key("a"), caption: "a cup", thumb: "up", model: fixture.model.id });
    expect(kept).not.toHaveProperty("picture");
  });

  test("keeps a picture as it was sent, if that was agreed to, and drops it if that is taken back", async () => {
    const fields = { key: key("b"), caption: "a cup", edited: "a cup of coffee" };
    const response = await service.fetch(feedbackRequest({ ...fields, consent: "true" }, coffee));
    expect(await response.json()).toMatchObject({ picture: true });
    const kept = listFeedback(store).find((one) => one.key === key("b"))!;
    expect(feedbackPicture(store, kept.picture!)).toEqual({ mediaType: "image/webp", bytes: coffee });
    expect((await service.fetch(feedbackRequest(fields))).status).toBe(200);
    expect(listFeedback(store).filter((one) => one.key === key("b"))).toHaveLength(1);
    expect(feedbackPicture(store, kept.picture!)).toBeUndefined();
  });

  const good = { key: key("c"), caption: "a cup", thumb: "up" };
  test.each([
    ["a picture without consent", good, coffee, 400, "ARGUMENT", "consent"],
    ["a picture whose consent is refused", { ...good, consent: "false" }, coffee, 400, "ARGUMENT", "consent"],
    ["neither thumb nor words", { key: key("c"), caption: "a cup" }, undefined, 400, "ARGUMENT", "thumb"],
    ["a thumb sideways", { ...good, thumb: "left" }, undefined, 400, "ARGUMENT", "thumb"],
    ["a key that could be guessed", { ...good, key: "1" }, undefined, 400, "ARGUMENT", "hex"],
    ["empty words", { ...good, edited: " " }, undefined, 400, "ARGUMENT", "edited"],
    ["a novel", { ...good, edited: "x".repeat(1001) }, undefined, 400, "ARGUMENT", "edited"],
    ["what nobody asked for", { ...good, name: "x" }, undefined, 400, "ARGUMENT", "name"],
    ["no picture at all", { ...good, consent: "true" }, Uint8Array.of(1, 2, 3), 415, "IMAGE_FORMAT", "picture"],
    ["a broken picture", { ...good, consent: "true" }, coffee.slice(0, 3000), 422, "IMAGE_DECODE", "picture"],
  ] as const)("that is wrong is refused and not kept: %s", async (_, fields, picture, status, code, part) => {
    const refused = await refusalOf(await service.fetch(feedbackRequest(fields, picture)));
    expect(refused).toMatchObject({ status, code, message: expect.stringContaining(part) as string });
    expect(listFeedback(store).filter((one) => one.key === key("c"))).toEqual([]);
  });

  test("that is no form, or too large, is refused", async () => {
    const json = request("/v1/feedback", {
      method: "POST",
      body: "{}",
      headers: { "Content-Type": "application/json" },
    });
    expect(await refusalOf(await service.fetch(json))).toMatchObject({ status: 415, code: "REQUEST_TYPE" });
    const small = fixture.service({ store, limits: { maxBodyBytes: 1000 } });
    const large = feedbackRequest({ ...good, consent: "true" }, coffee);
    expect(await refusalOf(await small.fetch(large))).toMatchObject({ status: 413, code: "REQUEST_TOO_LARGE" });
    const many = feedbackRequest(Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [i, ""])));
    expect(await refusalOf(await service.fetch(many))).toMatchObject({ status: 413, code: "REQUEST_TOO_LARGE" });
  });

  test("with a picture waits for its turn, unless too many wait or its client leaves", async () => {
    const decoding = new Turns(1, 1);
    void decoding.take(new AbortController().signal, () => new Promise(() => undefined));
    const admission = new Admission(defaultLimits);
    const keeping = { store, model: fixture.model.id, admission, limits: defaultLimits, decoding };
    const app = new Hono()
      .post("/v1/feedback", (context) => saveFeedbackOf(context, keeping))
      .onError((error, context) => context.text((error as ShowtellError).code));
    const leaving = new AbortController();
    const ask = async (): Promise<string> => {
      const asked = feedbackRequest({ ...good, consent: "true" }, coffee);
      return (await app.fetch(new Request(asked, { signal: leaving.signal }))).text();
    };
    const answers = [ask(), ask()];
    expect(await Promise.race(answers)).toBe("BUSY");
    leaving.abort();
    expect((await Promise.all(answers)).toSorted()).toEqual(["BUSY", "CANCELLED"]);
    expect(admission.open).toBe(0);
  });

  test("is guarded by the token, and taken only where there is a store", async () => {
    const guarded = fixture.service({ store, token: "secret" });
    expect(await refusalOf(await guarded.fetch(feedbackRequest(good)))).toMatchObject({ status: 401 });
    const without = await refusalOf(await fixture.service().fetch(feedbackRequest(good)));
    expect(without).toMatchObject({ status: 404, code: "NOT_FOUND" });
    expect(without.message).toContain("--store");
    expect(listFeedback(store).filter((one) => one.key === key("c"))).toEqual([]);
  });
});
