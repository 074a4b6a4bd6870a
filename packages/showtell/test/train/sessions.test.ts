// The cache of compiled shapes: how many live, which goes first, and that all are disposed of.
import { describe, expect, it } from "vitest";
import type { OpenSession } from "../../src/engine/session.ts";
import type { SessionCache } from "../../src/train/sessions.ts";
import { compiledShapes, createSessionCache } from "../../src/train/sessions.ts";

/** An engine whose models are their own names; `alive` lists those not yet disposed of. */
function engine(): { readonly openSession: OpenSession; readonly alive: Set<string>; readonly opened: string[] } {
  const alive = new Set<string>();
  const opened: string[] = [];
  const openSession: OpenSession = async (model) => {
    const name = new TextDecoder().decode(model);
    if (name === "broken") throw new Error("no such model");
    opened.push(name);
    alive.add(name);
    return {
      inputNames: [],
      outputNames: [name],
      run: async () => ({}),
      dispose: async () => void alive.delete(name),
    };
  };
  return { openSession, alive, opened };
}

/** Asks for shapes one after the other. */
async function ask(cache: SessionCache<string>, ...names: readonly string[]): Promise<void> {
  for (const name of names) {
    const { session, extra } = await cache.get(name, () => ({
      model: new TextEncoder().encode(name),
      extra: `extra ${name}`,
    }));
    expect([session.outputNames, extra]).toEqual([[name], `extra ${name}`]);
  }
}

describe("a session cache", () => {
  it("compiles a shape once and gives the same session afterwards", async () => {
    const { openSession, opened } = engine();
    await ask(createSessionCache(openSession, 3), "a", "b", "a", "a", "b");
    expect(opened).toEqual(["a", "b"]);
  });

  it("disposes of the least recently used shape when there is no room", async () => {
    const { openSession, alive, opened } = engine();
    const cache = createSessionCache<string>(openSession, 2);
    await ask(cache, "a", "b", "a", "c"); // b was used before a
    expect([...alive]).toEqual(["a", "c"]);
    await ask(cache, "a", "b");
    expect([...alive]).toEqual(["a", "b"]);
    expect(opened).toEqual(["a", "b", "c", "b"]);
  });

  it("makes room before it compiles: never more are alive than allowed", async () => {
    const { openSession, alive } = engine();
    let most = 0;
    const counting: OpenSession = async (model) => {
      const session = await openSession(model);
      most = Math.max(most, alive.size);
      return session;
    };
    await ask(createSessionCache(counting), ...Array.from({ length: 20 }, (_, i) => `shape ${i}`));
    expect(most).toBe(compiledShapes);
  });

  it("disposes of all in the end, and may be used again", async () => {
    const { openSession, alive } = engine();
    const cache = createSessionCache<string>(openSession, 3);
    await ask(cache, "a", "b");
    await cache.dispose();
    expect(alive.size).toBe(0);
    await ask(cache, "a");
    expect([...alive]).toEqual(["a"]);
  });

  it("passes on why a shape could not be compiled, and keeps the others", async () => {
    const { openSession, alive } = engine();
    const cache = createSessionCache<string>(openSession, 3);
    await ask(cache, "a");
    await expect(ask(cache, "broken")).rejects.toThrow("no such model");
    await ask(cache, "a");
    expect([...alive]).toEqual(["a"]);
  });
});
