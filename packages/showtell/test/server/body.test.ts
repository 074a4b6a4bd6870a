// Bodies in memory: whole however they come in pieces, held in as many bytes as are counted, and JSON refused by its shape.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import type { Stay } from "../../src/server/admission.ts";
import { readBody } from "../../src/server/body.ts";
import { parsedJson } from "../../src/server/json-body.ts";
import { seededRandom } from "../../src/base/random.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const stay: Stay = {
  signal: new AbortController().signal,
  hold: () => undefined,
  giveUp: () => undefined,
  leave: () => undefined,
};

/** A request whose body comes in the given pieces; `last` is called when all are taken. */
function requestOf(pieces: Iterable<Uint8Array>, last: () => void = () => undefined): Request {
  const left = pieces[Symbol.iterator]();
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const { done, value } = left.next();
      if (done === true) {
        last();
        controller.close();
      } else controller.enqueue(value);
    },
  });
  return new Request("http://localhost/", { method: "POST", body, duplex: "half" } as RequestInit);
}

/** Bytes in use once the garbage is gone. */
function used(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

describe("a body", () => {
  test.each([0, 1, 65_535, 65_536, 65_537, 300_000])(
    "of %i bytes is whole, in whatever pieces it comes",
    async (size) => {
      const random = seededRandom(size, "body");
      const bytes = Uint8Array.from({ length: size }, () => random.below(256));
      const pieces: Uint8Array[] = [];
      for (let at = 0; at < size;) {
        const piece = bytes.slice(at, at + 1 + random.below(random.below(2) === 0 ? 9 : 200_000));
        pieces.push(piece);
        at += piece.length;
      }
      expect(await readBody(requestOf(pieces), size, stay)).toEqual(bytes);
      if (size > 0)
        await expect(readBody(requestOf(pieces), size - 1, stay)).rejects.toMatchObject({ code: "REQUEST_TOO_LARGE" });
    },
  );

  test("in single bytes takes no more memory than it has", async () => {
    const count = 200_000;
    function* single(): Generator<Uint8Array> {
      for (let i = 0; i < count; i++) yield Uint8Array.of(i);
    }
    const before = used();
    let held = 0;
    const body = await readBody(
      requestOf(single(), () => (held = used() - before)),
      count,
      stay,
    );
    expect(body).toHaveLength(count);
    // Held one by one they take 200 times as much.
    expect(held).toBeLessThan(20 * count);
  });
});

const parsed = (text: string): unknown => parsedJson(Buffer.from(text));

describe("JSON", () => {
  test("is what it says, whatever its texts hold", () => {
    const value = { a: [1, "[[[[[[[[[[{{{,,,,,,,,,,,,,::::::::::\\\\", '\\"[[[[[[[[[['], "b\\": true };
    expect(parsed(JSON.stringify(value))).toEqual(value);
    expect(() => parsed('{"a": [')).toThrow(expect.objectContaining({ code: "REQUEST_FORMAT" }));
    expect(() => parsed('"\\')).toThrow(expect.objectContaining({ code: "REQUEST_FORMAT" }));
  });

  test.each([
    ["nested too deeply", `${"[".repeat(9)}${"]".repeat(9)}`, "deeper than 8 levels"],
    ["of too many values", `[${"1,".repeat(1e5)}1]`, "more fields and values"],
    ["of too many fields", `{${Array.from({ length: 1e5 }, (_, i) => `"${i}":1`).join()}}`, "more fields and values"],
  ])("%s is refused before it is parsed", (_, text, message) => {
    expect(() => parsed(text)).toThrow(
      expect.objectContaining({ code: "REQUEST_FORMAT", message: expect.stringContaining(message) as string }),
    );
    expect(parsed(`${"[".repeat(8)}${"]".repeat(8)}`)).toEqual([[[[[[[[]]]]]]]]);
  });
});
