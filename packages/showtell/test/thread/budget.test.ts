// Work by what it costs: never more under way than the budget has, in order, and what fails gives its share back.
import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { budget } from "../../src/thread/budget.ts";

test("never more than the budget is under way, pieces begin in order, and one of more than all of it runs alone", async () => {
  const within = budget(10);
  const begun: number[] = [];
  let [spent, most] = [0, 0];
  const costs = [4, 4, 3, 25, 1, 10, 6, 4, 1];
  const done = costs.map((cost, i) =>
    within(cost, async () => {
      begun.push(i);
      spent += cost;
      most = Math.max(most, cost > 10 ? spent - cost : spent);
      for (let tick = 0; tick <= i % 3; tick++) await setImmediate();
      spent -= cost;
      return i;
    }),
  );
  expect(await Promise.all(done)).toEqual([...costs.keys()]);
  expect(begun).toEqual([...costs.keys()]);
  expect(most).toBe(10);
});

test("a piece that fails fails alone, and gives back what it cost", async () => {
  const within = budget(1);
  const first = within(1, () => Promise.reject(new Error("first")));
  const second = within(1, () => Promise.resolve("second"));
  await expect(first).rejects.toThrow("first");
  expect(await second).toBe("second");
});
