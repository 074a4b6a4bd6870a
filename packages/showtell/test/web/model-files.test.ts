// Model files over HTTP without a browser: what is checked of them. The browser's cache is tested with captioning.
import { expect, test } from "vitest";
import { sha256Hex } from "../../src/base/bytes.ts";
import { fetchModelFile } from "../../src/web/model-files.ts";

const bytes = new TextEncoder().encode("abc");
const fetched = (sha256: string): Promise<Uint8Array> =>
  fetchModelFile({ url: "data:,abc", sha256 }, () => undefined, new AbortController().signal);

test("a file is known by its SHA-256 in hex, of small letters or of large ones", async () => {
  const sha256 = sha256Hex(bytes);
  expect(await fetched(sha256)).toEqual(bytes);
  expect(await fetched(sha256.toUpperCase())).toEqual(bytes);
  await expect(fetched("0".repeat(64))).rejects.toMatchObject({ code: "INTEGRITY" });
});
