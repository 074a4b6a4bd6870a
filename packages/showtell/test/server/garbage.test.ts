// That a service's garbage is collected after a request, and not without one.
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { collectingGarbage } from "../../src/server/garbage.ts";
import type { Service } from "../../src/server/service.ts";

const service: Service = {
  fetch: () => Promise.resolve(new Response("answer")),
  drain: () => Promise.resolve(),
};

/** Something that nobody holds but the collector has not seen yet. */
function leftBehind(): WeakRef<object> {
  return new WeakRef({ something: true });
}

test("what a request leaves behind is collected soon after it, and not before", async () => {
  const collecting = collectingGarbage(service, 30);
  const before = leftBehind();
  await sleep(60);
  expect(before.deref()).toBeDefined();
  const response = await collecting.fetch(new Request("http://localhost/"));
  expect(await response.text()).toBe("answer");
  await sleep(60);
  expect(before.deref()).toBeUndefined();
  // The next request is followed by a collection, too.
  const after = leftBehind();
  await collecting.fetch(new Request("http://localhost/"));
  await sleep(60);
  expect(after.deref()).toBeUndefined();
});
