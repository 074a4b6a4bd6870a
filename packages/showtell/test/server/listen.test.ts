// A service at a port: over real connections, what they may do, and how it comes to rest.
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listen } from "showtell/server";
import type { Service } from "showtell/server";
import { openServiceFixture, photoBytes } from "./service-fixture.ts";
import type { ServiceFixture } from "./service-fixture.ts";

let fixture: ServiceFixture;
const coffee = photoBytes("coffee.webp");
const post = { method: "POST", headers: { "Content-Type": "image/webp" }, body: coffee };

beforeAll(async () => {
  fixture = await openServiceFixture();
});
afterAll(() => fixture.dispose());

test("a request is answered over a connection", async () => {
  const { url, close } = await listen(fixture.service({ localOnly: true }), { port: 0 });
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
  const response = await fetch(`${url}v1/captions`, post);
  const { caption } = await fixture.captioner.caption(coffee);
  expect(await response.json()).toMatchObject({ results: [{ caption }] });
  await close();
  await expect(fetch(`${url}healthz`)).rejects.toThrow("fetch failed");
});

test("a port that is taken is named", async () => {
  const first = await listen(fixture.service(), { port: 0 });
  const port = Number(new URL(first.url).port);
  await expect(listen(fixture.service(), { port })).rejects.toMatchObject({
    code: "LISTEN",
    message: expect.stringContaining(String(port)) as string,
  });
  await first.close();
});

describe("closing", () => {
  test("answers what was taken, also over connections that are kept", async () => {
    const { url, close } = await listen(fixture.service(), { port: 0 });
    await (await fetch(`${url}healthz`)).text();
    const answers = Array.from({ length: 6 }, () => fetch(`${url}v1/captions`, post));
    await untilOpen(url, 6);
    await Promise.all([close(), close()]);
    for (const answer of answers) expect((await answer).status).toBe(200);
  });
});

describe("a client that leaves", () => {
  test("in the middle of its body disturbs nobody", async () => {
    const { url, close } = await listen(fixture.service(), { port: 0 });
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    await once(socket, "connect");
    socket.write(
      "POST /v1/captions HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/webp\r\nContent-Length: 1000\r\n\r\nRIFF",
    );
    await setTimeout(30);
    socket.destroy();
    expect((await fetch(`${url}v1/captions`, post)).status).toBe(200);
    await close();
  });

  test("while it waits is not captioned for", async () => {
    const { url, close } = await listen(fixture.service(), { port: 0 });
    const leaving = new AbortController();
    const form = new FormData();
    for (let i = 0; i < 16; i++) form.append("image", new File([coffee], `${i}.webp`));
    const answer = fetch(`${url}v1/captions`, { method: "POST", body: form, signal: leaving.signal });
    await untilOpen(url, 1);
    leaving.abort();
    await expect(answer).rejects.toThrow("aborted");
    await untilOpen(url, 0);
    expect(await metricsAt(url)).not.toMatch(/outcome="ok"\} 16/);
    await close();
  });
});

/** A service of one answer, which takes its time to begin. */
function answering(body: ReadableStream, beginsAfterMs = 0): Service {
  return {
    async fetch() {
      await setTimeout(beginsAfterMs);
      return new Response(body);
    },
    drain: () => Promise.resolve(),
  };
}

describe("the time in which an answer has to be taken", () => {
  const requestTimeoutMs = 20;
  const long = 10 * requestTimeoutMs;

  test("ends for a client that does not take it", async () => {
    let cancel: (() => void) | undefined;
    const ended = new Promise<void>((resolve) => (cancel = resolve));
    const endless = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(2 ** 16)),
      cancel: () => cancel!(),
    });
    const { url, close } = await listen(answering(endless), { port: 0, requestTimeoutMs });
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await ended;
    socket.destroy();
    await close();
  });

  test("does not run while a client waits for it, nor for more of it", async () => {
    const parts = ["a", "b"].map((part) => new TextEncoder().encode(part));
    const slow = new ReadableStream(
      {
        async pull(controller) {
          await setTimeout(long);
          const part = parts.shift();
          if (part === undefined) controller.close();
          else controller.enqueue(part);
        },
      },
      { highWaterMark: 0 },
    );
    const { url, close } = await listen(answering(slow, long), { port: 0, requestTimeoutMs });
    expect(await (await fetch(url)).text()).toBe("ab");
    await close();
  });
});

async function metricsAt(url: string): Promise<string> {
  return (await fetch(`${url}metrics`)).text();
}

/** Waits until so many caption requests are being answered. */
async function untilOpen(url: string, requests: number): Promise<void> {
  const line = new RegExp(`^showtell_open_requests ${requests}$`, "m");
  while (!line.test(await metricsAt(url))) await setTimeout(5);
}
