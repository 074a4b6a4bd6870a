// Studies in the store: kept as a whole, listed, answered task by task, read for a report. Judges nothing and serves nothing.
import { randomBytes } from "node:crypto";
import { ShowtellError } from "../base/errors.ts";
import type { Task } from "../study/design.ts";
import type { Answer } from "../study/questions.ts";
import { requireAnswer } from "../study/questions.ts";
import type { GivenAnswer, PictureFile, StudyDraft, StudyPlan, StudyRecord } from "../study/record.ts";
import type { SqlRow, Store } from "./store.ts";
import { answerColumn, parsed, planColumn, taskColumn, textsColumn } from "./study-records.ts";

/** A rater as the study's maker sees them. */
export interface RaterState {
  /** What opens their page. */
  readonly token: string;
  readonly tasks: number;
  readonly answered: number;
}

/** A study in a list. */
export interface StudySummary {
  readonly id: number;
  /** When it was made, as an ISO date. */
  readonly created: string;
  readonly plan: StudyPlan;
  readonly pictures: number;
  readonly raters: readonly RaterState[];
}

/** A task as its rater has it. */
export interface AssignedTask {
  readonly task: Task;
  readonly answer?: Answer;
}

/** Where a rater is. */
export interface RaterSession {
  readonly plan: StudyPlan;
  readonly tasks: readonly AssignedTask[];
}

/** A rater's answer, or that it is taken back. */
export interface GivenNow {
  /** The task's number, from 0. */
  readonly place: number;
  /** Missing to take the answer back. */
  readonly answer?: Answer | undefined;
  /** Milliseconds between seeing the task and answering. */
  readonly ms: number;
}

/** Keeps a study, with a new token for each rater, and gives its number. @throws ShowtellError `STORE`. */
export function addStudy(store: Store, { plan, pictures, tasks }: StudyDraft): number {
  return store.transaction(() => {
    const created = new Date().toISOString();
    store.run("INSERT INTO study (design, created) VALUES (?, ?)", JSON.stringify(plan), created);
    const study = lastId(store);
    for (const [place, { image, file, references, captions }] of pictures.entries()) {
      store.run(
        "INSERT INTO study_picture (study, place, image, media_type, bytes, refs, captions) VALUES (?, ?, ?, ?, ?, ?, ?)",
        study,
        place,
        image,
        file.mediaType,
        file.bytes,
        JSON.stringify(references),
        JSON.stringify(captions),
      );
    }
    for (const [place, own] of tasks.entries()) addRater(store, study, place, own);
    return study;
  });
}

function addRater(store: Store, study: number, place: number, tasks: readonly Task[]): void {
  const token = randomBytes(16).toString("base64url");
  store.run("INSERT INTO study_rater (study, place, token) VALUES (?, ?, ?)", study, place, token);
  const rater = lastId(store);
  for (const [i, task] of tasks.entries()) {
    store.run("INSERT INTO study_task (rater, place, task) VALUES (?, ?, ?)", rater, i, JSON.stringify(task));
  }
}

function lastId(store: Store): number {
  return Number(store.rows("SELECT last_insert_rowid() AS id")[0]!["id"]);
}

/** All studies, the oldest first. */
export function listStudies(store: Store): readonly StudySummary[] {
  const pictures = "(SELECT count(*) FROM study_picture WHERE study = study.id) AS pictures";
  return store.rows(`SELECT id, created, design, ${pictures} FROM study ORDER BY id`).map((row) => ({
    id: Number(row["id"]),
    created: String(row["created"]),
    plan: parsed(planColumn, row["design"], "study.design"),
    pictures: Number(row["pictures"]),
    raters: ratersOf(store, Number(row["id"])),
  }));
}

function ratersOf(store: Store, study: number): readonly RaterState[] {
  const [tasks, answers] = ["study_task", "study_answer"].map(
    (table) => `(SELECT count(*) FROM ${table} WHERE rater = study_rater.id)`,
  );
  const columns = `token, ${tasks} AS tasks, ${answers} AS answered`;
  return store.rows(`SELECT ${columns} FROM study_rater WHERE study = ? ORDER BY place`, study).map((row) => ({
    token: String(row["token"]),
    tasks: Number(row["tasks"]),
    answered: Number(row["answered"]),
  }));
}

/** The tasks and answers of a token's rater. @throws ShowtellError `UNAUTHORISED` if nobody has the token. */
export function raterSession(store: Store, token: string): RaterSession {
  const { rater, plan } = raterOf(store, token);
  const rows = store.rows(
    "SELECT task, answer FROM study_task LEFT JOIN study_answer USING (rater, place) WHERE rater = ? ORDER BY place",
    rater,
  );
  return { plan, tasks: rows.map(assignedTask) };
}

function assignedTask({ task, answer }: SqlRow): AssignedTask {
  return {
    task: parsed(taskColumn, task, "study_task.task"),
    ...(answer !== null && { answer: parsed(answerColumn, answer, "study_answer.answer") }),
  };
}

/** @throws ShowtellError `UNAUTHORISED` if nobody has the token. */
export function requireRater(store: Store, token: string): void {
  raterOf(store, token);
}

/** The picture of a rater's task. @throws ShowtellError `UNAUTHORISED`, `NOT_FOUND`. */
export function taskPicture(store: Store, token: string, place: number): PictureFile {
  const { study, rater } = raterOf(store, token);
  const { picture } = taskOf(store, rater, place);
  const columns = "media_type, bytes";
  const [row] = store.rows(`SELECT ${columns} FROM study_picture WHERE study = ? AND place = ?`, study, picture);
  return { mediaType: String(row!["media_type"]), bytes: row!["bytes"] as Uint8Array };
}

/**
 * Keeps what a rater says of a task, in place of what they said before; the same again changes nothing. On disk when it returns.
 * @returns How many of the rater's tasks have an answer now.
 * @throws ShowtellError `UNAUTHORISED`, `NOT_FOUND` if there is no such task, `ARGUMENT` if the study does not ask for such an answer.
 */
export function saveAnswer(store: Store, token: string, { place, answer, ms }: GivenNow): number {
  return store.transaction(() => {
    const { rater, plan } = raterOf(store, token);
    taskOf(store, rater, place);
    if (answer === undefined) {
      store.run("DELETE FROM study_answer WHERE rater = ? AND place = ?", rater, place);
    } else {
      requireAnswer(plan.kind, answer);
      const values = [rater, place, JSON.stringify(answer), Math.round(ms), new Date().toISOString()] as const;
      store.run(
        `INSERT INTO study_answer (rater, place, answer, ms, answered_at) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET answer = excluded.answer, ms = excluded.ms, answered_at = excluded.answered_at
         WHERE answer != excluded.answer`,
        ...values,
      );
    }
    return Number(store.rows("SELECT count(*) AS n FROM study_answer WHERE rater = ?", rater)[0]!["n"]);
  });
}

function raterOf(store: Store, token: string): { rater: number; study: number; plan: StudyPlan } {
  const [row] = store.rows(
    "SELECT study_rater.id AS rater, study, design FROM study_rater JOIN study ON study.id = study WHERE token = ?",
    token,
  );
  if (row === undefined) {
    throw new ShowtellError("UNAUTHORISED", "this link belongs to no study that is kept here: ask whoever sent it");
  }
  const { rater, study, design } = row;
  return { rater: Number(rater), study: Number(study), plan: parsed(planColumn, design, "study.design") };
}

function taskOf(store: Store, rater: number, place: number): Task {
  const [row] = store.rows("SELECT task FROM study_task WHERE rater = ? AND place = ?", rater, place);
  if (row !== undefined) return parsed(taskColumn, row["task"], "study_task.task");
  throw new ShowtellError("NOT_FOUND", `this rater has no task ${place}`);
}

/** A whole study. @throws ShowtellError `ARGUMENT` if there is none of that number. */
export function readStudy(store: Store, id: number): StudyRecord {
  const [row] = store.rows("SELECT created, design FROM study WHERE id = ?", id);
  if (row === undefined) {
    const known = store.rows("SELECT id FROM study ORDER BY id").map((one) => one["id"]);
    const there = known.length === 0 ? "there is none" : `there are ${known.join(", ")}`;
    throw new ShowtellError("ARGUMENT", `the store "${store.folder}" has no study ${id}: ${there}`);
  }
  return {
    id,
    created: String(row["created"]),
    plan: parsed(planColumn, row["design"], "study.design"),
    pictures: store
      .rows("SELECT image, refs, captions FROM study_picture WHERE study = ? ORDER BY place", id)
      .map(({ image, refs, captions }) => ({
        image: String(image),
        references: parsed(textsColumn, refs, "study_picture.refs"),
        captions: parsed(textsColumn, captions, "study_picture.captions"),
      })),
    tasks: ratersOf(store, id).map(({ tasks }) => tasks),
    answers: answersOf(store, id),
  };
}

function answersOf(store: Store, study: number): readonly GivenAnswer[] {
  const rows = store.rows(
    `SELECT study_rater.place AS number, task, answer, ms, answered_at
     FROM study_rater JOIN study_task ON study_task.rater = study_rater.id
     JOIN study_answer ON study_answer.rater = study_task.rater AND study_answer.place = study_task.place
     WHERE study = ? ORDER BY study_rater.place, study_task.place`,
    study,
  );
  return rows.map((row) => ({
    rater: Number(row["number"]),
    task: parsed(taskColumn, row["task"], "study_task.task"),
    answer: parsed(answerColumn, row["answer"], "study_answer.answer"),
    ms: Number(row["ms"]),
    answeredAt: String(row["answered_at"]),
  }));
}
