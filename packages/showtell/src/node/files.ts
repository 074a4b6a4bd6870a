// Whole files: reading one, and replacing one so that a crash leaves the old or the new, never a mixture. Knows no format.
import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { access, constants, open, readFile, readdir, realpath, rename, rm, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type CancelSignal, throwIfCancelled } from "../base/cancel.ts";
import { messageOf, ShowtellError } from "../base/errors.ts";

/** What is read at once must be smaller: a Node buffer's reader stops there. */
const maximumFileBytes = 2 ** 31;

/** The code that Node gives a failed system call, such as "ENOENT". */
export function systemCodeOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && "code" in thrown && typeof thrown.code === "string" ? thrown.code : undefined;
}

/** Whether there is a file, a folder or anything else at a path. */
export async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/**
 * All files in a folder and below, sorted, relative to it and with `/` between folders. Links to folders are followed, and a folder is looked at
 * once, however many links lead to it.
 * @throws ShowtellError `FILE_NOT_FOUND` if the folder, or one below, can't be read.
 */
export async function filesBelow(folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  const seen = new Set<string>();
  const visit = async (at: string): Promise<void> => {
    const real = await realpath(join(folder, at));
    if (seen.has(real)) return;
    seen.add(real);
    const links: string[] = [];
    for (const entry of await readdir(join(folder, at), { withFileTypes: true })) {
      const path = at === "" ? entry.name : `${at}/${entry.name}`;
      if (entry.isDirectory()) await visit(path);
      else if (entry.isSymbolicLink() && (await isFolder(join(folder, path)))) links.push(path);
      else found.push(path);
    }
    for (const path of links) await visit(path); // last, so that a folder goes by its own name where it has one here
  };
  await visit("").catch((cause: unknown) => {
    throw unreadable(folder, cause);
  });
  return found.sort();
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** The `FILE_NOT_FOUND` error for a path whose reading failed. */
export function unreadable(path: string, cause: unknown): ShowtellError {
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: "there is no such file or folder",
    ENOTDIR: "a part of the path is a file, not a folder",
    EISDIR: "it is a folder",
    EACCES: "reading it is not permitted",
    EPERM: "reading it is not permitted",
  };
  const reason = reasons[systemCodeOf(cause) ?? ""] ?? messageOf(cause);
  return new ShowtellError("FILE_NOT_FOUND", `can't read "${path}": ${reason}`, { cause });
}

/** The `FILE_WRITE` error for a path whose writing failed. */
export function unwritable(path: string, cause: unknown): ShowtellError {
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: `its folder "${dirname(path)}" does not exist`,
    ENOSPC: "the disk is full",
    EDQUOT: "the disk quota is used up",
    EACCES: "writing there is not permitted",
    EPERM: "writing there is not permitted",
    EROFS: "the file system is read-only",
    EISDIR: "a folder of that name exists",
  };
  const reason = reasons[systemCodeOf(cause) ?? ""] ?? messageOf(cause);
  return new ShowtellError("FILE_WRITE", `can't write "${path}": ${reason}`, { cause });
}

/**
 * A file's bytes, aligned for a view of any element type.
 * @throws ShowtellError `FILE_NOT_FOUND` if it can't be read, `FILE_TOO_LARGE` if it has 2 GiB or more.
 */
export async function readBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const { size } = await stat(path);
    if (size >= maximumFileBytes) {
      const gigabytes = (size / 2 ** 30).toFixed(1);
      throw new ShowtellError(
        "FILE_TOO_LARGE",
        `"${path}" has ${gigabytes} GiB; files below 2 GiB can be read at once`,
      );
    }
    const bytes = await readFile(path);
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  } catch (cause) {
    if (cause instanceof ShowtellError) throw cause;
    throw unreadable(path, cause);
  }
}

/**
 * The text of a file that others may write into the folder, and when it changed; undefined if there is none. A link that was put there leads nowhere,
 * and a pipe does not make a reader wait.
 * @throws ShowtellError `FILE_NOT_FOUND` if it is no plain file of at most so many bytes.
 */
export async function readPlainFile(
  path: string,
  mostBytes: number,
): Promise<{ readonly text: string; readonly changedMs: number } | undefined> {
  try {
    return await withFile(
      path,
      constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0),
      async (file) => {
        const found = await file.stat();
        if (!found.isFile() || found.size > mostBytes)
          throw new Error(`it is no plain file of at most ${mostBytes} bytes`);
        return { text: await file.readFile("utf8"), changedMs: found.mtimeMs };
      },
    );
  } catch (cause) {
    if (systemCodeOf(cause) === "ENOENT") return undefined;
    throw unreadable(path, cause);
  }
}

/** A file's bytes in pieces; @throws ShowtellError `FILE_NOT_FOUND` if it can't be read, `CANCELLED`. */
export async function* chunksOf(file: string, signal?: CancelSignal): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 2 ** 18 })) {
      throwIfCancelled(signal);
      yield chunk as Uint8Array;
    }
  } catch (error) {
    throw error instanceof ShowtellError ? error : unreadable(file, error);
  }
}

/**
 * Writes a file in one step for whoever looks: its content goes to a new file in the same folder, is synced to the disk and
 * renamed; on any failure the old file is whole. The new one has its permissions, and a link to it stays a link. Parts are written one after
 * the other and may exceed 2 GiB together.
 * A process killed while writing leaves `NAME.….tmp` behind.
 * @throws ShowtellError `FILE_WRITE` if that fails: no such folder, full disk, missing permission.
 */
export async function writeFileAtomically(
  path: string,
  content: string | Uint8Array | Iterable<Uint8Array>,
): Promise<void> {
  const parts = typeof content === "string" || content instanceof Uint8Array ? [content] : content;
  const file = await openReplacement(path);
  try {
    for (const part of parts) await file.write(part);
  } catch (cause) {
    await file.abandon();
    throw cause instanceof ShowtellError ? cause : unwritable(path, cause);
  }
  await file.commit();
}

/** A file that is being written beside the one that it will replace. */
export interface Replacement {
  write(content: string | Uint8Array): Promise<void>;
  /** Syncs it to the disk and puts it in the old one's place. */
  commit(): Promise<void>;
  /** Takes it away; the old one stays. Does nothing after `commit`. */
  abandon(): Promise<void>;
}

/**
 * Starts a replacement as {@link writeFileAtomically} makes it, for content that comes bit by bit.
 * @throws ShowtellError `FILE_WRITE`, here and from `write` and `commit`, after which nothing is left of it.
 */
export async function openReplacement(path: string): Promise<Replacement> {
  const mode = await replaceableMode(path);
  const place = await placeOf(path);
  const temporary = `${place}.${process.pid}.${randomUUID().slice(0, 8)}.tmp`;
  // From the beginning, so that nobody reads what the old file kept from them.
  const file = await open(temporary, "wx", mode).catch((cause: unknown) => {
    throw unwritable(path, cause);
  });
  let over = false;
  const abandon = async (): Promise<void> => {
    if (over) return;
    over = true;
    await file.close().catch(() => undefined);
    await rm(temporary, { force: true }).catch(() => undefined);
  };
  const step = async (action: () => Promise<void>): Promise<void> => {
    try {
      await action();
    } catch (cause) {
      await abandon();
      throw unwritable(path, cause);
    }
  };
  if (mode !== undefined) await step(() => file.chmod(mode)); // what the umask took away
  return {
    // `writeFile` on a handle goes on from its position, and does not stop at what one system call can take.
    write: (content) => step(() => file.writeFile(content)),
    commit: () =>
      step(async () => {
        await file.sync();
        await file.close();
        await rename(temporary, place);
        over = true;
        await syncFolder(dirname(place));
      }),
    abandon,
  };
}

/**
 * Checks before long work that its result can be written to a path: a file or nothing is there, in a folder that may be written.
 * @throws ShowtellError `FILE_WRITE`.
 */
export async function requireWritable(path: string): Promise<void> {
  try {
    await access(dirname(await placeOf(path)), constants.W_OK);
  } catch (cause) {
    throw unwritable(path, cause);
  }
  await replaceableMode(path);
}

/**
 * Refuses to write over what is read, whatever links or spellings lead there.
 * @param what Would be written, as the message calls it.
 * @throws ShowtellError `ARGUMENT`.
 */
export async function requireOwnFile(path: string, read: readonly string[], what: string): Promise<void> {
  if (!(await isThere(path))) return;
  const own = await placeOf(path);
  for (const file of read) {
    if ((await placeOf(file)) === own)
      throw new ShowtellError(
        "ARGUMENT",
        `${what} would be written over "${file}", which is read: name another place for it`,
      );
  }
}

/** Where a path leads: the file behind links, or the path itself if nothing is there. */
async function placeOf(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}

/**
 * The permissions of the file that is there; undefined if nothing is.
 * @throws ShowtellError `FILE_WRITE` for what is no file: a device, say, is not to be replaced by a file of its name.
 */
async function replaceableMode(path: string): Promise<number | undefined> {
  const there = await stat(path).catch(() => undefined);
  if (there === undefined) return undefined;
  if (there.isFile()) return there.mode & 0o777;
  const what = there.isDirectory()
    ? "a folder of that name exists"
    : "it is a device or a pipe, and files are written whole";
  throw unwritable(path, new Error(what));
}

/** Makes a rename in a folder last over a power failure; Windows can't open folders, and needs no such thing. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  await withFile(folder, "r", (handle) => handle.sync());
}

/** Opens a file for the time of an action, and closes it whatever happens. */
export async function withFile<T>(
  path: string,
  flags: string | number,
  use: (file: FileHandle) => Promise<T>,
): Promise<T> {
  const file = await open(path, flags);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

/** Writes all bytes at a position of an open file. */
export async function writeAt(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
}

/**
 * Fills arrays, one after the other, with what lies in an open file from a position on. Where the file ends sooner, the rest is filled
 * with zeros: the caller has a checksum or knows the size.
 */
export async function readScattered(file: FileHandle, targets: readonly Uint8Array[], position: number): Promise<void> {
  let at = position;
  let rest = [...targets];
  while (rest.length > 0) {
    const { bytesRead } = await file.readv(rest, at);
    if (bytesRead === 0) break;
    at += bytesRead;
    rest = without(rest, bytesRead);
  }
  for (const target of rest) target.fill(0);
}

/** What is left of arrays when their first bytes are taken away. */
function without(arrays: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let first = 0;
  let offset = bytes;
  while (first < arrays.length && offset >= arrays[first]!.length) offset -= arrays[first++]!.length;
  return arrays.slice(first).map((array, i) => (i === 0 ? array.subarray(offset) : array));
}
