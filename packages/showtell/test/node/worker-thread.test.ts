// Requests to a worker thread: whatever becomes of it, the caller gets a reply or a coded error, and never waits for ever.
import { afterEach, describe, expect, test } from "vitest";
import type { WorkerThread } from "../../src/thread/requests.ts";
import { startWorker } from "../../src/node/worker-thread.ts";

type Ask =
  | { readonly kind: "repeat"; readonly value: unknown }
  | { readonly kind: "count"; readonly to: number }
  | { readonly kind: "wait" | "refuse" | "fail" | "crash" | "exit" };

const started: WorkerThread<Ask, unknown, number>[] = [];

function start(module = "worker-thread-child.mjs"): WorkerThread<Ask, unknown, number> {
  const worker = startWorker<Ask, unknown, number>(new URL(module, import.meta.url));
  started.push(worker);
  return worker;
}

afterEach(async () => {
  for (const worker of started.splice(0)) await worker.terminate();
});

describe("a request", () => {
  test("is answered, several at a time each with its own reply", async () => {
    const worker = start();
    const values = [1, "two", new Uint8Array([3]), { four: [4] }];
    const replies = await Promise.all(values.map((value) => worker.request({ kind: "repeat", value })));
    expect(replies).toEqual(values);
  });

  test("hears events before its reply, and none of another's", async () => {
    const worker = start();
    const heard: number[][] = [[], []];
    const counts = [3, 5].map((to, i) =>
      worker.request({ kind: "count", to }, { onEvent: (event) => heard[i]!.push(event) }),
    );
    expect(await Promise.all(counts)).toEqual([3, 5]);
    expect(heard).toEqual([
      [1, 2, 3],
      [1, 2, 3, 4, 5],
    ]);
  });

  test("that is refused keeps the code; any other failure is an internal one, and the thread goes on", async () => {
    const worker = start();
    await expect(worker.request({ kind: "refuse" })).rejects.toMatchObject({
      name: "ShowtellError",
      code: "IMAGE_EMPTY",
      message: "refused by the handler",
    });
    await expect(worker.request({ kind: "fail" })).rejects.toMatchObject({
      code: "INTERNAL",
      message: expect.stringContaining("failed in the handler") as string,
    });
    expect(await worker.request({ kind: "repeat", value: 1 })).toBe(1);
  });

  test("is told when its signal is aborted, before or later, and no other is", async () => {
    const worker = start();
    const controller = new AbortController();
    const own = worker.request({ kind: "wait" }, { signal: controller.signal });
    const other = new AbortController();
    const another = worker.request({ kind: "wait" }, { signal: other.signal });
    controller.abort();
    await expect(own).rejects.toMatchObject({ code: "CANCELLED" });
    other.abort();
    await expect(another).rejects.toMatchObject({ code: "CANCELLED" });
    await expect(worker.request({ kind: "wait" }, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "CANCELLED",
    });
  });

  test("with what no thread can be handed is refused, and leaves nothing behind", async () => {
    const worker = start();
    await expect(worker.request({ kind: "repeat", value: () => 1 })).rejects.toMatchObject({ code: "ARGUMENT" });
    expect(await worker.request({ kind: "repeat", value: 2 })).toBe(2);
  });
});

describe("a thread that ends", () => {
  test.each([
    ["crash", "thrown where nobody catches"],
    ["exit", "ended by itself, with status 3"],
  ] as const)("by a %s fails all open requests and all later ones, with what happened", async (kind, message) => {
    const worker = start();
    const error = { code: "INTERNAL", message: expect.stringContaining(message) as string };
    const open = worker.request({ kind: "wait" });
    const last = worker.request({ kind });
    await expect(open).rejects.toMatchObject(error);
    await expect(last).rejects.toMatchObject(error);
    await expect(worker.request({ kind: "wait" })).rejects.toMatchObject(error);
  });

  test("because its module is not there fails what was asked", async () => {
    await expect(start("no-such-module.mjs").request({ kind: "wait" })).rejects.toMatchObject({
      code: "INTERNAL",
      message: expect.stringContaining("no-such-module.mjs") as string,
    });
  });

  test("because it was terminated cancels open requests and later ones", async () => {
    const worker = start();
    const open = worker.request({ kind: "wait" });
    const failure = expect(open).rejects.toMatchObject({ code: "CANCELLED" });
    await worker.terminate();
    await failure;
    await expect(worker.request({ kind: "repeat", value: 1 })).rejects.toMatchObject({ code: "CANCELLED" });
    await worker.terminate();
  });
});
