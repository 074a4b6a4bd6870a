// The queue before the captioner: how what waits becomes batches, who is refused, who may leave. On a captioner that is told when to go on.
import { setMaxListeners } from "node:events";
import { setImmediate } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { Captioner, NamedPicture } from "showtell/node";
import { ShowtellError } from "../../src/base/errors.ts";
import { CaptionQueue } from "../../src/server/caption-queue.ts";
import type { QueueWork } from "../../src/server/caption-queue.ts";

/** A captioner that notes its batches and ends each when the test says so. */
function slowCaptioner() {
  const batches: {
    readonly pictures: string;
    readonly options: object;
    readonly signal: AbortSignal;
    end(this: void, error?: Error): void;
  }[] = [];
  const captioner: Captioner = {
    model: "slow",
    caption: () => Promise.reject(new Error("the queue captions in batches")),
    async *captionAll(images, options = {}) {
      const list = [...(images as unknown as Iterable<NamedPicture>)];
      const { signal, onPartial, ...rest } = options;
      const pictures = list.map(({ name }) => name).join("");
      await new Promise<void>((resolve, reject) => {
        const end = (error?: Error): void => (error === undefined ? resolve() : reject(error));
        batches.push({ pictures, options: rest, signal: signal as AbortSignal, end });
      });
      list.forEach((_, image) => onPartial?.({ image, caption: `${image}`, settled: "" }));
      for (const image of list) yield { image, result: { caption: pictures } } as never;
    },
    weigh: () => Promise.reject(new Error("the queue weighs nothing")),
    dispose: () => Promise.resolve(),
  };
  return { captioner, batches };
}

const never = new AbortController().signal;
setMaxListeners(0, never);

/** Work on pictures with a letter for a name. */
function work(letters: string, more: Partial<QueueWork> = {}): QueueWork {
  return {
    pictures: letters.split("").map((name) => ({ name, bytes: Uint8Array.of(1) })),
    options: {},
    signal: never,
    ...more,
  };
}

/** Longer than a batch waits for more. */
const gathered = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 40));

describe("batches", () => {
  test("one goes at once, then whoever has come meanwhile goes together", async () => {
    const { captioner, batches } = slowCaptioner();
    const queue = new CaptionQueue(captioner, { maxWaiting: 32 });
    const [first] = queue.add(work("a"));
    void queue.add(work("b"));
    void queue.add(work("cd"));
    expect(batches.map(({ pictures }) => pictures)).toEqual(["a"]);
    await gathered();
    expect(batches.map(({ pictures }) => pictures)).toEqual(["a", "bcd"]);
    batches[0]!.end();
    expect(await first).toMatchObject({ result: { caption: "a" } });
  });

  test("no more than two are under way, none is larger than eight, and the order is kept", async () => {
    const { captioner, batches } = slowCaptioner();
    const sizes: number[] = [];
    const queue = new CaptionQueue(captioner, { maxWaiting: 32, onBatch: (pictures) => sizes.push(pictures) });
    const all = [...queue.add(work("abcdefghijklmnop")), ...queue.add(work("qrst"))];
    await gathered();
    expect(batches.map(({ pictures }) => pictures)).toEqual(["abcdefgh", "ijklmnop"]);
    expect(queue.waiting).toBe(4);
    batches[1]!.end();
    await gathered();
    expect(batches[2]!.pictures).toBe("qrst");
    for (const { end } of batches) end();
    const captions = (await Promise.all(all)).map((outcome) => ("result" in outcome ? outcome.result.caption : ""));
    expect(captions).toEqual([
      ...Array<string>(8).fill("abcdefgh"),
      ...Array<string>(8).fill("ijklmnop"),
      ...Array<string>(4).fill("qrst"),
    ]);
    expect(sizes.toSorted((a, b) => a - b)).toEqual([4, 8, 8]);
  });

  test("only pictures to be captioned alike go together; the one that waits longest is never passed over", async () => {
    const { captioner, batches } = slowCaptioner();
    const queue = new CaptionQueue(captioner, { maxWaiting: 32 });
    void queue.add(work("abcdefgh"));
    void queue.add(work("ijklmnop"));
    void queue.add(work("1", { options: { beam: 1 } }));
    void queue.add(work("2"));
    void queue.add(work("3", { options: { beam: 1 } }));
    batches[0]!.end();
    await gathered();
    expect(batches[2]).toMatchObject({ pictures: "13", options: { beam: 1 } });
    batches[1]!.end();
    await gathered();
    expect(batches[3]).toMatchObject({ pictures: "2", options: {} });
  });

  test("partial captions reach whoever asked for them, by the picture's place in the request", async () => {
    const { captioner, batches } = slowCaptioner();
    const queue = new CaptionQueue(captioner, { maxWaiting: 32 });
    void queue.add(work("abcdefgh"));
    const told: object[] = [];
    void queue.add(work("x"));
    const outcomes = queue.add(work("yz", { onPartial: (partial) => told.push(partial) }));
    batches[0]!.end();
    await gathered();
    expect(batches[1]!.pictures).toBe("xyz");
    batches[1]!.end();
    await Promise.all(outcomes);
    expect(told).toEqual([
      { image: 0, caption: "1", settled: "" },
      { image: 1, caption: "2", settled: "" },
    ]);
  });
});

describe("a full queue", () => {
  test("takes all pictures of a request or none, and says when to come back", async () => {
    const { captioner } = slowCaptioner();
    const queue = new CaptionQueue(captioner, { maxWaiting: 4 });
    void queue.add(work("a"));
    void queue.add(work("bcd"));
    expect(() => queue.add(work("ef"))).toThrow(
      expect.objectContaining({ code: "BUSY", retryAfterSeconds: 1 }) as Error,
    );
    void queue.add(work("e"));
    expect(queue.waiting).toBe(4);
  });
});

describe("whoever leaves", () => {
  test("while waiting makes room and is not captioned", async () => {
    const { captioner, batches } = slowCaptioner();
    const queue = new CaptionQueue(captioner, { maxWaiting: 4 });
    void queue.add(work("a"));
    const leaving = new AbortController();
    const [left] = queue.add(work("b", { signal: leaving.signal }));
    const reason = new ShowtellError("CANCELLED", "left");
    leaving.abort(reason);
    await expect(left).rejects.toBe(reason);
    expect(queue.waiting).toBe(0);
    void queue.add(work("cd"));
    await gathered();
    expect(batches.map(({ pictures }) => pictures)).toEqual(["a", "cd"]);
  });

  test("while being captioned does not disturb the others of the batch; when all have left, it is cancelled", async () => {
    const { captioner, batches } = slowCaptioner();
    const queue = new CaptionQueue(captioner, { maxWaiting: 4 });
    void queue.add(work("a"));
    const leaving = [new AbortController(), new AbortController()];
    const lefts = leaving.map(({ signal }, i) => queue.add(work("bc"[i]!, { signal }))[0]!);
    await gathered();
    leaving[0]!.abort(new ShowtellError("CANCELLED", "left"));
    await expect(lefts[0]).rejects.toMatchObject({ code: "CANCELLED" });
    expect(batches[1]!.signal.aborted).toBe(false);
    leaving[1]!.abort(new ShowtellError("CANCELLED", "left"));
    await expect(lefts[1]).rejects.toMatchObject({ code: "CANCELLED" });
    expect(batches[1]!.signal.aborted).toBe(true);
  });

  test("before coming in is not let in", async () => {
    const { captioner, batches } = slowCaptioner();
    const queue = new CaptionQueue(captioner, { maxWaiting: 4 });
    const reason = new ShowtellError("CANCELLED", "left");
    await expect(queue.add(work("a", { signal: AbortSignal.abort(reason) }))[0]).rejects.toBe(reason);
    expect(batches).toEqual([]);
  });
});

describe("a captioner that fails", () => {
  test("is every picture's error, and known until it works again", async () => {
    const { captioner, batches } = slowCaptioner();
    const queue = new CaptionQueue(captioner, { maxWaiting: 4 });
    const [first] = queue.add(work("a"));
    batches[0]!.end(new ShowtellError("INTERNAL", "the thread ended"));
    expect(await first).toMatchObject({ error: { code: "INTERNAL", message: "the thread ended" } });
    expect(queue.failing).toBe(true);
    const [second] = queue.add(work("b"));
    batches[1]!.end();
    await second;
    expect(queue.failing).toBe(false);
  });

  test("is not thought to fail for an option that it refuses", async () => {
    const { captioner, batches } = slowCaptioner();
    const queue = new CaptionQueue(captioner, { maxWaiting: 4 });
    const [refused] = queue.add(work("a", { options: { beam: 1, candidates: 2 } }));
    batches[0]!.end(new ShowtellError("ARGUMENT", "candidates"));
    expect(await refused).toMatchObject({ error: { code: "ARGUMENT" } });
    expect(queue.failing).toBe(false);
  });
});

test("a queue is drained once nothing waits and nothing is captioned", async () => {
  const { captioner, batches } = slowCaptioner();
  const queue = new CaptionQueue(captioner, { maxWaiting: 4 });
  await queue.drained();
  void queue.add(work("a"));
  void queue.add(work("b"));
  let isDrained = false;
  const drained = queue.drained().then(() => {
    isDrained = true;
  });
  batches[0]!.end();
  await gathered();
  expect(isDrained).toBe(false);
  batches[1]!.end();
  await drained;
  await setImmediate();
  expect(queue.waiting).toBe(0);
});
