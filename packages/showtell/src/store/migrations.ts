// The versions of the database's tables, in order: each is applied once and never changed afterwards. Opens nothing.
import { feedbackTables } from "./feedback-tables.ts";
import { studyTables } from "./study-tables.ts";

/** A step from one version of the tables to the next. */
export interface Migration {
  /** What it is for, in messages. */
  readonly name: string;
  /** SQL statements, run in one transaction. */
  readonly sql: string;
}

/** All of them; a database's version is the number of those it has. New ones go to the end. */
export const migrations: readonly Migration[] = [
  { name: "studies", sql: studyTables },
  { name: "feedback", sql: feedbackTables },
];
