// A few pieces of work at a time: never more, none lost, and one that fails does not stop the others.
import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { lanes } from "../../src/thread/lanes.ts";

test("never more than so many pieces are under way, and each gives its own result", async () => {
  const inTurn = lanes(3);
  let underWay = 0;
  let most = 0;
  const pieces = Array.from({ length: 20 }, (_, i) =>
    inTurn(async () => {
      most = Math.max(most, ++underWay);
      for (let tick = 0; tick <= i % 4; tick++) await setImmediate();
      underWay--;
      return i;
    }),
  );
  expect(await Promise.all(pieces)).toEqual(Array.from({ length: 20 }, (_, i) => i));
  expect(most).toBe(3);
});

test("a piece that fails fails alone", async () => {
  const inTurn = lanes(1);
  const first = inTurn(() => Promise.reject(new Error("first")));
  const second = inTurn(() => Promise.resolve("second"));
  await expect(first).rejects.toThrow("first");
  expect(await second).toBe("second");
});
