// The database of a store's folder: opened, brought to the present version, written so that what was answered is on disk. Knows no table.
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import Database from "libsql";
import { ShowtellError, messageOf } from "../base/errors.ts";
import { migrations } from "./migrations.ts";
import type { Migration } from "./migrations.ts";

/** What the database's file is called in its folder. Beside it may lie its log: the same name with -wal and -shm. */
export const storeFileName = "showtell.db";

/** How long a writer waits for another one. */
const patienceMs = 10_000;

/** What a column may hold. */
export type SqlValue = string | number | null | Uint8Array;

/** A row by its columns' names. */
export type SqlRow = Readonly<Record<string, SqlValue>>;

/** An open database; calls take some milliseconds and are synchronous. */
export interface Store {
  /** Its folder. */
  readonly folder: string;
  /** The rows of a query; values stand for its question marks. @throws ShowtellError `STORE`, `STORE_FORMAT`. */
  rows(sql: string, ...values: readonly SqlValue[]): readonly SqlRow[];
  /** Runs a statement and gives the number of rows changed; it is on disk then, unless in a transaction. @throws as `rows`. */
  run(sql: string, ...values: readonly SqlValue[]): number;
  /**
   * Runs an action whose changes happen all together, on disk when it returns, or not at all if it throws. From its start nobody else writes.
   * Within another transaction it is a part of that.
   * @throws ShowtellError `STORE`, and what the action throws.
   */
  transaction<T>(action: () => T): T;
  /** Closes the file; nothing may follow. */
  close(): void;
}

/**
 * Opens the database of a folder, which is made if there is none. Several processes may have it open at a time.
 * @param steps Versions of the tables, those of this release unless a test says otherwise.
 * @throws ShowtellError `STORE` if the folder or file can't be made or opened, `STORE_FORMAT` if the file is no such database, damaged,
 *   or of a newer release.
 */
export async function openStore(folder: string, steps: readonly Migration[] = migrations): Promise<Store> {
  const file = join(folder, storeFileName);
  let database: Database.Database;
  try {
    await mkdir(folder, { recursive: true });
    database = new Database(file);
  } catch (cause) {
    throw new ShowtellError("STORE", `can't open "${file}": ${messageOf(cause)}`, { cause });
  }
  const store = storeOf(folder, file, database);
  try {
    store.rows(`PRAGMA busy_timeout = ${patienceMs}`);
    store.rows("PRAGMA journal_mode = WAL");
    // In this mode the log is synced at each commit, not only at each checkpoint.
    store.rows("PRAGMA synchronous = FULL");
    store.rows("PRAGMA foreign_keys = ON");
    migrate(store, file, steps);
  } catch (error) {
    store.close();
    throw error;
  }
  return store;
}

/** Opens the database of a folder that has one. @throws ShowtellError `FILE_NOT_FOUND` if there is none, and as {@link openStore}. */
export async function openExistingStore(folder: string): Promise<Store> {
  if (existsSync(join(folder, storeFileName))) return openStore(folder);
  throw new ShowtellError(
    "FILE_NOT_FOUND",
    `"${folder}" holds no store (${storeFileName}): name its folder by --store`,
  );
}

function storeOf(folder: string, file: string, database: Database.Database): Store {
  const attempt = <T>(action: () => T): T => {
    try {
      return action();
    } catch (thrown) {
      throw storeError(file, thrown);
    }
  };
  const run = (sql: string, ...values: readonly SqlValue[]): number =>
    // As one array: bytes that stand alone would be taken for named values.
    attempt(() => database.prepare(sql).run([...values]).changes);
  return {
    folder,
    rows: (sql, ...values) => attempt(() => (database.prepare(sql).all([...values]) as RawRow[]).map(rowOf)),
    run,
    transaction(action) {
      if (database.inTransaction) return action();
      // Of the kind that waits for other writers here, rather than fail at its first write.
      run("BEGIN IMMEDIATE");
      try {
        const result = action();
        run("COMMIT");
        return result;
      } catch (error) {
        if (database.inTransaction) run("ROLLBACK");
        throw error;
      }
    },
    close: () => void database.close(),
  };
}

/** A row as the library gives it: a blob is an ArrayBuffer. */
type RawRow = Readonly<Record<string, Exclude<SqlValue, Uint8Array> | ArrayBuffer>>;

function rowOf(row: RawRow): SqlRow {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, value instanceof ArrayBuffer ? new Uint8Array(value) : value]),
  );
}

/** Applies the steps that a database does not have yet. */
function migrate(store: Store, file: string, steps: readonly Migration[]): void {
  if (versionOf(store) === steps.length) return;
  store.transaction(() => {
    // Asked again: another process may have been faster.
    const version = versionOf(store);
    if (version > steps.length) {
      throw new ShowtellError(
        "STORE_FORMAT",
        `"${file}" has version ${version}; this release knows ${steps.length}: update showtell`,
      );
    }
    for (const { sql } of steps.slice(version)) {
      for (const statement of sql.split(/;\s*$/m)) if (statement.trim() !== "") store.run(statement);
    }
    store.run(`PRAGMA user_version = ${steps.length}`);
  });
}

function versionOf(store: Store): number {
  return Number(store.rows("PRAGMA user_version")[0]!["user_version"]);
}

/** What the database's own errors mean. */
function storeError(file: string, thrown: unknown): unknown {
  if (thrown instanceof ShowtellError) return thrown;
  const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
  if (code === "SQLITE_NOTADB" || code.startsWith("SQLITE_CORRUPT")) {
    const message = `"${file}" is not a database of showtell, or damaged: ${messageOf(thrown)}; name another folder, or restore it`;
    return new ShowtellError("STORE_FORMAT", message, { cause: thrown });
  }
  return new ShowtellError("STORE", `the database "${file}" failed: ${messageOf(thrown)}`, { cause: thrown });
}
