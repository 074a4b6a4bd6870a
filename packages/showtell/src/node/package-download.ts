// Fetches one package's tarball through the user's npm configuration, with progress, and unpacks what is wanted of it.
// Knows nothing of caches.
import { Transform } from "node:stream";
import { throwIfCancelled } from "../base/cancel.ts";
import { messageOf, ShowtellError } from "../base/errors.ts";
import { systemCodeOf, unwritable } from "./files.ts";
import { loadNpmOptions } from "./npm-config.ts";
import { unpackTarball } from "./tarball.ts";

/** A package of npm's and the files of it that are wanted. */
export interface NpmPackage {
  readonly registry: "npm";
  readonly name: string;
  readonly version: string;
  /** The tarball's hash as the registry states it: "sha512-…". */
  readonly integrity: string;
  /** The tarball's size, for showing progress. */
  readonly tarballBytes: number;
  /** The size of all that it unpacks to, wanted or not, with the tar format's own bytes; more is refused. */
  readonly unpackedBytes: number;
  /** SHA-256 in hex of each wanted file, by its path within the package. */
  readonly files: Readonly<Record<string, string>>;
}

/** How far a download is. Bytes start from 0 again where a broken download is begun anew. */
export interface DownloadProgress {
  readonly bytes: number;
  readonly totalBytes: number;
}

/** Settings of {@link downloadPackage}. */
export interface DownloadOptions {
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Default: the process's environment. */
  readonly environment?: NodeJS.ProcessEnv | undefined;
}

/** A connection that breaks is tried again; one that never brought a byte is not (npm's library has tried that already). */
const maximumAttempts = 3;

/** What a full or forbidden disk says; trying again would not help. */
const diskFailures: ReadonlySet<string | undefined> = new Set(["ENOSPC", "EDQUOT", "EACCES", "EPERM", "EROFS"]);

/**
 * Downloads a package's tarball and unpacks the wanted files into an empty folder, which `emptied` makes (again before each attempt).
 * @throws ShowtellError `DOWNLOAD` if it can't be fetched, `INTEGRITY` if what arrives is not what was announced, `FILE_WRITE`
 *   if it can't be stored, `CANCELLED`.
 */
export async function downloadPackage(
  spec: NpmPackage,
  emptied: () => Promise<string>,
  options: DownloadOptions = {},
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    throwIfCancelled(options.signal);
    const folder = await emptied();
    let received = 0;
    const onProgress = (progress: DownloadProgress): void => {
      received = progress.bytes;
      options.onProgress?.(progress);
    };
    const failure = await attemptDownload(spec, folder, { ...options, onProgress });
    if (failure === undefined) return;
    throwIfCancelled(options.signal);
    if (failure instanceof ShowtellError) throw failure;
    if (diskFailures.has(systemCodeOf(failure))) throw unwritable(folder, failure);
    if (received === 0 || attempt === maximumAttempts) throw downloadError(spec, failure);
  }
}

/** What went wrong, or undefined. Returned, not thrown, for npm's library would begin anew by itself, into a folder half full. */
async function attemptDownload(spec: NpmPackage, folder: string, options: DownloadOptions): Promise<unknown> {
  const { default: pacote } = await import("pacote");
  // Stops what is still arriving when unpacking failed: an open connection would keep the process alive.
  const abort = new AbortController();
  const signal = options.signal === undefined ? abort.signal : AbortSignal.any([options.signal, abort.signal]);
  try {
    const npmOptions = await loadNpmOptions(options.environment);
    return await pacote.tarball.stream(
      `${spec.name}@${spec.version}`,
      (stream) =>
        unpackStream(stream, spec, folder, options).then(
          () => undefined,
          (failure: unknown) => failure ?? "failed",
        ),
      // Without npm's cache, which would keep a second copy of all that is fetched.
      { ...npmOptions, cache: undefined, integrity: spec.integrity, signal },
    );
  } catch (failure) {
    return failure;
  } finally {
    abort.abort();
  }
}

async function unpackStream(
  stream: NodeJS.ReadableStream,
  spec: NpmPackage,
  folder: string,
  options: DownloadOptions,
): Promise<void> {
  let bytes = 0;
  const counter = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      bytes += chunk.length;
      options.onProgress?.({ bytes, totalBytes: spec.tarballBytes });
      done(null, chunk);
    },
  });
  // npm's stream is not quite one of Node's: what fails in it while nobody reads would be thrown at the process.
  stream.on("error", (error: Error) => counter.destroy(error));
  stream.pipe(counter);
  const { files, unpackedBytes } = spec;
  await unpackTarball(counter, folder, {
    files: Object.keys(files),
    maximumBytes: unpackedBytes,
    signal: options.signal,
  });
}

function downloadError(spec: NpmPackage, cause: unknown): ShowtellError {
  const id = `${spec.name}@${spec.version}`;
  if (systemCodeOf(cause) === "EINTEGRITY") {
    return new ShowtellError(
      "INTEGRITY",
      `what the registry gives as ${id} is not the package that showtell knows (${spec.integrity}): ${messageOf(cause)}`,
      { cause },
    );
  }
  return new ShowtellError(
    "DOWNLOAD",
    `can't fetch the package ${id} through npm's configuration: ${messageOf(cause)}. ` +
      `Check registry and proxy with "npm view ${id}", or name a local copy that "npm pack ${id}" made elsewhere`,
    { cause },
  );
}
