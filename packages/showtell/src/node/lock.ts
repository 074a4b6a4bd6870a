// A folder's lock: one process at a time, told apart by process id; the lock of a process that died is taken over.
// Knows nothing of what the folder holds.
import { open, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { ShowtellError } from "../base/errors.ts";
import { readPlainFile, systemCodeOf, unwritable } from "./files.ts";

/** The lock's file name in the folder that it locks. */
export const lockFileName = "showtell.lock";

/** A lock that is held until `release`, or until the process ends, however it ends. */
export interface FolderLock {
  /** Lets others in; calling it again does nothing. */
  release(): Promise<void>;
}

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** When the process began, in ms since 1970: tells a process from a later one with its id. */
  readonly processStartMs: number;
}

/** Clocks are set while programs run; a later process with the same id begins later than this. */
const startToleranceMs = 2000;

/** More than any lock holds. */
const mostBytes = 4096;

/** Held while a stale lock is deleted: a few file operations. */
const guardSuffix = ".takeover";
const guardWaitMs = 20;

/** A takeover that does not end within so many looks was killed in the middle. */
const maximumAttempts = 25;

/**
 * Locks a folder (which exists) against every other process, and against a second lock by this one.
 * A lock whose process is gone is taken over; that of another machine (a shared disk) can't be judged and holds.
 * @throws ShowtellError `LOCKED` naming the process that holds it, `FILE_WRITE` if the folder can't be written.
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const path = join(folder, lockFileName);
  try {
    await acquire(path, folder);
  } catch (cause) {
    throw cause instanceof ShowtellError ? cause : unwritable(path, cause);
  }
  let held = true;
  return {
    async release() {
      if (held) await rm(path, { force: true });
      held = false;
    },
  };
}

/** Whether a process holds the lock of a folder, as far as can be told; never waits. */
export async function isFolderLocked(folder: string): Promise<boolean> {
  const text = await textOf(join(folder, lockFileName));
  const holder = text === undefined ? undefined : parseHolder(text);
  return holder !== undefined && isHeld(holder);
}

async function acquire(path: string, folder: string): Promise<void> {
  for (let attempt = 0; attempt < maximumAttempts; attempt++) {
    if (await created(path)) return;
    const text = await textOf(path);
    if (text === undefined) continue; // released in the meantime
    const holder = parseHolder(text);
    if (holder === undefined || isHeld(holder)) throw locked(folder, path, holder);
    await removeStale(path, text);
  }
  throw locked(folder, path + guardSuffix, undefined);
}

async function created(path: string): Promise<boolean> {
  const file = await open(path, "wx").catch((cause: unknown) => {
    if (systemCodeOf(cause) !== "EEXIST") throw cause;
  });
  if (file === undefined) return false;
  try {
    await file.writeFile(JSON.stringify(thisProcess()));
    return true;
  } catch (cause) {
    await rm(path, { force: true }); // a lock that names no process would hold for ever
    throw cause;
  } finally {
    await file.close();
  }
}

async function textOf(path: string): Promise<string | undefined> {
  return (await readPlainFile(path, mostBytes))?.text;
}

/**
 * Deletes a lock that was found stale, unless someone else did and made a new one. Only who holds the second, short-lived lock may
 * look and delete: without it, the slower of two processes would delete the faster's new lock.
 */
async function removeStale(path: string, staleText: string): Promise<void> {
  const guard = path + guardSuffix;
  if (!(await created(guard))) {
    await setTimeout(guardWaitMs);
    return;
  }
  try {
    if ((await textOf(path)) === staleText) await rm(path);
  } finally {
    await rm(guard, { force: true });
  }
}

function thisProcess(): Holder {
  const processStartMs = Math.round(Date.now() - process.uptime() * 1000);
  return { pid: process.pid, host: hostname(), processStartMs };
}

function parseHolder(text: string): Holder | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return undefined;
    if (!("pid" in value && "host" in value && "processStartMs" in value)) return undefined;
    const { pid, host, processStartMs } = value;
    if (typeof pid !== "number" || typeof host !== "string" || typeof processStartMs !== "number") return undefined;
    return Number.isSafeInteger(pid) && pid > 0 ? { pid, host, processStartMs } : undefined;
  } catch {
    return undefined;
  }
}

function isHeld(holder: Holder): boolean {
  const self = thisProcess();
  if (holder.host !== self.host) return true;
  // The same id need not be the same process: in a container, the next run often gets the id of the one before.
  if (holder.pid === self.pid) return Math.abs(holder.processStartMs - self.processStartMs) < startToleranceMs;
  try {
    process.kill(holder.pid, 0); // sends nothing; fails if there is no such process
    return true;
  } catch (cause) {
    return systemCodeOf(cause) !== "ESRCH";
  }
}

function locked(folder: string, path: string, holder: Holder | undefined): ShowtellError {
  const who =
    holder === undefined ? "a process that its lock does not name" : `process ${holder.pid} on ${holder.host}`;
  return new ShowtellError(
    "LOCKED",
    `"${folder}" is in use by ${who}: wait for it or end it; if it is gone, delete "${path}"`,
  );
}
