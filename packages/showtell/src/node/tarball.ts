// Unpacks chosen files of a package's tarball (.tgz). Knows nothing of where it comes from or whether it is the right one.
import { once } from "node:events";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { extract } from "tar";
import type { CancelSignal } from "../base/cancel.ts";
import { ShowtellError } from "../base/errors.ts";

/** What to take out of a tarball. */
export interface UnpackOptions {
  /** Paths within the package, with "/" between their parts; whatever else the tarball holds is skipped. */
  readonly files: readonly string[];
  /** The bytes at which unpacking stops: a few kilobytes may grow to terabytes. */
  readonly maximumBytes: number;
  readonly signal?: CancelSignal | undefined;
}

/** Entry types that are plain files; links are not followed and not made. */
const fileTypes: ReadonlySet<unknown> = new Set(["File", "OldFile", "ContiguousFile"]);

/** An entry's path within the package: npm's tarballs have one folder around everything, called "package" as a rule. */
function pathInPackage(entryPath: string): string {
  return entryPath.slice(entryPath.indexOf("/") + 1);
}

/**
 * Unpacks the chosen files into a folder (which exists), at their paths within the package. Only these exact paths are ever
 * written, so nothing in the tarball can lead out of the folder. A file that the tarball lacks is no error here.
 * @throws ShowtellError `INTEGRITY` if it unpacks to more than `maximumBytes`, `CANCELLED`; whatever the source, zlib or tar
 *   throws for a broken tarball comes through as it is.
 */
export async function unpackTarball(
  source: AsyncIterable<Uint8Array>,
  folder: string,
  options: UnpackOptions,
): Promise<void> {
  const chosen = new Set(options.files);
  const unpacker = extract({
    cwd: folder,
    strip: 1,
    strict: true,
    noMtime: true,
    filter: (path, entry) => "type" in entry && fileTypes.has(entry.type) && chosen.has(pathInPackage(path)),
  });
  let failure: unknown;
  unpacker.on("error", (error: unknown) => (failure ??= error));
  const closed = once(unpacker, "close");
  closed.catch(() => undefined); // rejects with the same error that `failure` keeps

  try {
    await pipeline(source, createGunzip(), limiter(options), async (chunks: AsyncIterable<Uint8Array>) => {
      for await (const chunk of chunks) {
        if (failure !== undefined) return;
        if (!unpacker.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length))) await once(unpacker, "drain");
      }
    });
  } catch (error) {
    failure ??= error;
  }
  unpacker.end(); // whatever happened: it closes the file that it is writing
  await closed.catch(() => undefined);
  if (failure !== undefined) throw failure;
}

/** Passes everything on until it is too much. A stream and no generator: what a generator throws here, `pipeline` replaces by an AbortError. */
function limiter({ maximumBytes, signal }: UnpackOptions): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      bytes += chunk.length;
      const tooMuch = `the package unpacks to more than the expected ${maximumBytes} bytes`;
      if (signal?.aborted === true) done(new ShowtellError("CANCELLED", "cancelled by the caller"));
      else if (bytes > maximumBytes) done(new ShowtellError("INTEGRITY", tooMuch));
      else done(null, chunk);
    },
  });
}
