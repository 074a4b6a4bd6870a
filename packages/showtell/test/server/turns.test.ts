// Turns: how many at a time, in which order, who is refused, who may leave. On work that ends when the test says so.
import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { Turns } from "../../src/server/turns.ts";

const never = new AbortController().signal;

/** Work with names, what has begun of it, and its ends. */
function slowWork() {
  const begun: string[] = [];
  const ends = new Map<string, (error?: Error) => void>();
  const work = (name: string) => (): Promise<string> =>
    new Promise((resolve, reject) => {
      begun.push(name);
      ends.set(name, (error) => (error === undefined ? resolve(name) : reject(error)));
    });
  return { begun, ends, work };
}

test("are taken by no more than may at a time, first come, first served, also after work that failed", async () => {
  const { begun, ends, work } = slowWork();
  const turns = new Turns(2, 10);
  const [a, b, c, d] = ["a", "b", "c", "d"].map((name) => turns.take(never, work(name)));
  await setImmediate();
  expect(begun).toEqual(["a", "b"]);
  ends.get("b")!(new Error("broken"));
  await expect(b).rejects.toThrow("broken");
  await setImmediate();
  expect(begun).toEqual(["a", "b", "c"]);
  for (const name of ["a", "c"]) ends.get(name)!();
  await setImmediate();
  ends.get("d")!();
  expect(await Promise.all([a, c, d])).toEqual(["a", "c", "d"]);
  const e = turns.take(never, work("e"));
  await setImmediate();
  ends.get("e")!();
  expect(await e).toBe("e");
});

test("are waited for by no more than may; the others are told when to come back", async () => {
  const { work } = slowWork();
  const turns = new Turns(1, 1);
  void turns.take(never, work("a"));
  void turns.take(never, work("b"));
  await expect(turns.take(never, work("c"))).rejects.toMatchObject({ code: "BUSY", retryAfterSeconds: 1 });
});

test("are not waited for any more by whoever leaves, who makes room", async () => {
  const { begun, ends, work } = slowWork();
  const turns = new Turns(1, 1);
  void turns.take(never, work("a"));
  const leaving = new AbortController();
  const left = turns.take(leaving.signal, work("b"));
  const reason = new Error("left");
  await setImmediate();
  leaving.abort(reason);
  await expect(left).rejects.toBe(reason);
  await expect(turns.take(leaving.signal, work("b"))).rejects.toBe(reason);
  void turns.take(never, work("c"));
  ends.get("a")!();
  await setImmediate();
  expect(begun).toEqual(["a", "c"]);
});
